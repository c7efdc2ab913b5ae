"""Cases: creating and reading one, and what the other operations on cases share."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.access.model import Scope
from errata.api import case_examples
from errata.api.case_json import CaseResponse, case_resource, user_resources, users_of
from errata.api.operation import Call, Operation, Parameter, Style
from errata.api.rooms import Rooms
from errata.base.errors import Invalid
from errata.base.ids import CaseTypeId, ProjectId, UserId
from errata.cases.model import AttributeType, Case, GivenValue, NewCase, Priority
from errata.cases.texts import DESCRIPTION_CHARS, TITLE_CHARS, priority_of

TAG = "Case Management"
READ = (Scope.CASES_READ,)
WRITE = (Scope.CASES_WRITE,)
ERRORS = (400, 401, 403, 404, 429)

CASE_ID: Parameter[str] = Parameter(
    "case_id", str, "", {"type": "string", "minLength": 1}, "Case UUID, or case key such as WEB-12", in_path=True
)

PriorityText = Annotated[str, Meta(extra_json_schema={"enum": [priority.value for priority in Priority]})]
TitleText = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": TITLE_CHARS})]
DescriptionText = Annotated[str, Meta(extra_json_schema={"maxLength": DESCRIPTION_CHARS})]
Values = dict[str, tuple[str, ...]]


class CaseCustomAttributeInput(msgspec.Struct, frozen=True, kw_only=True):
    """A value for a custom attribute, with the type and the shape that its definition has."""

    type: AttributeType
    is_multi: bool
    value: Annotated[
        Any,
        Meta(
            extra_json_schema={
                "anyOf": [
                    {"type": "string"},
                    {"type": "number"},
                    {"type": "array", "items": {"type": "string"}},
                    {"type": "array", "items": {"type": "number"}},
                ]
            }
        ),
    ]


class CaseProjectReference(msgspec.Struct, frozen=True, kw_only=True):
    """Names a project."""

    type: Literal["project"]
    id: UUID


class CaseProjectRelationship(msgspec.Struct, frozen=True):
    """The project that a case belongs to."""

    data: CaseProjectReference


class CaseUserReference(msgspec.Struct, frozen=True, kw_only=True):
    """Names a user."""

    type: Literal["user"]
    id: UUID


class CaseUserRelationship(msgspec.Struct, frozen=True):
    """A user, or nobody."""

    data: CaseUserReference | None


class CaseCreateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A new case. `type_id` says what it is; older clients send the word `type` in its place."""

    title: TitleText
    type_id: UUID | UnsetType = UNSET
    type: str | UnsetType = UNSET
    description: DescriptionText = ""
    priority: PriorityText = Priority.NOT_DEFINED.value
    status_name: str | UnsetType = UNSET
    attributes: Values = {}
    custom_attributes: dict[str, CaseCustomAttributeInput] = {}


class CaseCreateRelationships(msgspec.Struct, frozen=True, kw_only=True):
    """Where the case belongs, and who is to work on it."""

    project: CaseProjectRelationship
    assignee: CaseUserRelationship | UnsetType | None = UNSET


class CaseCreate(msgspec.Struct, frozen=True, kw_only=True):
    """A new case. Without relationships it goes into the oldest project, and nobody is assigned."""

    type: Literal["case"]
    attributes: Annotated[
        CaseCreateAttributes, Meta(extra_json_schema={"anyOf": [{"required": ["type_id"]}, {"required": ["type"]}]})
    ]
    relationships: CaseCreateRelationships | UnsetType = UNSET


class CaseCreateRequest(msgspec.Struct, frozen=True):
    """A new case."""

    data: CaseCreate


def create_case(rooms: Rooms, call: Call[CaseCreateRequest]) -> CaseResponse:
    """The new case."""
    return answered(rooms, rooms.case_commands.create(_new_case(call.body.data), call.caller.actor))


def get_case(rooms: Rooms, call: Call[None]) -> CaseResponse:
    """One case, by its id or its key."""
    return answered(rooms, rooms.cases.case(CASE_ID.of(call)))


def answered(rooms: Rooms, case: Case, *, modifier: bool = True) -> CaseResponse:
    """A case as all operations answer one: whole, and with every user whom it names. `modifier` as `case_resource`."""
    definitions = rooms.cases.definitions_of([case.type_id]) if case.custom_attributes else {}
    users = users_of([case], modifier=modifier)
    known = rooms.access.users_by_id(users) if users else {}
    return CaseResponse(case_resource(case, definitions, modifier=modifier), user_resources(users, known))


def given_value(value: CaseCustomAttributeInput) -> GivenValue:
    """A custom attribute's value as commands take it, not checked yet."""
    return GivenValue(value.type.value, value.is_multi, value.value)


def wrong_values(value: object) -> str:
    """How an attribute that is no list is told (recorded)."""
    return f'error decoding attribute "attributes": invalid type {_json_type(value)}'


WORDING = {tuple[str, ...]: wrong_values}


def _new_case(data: CaseCreate) -> NewCase:
    asked = data.attributes
    if asked.type_id is UNSET and asked.type is UNSET:
        raise Invalid("required", where="data.attributes.type_id")
    beside = data.relationships
    assignee = beside.assignee if beside is not UNSET else None
    return NewCase(
        project_id=ProjectId(beside.project.data.id) if beside is not UNSET else None,
        title=asked.title,
        type_id=CaseTypeId(asked.type_id) if asked.type_id is not UNSET else None,
        legacy_type=asked.type if asked.type is not UNSET and asked.type_id is UNSET else None,
        description=asked.description,
        status_name=asked.status_name if asked.status_name is not UNSET else None,
        priority=priority_of(asked.priority),
        assignee_id=UserId(assignee.data.id) if assignee and assignee.data else None,
        attributes=asked.attributes,
        custom_attributes={key: given_value(value) for key, value in asked.custom_attributes.items()},
    )


def _json_type(value: object) -> str:
    for kind, name in ((str, "string"), (bool, "boolean"), (int | float, "number"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "null"


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path="/api/v2/cases",
        name="CreateCase",
        summary="Create a case",
        description="It gets the next key of its project. Say what it is by `type_id`, or by the deprecated `type`.",
        tag=TAG,
        handler=create_case,
        style=Style.CASES,
        scopes=WRITE,
        body=CaseCreateRequest,
        answer=CaseResponse,
        status=201,
        errors=ERRORS,
        wording=WORDING,
        request_example=case_examples.CREATE,
        answer_example=case_examples.CASE_ANSWER,
    ),
    Operation(
        method="GET",
        path="/api/v2/cases/{case_id}",
        name="GetCase",
        summary="Read one case",
        tag=TAG,
        handler=get_case,
        style=Style.CASES,
        scopes=READ,
        answer=CaseResponse,
        errors=ERRORS,
        parameters=(CASE_ID,),
        answer_example=case_examples.CASE_ANSWER,
    ),
)
