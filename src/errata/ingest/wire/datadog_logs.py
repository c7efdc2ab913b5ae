"""Datadog's log intake: a request becomes one event per entry.

Pure. Fields and their order of preference stand in `reserved.py`, the request's defaults in `tags.py`. Nothing is
judged here: whether an event is an error is decided in `events/qualify.py`, bounds are kept in `events/limits.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from errata.base.errors import Invalid
from errata.events.model import Event, Intake, Status, Track
from errata.ingest.wire import reserved
from errata.ingest.wire.browser_sdk import NO_STACK, thrown_message
from errata.ingest.wire.json_text import clean_text, decode_json, has_nul
from errata.ingest.wire.languages import language_of_source, platform_of_source
from errata.ingest.wire.log_values import (
    take_causes,
    take_crash,
    take_fingerprint,
    take_handling,
    take_hex_id,
    take_stack,
    take_status,
    take_tags,
    take_teams,
    take_text,
    take_time,
    take_verbatim,
)
from errata.ingest.wire.model import Reject, WireRecord
from errata.ingest.wire.reserved import Fields, split_fields
from errata.ingest.wire.retries import IDEMPOTENCY_HEADER
from errata.ingest.wire.split import entries_of, is_text_type
from errata.ingest.wire.tags import DEFAULT_HEADERS, Defaults, defaults_of

HEADERS_NEEDED = frozenset({"content-type", "content-encoding", IDEMPOTENCY_HEADER, *DEFAULT_HEADERS})
"""The request headers that reading a request asks for: what a journal has to keep of them."""


def decode(record: WireRecord) -> list[Event | Reject]:
    """Every entry of a request, in order, as an event or as a reason why it is none.

    The body is a JSON array of entries, one entry, entries one a line, or lines of text. An entry is an object, or a
    text that is its message. What a lenient reader could save is saved and named in the event's `cut`. Raises
    `Invalid` when the body as a whole cannot be read.
    """
    defaults = defaults_of(record)
    content_type = record.headers.get("content-type", "")
    if not is_text_type(content_type) and not has_nul(record.body):
        try:
            value = _strict(record.body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            value = None  # one bad entry fails the whole array here; split, it fails alone
        if type(value) is dict:
            return [_outcome(0, value, (), record, defaults)]
        if type(value) is list:
            return [_outcome(index, entry, (), record, defaults) for index, entry in enumerate(value)]
    return [
        _decode_raw(entry.index, entry.raw, record, defaults, is_text=entry.is_text)
        for entry in entries_of(record.body, content_type)
    ]


def alone(record: WireRecord, index: int) -> bytes:
    """A body that holds one entry of a request that could be decoded, and nothing else."""
    entry = entries_of(record.body, record.headers.get("content-type", ""))[index]
    return entry.raw if entry.is_text else b"[%s]" % entry.raw


def _decode_raw(index: int, raw: bytes, record: WireRecord, defaults: Defaults, *, is_text: bool) -> Event | Reject:
    value: Any
    try:
        if is_text and raw.lstrip()[:1] != b"{":
            value, marks = clean_text(raw)
        else:
            value, marks = decode_json(raw)
    except Invalid as error:
        if not is_text:
            return Reject(index, error.message, b"[%s]" % raw)
        value, marks = clean_text(raw)  # a line that only begins like an object
    outcome = _outcome(index, value, marks, record, defaults)
    return outcome if isinstance(outcome, Event) else Reject(index, outcome.reason, b"[%s]" % raw)


def _outcome(index: int, entry: Any, marks: tuple[str, ...], record: WireRecord, defaults: Defaults) -> Event | Reject:
    if type(entry) is str:
        entry = {"message": entry}
    elif type(entry) is not dict:
        reason = f"An entry is an object or a text, not {_KINDS.get(type(entry), 'a number')}."
        return Reject(index, reason, b"[%s]" % msgspec.json.encode(entry))
    found, rest = split_fields(entry)
    message, rest, inner_marks = _message(found, rest)
    return _event(index, message, found, rest, (*marks, *inner_marks), record.received_at_ms, defaults)


def _message(found: Fields, rest: Fields) -> tuple[str, Fields, tuple[str, ...]]:
    """The entry's message. One that is an object, also as JSON text, is unfolded into the entry's fields once.

    The outer fields win over the inner ones. `found` takes the inner reserved fields; the rest comes back merged.
    """
    inner: Any = None
    marks: tuple[str, ...] = ()
    text = take_verbatim(found, reserved.MESSAGE)
    if text:
        head = text.lstrip()
        if head[:1] == "{" and head.rstrip()[-1:] == "}":
            inner, marks = _json_object(head)
    elif type(found.get("message")) is dict:
        inner = found.pop("message")
    if inner is None:
        return text, rest, ()
    inner_found, inner_rest = split_fields(inner)
    for name, value in inner_found.items():
        found.setdefault(name, value)
    return take_verbatim(found, reserved.MESSAGE) or text, {**inner_rest, **rest}, marks


def _json_object(text: str) -> tuple[Fields | None, tuple[str, ...]]:
    try:
        value, marks = decode_json(text)
    except Invalid:
        return None, ()
    return (value, marks) if type(value) is dict else (None, ())


def _event(
    index: int, message: str, found: Fields, rest: Fields, cut: tuple[str, ...], received_at_ms: int, defaults: Defaults
) -> Event:
    tags, common = take_tags(found), defaults.tags
    source = take_text(found, reserved.SOURCE) or defaults.source or tags.source or common.source
    event = Event(
        entry=index,
        received_at=received_at_ms,
        track=Track.LOGS,
        intake=Intake.DD_LOGS,
        timestamp=take_time(found, reserved.TIME, received_at_ms),
        service=(
            take_text(found, reserved.SERVICE)
            or tags.service
            or take_text(found, reserved.LOG_SERVICE)
            or defaults.service
            or common.service
        ),
        env=take_text(found, reserved.ENV) or tags.env or take_text(found, reserved.LOG_ENV) or common.env,
        version=(
            take_text(found, reserved.VERSION)
            or tags.version
            or take_text(found, reserved.LOG_VERSION)
            or common.version
        ),
        host=take_text(found, reserved.HOST) or tags.host or defaults.host or common.host,
        source=source,
        status=take_status(found, reserved.STATUS, reserved.LOGGER_STATUS) or Status.INFO,
        language=language_of_source(source),
        platform=platform_of_source(source),
        message=message,
        team=take_teams(found, tags.team + common.team),
        tags=tags.with_defaults(common),
        attributes=rest,
        details=_details(rest),
        cut=cut,
        **_error_fields(found, message),
    )
    if found:  # reserved names whose values nothing could be made of stay readable as attributes
        rest.update((name, value) for name, value in found.items() if not (type(value) is str and not value.strip()))
    return event


def _details(rest: Fields) -> Fields:
    """The parts of an SDK's error that only its page shows, taken out of what is left."""
    error = rest.get("error")
    details: Fields = {}
    if type(error) is dict:
        details = {name: error.pop(name) for name in reserved.ERROR_FOR_THE_PAGE if error.get(name)}
        if not error:
            del rest["error"]
    for name, key in _FLAT_DETAILS:
        if key in rest:
            details[name] = rest.pop(key)
    return details


def _error_fields(found: Fields, message: str) -> dict[str, Any]:
    """The lone fields; what a page threw without being an Error stands in the message."""
    values = _lone_fields(found)
    if values.get("error_stack") == NO_STACK:
        values["error_stack"] = ""
        if not values.get("error_type"):
            values["error_message"] = thrown_message(values.get("error_message") or message)
    return values


def _lone_fields(found: Fields) -> dict[str, Any]:
    """Fields of an event that their own names decide alone. Few entries have more than a handful of them."""
    values: dict[str, Any] = {}
    for name in tuple(found):
        field = _FIELD_OF.get(name)
        if field is not None and field not in values:
            values[field] = _LONE[field][1](found)
    return values


def _text_field(names: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[Fields], str]]:
    return names, lambda found: take_text(found, names)


_LONE: dict[str, tuple[tuple[str, ...], Callable[[Fields], object]]] = {
    "error_type": _text_field(reserved.ERROR_TYPE),
    "error_message": (reserved.ERROR_MESSAGE, lambda found: take_verbatim(found, reserved.ERROR_MESSAGE)),
    "error_stack": (
        reserved.ERROR_STACK + reserved.LOGGER_STACK,
        lambda found: take_stack(found, reserved.ERROR_STACK, reserved.LOGGER_STACK),
    ),
    "error_fingerprint": ((reserved.ERROR_FINGERPRINT,), take_fingerprint),
    "error_handling": ((reserved.ERROR_HANDLING,), take_handling),
    "error_source": _text_field(reserved.ERROR_SOURCE),
    "error_category": _text_field(reserved.ERROR_CATEGORY),
    "is_crash": ((reserved.ERROR_IS_CRASH,), take_crash),
    "causes": ((reserved.ERROR_CAUSES,), take_causes),
    "usr_id": _text_field(reserved.USR_ID),
    "usr_email": _text_field(reserved.USR_EMAIL),
    "usr_name": _text_field(reserved.USR_NAME),
    "usr_anonymous_id": _text_field(reserved.USR_ANONYMOUS_ID),
    "session_id": _text_field(reserved.SESSION_ID),
    "trace_id": (reserved.TRACE_ID, lambda found: take_hex_id(found, reserved.TRACE_ID, 32)),
    "span_id": (reserved.SPAN_ID, lambda found: take_hex_id(found, reserved.SPAN_ID, 16)),
}
"""Field of an event, the names that it is taken from, and how."""
_FIELD_OF = {name: field for field, (names, _) in _LONE.items() for name in names}
_FLAT_DETAILS = tuple((name, f"error.{name}") for name in reserved.ERROR_FOR_THE_PAGE)
_strict = msgspec.json.Decoder().decode
_KINDS = {list: "a list", bool: "a boolean", type(None): "null"}
