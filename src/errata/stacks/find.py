"""Tracebacks inside a log message, with the log's own words around them."""

from __future__ import annotations

import msgspec

from errata.stacks import java, javascript, python
from errata.stacks.model import StackTrace
from errata.stacks.parse import LIMIT, parse


class Found(msgspec.Struct, frozen=True, gc=False):
    """A traceback and where it stands: `message[start:end]`. What is before and after is the log's own text."""

    start: int
    end: int
    trace: StackTrace


def find_in_text(message: str, language: str = "") -> Found | None:
    """The first traceback with calls in a message, or None.

    An exception's line alone is not enough here: a sentence like `ValueError: no` is a message, not a stack.
    Linear in the message, of which the first 64 Ki characters are searched; raises nothing.
    """
    if "at " not in message and python.HEADER not in message:
        return None
    text = message[:LIMIT]
    for name, span in _SPANS.items():
        if name == "python" and python.HEADER not in text:
            continue
        found = span(text)
        if found is None:
            continue
        start, end = found
        trace = parse(text[start:end], language or name)
        if trace is not None and any(block.frames for block in trace.blocks):
            return Found(start, end, trace)
    return None


_SPANS = {"python": python.span, "java": java.span, "javascript": javascript.span}
