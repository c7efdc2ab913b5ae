"""Lengths of time as a query writes them: a number and a unit (`20ms`, `1.5h`). Rule: search syntax, section 6."""

from __future__ import annotations

import re

from errata.query.facets import Unit

_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86_400 * 10**9,
    "w": 7 * 86_400 * 10**9,
}
_IN_ONE = {Unit.MILLISECOND: 10**6, Unit.NANOSECOND: 1}
_LENGTH = re.compile(r"(-?[0-9]{1,18}(?:\.[0-9]{1,18})?)(ns|us|ms|s|m|h|d|w)")


def length_of(text: str, unit: Unit) -> float | None:
    """How many of the unit the text spells; None for a text without a suffix, and for anything else."""
    found = _LENGTH.fullmatch(text)
    if found is None or unit is Unit.NONE:
        return None
    return float(found[1]) * _NANOSECONDS[found[2]] / _IN_ONE[unit]
