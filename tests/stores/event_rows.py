"""Rows of stored events for tests, built from events as the digest builds them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from errata.base.clock import to_ms
from errata.base.ids import NodeId, event_id_at
from errata.events.model import Event, Intake, Platform, Status, Track
from errata.events.rows import EventRow, row_of

AT = to_ms(datetime(2026, 11, 18, 12, tzinfo=UTC))
HOUR = 3_600_000
DAY = 24 * HOUR
WEEK = 7 * DAY
NODE = NodeId(UUID(int=1))


def fingerprint(number: int) -> UUID:
    return UUID(int=number)


def a_row(batch: int, entry: int = 0, *, issue: int = 1, at: int = AT, **changes: object) -> EventRow:
    """One row. What is neither a field of `Event` nor named here goes to `row_of`."""
    grouping = {
        "file_path": "shop/pay.py",
        "function_name": "pay",
        "has_in_app": True,
        "time_clamped": False,
        "grouping_version": 1,
    }
    grouping.update({name: changes.pop(name) for name in [*grouping] if name in changes})
    known = {
        "received_at": at + 50,
        "track": Track.LOGS,
        "intake": Intake.DD_LOGS,
        "service": "shop",
        "env": "prod",
        "status": Status.ERROR,
        "language": "python",
        "platform": Platform.BACKEND,
        "message": "order 17 failed",
        "error_type": "KeyError",
        "error_message": "'sku'",
    }
    event = Event(entry=entry, **{**known, **changes})
    return row_of(
        event,
        batch=batch,
        node=NODE,
        position=batch << 32,
        event_id=event_id_at(NODE, batch << 32, entry),
        timestamp=at,
        fingerprint=fingerprint(issue),
        **grouping,
    )
