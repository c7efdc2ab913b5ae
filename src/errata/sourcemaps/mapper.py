"""Asking source maps, through a process that may die of what it reads (`child.py`)."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TypeVar

import msgspec
import structlog

from errata.sourcemaps.child import LENGTH_BYTES, Check, Checked, Look, Looked, Request
from errata.sourcemaps.model import Spot

_log = structlog.get_logger("errata.sourcemaps")
_MAX_POSITIONS = 1000
"""Asked at once: an answer with its lines of source is a few hundred bytes each."""
_MOST_ANSWER = 64 << 20
_CRASHES_REMEMBERED = 1000

A = TypeVar("A", Checked, Looked)


class _Died(Exception):
    """The process ended, or had to be ended, before it answered."""


class _Left(Exception):
    """The process had ended by itself, because nothing was asked for minutes."""


class Mapper:
    """Reads maps in a process of its own, begun at the first question. Thread-safe: questions are answered in turn.

    `patience_s` bounds one answer. A map whose reading kills the process, or takes longer, is not tried again by this
    object. Raises nothing: a fault is part of the answer.
    """

    def __init__(self, *, patience_s: float = 20.0) -> None:
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._deadly: dict[tuple[str, str], str] = {}
        self._encode = msgspec.msgpack.Encoder().encode

    def check(self, source_map: Path, minified: Path | None) -> Checked:
        """Whether a map can be used with its minified file (or without one)."""
        with self._lock:
            try:
                return self._ask(Check(str(source_map), str(minified or "")), Checked)
            except _Died as error:
                return Checked(str(error))

    def look(
        self, source_map: Path, minified: Path | None, positions: Sequence[tuple[int, int]], around: int = 0
    ) -> Looked:
        """Where positions stand in the source, in their order; None where the map has nothing for one."""
        spots: list[Spot | None] = []
        key = (str(source_map), str(minified or ""))
        with self._lock:
            if key in self._deadly:
                return Looked(self._deadly[key])
            for start in range(0, len(positions), _MAX_POSITIONS):
                part = tuple(positions[start : start + _MAX_POSITIONS])
                try:
                    answer = self._ask(Look(*key, part, around), Looked)
                except _Died as error:
                    self._remember(key, str(error))
                    return Looked(str(error))
                if answer.fault:
                    return answer
                spots += answer.spots
        return Looked(spots=tuple(spots))

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._end()

    def _remember(self, key: tuple[str, str], fault: str) -> None:
        _log.warning("source_map_unreadable", source_map=key[0], fault=fault)
        if len(self._deadly) >= _CRASHES_REMEMBERED:
            self._deadly.clear()
        self._deadly[key] = fault

    def _ask(self, request: Request, kind: type[A]) -> A:
        try:
            return self._ask_once(request, kind)
        except _Left:
            return self._ask_once(request, kind)

    def _ask_once(self, request: Request, kind: type[A]) -> A:
        process = self._running()
        body = self._encode(request)
        try:
            assert process.stdin is not None  # noqa: S101 - it was opened with pipes
            process.stdin.write(len(body).to_bytes(LENGTH_BYTES, "little") + body)
        except OSError:
            self._end()
            raise _Left from None
        deadline = time.monotonic() + self._patience_s
        size = int.from_bytes(self._read(process, LENGTH_BYTES, deadline), "little")
        if size > _MOST_ANSWER:
            self._end()
            raise _Died("its answer is too large")
        try:
            return msgspec.msgpack.decode(self._read(process, size, deadline), type=kind)
        except msgspec.DecodeError as error:
            self._end()
            raise _Died(f"its answer cannot be read: {error}") from None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            # What it reads may take it over: it is told none of our passwords.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "errata.sourcemaps.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env={name: value for name, value in os.environ.items() if not name.startswith("ERRATA_")},
            )
        return self._process

    def _read(self, process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
        pipe: IO[bytes] | None = process.stdout
        assert pipe is not None  # noqa: S101 - as above
        parts: list[bytes] = []
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        while size:
            if not poll.poll(max(0, 1000 * (deadline - time.monotonic()))):
                self._end()
                raise _Died(f"reading it takes longer than {self._patience_s:g} seconds")
            part = pipe.read(min(size, 1 << 20))
            if not part:
                has_left = process.wait() == 0
                self._end()
                if has_left:
                    raise _Left
                raise _Died("reading it needs too much memory or nests too deep")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.wait()
