"""JSON of one entry, read strictly and, where that fails, with patience. Pure.

The strict reader refuses a whole entry for one lone surrogate or one bracket too deep. What can be saved is saved
here, and the answer says what it cost.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from errata.base.errors import Invalid

CHARACTERS = "characters"
"""Mark: characters that no text may hold (NUL, half a surrogate pair, broken UTF-8) became U+FFFD."""
DEPTH = "depth"
"""Mark: objects and arrays deeper than `MAX_DEPTH` became null."""
NUMBERS = "numbers"
"""Mark: numbers that JSON does not know (NaN, infinite, of thousands of digits) became null."""
MAX_DEPTH = 64

_strict = msgspec.json.Decoder().decode


def decode_json(raw: bytes | str) -> tuple[Any, tuple[str, ...]]:
    """The value of a JSON text and the marks of what had to be changed to read it. Raises `Invalid`."""
    if not has_nul(raw):
        try:
            return _strict(raw), ()
        except (msgspec.MsgspecError, ValueError, RecursionError):
            pass
    return _patient(raw)


def has_nul(raw: bytes | str) -> bool:
    """Whether a JSON text may hold a NUL character; sometimes true where an escaped backslash only looks like one."""
    return "\\u0000" in raw if isinstance(raw, str) else b"\\u0000" in raw


def clean_text(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """A line of plain text, and the mark where characters had to be replaced."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace").replace("\0", _REPLACEMENT), (CHARACTERS,)
    return (text, ()) if "\0" not in text else (text.replace("\0", _REPLACEMENT), (CHARACTERS,))


def _patient(raw: bytes | str) -> tuple[Any, tuple[str, ...]]:
    marks: set[str] = set()
    text = _decoded(raw, marks)
    text = _without_bad_escapes(text, marks)
    text = _without_depth(text, marks)
    try:
        # strict=False lets raw line ends stand inside strings, as some shippers write them
        value = json.loads(
            text,
            strict=False,
            parse_constant=lambda _: marks.add(NUMBERS),
            parse_float=lambda digits: _float(digits, marks),
            parse_int=lambda digits: _int(digits, marks),
        )
    except ValueError as error:
        raise Invalid(f"This entry is not JSON: {error}.") from None
    except RecursionError:
        raise Invalid("This entry is nested too deep to be read.") from None
    return value, tuple(sorted(marks))


def _decoded(raw: bytes | str, marks: set[str]) -> str:
    if isinstance(raw, str):
        text = raw
    else:
        text = raw.decode("utf-8-sig", "replace")
        if _REPLACEMENT in text and _REPLACEMENT.encode() not in raw:
            marks.add(CHARACTERS)
    if "\0" in text:
        marks.add(CHARACTERS)
        text = text.replace("\0", _REPLACEMENT)
    return text


def _without_bad_escapes(text: str, marks: set[str]) -> str:
    def checked(match: re.Match[str]) -> str:
        if match.lastgroup != "bad":
            return match[0]
        marks.add(CHARACTERS)
        return "\\ufffd"

    return _ESCAPE.sub(checked, text) if "\\u" in text else text


def _without_depth(text: str, marks: set[str]) -> str:
    """Replace whatever stands below the deepest level by null; one pass, no recursion."""
    kept: list[str] = []
    depth, kept_to = 0, 0
    for match in _STRUCTURE.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                marks.add(DEPTH)
                kept += (text[kept_to : match.start()], "null")
        elif mark in "]}":
            depth -= 1
            if depth == MAX_DEPTH:
                kept_to = match.end()
    if not kept:
        return text
    if depth <= MAX_DEPTH:
        kept.append(text[kept_to:])
    return "".join(kept)


def _float(digits: str, marks: set[str]) -> float | None:
    value = float(digits)
    if math.isfinite(value):
        return value
    marks.add(NUMBERS)
    return None


def _int(digits: str, marks: set[str]) -> int | None:
    if len(digits) <= _MAX_DIGITS:
        return int(digits)
    marks.add(NUMBERS)
    return None


_REPLACEMENT = "\ufffd"
_MAX_DIGITS = 300
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<bad>\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2}))"
    r"|\\.",
    re.DOTALL,
)
# A string without an end is one match up to the end of the text: looking for its end once keeps the pass linear.
_STRUCTURE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
