"""Times as loggers write them, turned into epoch milliseconds. Pure: the arrival is an argument."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from errata.base.clock import from_ms, to_ms


def epoch_ms_of(value: object, received_at_ms: int) -> int | None:
    """Epoch milliseconds of a time field, or None where it cannot be read as a time.

    Numbers, also as text, are epoch milliseconds. Some loggers count seconds, microseconds or nanoseconds instead,
    which shows in the magnitude: below 10^11 seconds (10^11 ms is in 1973, long before any log), below 10^14
    milliseconds, below 10^17 microseconds, else nanoseconds. Texts are ISO 8601 (space or `T`, point or comma,
    any number of digits, `Z`, `+01:00`, `+0100` or nothing, which means UTC) or RFC 3164 (`Nov 20 16:23:24`, whose
    year is the one that lies nearest to `received_at_ms`).
    """
    if isinstance(value, str):
        return _of_text(value, received_at_ms)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _of_number(value)


def _of_text(value: str, received_at_ms: int) -> int | None:
    text = value.strip()
    if not text or len(text) > _MAX_CHARS:
        return None
    if _NUMBER.fullmatch(text):
        return _of_number(float(text) if "." in text else int(text))
    rfc3164 = _RFC3164.fullmatch(text)
    if rfc3164:
        return _of_rfc3164(rfc3164, received_at_ms)
    return _of_iso(text)


def _of_number(value: int | float) -> int | None:
    if type(value) is float and not math.isfinite(value):  # asked of a huge int it would raise
        return None
    size, ms = abs(value), value
    if size < _SECONDS_BELOW:
        ms = value * 1000
    elif size >= _MICROS_BELOW:
        ms = value // 1_000_000
    elif size >= _MILLIS_BELOW:
        ms = value // 1000
    return _bounded(ms)


def _bounded(ms: int | float) -> int | None:
    return int(ms) if _FIRST_MS <= ms <= _LAST_MS else None


def _of_iso(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return _bounded(to_ms(at if at.tzinfo else at.replace(tzinfo=UTC)))


def _of_rfc3164(match: re.Match[str], received_at_ms: int) -> int | None:
    month, day, hour, minute, second = match.group(1, 2, 3, 4, 5)
    try:
        arrival = from_ms(received_at_ms)
    except OverflowError:
        return None
    near = []
    for year in (arrival.year - 1, arrival.year, arrival.year + 1):
        try:
            at = datetime(year, _MONTHS[month.lower()], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        except (ValueError, KeyError):  # 29 February exists in some years only
            continue
        near.append((abs(at - arrival), at))
    if not near:
        return None
    at = min(near)[1] + timedelta(milliseconds=int((match.group(6) or "0")[:3].ljust(3, "0")))
    return to_ms(at)


_MAX_CHARS = 64
_SECONDS_BELOW = 10**11
_MILLIS_BELOW = 10**14
_MICROS_BELOW = 10**17
_FIRST_MS = to_ms(datetime(1, 1, 2, tzinfo=UTC))
_LAST_MS = to_ms(datetime(9999, 12, 30, tzinfo=UTC))
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_RFC3164 = re.compile(
    r"([A-Za-z]{3}) {1,2}([0-9]{1,2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,9}))?", re.ASCII
)
_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
