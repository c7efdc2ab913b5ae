"""Values of reserved log fields: each function takes the first usable one out of `found`. Pure.

What is not usable stays in `found`, so that nothing a client sent gets lost.
"""

from __future__ import annotations

from typing import Any

from errata.events.model import Cause, Status
from errata.ingest.wire.reserved import (
    ERROR_CAUSES,
    ERROR_FINGERPRINT,
    ERROR_HANDLING,
    ERROR_IS_CRASH,
    LEVEL,
    TAGS,
    TEAM,
    Fields,
)
from errata.ingest.wire.status import status_of, status_of_level
from errata.ingest.wire.structlog_traces import traceback_of
from errata.ingest.wire.tags import NO_TAGS, Tags, tags_of
from errata.ingest.wire.times import epoch_ms_of


def take_text(found: Fields, names: tuple[str, ...]) -> str:
    """The first that is a text or a number, without blanks around it; empty when there is none."""
    for name in names:
        if name in found:
            text = _text(found[name]).strip()
            if text:
                del found[name]
                return text
    return ""


def take_verbatim(found: Fields, names: tuple[str, ...]) -> str:
    """The first that is a text with anything in it, or a number, as it came; empty when there is none."""
    for name in names:
        if name in found:
            text = _text(found[name])
            if text and not text.isspace():
                del found[name]
                return text
    return ""


def take_stack(found: Fields, stated: tuple[str, ...], loggers: tuple[str, ...]) -> str:
    """The stack's text: of a name that says it is one, else the first of a logger's fields that has several lines.

    `exc_info: true`, `exception: "ValueError"` and Python's `NoneType: None` are no stacks. A list of texts is
    joined to lines, structlog's list of exceptions becomes the text of a traceback.
    """
    for name in stated:
        text = _lines(found.get(name))
        if text:
            del found[name]
            return text
    for name in loggers:
        if name in found:
            text = traceback_of(found[name]) or _lines(found[name])
            if "\n" in text:
                del found[name]
                return text
    return ""


def take_time(found: Fields, names: tuple[str, ...], received_at_ms: int) -> int | None:
    """Epoch milliseconds of the first that can be read as a time."""
    for name in names:
        if name in found:
            at = epoch_ms_of(found[name], received_at_ms)
            if at is not None:
                del found[name]
                return at
    return None


def take_status(found: Fields, stated: tuple[str, ...], loggers: tuple[str, ...]) -> Status | None:
    """The status of the first that is a severity at all; of a logger's own fields only words are."""
    for name in stated:
        if name in found:
            status = status_of(found[name]) or (status_of_level(found[name]) if name == LEVEL else None)
            if status is not None:
                del found[name]
                return status
    for name in loggers:
        if name in found and isinstance(found[name], str) and not found[name].strip().isdecimal():
            status = status_of(found[name])
            if status is not None:
                del found[name]
                return status
    return None


def take_tags(found: Fields) -> Tags:
    """The entry's own tags."""
    if isinstance(found.get(TAGS), str | list):
        return tags_of(found.pop(TAGS))
    return NO_TAGS


def take_hex_id(found: Fields, names: tuple[str, ...], digits: int) -> str:
    """A trace or span id as lower-case hex, padded with zeros to `digits`.

    Log correlation writes 64-bit ids in decimal and 128-bit ones in hex: what consists of decimal digits alone is
    decimal unless it has all `digits` of a 128-bit id. 0 is what tracers write where there is no trace. Anything
    else is kept as given.
    """
    text = take_text(found, names).lower()
    if text.isascii() and text.isdecimal() and len(text) <= _DECIMAL_DIGITS:
        number = int(text)
        if number >> 64:
            return text
        return f"{number:0{digits}x}" if number else ""
    if not text.strip("0"):
        return ""
    if len(text) in {16, 32} and len(text) <= digits and not text.strip("0123456789abcdef"):
        return text.zfill(digits)
    return text


def take_fingerprint(found: Fields) -> str:
    """The fingerprint that the client sets, as is; one that is no text counts for nothing."""
    value = found.get(ERROR_FINGERPRINT)
    if isinstance(value, str) and value:
        del found[ERROR_FINGERPRINT]
        return value
    return ""


def take_handling(found: Fields) -> str:
    """`handled`, `unhandled` or empty."""
    value = found.get(ERROR_HANDLING)
    if isinstance(value, str) and value.lower() in {"handled", "unhandled"}:
        del found[ERROR_HANDLING]
        return value.lower()
    return ""


def take_crash(found: Fields) -> bool:
    """Whether the error ended the program: `true`, also as text."""
    value = found.get(ERROR_IS_CRASH)
    if value is True or (isinstance(value, str) and value.lower() == "true"):
        del found[ERROR_IS_CRASH]
        return True
    return False


def take_causes(found: Fields) -> tuple[Cause, ...]:
    """The errors behind this one, in the order sent. The list stays where it was if nothing in it is a cause."""
    listed = found.get(ERROR_CAUSES)
    if not isinstance(listed, list):
        return ()
    causes = tuple(_cause(item) for item in listed if isinstance(item, dict))
    if causes:
        del found[ERROR_CAUSES]
    return causes


def take_teams(found: Fields, tagged: tuple[str, ...]) -> tuple[str, ...]:
    """Handles of the teams that a `team` field (a text, or a list of them) or tags name, each once."""
    if TEAM not in found:
        return tuple(dict.fromkeys(tagged)) if len(tagged) > 1 else tagged
    value = found[TEAM]
    named = [text.strip() for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
    named = [text for text in named if text]
    if named:
        del found[TEAM]
    return tuple(dict.fromkeys((*named, *tagged)))


def _cause(item: Fields) -> Cause:
    return Cause(
        type=_text(item.get("type")) or _text(item.get("kind")),
        message=_text(item.get("message")),
        stack=_lines(item.get("stack")),
    )


def _text(value: Any) -> str:
    """A text as it is, a number in its shortest form, nothing of anything else."""
    kind = type(value)
    if kind is str:
        return str(value)
    return str(value) if kind is int or kind is float else ""


def _lines(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(line.rstrip("\n") for line in value if isinstance(line, str))
    return value if isinstance(value, str) and not value.isspace() else ""


_DECIMAL_DIGITS = 20
"""Digits of the largest 64-bit number."""
