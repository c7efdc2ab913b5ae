"""Log lines: one line a fact, with keys, for people or for collectors.

The supervisor writes with these classes alone, because a logging library would double its memory; the other processes
route their loggers through `render`, so that all lines of one server look alike.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TextIO

from errata.base.clock import Clock

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class Log(Protocol):
    """Where facts are written. `fact` is a constant sentence; what varies goes into keys. Never secrets."""

    def info(self, fact: str, /, **keys: Any) -> object:
        """Something that happens in a normal day."""

    def warning(self, fact: str, /, **keys: Any) -> object:
        """Something that an operator should look at when it comes often."""

    def error(self, fact: str, /, **keys: Any) -> object:
        """Something that an operator should look at; `exc_info` may hold the exception, whose trace is then written."""


class Lines:
    """Writes facts to a stream at once. `least` is the lowest level written, `form` is `lines` or `json`."""

    def __init__(self, stream: TextIO, clock: Clock, *, process: str, form: str = "lines", least: str = "info") -> None:
        self._stream = stream
        self._clock = clock
        self._process = process
        self._form = form
        self._least = LEVELS[least]

    def info(self, fact: str, /, **keys: Any) -> None:
        """See `Log`."""
        self._write("info", fact, keys)

    def warning(self, fact: str, /, **keys: Any) -> None:
        """See `Log`."""
        self._write("warning", fact, keys)

    def error(self, fact: str, /, **keys: Any) -> None:
        """See `Log`."""
        self._write("error", fact, keys)

    def _write(self, level: str, fact: str, keys: Mapping[str, object]) -> None:
        if LEVELS[level] >= self._least:
            line = Line(self._clock.now(), level, self._process, fact, keys)
            self._stream.write(render(line, self._form) + "\n")  # one write a line: processes share the stream
            self._stream.flush()


@dataclass(frozen=True, slots=True)
class Line:
    """One fact with its time (aware), level, process and keys; the key `exc_info` holds an exception or its absence."""

    at: datetime
    level: str
    process: str
    fact: str
    keys: Mapping[str, object]


def render(line: Line, form: str) -> str:
    """One line without its line end, time in UTC; a trace is indented below it, or the key `trace` in JSON."""
    stamp = line.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    keys = {name: value for name, value in line.keys.items() if name != "exc_info"}
    trace = _trace(line.keys.get("exc_info"))
    if form == "json":
        named = {"at": stamp, "level": line.level, "process": line.process, "fact": line.fact}
        return json.dumps(named | keys | ({"trace": trace} if trace else {}), default=str, ensure_ascii=False)
    shown = "".join(f" {name}={_value(value)}" for name, value in keys.items())
    below = "".join("\n    " + row for row in trace.splitlines())
    fact = line.fact.strip().replace("\n", "\\n")  # a library's words must not look like lines of ours
    return f"{stamp} {line.level:<7} {line.process:<10} {fact}{shown}{below}"


def _value(value: object) -> str:
    text = str(value)
    plain = text.isprintable() and " " not in text and '"' not in text and text
    return text if plain else json.dumps(text, ensure_ascii=False)


def _trace(exc_info: object) -> str:
    """The trace of an exception, of an `exc_info` triple, or of the exception in hand (True)."""
    error = sys.exception() if exc_info is True else exc_info[1] if isinstance(exc_info, tuple) else exc_info
    return "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
