"""What is read back of a stored error: its row, and the event that it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from errata.base.clock import to_ms
from errata.events.model import Event, Intake, Platform, Status, Track
from errata.events.rows import EventRow, Payload
from errata.events.search import StoredEvent

COLUMNS = EventRow.__struct_fields__
"""What `stored_of` needs, in this order."""

_SAME = (
    "entry", "service", "env", "version", "host", "source", "language", "message", "error_type", "error_message",
    "error_stack", "error_fingerprint", "error_handling", "error_source", "error_category", "is_crash", "usr_id",
    "usr_email", "usr_name", "usr_anonymous_id", "session_id", "trace_id", "span_id", "team", "tags",
)  # fmt: skip


def stored_of(values: Sequence[Any]) -> StoredEvent:
    """A row's values, in the order of `COLUMNS`, as the engine gives them."""
    fields = dict(zip(COLUMNS, values, strict=True))
    for name in ("timestamp", "received_at"):
        fields[name] = to_ms(_aware(fields[name])) / 1000
    for name in ("team", "tags"):
        fields[name] = tuple(fields[name])
    return StoredEvent(EventRow(**fields), msgspec.json.decode(fields["payload"], type=Payload))


def event_of(stored: StoredEvent) -> Event:
    """The event of a row, as it was grouped: without secrets, cut to its bounds, mapped where it had a source map."""
    row, payload = stored.row, stored.payload
    return Event(
        received_at=stored.received_at_ms,
        timestamp=stored.timestamp_ms,
        track=Track(row.track),
        intake=Intake(row.intake),
        status=Status(row.status),
        platform=Platform(row.platform),
        frames=payload.frames,
        causes=payload.causes,
        attributes=payload.attributes,
        details=payload.details,
        cut=payload.cut,
        minified=payload.minified,
        **{name: getattr(row, name) for name in _SAME},
    )


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)
