"""Values inside a Sentry event, which may be of any type: read for what they can be, never refused. Pure."""

from __future__ import annotations

import json
from typing import Any

from errata.events.model import Status

Fields = dict[str, Any]


def text(value: object, most: int = 1 << 20) -> str:
    """A text without blanks around it, or a number or boolean written out; empty for anything else."""
    if isinstance(value, str):
        return value.strip() if len(value) <= most else value[:most].strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)[:most] if abs(value) < _WRITTEN_OUT else ""
    return ""


def any_text(value: object, most: int = 1 << 16) -> str:
    """As `text`; lists and objects as JSON."""
    if isinstance(value, dict | list):
        try:
            return json.dumps(value, ensure_ascii=False)[:most]
        except (ValueError, RecursionError):
            return ""
    return text(value, most)


def fields(value: object) -> Fields:
    """An object, or an empty one instead of anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """The elements of a list, or of the list under `values`, without nulls; empty for anything else."""
    if isinstance(value, dict):
        value = value.get("values")
    return [element for element in value if element is not None] if isinstance(value, list) else []


def first_of(event: Fields, *names: str) -> Any:
    """The first value that is there and not null. SDKs had longer names for the same fields once."""
    return next((event[name] for name in names if event.get(name) is not None), None)


def pairs(value: object) -> list[tuple[str, Any]]:
    """Names and values of an object, of a list of pairs, or of a list of `{key, value}`; blank names are left out."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        found = list(value.items())
    elif isinstance(value, list):
        for element in value:
            if isinstance(element, list) and len(element) == _PAIR:
                found.append((element[0], element[1]))
            elif isinstance(element, dict) and "key" in element:
                found.append((element["key"], element.get("value")))
    return [(name, inner) for key, inner in found if (name := text(key))]


def named(value: object, most: int) -> Fields:
    """At most so many of the pairs of `pairs`, as an object."""
    if isinstance(value, dict) and len(value) <= most:
        return value
    return dict(pairs(value)[:most])


def number(value: object) -> int | None:
    """A line or column: a whole number above zero, also as text."""
    if type(value) is int:
        return value if 0 < value < _LARGEST else None
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdecimal() and len(value) <= _DIGITS else None
    if isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) < _LARGEST else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value < _LARGEST else None


def status_of_level(value: object) -> Status:
    """The status of a level: its name, or the number that Python's loggers write. What is unknown is an error."""
    word = text(value).lower()
    if word.isascii() and word.isdecimal() and len(word) <= _DIGITS:
        return next((status for least, status in _BY_NUMBER if int(word) >= least), Status.DEBUG)
    return _LEVELS.get(word, Status.ERROR)


_PAIR = 2
_DIGITS = 9
_LARGEST = 2**31
_WRITTEN_OUT = 10**300
_LEVELS = {
    "fatal": Status.EMERGENCY,
    "critical": Status.CRITICAL,
    "error": Status.ERROR,
    "warning": Status.WARNING,
    "warn": Status.WARNING,
    "log": Status.INFO,
    "info": Status.INFO,
    "debug": Status.DEBUG,
    "sample": Status.DEBUG,
    "trace": Status.DEBUG,
}
_BY_NUMBER = ((50, Status.EMERGENCY), (40, Status.ERROR), (30, Status.WARNING), (20, Status.INFO))
