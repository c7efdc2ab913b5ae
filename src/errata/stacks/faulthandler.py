"""Calls of CPython as its faulthandler prints them when the interpreter dies: crash side first, no source lines."""

from __future__ import annotations

import re

from errata.stacks.draft import Draft, number_of, trace_of
from errata.stacks.model import Frame, StackTrace
from errata.stacks.python import HEADER

_MARK = "(most recent call first):"
_CALL = re.compile(r'[ \t]*+File "([^"\n]{1,4000})", line (\d{1,9}|\?\?\?),? in ([^\n]+)$')
_FATAL = re.compile(r"(Fatal Python error|Windows fatal exception): ([^\n]*)$")


def is_likely(text: str) -> bool:
    """Whether faulthandler's heading of a thread stands there; cheap."""
    return _MARK in text and 'File "' in text and HEADER not in text


def parse(text: str) -> StackTrace | None:
    """The calls of the current thread, else of the first that has any, or None where there is none. Bounded."""
    draft = Draft()
    lines = text.split("\n")
    for line in lines:
        if match := _FATAL.search(line[:1000]):
            draft.type, draft.message = match[1], [match[2]]
            break
    current = next((i for i, line in enumerate(lines) if line.startswith("Current thread ") and _MARK in line), 0)
    for line in lines[current:]:
        if match := _CALL.match(line):
            draft.add(Frame(match[3], match[1], "", number_of(match[2])))
        elif draft.frames:
            break
    return trace_of("python", [draft]) if draft.frames else None
