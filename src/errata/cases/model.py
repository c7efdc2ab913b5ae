"""Cases and what belongs to them as values. Names and texts of enumerations are the public API's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from errata.base.facts import Actor
from errata.base.ids import CaseId, CaseTypeId, CellId, CustomAttributeId, ProjectId, TeamId, UserId

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class StatusGroup(StrEnum):
    """The three groups that every status of every type belongs to."""

    OPEN = "SG_OPEN"
    IN_PROGRESS = "SG_IN_PROGRESS"
    CLOSED = "SG_CLOSED"

    @property
    def legacy(self) -> str:
        """The group as the deprecated `status` shows it: OPEN, IN_PROGRESS or CLOSED."""
        return self.value.removeprefix("SG_")


class Priority(StrEnum):
    """How pressing a case is; P1 is the most."""

    NOT_DEFINED = "NOT_DEFINED"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """The statuses of one group of a type, in the order shown. `default` is one of them."""

    names: tuple[str, ...]
    default: str


@dataclass(frozen=True, slots=True)
class Statuses:
    """The statuses of a type. A name stands in one group only."""

    open: StatusOptions
    in_progress: StatusOptions
    closed: StatusOptions

    def options(self, group: StatusGroup) -> StatusOptions:
        """The statuses of a group."""
        return {
            StatusGroup.OPEN: self.open,
            StatusGroup.IN_PROGRESS: self.in_progress,
            StatusGroup.CLOSED: self.closed,
        }[group]

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of groups."""
        return (*self.open.names, *self.in_progress.names, *self.closed.names)


NO_WORD = "TUNKNOWN"
"""What the deprecated `type` of a case shows for all that it has no word for."""


@dataclass(frozen=True, slots=True)
class CaseType:
    """What kind of work a case is. `internal` marks the built-in ones, which nobody can change.

    `legacy` is what the deprecated `type` of a case shows. A type that was deleted (`deleted_at`) stays listed and
    keeps its cases, but takes no new ones.
    """

    id: CaseTypeId
    name: str
    statuses: Statuses
    description: str | None = None
    emoji: str = ""
    internal: bool = False
    legacy: str = NO_WORD
    created_at: datetime | None = None
    modified_at: datetime | None = None
    deleted_at: datetime | None = None


class AttributeType(StrEnum):
    """What a custom attribute holds."""

    URL = "URL"
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    SELECT = "SELECT"


@dataclass(frozen=True, slots=True)
class CustomAttribute:
    """The definition of a custom attribute of one case type. `key` names it in the API and in searches, and stays.

    `options` are the choices of a SELECT; empty means that any text will do. `map_from` is kept as it was given.
    """

    id: CustomAttributeId
    case_type_id: CaseTypeId
    key: str
    display_name: str
    type: AttributeType
    is_multi: bool
    created_at: datetime
    modified_at: datetime
    description: str | None = None
    options: tuple[str, ...] = ()
    map_from: str | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CustomValue:
    """The value of a custom attribute on one case, with type and shape as they were when it was set.

    `value` is a tuple exactly where `is_multi` says so; numbers are finite floats, all else is text.
    """

    type: AttributeType
    is_multi: bool
    value: str | float | tuple[str, ...] | tuple[float, ...]

    @property
    def items(self) -> tuple[str | float, ...]:
        """The single values, one or more."""
        return self.value if isinstance(self.value, tuple) else (self.value,)


@dataclass(frozen=True, slots=True)
class Insight:
    """Something elsewhere that a case is about: `ref` is a path to it, `resource_id` its id."""

    type: str
    ref: str
    resource_id: str


class AccessLevel(StrEnum):
    """What somebody may do in a project. Stored for later: nobody is kept out by it yet."""

    MANAGER = "manager"
    CONTRIBUTOR = "contributor"
    VIEWER = "viewer"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Project:
    """A container of cases. `key` begins the key of each of its cases and never changes.

    `enabled_type_ids` are the custom types that may be used in it; without any, all may. Built-in ones always may.
    `settings` and `columns` are plain JSON in the public API's form, with what was set only.
    """

    id: ProjectId
    key: str
    name: str
    created_at: datetime
    modified_at: datetime
    team_id: TeamId | None = None
    restricted: bool = False
    enabled_type_ids: tuple[CaseTypeId, ...] | None = None
    columns: Mapping[str, Json] | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)
    created_by: UserId | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Times are aware UTC; texts that are not known are empty.

    `public_id` counts over all projects from 1, `key_number` inside the project's key; neither is ever given twice.
    `attributes` maps a key to its values, none of them empty. `custom_attributes` is by id of the definition, so that
    what belongs to a deleted one is not shown under a later one of the same key.
    `active_at` is when a person last did something to it, comments included.
    """

    id: CaseId
    public_id: int
    project_id: ProjectId
    key: str
    key_number: int
    type_id: CaseTypeId
    title: str
    status_name: str
    status_group: StatusGroup
    created_at: datetime
    active_at: datetime
    description: str = ""
    priority: Priority = Priority.NOT_DEFINED
    assignee_id: UserId | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    custom_attributes: Mapping[CustomAttributeId, CustomValue] = field(default_factory=dict)
    due_date: date | None = None
    resolved_reason: str | None = None
    creation_source: str = "MANUAL"
    insights: tuple[Insight, ...] = ()
    comment_count: int = 0
    created_by: UserId | None = None
    modified_by: UserId | None = None
    modified_at: datetime | None = None
    closed_at: datetime | None = None
    archived_at: datetime | None = None


class CellType(StrEnum):
    """What a cell of the timeline tells. The public API knows COMMENT; the others are ours.

    The name of the fact that is written beside a cell follows from it: `case.status_changed`.
    """

    COMMENT = "COMMENT"
    CREATED = "CREATED"
    TITLE_CHANGED = "TITLE_CHANGED"
    DESCRIPTION_CHANGED = "DESCRIPTION_CHANGED"
    STATUS_CHANGED = "STATUS_CHANGED"
    PRIORITY_CHANGED = "PRIORITY_CHANGED"
    ASSIGNEE_CHANGED = "ASSIGNEE_CHANGED"
    ATTRIBUTES_CHANGED = "ATTRIBUTES_CHANGED"
    CUSTOM_ATTRIBUTE_CHANGED = "CUSTOM_ATTRIBUTE_CHANGED"
    DUE_DATE_CHANGED = "DUE_DATE_CHANGED"
    RESOLVED_REASON_CHANGED = "RESOLVED_REASON_CHANGED"
    PROJECT_CHANGED = "PROJECT_CHANGED"
    ARCHIVED = "ARCHIVED"
    UNARCHIVED = "UNARCHIVED"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a command did to a case: what becomes a fact and a cell. `content` is the cell's, plain JSON.

    Changes of a value hold `from` and `to`; both are None, a text or a list of texts. Those of an attribute name its
    `key` as well.
    """

    type: CellType
    content: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """An entry of a case's timeline. A deleted comment keeps its place, without its text."""

    id: CellId
    type: CellType
    author: Actor
    content: Mapping[str, Json]
    created_at: datetime
    modified_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a case is created from. One of `type_id` and the deprecated `legacy_type` is given; `type_id` counts.

    Without a project the oldest one is meant. `custom_attributes` is by key, values in plain JSON, to be checked
    against the type's definitions.
    """

    project_id: ProjectId | None
    title: str
    type_id: CaseTypeId | None = None
    legacy_type: str | None = None
    description: str = ""
    status_name: str | None = None
    priority: Priority = Priority.NOT_DEFINED
    assignee_id: UserId | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    custom_attributes: Mapping[str, GivenValue] = field(default_factory=dict)
    creation_source: str = "MANUAL"
    insights: tuple[Insight, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenValue:
    """A custom attribute's value as a caller gave it, not checked yet. `type` is any text."""

    type: str
    is_multi: bool
    value: Json


class BulkAction(StrEnum):
    """What can be done to many cases at once. The last three need a ticketing system, and there is none."""

    PRIORITY = "priority"
    STATUS = "status"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    UPDATE_PROJECT = "update_project"
    JIRA = "jira"
    SERVICENOW = "servicenow"
    LINEAR = "linear"


class SortField(StrEnum):
    """What search results can be sorted by."""

    CREATED_AT = "created_at"
    PRIORITY = "priority"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """A search for cases. Pages count from 0 here; `query` is in the search language, blank for everything."""

    query: str = ""
    sort: SortField = SortField.CREATED_AT
    ascending: bool = False
    page: int = 0
    page_size: int = 10


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of hits in their order, and how many there are in all."""

    cases: tuple[Case, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How many cases have a value, or a combination of values where several fields were asked for."""

    values: tuple[str, ...]
    count: int
