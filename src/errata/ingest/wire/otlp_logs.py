"""OTLP log records: those of severity ERROR and worse may be errors. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from errata.events.model import ERROR_STATUSES, Event, Intake, NotAnError, Status, Track
from errata.ingest.wire import reserved
from errata.ingest.wire.log_values import take_handling, take_tags, take_teams, take_verbatim
from errata.ingest.wire.model import Found, WireRecord
from errata.ingest.wire.otlp_errors import Failure, take_failure, take_person, with_datadog_names
from errata.ingest.wire.otlp_model import Encoding, LogRecord, Piece
from errata.ingest.wire.otlp_request import MS_NS, Senders, Tally, identity_of
from errata.ingest.wire.otlp_resource import Sender
from errata.ingest.wire.reserved import split_fields
from errata.ingest.wire.status import status_of


def decode_log_records(pieces: Iterable[Piece], encoding: Encoding, record: WireRecord) -> list[Found]:
    """The records that may be errors, in order, then what was none.

    Whether a record without an exception holds a traceback in its text is decided with all logs, later.
    """
    senders, tally = Senders(encoding), Tally()
    numbers: dict[tuple[str, str, tuple[str, str]], int] = {}
    found: list[Found] = []
    for index, piece in enumerate(pieces):
        severity = encoding.severity(piece.raw)
        if severity is None:
            tally.add(NotAnError.UNREADABLE, index, f"log record of {len(piece.raw)} bytes")
            continue
        status = _status(*severity)
        if not may_be_error(*severity):
            tally.add(NotAnError.STATUS, index, "")
            continue
        sender = senders.of(piece.resource)
        told = encoding.log_record(piece.raw)
        message, fields = _content(told)
        failure = take_failure(fields, sender.language)
        if status is None and not failure.is_told:
            tally.add(NotAnError.STATUS, index, "")
            continue
        key = (sender.service, told.trace_id, failure.name)
        number = numbers[key] = numbers.get(key, -1) + 1
        identity = identity_of(told.trace_id, failure.name, told.time_ns, number) if failure.is_told else ""
        scope = senders.scope(piece.scope)
        event = _event(index, told, message, fields, failure, sender, scope, record.received_at_ms)
        found.append(msgspec.structs.replace(event, identity=identity, status=status or Status.ERROR))
    return [*found, *tally.ignored()]


def may_be_error(number: int, words: str) -> bool:
    """Whether a record of this severity can be an error: one that states none can be, by its exception."""
    status = _status(number, words)
    return status is None or status in ERROR_STATUSES


def _status(number: int, words: str) -> Status | None:
    """What a severity means; None where the record states none at all."""
    if 1 <= number <= 24:
        return _BY_SEVERITY[(number - 1) // 4]
    return status_of(words)


def _content(told: LogRecord) -> tuple[str, dict[str, Any]]:
    """The record's text, and its fields: the attributes, and what a body has that is a map.

    A map is what collectors make of a JSON line; its fields are flat under their dotted names where they are known.
    """
    body = told.body
    if type(body) is str:
        return body, dict(told.attributes)
    if type(body) is not dict:
        return "" if body is None else _json(body), dict(told.attributes)
    found, rest = split_fields(body)
    fields = {**rest, **found, **told.attributes}
    return take_verbatim(fields, reserved.MESSAGE) or _json(body), fields


def _event(
    index: int, told: LogRecord, message: str, fields: dict[str, Any], failure: Failure, sender: Sender, scope: str,
    received_at_ms: int,
) -> Event:  # fmt: skip
    person = take_person(fields)
    tags = take_tags(fields)
    said = {"otel.scope.name": scope, "event.name": told.event_name}
    return Event(
        entry=index,
        received_at=received_at_ms,
        track=Track.LOGS,
        intake=Intake.OTLP,
        timestamp=told.time_ns // MS_NS or None,
        service=sender.service,
        env=sender.env or tags.env,
        version=sender.version or tags.version,
        host=sender.host or tags.host,
        source=sender.source,
        language=sender.language,
        platform=sender.platform,
        message=message,
        error_type=failure.type,
        error_message=failure.message,
        error_stack=failure.stack,
        error_fingerprint=failure.fingerprint,
        error_handling=take_handling(fields),
        is_crash=told.event_name in _CRASHES,
        usr_id=person.id,
        usr_email=person.email,
        usr_name=person.name,
        usr_anonymous_id=person.anonymous_id,
        session_id=person.session_id,
        trace_id=told.trace_id,
        span_id=told.span_id,
        team=take_teams(fields, sender.team + tags.team),
        tags=tuple(dict.fromkeys(sender.tags + tags.all)),
        attributes=with_datadog_names({**sender.attributes, **fields, **{k: v for k, v in said.items() if v}}),
        cut=("attributes",) if told.is_cut else (),
    )


def _json(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (ValueError, TypeError, RecursionError):
        return ""


_BY_SEVERITY = (Status.DEBUG, Status.DEBUG, Status.INFO, Status.WARNING, Status.ERROR, Status.EMERGENCY)
"""TRACE, DEBUG, INFO, WARN, ERROR, FATAL, of four numbers each."""
_CRASHES = frozenset({"device.crash", "device.app.crash"})
"""Names under which OpenTelemetry's mobile SDKs log that the program ended."""
