"""One thread at a time, in the order in which they came."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

from errata.base.errors import Unavailable


class Turns:
    """A lock that is handed to whoever waits longest.

    Python's own locks go to whoever runs when they are let go, which is nearly always the thread that just had it: of
    32 threads that write without a pause one writes, and the others wait until their patience ends.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._mutex = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return len(self._waiting)

    @contextlib.contextmanager
    def mine(self) -> Iterator[None]:
        """Wait for a turn and have it until the block ends. Raises Unavailable when patience ends first."""
        self._take()
        try:
            yield
        finally:
            self._pass_on()

    def _take(self) -> None:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            place = threading.Lock()
            place.acquire()
            self._waiting.append(place)
        try:
            came = place.acquire(timeout=self._patience_s)
        except BaseException:  # somebody interrupts the program while it waits
            if not self._leave(place):
                self._pass_on()
            raise
        if not came and self._leave(place):
            raise Unavailable("The state database is busy: others wrote all the time.", where="state")

    def _leave(self, place: threading.Lock) -> bool:
        """Give a place in the queue up; False where the turn came in this very moment."""
        with self._mutex:
            if place in self._waiting:
                self._waiting.remove(place)
                return True
        return False

    def _pass_on(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
