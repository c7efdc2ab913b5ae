"""Tests on times as spans of whole milliseconds, for engines that keep them as whole numbers."""

from __future__ import annotations

import math

from errata.query.bind import Between, Limit, OneOf, Test

MOST = 2**52
"""No instant is further from 1970 than this many milliseconds; every number up to here is exact as a float."""


def spans_of(test: Test) -> list[tuple[int, int]] | None:
    """The spans in which a number passes, both ends included; None for a test that is not on numbers alone."""
    match test:
        case OneOf(texts):
            return [(int(text), int(text)) for text in texts if _is_whole(text)]
        case Between(low, high) if not any(limit and isinstance(limit.bound, str) for limit in (low, high)):
            first, last = _first(low), _last(high)
            return [(first, last)] if first <= last else []
        case _:
            return None


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return len(digits) <= 16 and digits.isascii() and digits.isdecimal() and str(int(text)) == text and _is_near(text)


def _is_near(text: str) -> bool:
    return abs(int(text)) < MOST


def _first(limit: Limit | None) -> int:
    """The least whole number above a lower end."""
    if limit is None:
        return -MOST
    bound = max(-MOST, min(float(limit.bound), 2.0 * MOST))
    return math.ceil(bound) if limit.included else math.floor(bound) + 1


def _last(limit: Limit | None) -> int:
    if limit is None:
        return MOST
    bound = min(MOST, max(float(limit.bound), -2.0 * MOST))
    return math.floor(bound) if limit.included else math.ceil(bound) - 1
