"""Time as a value that is passed. Nobody but the clocks of this module asks the operating system for the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...

    def now_ms(self) -> int:
        """The same instant in whole epoch milliseconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return datetime.now(UTC)

    def now_ms(self) -> int:
        """Epoch milliseconds of the present instant."""
        return time.time_ns() // 1_000_000


class FixedClock:
    """A clock that stands still until it is moved; for tests and replays."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The instant the clock was set to."""
        return self._at

    def now_ms(self) -> int:
        """Epoch milliseconds of that instant."""
        return to_ms(self._at)

    def advance(self, by: timedelta) -> None:
        """Move the clock; a negative step models a clock that was set back."""
        self._at += by


def to_ms(at: datetime) -> int:
    """Whole epoch milliseconds of an aware instant; fractions of a millisecond are cut, not rounded."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The aware UTC instant of epoch milliseconds. Raises OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=ms)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
