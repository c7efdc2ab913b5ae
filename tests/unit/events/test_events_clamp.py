"""Which time an event counts at."""

from __future__ import annotations

import pytest

from errata.events.clamp import FUTURE_MS, PAST_MS, event_time
from errata.events.model import Event, Intake, Track

ARRIVAL = 1795192030543


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        (None, (ARRIVAL, False)),
        (ARRIVAL - 5, (ARRIVAL - 5, False)),
        (ARRIVAL - PAST_MS, (ARRIVAL - PAST_MS, False)),
        (ARRIVAL - PAST_MS - 1, (ARRIVAL, True)),
        (ARRIVAL + FUTURE_MS, (ARRIVAL + FUTURE_MS, False)),
        (ARRIVAL + FUTURE_MS + 1, (ARRIVAL, True)),
        (0, (ARRIVAL, True)),
        (7_258_118_400_000, (ARRIVAL, True)),
    ],
    ids=["none", "near", "oldest", "too old", "latest", "too late", "1970", "2200"],
)
def test_a_time_that_cannot_be_believed_becomes_the_arrival(claimed: int | None, expected: tuple[int, bool]) -> None:
    event = Event(entry=0, received_at=ARRIVAL, track=Track.LOGS, intake=Intake.DD_LOGS, timestamp=claimed)

    assert event_time(event) == expected


def test_the_window_is_the_callers() -> None:
    event = Event(entry=0, received_at=1000, track=Track.LOGS, intake=Intake.DD_LOGS, timestamp=900)

    assert event_time(event, past_ms=100, future_ms=0) == (900, False)
    assert event_time(event, past_ms=99, future_ms=0) == (1000, True)
