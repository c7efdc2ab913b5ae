"""OTLP in JSON: lowerCamelCase keys (snake_case is read as well), hex ids, long numbers as text. Pure."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from errata.base.errors import Invalid
from errata.ingest.wire.json_text import decode_json
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
from errata.ingest.wire.split import entries_of


def pieces(body: bytes, signal: Signal, most: int) -> Iterator[Piece]:
    """As `Encoding.pieces`."""
    names = _NAMES[signal]
    count = 0
    for resources in _members(_level(body), names[0], most):
        level = _level(resources)
        resource = _first(level, "resource")
        if len(resource) > MAX_PIECE_BYTES:
            raise no_such_request(f"a resource is larger than {MAX_PIECE_BYTES} bytes")
        for scopes in _members(level, names[1], most):
            inner = _level(scopes)
            scope = _first(inner, "scope")
            for raw in _members(inner, names[2], most):
                count += 1
                bounded(count, most)
                yield Piece(resource, scope, raw)


def span(raw: bytes) -> Span | None:
    """As `Encoding.span`."""
    value = _read(raw)
    if value is None:
        return None
    status = _object(value.get("status"))
    return Span(
        trace_id=_hex_id(_field(value, "traceId", "trace_id"), 32),
        span_id=_hex_id(_field(value, "spanId", "span_id"), 16),
        parent_id=_hex_id(_field(value, "parentSpanId", "parent_span_id"), 16),
        name=_text(value.get("name")),
        kind=_enum(value.get("kind"), _KINDS),
        flags=_whole(value.get("flags")),
        end_ns=_whole(_field(value, "endTimeUnixNano", "end_time_unix_nano")),
        status_code=_enum(status.get("code"), _STATUSES),
        status_message=_text(status.get("message")),
        exceptions=len(_noted(value)),
    )


def span_details(raw: bytes) -> SpanDetails:
    """As `Encoding.span_details`."""
    value = _read(raw) or {}
    budget = Budget()
    attributes = _attributes(value.get("attributes"), budget)
    noted = _noted(value)
    exceptions = tuple(
        Noted(_whole(_field(event, "timeUnixNano", "time_unix_nano")), _attributes(event.get("attributes"), budget))
        for event in noted[:MAX_EXCEPTIONS]
    )
    return SpanDetails(attributes, exceptions, budget.is_overdrawn or len(noted) > MAX_EXCEPTIONS)


def severity(raw: bytes) -> tuple[int, str] | None:
    """As `Encoding.severity`."""
    value = _read(raw)
    return None if value is None else _severity(value)


def log_record(raw: bytes) -> LogRecord:
    """As `Encoding.log_record`."""
    value = _read(raw) or {}
    budget = Budget()
    number, words = _severity(value)
    at = _whole(_field(value, "timeUnixNano", "time_unix_nano"))
    return LogRecord(
        time_ns=at or _whole(_field(value, "observedTimeUnixNano", "observed_time_unix_nano")),
        severity=number,
        severity_text=words,
        event_name=_text(_field(value, "eventName", "event_name")),
        body=_value(value.get("body"), budget, 0),
        attributes=_attributes(value.get("attributes"), budget),
        trace_id=_hex_id(_field(value, "traceId", "trace_id"), 32),
        span_id=_hex_id(_field(value, "spanId", "span_id"), 16),
        is_cut=budget.is_overdrawn,
    )


def resource_attributes(raw: bytes) -> dict[str, Any]:
    """As `Encoding.resource_attributes`."""
    return _attributes((_read(raw) or {}).get("attributes"), Budget())


def scope_name(raw: bytes) -> str:
    """As `Encoding.scope_name`."""
    return _text((_read(raw) or {}).get("name"))


class _Level(msgspec.Struct, frozen=True, gc=False):
    """The keys of the three levels above the pieces, in both ways of writing, their values unread."""

    resource: msgspec.Raw = msgspec.Raw()
    scope: msgspec.Raw = msgspec.Raw()
    spans: msgspec.Raw = msgspec.Raw()
    resourceSpans: msgspec.Raw = msgspec.Raw()  # noqa: N815 - the wire's name
    resource_spans: msgspec.Raw = msgspec.Raw()
    scopeSpans: msgspec.Raw = msgspec.Raw()  # noqa: N815 - the wire's name
    scope_spans: msgspec.Raw = msgspec.Raw()
    resourceLogs: msgspec.Raw = msgspec.Raw()  # noqa: N815 - the wire's name
    resource_logs: msgspec.Raw = msgspec.Raw()
    scopeLogs: msgspec.Raw = msgspec.Raw()  # noqa: N815 - the wire's name
    scope_logs: msgspec.Raw = msgspec.Raw()
    logRecords: msgspec.Raw = msgspec.Raw()  # noqa: N815 - the wire's name
    log_records: msgspec.Raw = msgspec.Raw()


def _level(raw: bytes) -> _Level:
    try:
        return _decode_level(raw)
    except RecursionError:
        raise no_such_request("it is nested too deep") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise no_such_request(str(error)[:200]) from None


def _first(level: _Level, *names: str) -> bytes:
    return next((bytes(raw) for name in names if (raw := getattr(level, name))), b"")


def _members(level: _Level, names: tuple[str, ...], most: int) -> list[bytes]:
    raw = _first(level, *names)
    if not raw or raw == b"null":
        return []
    if raw[:1] != b"[":
        raise no_such_request(f"{names[0]} is no array")
    if not raw[1:-1].strip():
        return []
    return [entry.raw for entry in entries_of(raw, "application/json", most)]


def _read(raw: bytes) -> dict[str, Any] | None:
    if not raw or len(raw) > MAX_PIECE_BYTES:
        return None
    try:
        value, _ = decode_json(raw)
    except Invalid:
        return None
    return value if type(value) is dict else None


def _noted(span_value: dict[str, Any]) -> list[dict[str, Any]]:
    events = span_value.get("events")
    if type(events) is not list:
        return []
    return [event for event in events[:MAX_EVENTS] if type(event) is dict and event.get("name") == "exception"]


def _severity(value: dict[str, Any]) -> tuple[int, str]:
    number = _enum(_field(value, "severityNumber", "severity_number"), _SEVERITIES)
    return number, _text(_field(value, "severityText", "severity_text"))


def _attributes(pairs: Any, budget: Budget, depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs if type(pairs) is list else ():
        if type(pair) is not dict or type(pair.get("key")) is not str:
            continue
        if not budget.spend():
            break
        found[pair["key"]] = _value(pair.get("value"), budget, depth)
    return found


def _value(value: Any, budget: Budget, depth: int) -> Any:
    if type(value) is not dict:
        return None
    for kind, inner in value.items():
        plain = _SCALARS.get(kind)
        if plain is not None:
            return plain(inner)
        if kind in _NESTED:
            members = inner.get("values") if type(inner) is dict else None
            if depth >= MAX_DEPTH:
                return None
            if kind in _MAPS:
                return _attributes(members, budget, depth + 1)
            return _list(members, budget, depth + 1)
    return None


def _list(members: Any, budget: Budget, depth: int) -> list[Any]:
    kept: list[Any] = []
    for member in members if type(members) is list else ():
        if not budget.spend():
            break
        kept.append(_value(member, budget, depth))
    return kept


def _object(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


def _field(value: dict[str, Any], name: str, other: str) -> Any:
    return value[name] if name in value else value.get(other)


def _text(value: Any) -> str:
    return value if type(value) is str else ""


def _whole(value: Any) -> int:
    """A 64-bit number, also as text; 0 for everything else."""
    if type(value) is str:
        value = int(value) if _DIGITS.fullmatch(value) else 0
    elif type(value) is float:
        value = int(value) if value.is_integer() else 0
    return value if type(value) is int and abs(value) < 1 << 64 else 0


def _integer(value: Any) -> Any:
    """An attribute's number, or what stands in its place."""
    return int(value) if type(value) is str and _DIGITS.fullmatch(value) else _plain(value)


def _double(value: Any) -> Any:
    if type(value) is not str:
        return _plain(value)
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else None


def _plain(value: Any) -> Any:
    return value if type(value) in {str, int, float, bool} else None


def _enum(value: Any, names: dict[str, int]) -> int:
    """An enum's number, as OTLP writes it; names, as the canonical JSON of protobuf has them, are read, too."""
    if type(value) is str and value in names:
        return names[value]
    number = _whole(value)
    return number if abs(number) < 1 << 31 else 0


def _hex_id(value: Any, digits: int) -> str:
    """An id in hex, or in base64 as senders write it that use protobuf's own JSON."""
    if type(value) is not str or not value:
        return ""
    text = value.lower()
    if len(text) != digits or text.strip("0123456789abcdef"):
        try:
            text = base64.b64decode(value[:64], validate=True).hex()
        except (binascii.Error, ValueError):
            return ""
        if len(text) != digits:
            return ""
    return text if text.strip("0") else ""


_decode_level = msgspec.json.Decoder(_Level).decode
_NAMES: dict[Signal, tuple[tuple[str, ...], ...]] = {
    Signal.TRACES: (("resourceSpans", "resource_spans"), ("scopeSpans", "scope_spans"), ("spans",)),
    Signal.LOGS: (("resourceLogs", "resource_logs"), ("scopeLogs", "scope_logs"), ("logRecords", "log_records")),
}
_SCALARS = {
    "stringValue": _plain, "string_value": _plain, "boolValue": _plain, "bool_value": _plain,
    "intValue": _integer, "int_value": _integer, "doubleValue": _double, "double_value": _double,
    "bytesValue": _plain, "bytes_value": _plain,
}  # fmt: skip
_MAPS = frozenset({"kvlistValue", "kvlist_value"})
_NESTED = _MAPS | {"arrayValue", "array_value"}
_KINDS = {
    f"SPAN_KIND_{name}": number
    for number, name in enumerate(("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"))
}
_STATUSES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
_SEVERITIES = {
    f"SEVERITY_NUMBER_{name}{step or ''}": 4 * place + max(step, 1)
    for place, name in enumerate(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"))
    for step in (0, 2, 3, 4)
}
_DIGITS = re.compile(r"-?[0-9]{1,20}")
