"""Cases, their timeline and the users they name in the API's JSON. Pure.

Attributes stand in alphabetical order, as the real service writes them. What has no value yet is absent, never null;
some members are always there, also when they are empty (behaviour 3.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.access.model import User, UserStatus
from errata.api.jsonapi import Resource, ToOne, to_one, zulu
from errata.base.facts import Actor, ActorKind
from errata.base.ids import CustomAttributeId, UserId
from errata.cases.model import (
    AttributeType,
    Case,
    Cell,
    CellType,
    CustomAttribute,
    CustomValue,
    Insight,
    Priority,
    StatusGroup,
)
from errata.cases.types import legacy_word

AT = Meta(extra_json_schema={"format": "date-time"})
_encode = msgspec.json.Encoder().encode


class CaseAuthorContent(msgspec.Struct, frozen=True, kw_only=True):
    """A user who wrote something. The id comes twice: recorded answers name it `ID`, the documents `id`."""

    ID: str
    id: str
    name: str
    email: str
    handle: str
    active: bool


class CaseAuthor(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote something. What the server did of itself is of type `SYSTEM`, and its texts are empty."""

    type: Literal["USER", "KEY", "SYSTEM"]
    content: CaseAuthorContent


class CaseInsight(msgspec.Struct, frozen=True, kw_only=True):
    """Something elsewhere that the case is about."""

    type: str
    ref: str
    resource_id: str


class CaseCustomAttributeValue(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a custom attribute: a list exactly where `is_multi` says so."""

    type: AttributeType
    is_multi: bool
    value: str | float | list[str | float]


class CaseAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a case. `status` and `type` are the deprecated words; `type_id` and `status_name` count."""

    archived_at: Annotated[str, AT] | UnsetType = UNSET
    attributes: dict[str, list[str]]
    closed_at: Annotated[str, AT] | UnsetType = UNSET
    comment_count: int
    created_at: Annotated[str, AT]
    created_by_author: CaseAuthor | UnsetType = UNSET
    creation_source: str
    custom_attributes: dict[str, CaseCustomAttributeValue]
    description: str
    due_date: Annotated[str, Meta(extra_json_schema={"format": "date"})] | UnsetType = UNSET
    insights: list[CaseInsight]
    internal_id: str
    key: str
    merge_status: Literal["NOT_MERGED"]
    modified_at: Annotated[str, AT] | UnsetType = UNSET
    priority: Priority
    public_id: str
    resolved_reason: str | UnsetType = UNSET
    status: Annotated[str, Meta(extra_json_schema={"enum": [group.legacy for group in StatusGroup]})]
    status_group: StatusGroup
    status_name: str
    title: str
    type: str
    type_id: str


class CaseRelationships(msgspec.Struct, frozen=True, kw_only=True):
    """Only what exists: a case without assignee has no `assignee`."""

    assignee: ToOne | UnsetType = UNSET
    created_by: ToOne | UnsetType = UNSET
    modified_by: ToOne | UnsetType = UNSET
    project: ToOne


class CaseResource(Resource, frozen=True, kw_only=True):
    """One case."""

    type: Literal["case"]
    attributes: CaseAttributes
    relationships: CaseRelationships


class CaseUserAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A user as cases show one. Nobody who is gone or has not accepted the invitation is active."""

    active: bool
    email: str
    handle: str
    name: str


class CaseUser(Resource, frozen=True, kw_only=True):
    """A user whom a case names."""

    type: Literal["user"]
    attributes: CaseUserAttributes


class CaseResponse(msgspec.Struct, frozen=True):
    """One case and the users whom it names, each once."""

    data: CaseResource
    included: list[CaseUser] | UnsetType = UNSET


class CasesPage(msgspec.Struct, frozen=True, kw_only=True):
    """`current` is the page's number, the first is 1; `size` counts its cases and `total` the pages."""

    current: int
    size: int
    total: int


class CasesMeta(msgspec.Struct, frozen=True, kw_only=True):
    """How many cases were found in all, and where this page stands."""

    total_cases: int
    page: CasesPage


class CasesResponse(msgspec.Struct, frozen=True):
    """A page of cases and the users whom they name."""

    data: Annotated[list[CaseResource], Meta(max_length=100)]
    meta: CasesMeta
    included: list[CaseUser] | UnsetType = UNSET


class TimelineCell(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a timeline. `content` is `cell_content` as JSON text; a deleted comment has lost its message."""

    author: CaseAuthor
    cell_content: dict[str, Any]
    content: str
    created_at: Annotated[str, AT]
    deleted_at: Annotated[str, AT] | UnsetType = UNSET
    modified_at: Annotated[str, AT] | UnsetType = UNSET
    type: CellType


class TimelineCellResource(Resource, frozen=True, kw_only=True):
    """One entry of a timeline."""

    type: Literal["timeline_cell"]
    attributes: TimelineCell


class TimelineResponse(msgspec.Struct, frozen=True):
    """Entries of a timeline in their order."""

    data: list[TimelineCellResource]


def case_resource(
    case: Case, definitions: Mapping[CustomAttributeId, CustomAttribute], *, modifier: bool = True
) -> CaseResource:
    """The case as a resource. `definitions` are the living ones: values of others are not shown.

    `modifier`: whether the answer names who changed the case last; recorded ones do not always (behaviour 3.3).
    """
    return CaseResource(
        id=str(case.id),
        type="case",
        attributes=_attributes(case, definitions),
        relationships=_relationships(case, modifier=modifier),
    )


def found_resource(
    case: Case, definitions: Mapping[CustomAttributeId, CustomAttribute], known: Mapping[UserId, User]
) -> CaseResource:
    """The case as search results show it: with its author and without who changed it last (behaviour 3.3)."""
    plain = case_resource(case, definitions, modifier=False)
    if case.created_by is None:
        return plain
    author = author_of(Actor(ActorKind.USER, case.created_by), known)
    return msgspec.structs.replace(
        plain, attributes=msgspec.structs.replace(plain.attributes, created_by_author=author)
    )


def users_of(cases: Iterable[Case], *, modifier: bool = True) -> list[UserId]:
    """Whom the cases' relationships name, each once: of each case the creator, the assignee, who changed it last."""
    named = (
        user
        for case in cases
        for user in (case.created_by, case.assignee_id, case.modified_by if modifier else None)
        if user is not None
    )
    return list(dict.fromkeys(named))


def user_resources(ids: Sequence[UserId], known: Mapping[UserId, User]) -> list[CaseUser] | UnsetType:
    """The users in this order, to be included; UNSET when there are none. One that is gone has empty texts."""
    return [CaseUser(id=str(id_), type="user", attributes=_user(known.get(id_))) for id_ in ids] or UNSET


def cell_resource(cell: Cell, known: Mapping[UserId, User]) -> TimelineCellResource:
    """The entry of a timeline as a resource."""
    return TimelineCellResource(
        id=str(cell.id),
        type="timeline_cell",
        attributes=TimelineCell(
            author=author_of(cell.author, known),
            cell_content=dict(cell.content),
            content=_encode(cell.content).decode(),
            created_at=zulu(cell.created_at),
            deleted_at=zulu(cell.deleted_at) if cell.deleted_at else UNSET,
            modified_at=zulu(cell.modified_at) if cell.modified_at else UNSET,
            type=cell.type,
        ),
    )


def author_of(actor: Actor, known: Mapping[UserId, User]) -> CaseAuthor:
    """Who did something, with what is known about a user."""
    user = _user(known.get(actor.user_id) if actor.user_id else None)
    id_ = str(actor.id) if actor.id else ""
    content = CaseAuthorContent(
        ID=id_, id=id_, name=user.name, email=user.email, handle=user.handle, active=user.active
    )
    return CaseAuthor(type=_KINDS[actor.kind], content=content)


def _attributes(case: Case, definitions: Mapping[CustomAttributeId, CustomAttribute]) -> CaseAttributes:
    return CaseAttributes(
        archived_at=zulu(case.archived_at) if case.archived_at else UNSET,
        attributes={key: list(values) for key, values in sorted(case.attributes.items())},
        closed_at=zulu(case.closed_at) if case.closed_at else UNSET,
        comment_count=case.comment_count,
        created_at=zulu(case.created_at),
        creation_source=case.creation_source,
        custom_attributes=_custom(case.custom_attributes, definitions),
        description=case.description,
        due_date=case.due_date.isoformat() if case.due_date else UNSET,
        insights=[_insight(one) for one in case.insights],
        internal_id=str(case.id),
        key=case.key,
        merge_status="NOT_MERGED",
        modified_at=zulu(case.modified_at) if case.modified_at else UNSET,
        priority=case.priority,
        public_id=str(case.public_id),
        resolved_reason=case.resolved_reason or UNSET,
        status=case.status_group.legacy,
        status_group=case.status_group,
        status_name=case.status_name,
        title=case.title,
        type=legacy_word(case.type_id),
        type_id=str(case.type_id),
    )


def _custom(
    values: Mapping[CustomAttributeId, CustomValue], definitions: Mapping[CustomAttributeId, CustomAttribute]
) -> dict[str, CaseCustomAttributeValue]:
    by_key = {definitions[id_].key: value for id_, value in values.items() if id_ in definitions}
    return {
        key: CaseCustomAttributeValue(
            type=value.type,
            is_multi=value.is_multi,
            value=list(value.value) if isinstance(value.value, tuple) else value.value,
        )
        for key, value in sorted(by_key.items())
    }


def _insight(one: Insight) -> CaseInsight:
    return CaseInsight(type=one.type, ref=one.ref, resource_id=one.resource_id)


def _relationships(case: Case, *, modifier: bool) -> CaseRelationships:
    return CaseRelationships(
        assignee=to_one(case.assignee_id, "user") if case.assignee_id else UNSET,
        created_by=to_one(case.created_by, "user") if case.created_by else UNSET,
        modified_by=to_one(case.modified_by, "user") if case.modified_by and modifier else UNSET,
        project=to_one(case.project_id, "project"),
    )


def _user(user: User | None) -> CaseUserAttributes:
    if user is None:
        return CaseUserAttributes(active=False, email="", handle="", name="")
    return CaseUserAttributes(
        active=user.status is UserStatus.ACTIVE, email=user.email, handle=user.handle, name=user.name or ""
    )


_KINDS: Mapping[ActorKind, Literal["USER", "KEY", "SYSTEM"]] = {
    ActorKind.USER: "USER",
    ActorKind.KEY: "KEY",
    ActorKind.SYSTEM: "SYSTEM",
}
