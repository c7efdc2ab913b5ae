"""Case types, and the custom attributes that cases of each can have."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from errata.access.model import Scope
from errata.api import case_setup_examples as examples
from errata.api.case_type_json import (
    CaseTypeCreateRequest,
    CaseTypeResponse,
    CaseTypesResponse,
    CaseTypeUpdateRequest,
    CustomAttributeConfigCreateRequest,
    CustomAttributeConfigResponse,
    CustomAttributeConfigsResponse,
    CustomAttributeConfigUpdateRequest,
    CustomAttributeTypeData,
    attribute_resource,
    type_resource,
)
from errata.api.operation import Call, Operation, Parameter, Style
from errata.api.parameters import id_in_path, no_uuid, uuid_of
from errata.api.rooms import Rooms
from errata.base.errors import Invalid, NotFound
from errata.base.ids import CaseTypeId, CustomAttributeId
from errata.cases.decide_types import AttributeChange, NewAttribute, TypeTexts

T = TypeVar("T")

TYPES = "Case Management Type"
ATTRIBUTES = "Case Management Attribute"
NO_TYPE = UUID(int=0)
TYPE_ID = id_in_path("case_type_id", no_uuid("CaseTypeId"), "Case type UUID")
# The contract knows neither 400 nor 404 for a type to be deleted: what is no id is no type, and gone as it should be.
DOOMED_ID: Parameter[UUID] = Parameter(
    "case_type_id", lambda text: uuid_of(text) or NO_TYPE, NO_TYPE, {"type": "string"},
    "Case type UUID; any other text names no type, and deletes nothing", in_path=True,
)  # fmt: skip
ATTRIBUTE_ID = id_in_path("custom_attribute_id", no_uuid("CustomAttributeId"), "Custom attribute UUID")


def list_types(rooms: Rooms, call: Call[None]) -> CaseTypesResponse:  # noqa: ARG001 - nothing to ask of the call
    """All types: the built-in ones, then the others, deleted ones too."""
    return CaseTypesResponse([type_resource(case_type) for case_type in rooms.case_types.types()])


def create_type(rooms: Rooms, call: Call[CaseTypeCreateRequest]) -> CaseTypeResponse:
    """The new type."""
    given = call.body.data.attributes
    texts = TypeTexts(name=given.name, description=given.description, emoji=given.emoji)
    return CaseTypeResponse(type_resource(rooms.case_type_commands.create(call.caller.actor, texts)))


def update_type(rooms: Rooms, call: Call[CaseTypeUpdateRequest]) -> CaseTypeResponse:
    """The type after the change."""
    given = call.body.data.attributes
    texts = TypeTexts(name=_said(given.name), description=_said(given.description), emoji=_said(given.emoji))
    return CaseTypeResponse(type_resource(rooms.case_type_commands.update(call.caller.actor, _type(call), texts)))


def delete_type(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: the type takes no new cases any more."""
    rooms.case_type_commands.delete(call.caller.actor, CaseTypeId(DOOMED_ID.of(call)))


def list_attributes(rooms: Rooms, call: Call[None]) -> CustomAttributeConfigsResponse:  # noqa: ARG001 - all there are
    """All definitions."""
    found = rooms.case_types.custom_attributes()
    return CustomAttributeConfigsResponse([attribute_resource(definition) for definition in found])


def list_attributes_of_type(rooms: Rooms, call: Call[None]) -> CustomAttributeConfigsResponse:
    """The definitions of a type. The contract knows no 404 here."""
    try:
        found = rooms.case_types.custom_attributes(_type(call))
    except NotFound as error:
        raise Invalid(error.message, where=TYPE_ID.name) from None
    return CustomAttributeConfigsResponse([attribute_resource(definition) for definition in found])


def create_attribute(rooms: Rooms, call: Call[CustomAttributeConfigCreateRequest]) -> CustomAttributeConfigResponse:
    """The new definition."""
    given = call.body.data.attributes
    new = NewAttribute(
        key=given.key,
        display_name=given.display_name,
        type=given.type,
        is_multi=given.is_multi,
        description=given.description,
        options=_options(given.type_data),
    )
    made = rooms.case_type_commands.create_attribute(call.caller.actor, _type(call), new)
    return CustomAttributeConfigResponse(attribute_resource(made))


def update_attribute(rooms: Rooms, call: Call[CustomAttributeConfigUpdateRequest]) -> CustomAttributeConfigResponse:
    """The definition after the change."""
    given = call.body.data.attributes
    change = AttributeChange(
        display_name=_said(given.display_name),
        description=_said(given.description),
        map_from=_said(given.map_from),
        type=_said(given.type),
        options=_options(given.type_data),
    )
    after = rooms.case_type_commands.update_attribute(call.caller.actor, _type(call), _attribute(call), change)
    return CustomAttributeConfigResponse(attribute_resource(after))


def delete_attribute(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: no case shows the attribute any more."""
    rooms.case_type_commands.delete_attribute(call.caller.actor, _type(call), _attribute(call))


def _type(call: Call[Any]) -> CaseTypeId:
    return CaseTypeId(TYPE_ID.of(call))


def _attribute(call: Call[Any]) -> CustomAttributeId:
    return CustomAttributeId(ATTRIBUTE_ID.of(call))


def _said(given: T | UnsetType) -> T | None:
    return None if given is UNSET else given


def _options(given: CustomAttributeTypeData | UnsetType) -> tuple[str, ...] | None:
    if given is UNSET or given.options is UNSET:
        return None
    return tuple(option.value for option in given.options)


_TYPES_PATH = "/api/v2/cases/types"
_TYPE_PATH = "/api/v2/cases/types/{case_type_id}"
_ATTRIBUTES_PATH = f"{_TYPE_PATH}/custom_attributes"
_ATTRIBUTE_PATH = f"{_ATTRIBUTES_PATH}/{{custom_attribute_id}}"
_READ = (Scope.CASES_READ,)
_SETTINGS = (Scope.CASES_SHARED_SETTINGS_WRITE,)
_ERRORS = (400, 401, 403, 404, 429)

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=_TYPES_PATH,
        name="GetAllCaseTypes",
        summary="List case types",
        tag=TYPES,
        handler=list_types,
        style=Style.CASES,
        scopes=_READ,
        answer=CaseTypesResponse,
        errors=(401, 403, 429),
        answer_example=examples.TYPES_ANSWER,
    ),
    Operation(
        method="POST",
        path=_TYPES_PATH,
        name="CreateCaseType",
        summary="Create a case type",
        tag=TYPES,
        handler=create_type,
        style=Style.CASES,
        scopes=_SETTINGS,
        body=CaseTypeCreateRequest,
        answer=CaseTypeResponse,
        status=201,
        request_example=examples.CREATE_TYPE,
        answer_example=examples.TYPE_ANSWER,
    ),
    Operation(
        method="PUT",
        path=_TYPE_PATH,
        name="UpdateCaseType",
        summary="Change a case type",
        tag=TYPES,
        handler=update_type,
        style=Style.CASES,
        scopes=_SETTINGS,
        body=CaseTypeUpdateRequest,
        answer=CaseTypeResponse,
        errors=_ERRORS,
        parameters=(TYPE_ID,),
        request_example=examples.UPDATE_TYPE,
        answer_example=examples.TYPE_ANSWER,
    ),
    Operation(
        method="DELETE",
        path=_TYPE_PATH,
        name="DeleteCaseType",
        summary="Take a case type out of use",
        tag=TYPES,
        handler=delete_type,
        style=Style.CASES,
        scopes=_SETTINGS,
        status=204,
        errors=(401, 403, 429),
        parameters=(DOOMED_ID,),
    ),
    Operation(
        method="GET",
        path=f"{_TYPES_PATH}/custom_attributes",
        name="GetAllCustomAttributes",
        summary="List the custom attributes of all case types",
        tag=ATTRIBUTES,
        handler=list_attributes,
        style=Style.CASES,
        scopes=_READ,
        answer=CustomAttributeConfigsResponse,
        errors=(401, 403, 429),
        answer_example=examples.ATTRIBUTES_ANSWER,
    ),
    Operation(
        method="GET",
        path=_ATTRIBUTES_PATH,
        name="GetAllCustomAttributeConfigsByCaseType",
        summary="List the custom attributes of a case type",
        tag=ATTRIBUTES,
        handler=list_attributes_of_type,
        style=Style.CASES,
        scopes=_READ,
        answer=CustomAttributeConfigsResponse,
        errors=(400, 401, 403, 429),
        parameters=(TYPE_ID,),
        answer_example=examples.ATTRIBUTES_ANSWER,
    ),
    Operation(
        method="POST",
        path=_ATTRIBUTES_PATH,
        name="CreateCustomAttributeConfig",
        summary="Define a custom attribute of a case type",
        tag=ATTRIBUTES,
        handler=create_attribute,
        style=Style.CASES,
        scopes=_SETTINGS,
        body=CustomAttributeConfigCreateRequest,
        answer=CustomAttributeConfigResponse,
        status=201,
        errors=_ERRORS,
        parameters=(TYPE_ID,),
        request_example=examples.CREATE_ATTRIBUTE,
        answer_example=examples.ATTRIBUTE_ANSWER,
    ),
    Operation(
        method="PUT",
        path=_ATTRIBUTE_PATH,
        name="UpdateCustomAttributeConfig",
        summary="Change a custom attribute",
        tag=ATTRIBUTES,
        handler=update_attribute,
        style=Style.CASES,
        scopes=_SETTINGS,
        body=CustomAttributeConfigUpdateRequest,
        answer=CustomAttributeConfigResponse,
        errors=_ERRORS,
        parameters=(TYPE_ID, ATTRIBUTE_ID),
        request_example=examples.UPDATE_ATTRIBUTE,
        answer_example=examples.ATTRIBUTE_ANSWER,
    ),
    Operation(
        method="DELETE",
        path=_ATTRIBUTE_PATH,
        name="DeleteCustomAttributeConfig",
        summary="Delete a custom attribute",
        tag=ATTRIBUTES,
        handler=delete_attribute,
        style=Style.CASES,
        scopes=_SETTINGS,
        status=204,
        parameters=(TYPE_ID, ATTRIBUTE_ID),
    ),
)
