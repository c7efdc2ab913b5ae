"""Values of the room: an issue, a search for issues and what it finds. Names and enum values are the public API's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from errata.base.ids import IssueId, TeamId, UserId
from errata.events.model import Platform, Track
from errata.issues.causes import Cause


class IssueState(StrEnum):
    """Where an issue stands in its life; the product shows OPEN as "for review", ACKNOWLEDGED as "reviewed"."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"
    IGNORED = "IGNORED"
    EXCLUDED = "EXCLUDED"


class Persona(StrEnum):
    """Whose errors: a group of platforms, looked at across all tracks."""

    ALL = "ALL"
    BROWSER = "BROWSER"
    MOBILE = "MOBILE"
    BACKEND = "BACKEND"


class OrderBy(StrEnum):
    """What an issue search is sorted by, highest (newest) first."""

    TOTAL_COUNT = "TOTAL_COUNT"
    FIRST_SEEN = "FIRST_SEEN"
    IMPACTED_SESSIONS = "IMPACTED_SESSIONS"
    PRIORITY = "PRIORITY"


@dataclass(frozen=True, slots=True)
class Regression:
    """When a resolved issue came back, and in which version (empty when the event had none)."""

    resolved_at: datetime
    regressed_at: datetime
    regressed_at_version: str


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue. Times are aware UTC with millisecond precision and follow the events' own time, not arrival.

    `languages` hold the API's enum values in alphabetical order. `team_ids` are the owners that exist as teams.
    `event_count` counts all events since the issue opened, whatever the retention of samples. `suspected_cause` is
    settled when the issue opens.
    """

    id: IssueId
    state: IssueState
    service: str
    error_type: str
    error_message: str
    file_path: str
    function_name: str
    first_seen: datetime
    last_seen: datetime
    first_seen_version: str
    last_seen_version: str
    is_crash: bool
    has_in_app: bool
    languages: tuple[str, ...]
    platform: Platform
    tracks: tuple[Track, ...]
    grouping_version: int
    event_count: int
    opened_at: datetime
    assignee_id: UserId | None = None
    resolved_at: datetime | None = None
    regression: Regression | None = None
    team_ids: tuple[TeamId, ...] = ()
    suspected_cause: Cause = Cause.CODE_EXCEPTION


@dataclass(frozen=True, slots=True)
class IssueSearch:
    """A question for issues with at least one matching event in `[from_ms, to_ms)` (epoch milliseconds).

    Values inside one of the filters are an OR, the filters among each other and with the query an AND; an empty
    filter lets everything through.
    """

    query: str
    from_ms: int
    to_ms: int
    track: Track | None = None
    persona: Persona | None = None
    order_by: OrderBy = OrderBy.TOTAL_COUNT
    states: tuple[IssueState, ...] = ()
    assignee_ids: tuple[UserId, ...] = ()
    team_ids: tuple[TeamId, ...] = ()


@dataclass(frozen=True, slots=True)
class IssueHit:
    """An issue that a search found, with the counts of its matching events in the window.

    `impacted_users` and `impacted_sessions` are 0 where no matching event names one.
    """

    issue: Issue
    total_count: int
    impacted_users: int
    impacted_sessions: int
