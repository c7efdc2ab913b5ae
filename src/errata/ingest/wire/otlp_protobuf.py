"""OTLP in protobuf. Pure.

The three levels above the pieces are cut by their lengths alone, here; each piece is then read by the library.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError

from errata.ingest.wire.otlp_messages import LOG_RECORD, RESOURCE, SCOPE, SPAN, text
from errata.ingest.wire.otlp_model import (
    MAX_DEPTH,
    MAX_EVENTS,
    MAX_EXCEPTIONS,
    MAX_PIECE_BYTES,
    Budget,
    LogRecord,
    Noted,
    Piece,
    Signal,
    Span,
    SpanDetails,
    bounded,
    no_such_request,
)
from errata.ingest.wire.protobuf_fields import FieldCutter


def pieces(body: bytes, signal: Signal, most: int) -> Iterator[Piece]:  # noqa: ARG001 - both signals number their fields alike
    """As `Encoding.pieces`."""
    if body[:1] in (b"{", b"["):
        raise no_such_request("its type says protobuf, but it begins like JSON")
    cutter = _Cutter(body, most)
    for start, stop in cutter.inner(0, len(body), _REQUEST_RESOURCES):
        resource, scopes = cutter.split(start, stop)
        for scope_start, scope_stop in scopes:
            scope, spans = cutter.split(scope_start, scope_stop)
            for piece_start, piece_stop in spans:
                cutter.count()
                yield Piece(resource, scope, body[piece_start:piece_stop])


def span(raw: bytes) -> Span | None:
    """As `Encoding.span`."""
    message = _read(SPAN, raw)
    if message is None:
        return None
    status = message.status
    return Span(
        trace_id=_hex_id(message.trace_id),
        span_id=_hex_id(message.span_id),
        parent_id=_hex_id(message.parent_span_id),
        name=text(message.name),
        kind=message.kind,
        flags=message.flags,
        end_ns=message.end_time_unix_nano,
        status_code=status.code,
        status_message=text(status.message),
        exceptions=len(_noted(message, raw)),
    )


def span_details(raw: bytes) -> SpanDetails:
    """As `Encoding.span_details`."""
    message = SPAN.FromString(raw)
    budget = Budget()
    attributes = _attributes(message.attributes, budget)
    noted = _noted(message, raw)
    exceptions = tuple(
        Noted(event.time_unix_nano, _attributes(event.attributes, budget)) for event in noted[:MAX_EXCEPTIONS]
    )
    return SpanDetails(attributes, exceptions, budget.is_overdrawn or len(noted) > MAX_EXCEPTIONS)


def severity(raw: bytes) -> tuple[int, str] | None:
    """As `Encoding.severity`."""
    message = _read(LOG_RECORD, raw)
    return None if message is None else (message.severity_number, text(message.severity_text))


def log_record(raw: bytes) -> LogRecord:
    """As `Encoding.log_record`."""
    message = LOG_RECORD.FromString(raw)
    budget = Budget()
    return LogRecord(
        time_ns=message.time_unix_nano or message.observed_time_unix_nano,
        severity=message.severity_number,
        severity_text=text(message.severity_text),
        event_name=text(message.event_name),
        body=_value(message.body, budget, 0),
        attributes=_attributes(message.attributes, budget),
        trace_id=_hex_id(message.trace_id),
        span_id=_hex_id(message.span_id),
        is_cut=budget.is_overdrawn,
    )


def resource_attributes(raw: bytes) -> dict[str, Any]:
    """As `Encoding.resource_attributes`."""
    message = _read(RESOURCE, raw)
    return {} if message is None else _attributes(message.attributes, Budget())


def scope_name(raw: bytes) -> str:
    """As `Encoding.scope_name`."""
    message = _read(SCOPE, raw)
    return "" if message is None else text(message.name)


class _Cutter:
    """Cuts a request into its levels, and counts the pieces."""

    def __init__(self, body: bytes, most: int) -> None:
        self._body, self._most = body, most
        self._pieces = 0
        self._fields_of = FieldCutter(body, 4 * most + 1000, no_such_request).fields

    def count(self) -> None:
        self._pieces += 1
        bounded(self._pieces, self._most)

    def split(self, start: int, stop: int) -> tuple[bytes, list[tuple[int, int]]]:
        """The resource or scope of a level (several are one message in parts), and where its members lie."""
        head = b""
        members: list[tuple[int, int]] = []
        for number, inner_start, inner_stop in self._fields_of(start, stop):
            if number == _LEVEL_HEAD:
                head += self._body[inner_start:inner_stop]
                if len(head) > MAX_PIECE_BYTES:
                    raise no_such_request(f"a resource is larger than {MAX_PIECE_BYTES} bytes")
            elif number == _LEVEL_MEMBERS:
                members.append((inner_start, inner_stop))
        return head, members

    def inner(self, start: int, stop: int, wanted: int) -> Iterator[tuple[int, int]]:
        for number, inner_start, inner_stop in self._fields_of(start, stop):
            if number == wanted:
                yield inner_start, inner_stop


def _read(kind: Any, raw: bytes) -> Any | None:
    if len(raw) > MAX_PIECE_BYTES:
        return None
    try:
        return kind.FromString(raw)
    except DecodeError:
        return None


def _noted(message: Any, raw: bytes) -> list[Any]:
    """The events named `exception`; looked for in Python only where the span's bytes hold the word at all."""
    if b"exception" not in raw:
        return []
    return [event for event in message.events[:MAX_EVENTS] if event.name == b"exception"]


def _hex_id(data: bytes) -> str:
    return data.hex() if data.strip(b"\0") and len(data) <= _ID_BYTES else ""


def _attributes(pairs: Any, budget: Budget, depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        if not budget.spend():
            break
        found[text(pair.key)] = _value(pair.value, budget, depth)
    return found


def _value(value: Any, budget: Budget, depth: int) -> Any:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return text(value.string_value)
    if kind in {"int_value", "bool_value"}:
        return getattr(value, kind)
    if kind == "double_value":
        return value.double_value if math.isfinite(value.double_value) else None
    if kind == "bytes_value":
        return value.bytes_value.hex()
    if depth >= MAX_DEPTH:
        return None
    if kind == "array_value":
        kept = []
        for inner in value.array_value.values:
            if not budget.spend():
                break
            kept.append(_value(inner, budget, depth + 1))
        return kept
    return _attributes(value.kvlist_value.values, budget, depth + 1) if kind == "kvlist_value" else None


_REQUEST_RESOURCES = 1
_LEVEL_HEAD = 1
_LEVEL_MEMBERS = 2
_ID_BYTES = 16
