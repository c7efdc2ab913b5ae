"""Wildcards on a whole value: what a pattern means, as LIKE and in plain Python.

In a pattern `*` is any run of characters, also an empty one, and `?` exactly one; after a backslash they are
themselves.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import TypeAlias


class Wild(Enum):
    """An element of a pattern that is not a literal character."""

    RUN = "*"
    ONE = "?"


Element: TypeAlias = str | Wild
_piece = re.compile(r"\\(.)|(.)", re.DOTALL)


def elements(pattern: str) -> list[Element]:
    """The pattern's characters and wildcards in order; neighbouring `*` are one."""
    found: list[Element] = []
    for literal, plain in _piece.findall(pattern):
        element = literal or (Wild(plain) if plain in "*?" else plain)
        if element is not Wild.RUN or found[-1:] != [Wild.RUN]:
            found.append(element)
    return found


def like(pattern: str) -> str:
    """The pattern for ClickHouse's LIKE: `%` and `_` wild, all else literal."""
    return "".join(_LIKE[element] if element in _LIKE else str(element) for element in elements(pattern))


def like_literal(text: str) -> str:
    """A text without wildcards as it stands inside a LIKE pattern."""
    return "".join(_LIKE.get(char, char) for char in text)


def fits(pattern: str, text: str) -> bool:
    """Whether the whole text fits. Time is bounded by the product of both lengths, whatever the pattern."""
    parts, runs = _parts(pattern)
    if runs == 0:
        return parts[0].fullmatch(text) is not None
    first = parts[0].match(text)
    if not first:
        return False
    at = first.end()
    # The earliest place for each inner part leaves the most room for the rest: nothing is ever tried again.
    for part in parts[1:-1]:
        found = part.search(text, at)
        if not found:
            return False
        at = found.end()
    return _ends_with(parts[-1], text, at, _width(pattern))


_LIKE: dict[Element, str] = {Wild.RUN: "%", Wild.ONE: "_", "%": r"\%", "_": r"\_", "\\": r"\\"}


@lru_cache(maxsize=512)
def _parts(pattern: str) -> tuple[list[re.Pattern[str]], int]:
    groups: list[list[Element]] = [[]]
    for element in elements(pattern):
        if element is Wild.RUN:
            groups.append([])
        else:
            groups[-1].append(element)
    return [re.compile("".join(map(_one, group)), re.DOTALL) for group in groups], len(groups) - 1


def _one(element: Element) -> str:
    return "." if isinstance(element, Wild) else re.escape(element)


def _width(pattern: str) -> int:
    """How many characters the part after the last `*` takes."""
    found = elements(pattern)
    return found[::-1].index(Wild.RUN)


def _ends_with(part: re.Pattern[str], text: str, at: int, width: int) -> bool:
    start = len(text) - width
    return start >= at and part.fullmatch(text, start) is not None
