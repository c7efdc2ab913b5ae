"""Which time an event counts at: its own where that can be believed, else its arrival."""

from __future__ import annotations

from errata.events.model import Event

PAST_MS = 30 * 86_400_000
"""Default reach into the past: the retention of samples."""
FUTURE_MS = 2 * 3_600_000
"""Default reach into the future."""


def event_time(event: Event, past_ms: int = PAST_MS, future_ms: int = FUTURE_MS) -> tuple[int, bool]:
    """The event's time in epoch milliseconds, and whether it had to be clamped to its arrival.

    Believed is what lies at most `past_ms` before and `future_ms` after arrival, both ends included. An event that
    names no time has its arrival for a time and is not clamped. A clamped event never reopens an issue.
    """
    claimed, arrival = event.timestamp, event.received_at
    if claimed is None:
        return arrival, False
    if -past_ms <= claimed - arrival <= future_ms:
        return claimed, False
    return arrival, True
