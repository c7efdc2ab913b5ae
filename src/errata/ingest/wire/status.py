"""Severities as loggers write them, turned into the nine statuses of a log. Pure."""

from __future__ import annotations

from errata.events.model import Status

_SYSLOG = (
    Status.EMERGENCY, Status.ALERT, Status.CRITICAL, Status.ERROR,
    Status.WARNING, Status.NOTICE, Status.INFO, Status.DEBUG,
)  # fmt: skip
_BY_PREFIX = (
    ("emerg", Status.EMERGENCY),
    ("f", Status.EMERGENCY),
    ("a", Status.ALERT),
    ("c", Status.CRITICAL),
    ("e", Status.ERROR),
    ("w", Status.WARNING),
    ("n", Status.NOTICE),
    ("i", Status.INFO),
    ("d", Status.DEBUG),
    ("t", Status.DEBUG),
    ("v", Status.DEBUG),
    ("o", Status.OK),
    ("s", Status.OK),
)
"""The product's table, first match wins; `SEVERE` is therefore ok, as it is there."""


def status_of(value: object) -> Status | None:
    """The status that a severity field means, or None where the value is no severity at all.

    Words go by their first letters, case ignored, and an unknown word is info. Whole numbers 0 to 7, also as text,
    are syslog's. Other numbers (an HTTP status in a field named `status`), booleans, objects and blanks are none, so
    that the next field of that meaning is asked.
    """
    if isinstance(value, str):
        return _KNOWN.get(value) or _of_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _SYSLOG[int(value)] if value in _SYSLOG_RANGE else None


def status_of_level(value: object) -> Status | None:
    """The status of a number in a field named `level`: those of pino and bunyan (10 to 60), and Monolog's (100 to 600).

    Only there: as `status` the same numbers are HTTP's.
    """
    return _LEVELS.get(value) if type(value) is int else None


def _of_text(value: str) -> Status | None:
    word = value.strip().lower()
    if not word:
        return None
    if word.isdecimal():
        return _SYSLOG[int(word)] if len(word) == 1 and int(word) in _SYSLOG_RANGE else None
    for prefix, status in _BY_PREFIX:
        if word.startswith(prefix):
            return status
    return Status.INFO


_SYSLOG_RANGE = range(8)
_LEVELS = {
    10: Status.DEBUG, 20: Status.DEBUG, 30: Status.INFO, 40: Status.WARNING, 50: Status.ERROR, 60: Status.EMERGENCY,
    100: Status.DEBUG, 200: Status.INFO, 250: Status.NOTICE, 300: Status.WARNING, 400: Status.ERROR,
    500: Status.CRITICAL, 550: Status.ALERT, 600: Status.EMERGENCY,
}  # fmt: skip
_KNOWN = {"error": Status.ERROR, "ERROR": Status.ERROR, "info": Status.INFO, "INFO": Status.INFO}
"""The commonest words, so that they cost one look-up."""
