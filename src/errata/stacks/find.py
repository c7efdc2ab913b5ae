"""Tracebacks inside a log message, with the log's own words around them."""

from __future__ import annotations

import re
from bisect import bisect_left

import msgspec

from errata.stacks import csharp, elixir, go, java, javascript, php, python, ruby, rust
from errata.stacks.model import StackTrace
from errata.stacks.parse import LIMIT, likely, parse


class Found(msgspec.Struct, frozen=True, gc=False):
    """A traceback and where it stands: `message[start:end]`. What is before and after is the log's own text."""

    start: int
    end: int
    trace: StackTrace


_WINDOWS_LINE_END = re.compile("\r\n")
_SPANS = {
    "python": python.span,
    "java": java.span,
    "go": go.span,
    "ruby": ruby.span,
    "php": php.span,
    "csharp": csharp.span,
    "rust": rust.span,
    "elixir": elixir.span,
    "javascript": javascript.span,
}


def find_in_text(message: str, language: str = "") -> Found | None:
    """The first traceback with calls in a message, or None.

    An exception's line alone is not enough here: a sentence like `ValueError: no` is a message, not a stack.
    Linear in the message, of which the first 64 Ki characters are searched; raises nothing.
    """
    if "\n" not in message and not _may_be_one_line(message):
        return None
    text = message[:LIMIT]
    if "\r\n" not in text:
        return _find(text, language)
    found = _find(text.replace("\r\n", "\n"), language)
    if found is None:
        return None
    ends = [match.start() - number for number, match in enumerate(_WINDOWS_LINE_END.finditer(text))]
    start, end = (at + bisect_left(ends, at) for at in (found.start, found.end))
    return Found(start, end, found.trace)


def _find(text: str, language: str) -> Found | None:
    rarer = ("java", "javascript") if "at " in text else ()
    for name in dict.fromkeys([*likely(text, language), *rarer]):
        if name not in _SPANS or (name == "python" and python.HEADER not in text):
            continue
        found = _SPANS[name](text)
        if found is None:
            continue
        start, end = found
        trace = parse(text[start:end], language or name)
        if trace is not None and any(block.frames for block in trace.blocks):
            return Found(start, end, trace)
    return None


def _may_be_one_line(message: str) -> bool:
    """Whether a message without a line end may hold a stack: with its line ends escaped, or a panic of Rust."""
    return "\\n" in message or "panicked at " in message
