"""Stored errors one by one: those of an issue, newest first, and one by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from errata.base.ids import EventId, Fingerprint
from errata.events.search import StoredEvent
from errata.events.stored import COLUMNS, stored_of
from errata.storage.clickhouse import ClickHouse

_AT = "fromUnixTimestamp64Milli({%s:Int64}, 'UTC')"
_KEY = "track, toStartOfDay(timestamp), fingerprint, timestamp, event_id"
_WHERE = f"""fingerprint IN {{fingerprints:Array(UUID)}} AND batch NOT IN {{pending:Array(UInt64)}}
        AND timestamp >= {_AT % "from"} AND timestamp < {_AT % "to"}
        AND (timestamp < {_AT % "before"} OR (timestamp = {_AT % "before"} AND event_id < {{before_id:UUID}}))"""
_PAGE = f"""
SELECT {", ".join(COLUMNS)}
FROM events
-- Newest rows are found by the sort key's columns alone; only theirs are then read whole.
WHERE ({_KEY}) IN (
    SELECT {_KEY} FROM events
    WHERE {_WHERE}
    ORDER BY timestamp DESC, event_id DESC LIMIT {{limit:UInt32}}
)
    AND {_WHERE}
ORDER BY timestamp DESC, event_id DESC
LIMIT {{limit:UInt32}}
"""
_ONE = f"""
SELECT {", ".join(COLUMNS)}
FROM events
WHERE event_id = {{event_id:UUID}} AND batch NOT IN {{pending:Array(UInt64)}}
LIMIT 1
"""
_LAST_ID = UUID(int=(1 << 128) - 1)


class Before(NamedTuple):
    """Where a page ends: the next one holds what is older, by time (epoch milliseconds) and then id."""

    timestamp_ms: int
    event_id: UUID


class EventPages:
    """Reads stored errors whole. Thread-safe; every method raises Unavailable when the store is down.

    `pending` are batches that are stored and not folded into issues yet: their events do not show.
    """

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse

    def page(
        self,
        fingerprints: Sequence[Fingerprint],
        limit: int,
        *,
        from_ms: int,
        to_ms: int,
        pending: Sequence[int],
        before: Before | None = None,
    ) -> list[StoredEvent]:
        """The newest errors of some fingerprints in the window `[from_ms, to_ms)` that are older than `before`."""
        end = before or Before(to_ms, _LAST_ID)
        parameters: dict[str, object] = {
            "fingerprints": list(fingerprints),
            "pending": list(pending),
            "from": from_ms,
            "to": to_ms,
            "before": end.timestamp_ms,
            "before_id": end.event_id,
            "limit": limit,
        }
        return [stored_of(row) for row in self._query(_PAGE, parameters)]

    def one(self, event_id: EventId, *, pending: Sequence[int]) -> StoredEvent | None:
        """An error by its id."""
        rows = self._query(_ONE, {"event_id": event_id, "pending": list(pending)})
        return stored_of(rows[0]) if rows else None

    def _query(self, sql: str, parameters: dict[str, object]) -> list[tuple[Any, ...]]:
        return self._clickhouse.query(sql, parameters)
