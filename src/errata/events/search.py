"""What can be asked of the stored events, and what the answers are. Values only; the questions' SQL is `store.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from errata.base.ids import Fingerprint
from errata.events.model import Platform, Track
from errata.events.rows import EventRow, Payload


class Order(Enum):
    """How hits are ordered; the values are the API's words. Ties: the latest matching event first, then fingerprint."""

    TOTAL_COUNT = "TOTAL_COUNT"
    FIRST_SEEN = "FIRST_SEEN"
    IMPACTED_SESSIONS = "IMPACTED_SESSIONS"
    PRIORITY = "PRIORITY"


class Condition(Protocol):
    """A WHERE over the columns of `events`: SQL without any user's text, and the values of its parameters."""

    @property
    def sql(self) -> str:
        """The expression, in need of no parentheses around it."""

    @property
    def parameters(self) -> dict[str, object]:
        """Values of its `{name:Type}` placeholders."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An issue that a search may find, with what only the state knows of it. `first_seen` is aware, UTC."""

    fingerprint: Fingerprint
    first_seen: datetime
    is_crash: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSearch:
    """Which events: those of the window `[from_ms, to_ms)` that pass every filter given.

    `platforms` empty means any. `candidates` restricts to issues; None does not, and is allowed only for orders that
    need nothing from the state. `pending` are batches inserted but not yet folded into issues: their rows do not
    count. `now_ms` is the moment from which PRIORITY looks back.
    """

    from_ms: int
    to_ms: int
    now_ms: int
    condition: Condition | None = None
    track: Track | None = None
    platforms: tuple[Platform, ...] = ()
    order: Order = Order.TOTAL_COUNT
    limit: int = 100
    candidates: tuple[Candidate, ...] | None = None
    pending: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One fingerprint with the counts of its matching events. Users and sessions are distinct ones, 0 if none known."""

    fingerprint: Fingerprint
    total_count: int
    impacted_users: int
    impacted_sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFold:
    """What one batch says about one fingerprint. Times are epoch milliseconds of event time, UTC.

    Service, type, message, file, function and the versions are those of the earliest or latest event, by time and
    then id, empty where it had none. `versions` are (version, first, last), at most 100; the sets are sorted.
    """

    fingerprint: Fingerprint
    grouping_version: int
    count: int
    first_seen: int
    last_seen: int
    first_seen_version: str
    last_seen_version: str
    versions: tuple[tuple[str, int, int], ...]
    service: str
    error_type: str
    error_message: str
    file_path: str
    function_name: str
    languages: tuple[str, ...]
    platforms: tuple[str, ...]
    tracks: tuple[str, ...]
    is_crash: bool
    has_in_app: bool
    teams: tuple[str, ...]


class StoredEvent(msgspec.Struct, frozen=True):
    """A row as it was stored, with its payload decoded."""

    row: EventRow
    payload: Payload

    @property
    def timestamp_ms(self) -> int:
        """Event time after clamping, in epoch milliseconds."""
        return round(self.row.timestamp * 1000)

    @property
    def received_at_ms(self) -> int:
        """When it arrived, in epoch milliseconds."""
        return round(self.row.received_at * 1000)
