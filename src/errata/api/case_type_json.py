"""Case types and definitions of custom attributes in the API's JSON. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.api.jsonapi import Resource, zulu
from errata.cases.decide_types import (
    DESCRIPTION_CHARS,
    EMOJI_CHARS,
    MAP_CHARS,
    MAX_OPTIONS,
    NAME_CHARS,
    OPTION_CHARS,
)
from errata.cases.model import AttributeType, CaseType, CustomAttribute, StatusOptions
from errata.cases.types import legacy_word

_AT = Meta(extra_json_schema={"format": "date-time"})
Options = Annotated[tuple["CustomAttributeSelectOption", ...], Meta(max_length=MAX_OPTIONS)]


class CaseTypeStatusOption(msgspec.Struct, frozen=True):
    """A status that a case of the type can have."""

    name: str


class CaseTypeStatusGroup(msgspec.Struct, frozen=True):
    """The statuses of a group; `default` is the one that a case gets when only the group is named."""

    status_options: list[CaseTypeStatusOption]
    default: str


class CaseTypeStatuses(msgspec.Struct, frozen=True, kw_only=True):
    """The statuses by group."""

    open: CaseTypeStatusGroup
    in_progress: CaseTypeStatusGroup
    closed: CaseTypeStatusGroup


class CaseTypeAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A case type. `internal` ones are built in; `deleted_at` is there for those that take no new cases any more."""

    deleted_at: Annotated[str, _AT] | UnsetType = UNSET
    description: str
    emoji: str
    internal: bool
    name: str
    statuses_config: CaseTypeStatuses


class CaseTypeResource(Resource, frozen=True, kw_only=True):
    """One case type."""

    type: Literal["case_type"]
    attributes: CaseTypeAttributes


class CaseTypeResponse(msgspec.Struct, frozen=True):
    """One case type."""

    data: CaseTypeResource


class CaseTypesResponse(msgspec.Struct, frozen=True):
    """All case types, deleted ones too."""

    data: list[CaseTypeResource]


class CaseTypeCreateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A new case type. `emoji` is one emoji, or empty."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARS)]
    description: Annotated[str, Meta(max_length=DESCRIPTION_CHARS)] = ""
    emoji: Annotated[str, Meta(max_length=EMOJI_CHARS)] = ""


class CaseTypeCreate(msgspec.Struct, frozen=True, kw_only=True):
    """A new case type."""

    type: Literal["case_type"]
    attributes: CaseTypeCreateAttributes


class CaseTypeCreateRequest(msgspec.Struct, frozen=True):
    """A new case type."""

    data: CaseTypeCreate


class CaseTypeUpdateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; an empty description or emoji takes away what there was."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARS)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=DESCRIPTION_CHARS)] | UnsetType = UNSET
    emoji: Annotated[str, Meta(max_length=EMOJI_CHARS)] | UnsetType = UNSET


class CaseTypeUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a case type."""

    type: Literal["case_type"]
    attributes: CaseTypeUpdateAttributes = CaseTypeUpdateAttributes()


class CaseTypeUpdateRequest(msgspec.Struct, frozen=True):
    """A change of a case type."""

    data: CaseTypeUpdate


class CustomAttributeSelectOption(msgspec.Struct, frozen=True):
    """A choice of a SELECT."""

    value: Annotated[str, Meta(min_length=1, max_length=OPTION_CHARS)]


class CustomAttributeTypeData(msgspec.Struct, frozen=True):
    """What belongs to the type: the choices of a SELECT. Without any, every text will do."""

    options: Options | UnsetType = UNSET


class CustomAttributeConfigAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A definition. `case_type` is the deprecated name of the type, `type_data` only there where options are set."""

    case_type: str
    case_type_id: str
    description: str | UnsetType = UNSET
    display_name: str
    is_multi: bool
    key: str
    map_from: str | UnsetType = UNSET
    type: AttributeType
    type_data: CustomAttributeTypeData | UnsetType = UNSET


class CustomAttributeConfigResource(Resource, frozen=True, kw_only=True):
    """One definition."""

    type: Literal["custom_attribute"]
    attributes: CustomAttributeConfigAttributes


class CustomAttributeConfigResponse(msgspec.Struct, frozen=True):
    """One definition."""

    data: CustomAttributeConfigResource


class CustomAttributeConfigsResponse(msgspec.Struct, frozen=True):
    """All definitions, or those of a type."""

    data: list[CustomAttributeConfigResource]


class CustomAttributeConfigCreateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A new definition. `key` names the attribute in the API and in searches and stays for ever."""

    display_name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARS)]
    is_multi: bool
    key: Annotated[str, Meta(extra_json_schema={"pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$"})]
    type: AttributeType
    description: Annotated[str, Meta(max_length=DESCRIPTION_CHARS)] = ""
    type_data: CustomAttributeTypeData | UnsetType = UNSET


class CustomAttributeConfigCreate(msgspec.Struct, frozen=True, kw_only=True):
    """A new definition."""

    type: Literal["custom_attribute"]
    attributes: CustomAttributeConfigCreateAttributes


class CustomAttributeConfigCreateRequest(msgspec.Struct, frozen=True):
    """A new definition."""

    data: CustomAttributeConfigCreate


class CustomAttributeConfigUpdateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What to change. The type may change where values that cases have stay readable."""

    description: Annotated[str, Meta(max_length=DESCRIPTION_CHARS)] | UnsetType = UNSET
    display_name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARS)] | UnsetType = UNSET
    map_from: Annotated[str, Meta(max_length=MAP_CHARS)] | UnsetType = UNSET
    type: AttributeType | UnsetType = UNSET
    type_data: CustomAttributeTypeData | UnsetType = UNSET


class CustomAttributeConfigUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a definition."""

    type: Literal["custom_attribute"]
    attributes: CustomAttributeConfigUpdateAttributes = CustomAttributeConfigUpdateAttributes()


class CustomAttributeConfigUpdateRequest(msgspec.Struct, frozen=True):
    """A change of a definition."""

    data: CustomAttributeConfigUpdate


def type_resource(case_type: CaseType) -> CaseTypeResource:
    """The case type as a resource."""
    statuses = case_type.statuses
    return CaseTypeResource(
        id=str(case_type.id),
        type="case_type",
        attributes=CaseTypeAttributes(
            deleted_at=UNSET if case_type.deleted_at is None else zulu(case_type.deleted_at),
            description=case_type.description or "",
            emoji=case_type.emoji,
            internal=case_type.internal,
            name=case_type.name,
            statuses_config=CaseTypeStatuses(
                open=_group(statuses.open), in_progress=_group(statuses.in_progress), closed=_group(statuses.closed)
            ),
        ),
    )


def attribute_resource(definition: CustomAttribute) -> CustomAttributeConfigResource:
    """The definition as a resource."""
    options = tuple(CustomAttributeSelectOption(option) for option in definition.options)
    return CustomAttributeConfigResource(
        id=str(definition.id),
        type="custom_attribute",
        attributes=CustomAttributeConfigAttributes(
            case_type=legacy_word(definition.case_type_id),
            case_type_id=str(definition.case_type_id),
            description=definition.description or UNSET,
            display_name=definition.display_name,
            is_multi=definition.is_multi,
            key=definition.key,
            map_from=definition.map_from or UNSET,
            type=definition.type,
            type_data=CustomAttributeTypeData(options) if options else UNSET,
        ),
    )


def _group(options: StatusOptions) -> CaseTypeStatusGroup:
    return CaseTypeStatusGroup([CaseTypeStatusOption(name) for name in options.names], options.default)
