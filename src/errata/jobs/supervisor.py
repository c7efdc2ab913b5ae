"""Starts child processes, watches them, starts dead ones again, and stops all in order.

Knows nothing of what they do and imports next to nothing: it stays in memory as long as the server runs. Listening
sockets belong to it and are inherited, so that a child that is started again loses no connection that was waiting.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from errata.jobs.backoff import Backoff
from errata.jobs.lines import Log

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_TICK_S = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How to start one child. `command` is completed by `--lifeline N`; `sockets` are inherited under their numbers."""

    role: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    sockets: tuple[int, ...] = ()
    grace_s: float = 10.0
    """Time between the request to stop and the kill."""


@dataclass(slots=True)
class _Child:
    plan: Plan
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = field(default=0.0)
    """When to start it (monotonic seconds); only meaningful while there is no process."""


class Supervisor:
    """Runs the plans, started in the order given and stopped in the reverse order.

    A child that ends by itself is started again after a wait that doubles with every failure; one that lived for
    `healthy_s` begins at the first wait again.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        log: Log,
        *,
        backoff: Backoff = Backoff(0.5, 30.0),  # noqa: B008 - a frozen value
        healthy_s: float = 60.0,
    ) -> None:
        self._children = [_Child(plan) for plan in plans]
        self._log = log
        self._backoff = backoff
        self._healthy_s = healthy_s
        self._stop_requests = 0
        self._lifeline, self._life = os.pipe()

    def run(self) -> None:
        """Supervise until SIGTERM, SIGINT or SIGHUP; returns when every child has ended. Main thread only.

        A second such signal kills what is still running.
        """
        with _wakeups(self._asked_to_stop) as wakeups:
            try:
                while not self._stop_requests:
                    self._reap()
                    self._start_due()
                    self._sleep(wakeups, self._pause_s())
            finally:
                self._stop_all(wakeups)
        os.close(self._life)
        os.close(self._lifeline)

    def _asked_to_stop(self, number: int, _frame: FrameType | None) -> None:
        del number
        self._stop_requests += 1

    @staticmethod
    def _sleep(wakeups: socket.socket, pause_s: float) -> None:
        """Until a signal (a child's end is one) or the pause is over."""
        select.select([wakeups], [], [], pause_s)
        with suppress(BlockingIOError):
            wakeups.recv(4096)

    def _pause_s(self) -> float:
        now = time.monotonic()
        waits = [child.due - now for child in self._children if child.process is None]
        return max(0.0, min([*waits, _TICK_S]))

    def _start_due(self) -> None:
        for child in self._children:
            if child.process is None and child.due <= time.monotonic() and not self._stop_requests:
                self._start(child)

    def _start(self, child: _Child) -> None:
        plan = child.plan
        child.started = time.monotonic()
        child.process = subprocess.Popen(
            [*plan.command, "--lifeline", str(self._lifeline)],
            env=dict(plan.environment),
            stdin=subprocess.DEVNULL,
            pass_fds=(self._lifeline, *plan.sockets),
            process_group=0,  # Ctrl-C in a terminal reaches the supervisor alone, which stops them in order
        )
        self._log.info("process started", role=plan.role, pid=child.process.pid)

    def _reap(self) -> None:
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, child.process)

    def _ended(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        lived_s = time.monotonic() - child.started
        child.failures = 1 if lived_s >= self._healthy_s else child.failures + 1
        wait_s = self._backoff.wait_s(child.failures)
        child.process = None
        child.due = time.monotonic() + wait_s
        self._log.error(
            "process ended by itself and will be started again",
            role=child.plan.role,
            pid=process.pid,
            ended=_ending(process.returncode),
            lived_s=round(lived_s, 1),
            next_in_s=wait_s,
        )

    def _stop_all(self, wakeups: socket.socket) -> None:
        for child in reversed(self._children):
            if child.process is not None:
                self._stop(child, child.process, wakeups)

    def _stop(self, child: _Child, process: subprocess.Popen[bytes], wakeups: socket.socket) -> None:
        began = time.monotonic()
        with suppress(ProcessLookupError):
            process.terminate()
        while process.poll() is None:
            left_s = began + child.plan.grace_s - time.monotonic()
            if left_s <= 0 or self._stop_requests > 1:
                self._log.warning("process did not stop in time and is killed", role=child.plan.role, pid=process.pid)
                process.kill()
                process.wait()
                break
            self._sleep(wakeups, left_s)
        child.process = None
        took_ms = int((time.monotonic() - began) * 1000)
        self._log.info("process stopped", role=child.plan.role, ended=_ending(process.returncode), took_ms=took_ms)


def _ending(returncode: int) -> str:
    """`status 1` or `signal SIGKILL`."""
    if returncode >= 0:
        return f"status {returncode}"
    with suppress(ValueError):
        return f"signal {signal.Signals(-returncode).name}"
    return f"signal {-returncode}"


@contextmanager
def _wakeups(on_stop: Callable[[int, FrameType | None], None]) -> Iterator[socket.socket]:
    """A socket that becomes readable at every signal; the former handlers are put back afterwards."""
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    former = {number: signal.signal(number, on_stop) for number in _STOPPING}
    former[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
    former_wakeup = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(former_wakeup)
        for number, handler in former.items():
            signal.signal(number, handler)
        reading.close()
        writing.close()
