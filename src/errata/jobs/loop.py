"""A piece of work repeated until it is told to stop; it survives errors, counts them and says them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from errata.base.errors import ErrataError
from errata.jobs.backoff import Backoff
from errata.jobs.lines import Log


@dataclass(frozen=True, slots=True)
class Turns:
    """What a loop has done so far. `idle` turns found nothing to do; `failed_in_a_row` is 0 after any good turn."""

    done: int = 0
    idle: int = 0
    failed: int = 0
    failed_in_a_row: int = 0
    last_error: str = ""
    last_took_ms: int = 0
    """Length of the last turn that did something."""


class Loop:
    """Runs `work` over and over in the calling thread.

    `work` returns whether there was something to do: after True it is called again at once, after False when `idle_s`
    have passed. An exception is logged and counted, and the next turn waits as `backoff` says. The turn in hand is
    always finished: stopping only prevents the next.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], bool],
        log: Log,
        *,
        idle_s: float = 0.1,
        backoff: Backoff = Backoff(0.5, 30.0),  # noqa: B008 - a frozen value
    ) -> None:
        self._name = name
        self._work = work
        self._log = log
        self._idle_s = idle_s
        self._backoff = backoff
        self._stop = threading.Event()
        self._turns = Turns()

    @property
    def turns(self) -> Turns:
        """What was done so far; may be read from another thread."""
        return self._turns

    def run(self) -> None:
        """Turn until `stop`. Raises nothing but what ends a process (KeyboardInterrupt, SystemExit, MemoryError)."""
        while not self._stop.is_set():
            self._stop.wait(self._turn())

    def stop(self) -> None:
        """Begin no further turn; a second call does nothing.

        To be called from another thread: a signal handler in the loop's own would wait for a lock that it interrupted.
        """
        self._stop.set()

    def _turn(self) -> float:
        """One call of the work; gives the seconds to wait before the next."""
        started = time.monotonic()
        try:
            busy = self._work()
        except MemoryError:
            raise  # the process is not to be trusted any more: the supervisor starts a fresh one
        except Exception as error:  # noqa: BLE001 - the loop must survive its work; what it swallows is counted and said
            return self._failed(error)
        self._succeeded(busy=busy, took_ms=int((time.monotonic() - started) * 1000))
        return 0.0 if busy else self._idle_s

    def _succeeded(self, *, busy: bool, took_ms: int) -> None:
        was = self._turns
        if was.failed_in_a_row:
            self._log.info("work goes on again", loop=self._name, after_failures=was.failed_in_a_row)
        self._turns = Turns(
            done=was.done + busy,
            idle=was.idle + (not busy),
            failed=was.failed,
            last_error=was.last_error,
            last_took_ms=took_ms if busy else was.last_took_ms,
        )

    def _failed(self, error: Exception) -> float:
        was = self._turns
        in_a_row = was.failed_in_a_row + 1
        said = error.message if isinstance(error, ErrataError) else f"{type(error).__name__}: {error}"
        wait_s = self._backoff.wait_s(in_a_row)
        keys: dict[str, object] = {"loop": self._name, "error": said, "in_a_row": in_a_row, "next_in_s": wait_s}
        if isinstance(error, ErrataError):
            self._log.warning("work failed", **keys)
        else:
            self._log.error("work failed unexpectedly", **keys, exc_info=error)
        self._turns = Turns(
            done=was.done,
            idle=was.idle,
            failed=was.failed + 1,
            failed_in_a_row=in_a_row,
            last_error=said,
            last_took_ms=was.last_took_ms,
        )
        return wait_s
