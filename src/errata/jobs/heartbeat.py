"""Signs of life between processes: a small JSON file, replaced as a whole every few seconds.

A table would do as well, but figures that nobody needs after a restart should not queue for the database's one writer.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from errata.base.clock import Clock
from errata.jobs.lines import Log

Figures = Mapping[str, int | float | str | bool | None]


@dataclass(frozen=True, slots=True)
class Beat:
    """The last sign of life: how old it is (`age_ms`) and the figures it carried."""

    age_ms: int
    pid: int
    figures: Figures


def write_beat(path: Path, figures: Figures, clock: Clock) -> None:
    """Replace the file at once, so that a reader sees the old or the new one. Raises OSError."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.new")
    draft.write_text(json.dumps({"at_ms": clock.now_ms(), "pid": os.getpid(), **figures}), encoding="utf-8")
    draft.replace(path)


def read_beat(path: Path, clock: Clock) -> Beat | None:
    """The last sign of life; None when there was none or the file is torn."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        read = json.loads(path.read_text(encoding="utf-8"))
        return Beat(age_ms=clock.now_ms() - int(read.pop("at_ms")), pid=int(read.pop("pid")), figures=read)
    return None


class Heart:
    """Beats in a thread of its own from `start` to `stop`, which also writes the last figures."""

    def __init__(self, path: Path, figures: Callable[[], Figures], clock: Clock, log: Log, *, every_s: float) -> None:
        self._path = path
        self._figures = figures
        self._clock = clock
        self._log = log
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Write the first beat and go on."""
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """Write a last beat and end the thread."""
        self._stop.set()
        self._thread.join()
        self._beat()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self._beat()

    def _beat(self) -> None:
        try:
            write_beat(self._path, self._figures(), self._clock)
        except Exception as error:  # noqa: BLE001 - a full disk or a figure that fails must not end the signs of life
            self._log.warning("sign of life not written", error=str(error))
