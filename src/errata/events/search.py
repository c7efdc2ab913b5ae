"""What can be asked of the stored events, and what the answers are. Values only; the questions' SQL is `store.py`."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import msgspec

from errata.base.ids import Fingerprint
from errata.events.model import Platform, Track
from errata.events.rows import EventRow, Payload


class Order(Enum):
    """How hits are ordered; the values are the API's words. Ties: the latest matching event first, then fingerprint.

    FIRST_SEEN and PRIORITY need `EventSearch.known`.
    """

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


def packed(digits: Sequence[str]) -> bytes:
    """UUIDs, each as its digits, in the event store's form: two little-endian halves, the higher first."""
    halves = array("Q", bytes.fromhex("".join(digits).replace("-", "")))
    if sys.byteorder == "little":
        halves.byteswap()
    return halves.tobytes()


@dataclass(frozen=True, slots=True)
class FingerprintSet:
    """Fingerprints that travel with a search as the table `name`, to which its condition refers.

    `fingerprints` are 16 bytes each, as `packed` puts them.
    """

    name: str
    fingerprints: bytes


@dataclass(frozen=True, slots=True)
class KnownIssues:
    """What only the state knows of issues, column by column, one value an issue.

    `fingerprints` as in `FingerprintSet`, each the one under which its issue is counted; `first_seen` are epoch
    milliseconds in eight bytes, `is_crash` 0 or 1 in one byte.
    """

    fingerprints: bytes
    first_seen: bytes
    is_crash: bytes

    def __len__(self) -> int:
        return len(self.is_crash)


@dataclass(frozen=True, slots=True)
class Aliases:
    """Fingerprints that count under another one, their issue's main one: `fingerprints[i]` under `mains[i]`."""

    fingerprints: bytes = b""
    mains: bytes = b""

    def __bool__(self) -> bool:
        return bool(self.fingerprints)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSearch:
    """Which events: those of the window `[from_ms, to_ms)` that pass every filter given.

    `platforms` empty means any. `sets` are those that the condition refers to. Fingerprints of one issue are counted
    together by `aliases`. `known` gives orders what they need of the state; issues that are not in it are left out,
    unless `known_in_part`: then they count as old. `pending` are batches inserted but not yet folded into issues: their
    rows do not count. `now_ms` is the moment from which PRIORITY looks back.
    """

    from_ms: int
    to_ms: int
    now_ms: int
    condition: Condition | None = None
    track: Track | None = None
    platforms: tuple[Platform, ...] = ()
    order: Order = Order.TOTAL_COUNT
    limit: int = 100
    sets: tuple[FingerprintSet, ...] = ()
    aliases: Aliases = Aliases()
    known: KnownIssues | None = None
    known_in_part: bool = False
    pending: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One issue's main fingerprint with the counts of its matching events.

    Users and sessions are distinct ones, 0 where none is known.
    """

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
    former_fingerprints: tuple[Fingerprint, ...] = ()
    """What its events would have without their source maps, where that differs; sorted, at most 100."""
    sightings: tuple[tuple[str, int, int], ...] = ()
    """As `versions`, of the events whose own time was believed; also of those without a version, under the empty one.
    The latest come first."""


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
