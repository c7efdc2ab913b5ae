"""Requests of traces in every encoding, from spans as maps."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from errata.events.model import Event
from errata.ingest.wire.datadog_traces import decode
from errata.ingest.wire.model import Found, WireRecord

RECEIVED_AT = 1795192948670
START = 1795192948_000_000_000
STACK = (
    'Traceback (most recent call last):\n  File "/srv/shop/views.py", line 7, in price\n    return PRICES[sku]\n'
    "KeyError: 'x'\n"
)
FAILED = {"error.type": "builtins.KeyError", "error.message": "'x'", "error.stack": STACK}

Span = dict[str, Any]


def span(number: int, parent: int = 0, **fields: Any) -> Span:
    """A span of trace 1 and service shop; `error=1` with details in `meta=FAILED`."""
    made: Span = {
        "trace_id": 1, "span_id": number, "parent_id": parent, "service": "shop", "name": "work", "resource": "GET /",
        "type": "web", "start": START, "duration": 5_000_000, "error": 0, "meta": {}, "metrics": {},
    }  # fmt: skip
    made.update(fields)
    return made


def entry(number: int = 1, **fields: Any) -> Span:
    """A span that the tracer marked as the service's entry."""
    return span(number, **{"metrics": {"_dd.top_level": 1}, **fields})


def packed(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def v04(*traces: Sequence[Any]) -> WireRecord:
    return WireRecord(RECEIVED_AT, "/v0.4/traces", "", {"content-type": "application/msgpack"}, packed(traces))


def as_json(*traces: Sequence[Any]) -> WireRecord:
    body = json.dumps(traces).encode()
    return WireRecord(RECEIVED_AT, "/v0.4/traces", "", {"content-type": "application/json"}, body)


def v05(*traces: Sequence[Span]) -> WireRecord:
    table: dict[str, int] = {"": 0}

    def place(text: str) -> int:
        return table.setdefault(text, len(table))

    rows = [[_row(one, place) for one in trace] for trace in traces]
    return WireRecord(RECEIVED_AT, "/v0.5/traces", body=packed([list(table), rows]))


def _row(one: Span, place: Any) -> list[Any]:
    return [
        place(one["service"]), place(one["name"]), place(one["resource"]), one["trace_id"], one["span_id"],
        one["parent_id"], one["start"], one["duration"], one["error"],
        {place(name): place(text) for name, text in one["meta"].items()},
        {place(name): number for name, number in one["metrics"].items()}, place(one["type"]),
    ]  # fmt: skip


def v07(*traces: Sequence[Span], **fields: Any) -> WireRecord:
    chunks = [{"priority": 1, "origin": "", "spans": trace, "tags": {}, "dropped_trace": False} for trace in traces]
    return WireRecord(RECEIVED_AT, "/v0.7/traces", body=packed({"chunks": chunks, **fields}))


def v10(*traces: Sequence[Span], **texts: str) -> WireRecord:
    """Each text once, then its number."""
    seen: dict[str, int] = {"": 0}

    def text(value: str) -> object:
        if value in seen:
            return seen[value]
        seen[value] = len(seen)
        return value

    keys = {"language": 3, "env": 7, "host": 8, "version": 9}
    whole: dict[int, Any] = {keys[name]: text(value) for name, value in texts.items()}
    whole[11] = [
        {1: 1, 4: [_v1_span(one, text) for one in trace], 6: trace[0]["trace_id"].to_bytes(16)} for trace in traces
    ]
    return WireRecord(RECEIVED_AT, "/v1.0/traces", body=packed(whole))


def _v1_span(one: Span, text: Any) -> dict[int, Any]:
    made: dict[int, Any] = {
        1: text(one["service"]), 2: text(one["name"]), 3: text(one["resource"]), 4: one["span_id"],
        5: one["parent_id"], 6: one["start"], 7: one["duration"], 8: bool(one["error"]),
    }  # fmt: skip
    flat: list[object] = []
    for name, value in one["meta"].items():
        flat += [text(name), 1, text(value)]
    for name, number in one["metrics"].items():
        flat += [text(name), 3, float(number)]
    made[9] = flat
    made[10] = text(one["type"])
    made[12] = [
        {
            1: event["time_unix_nano"],
            2: text(event["name"]),
            3: [part for name, value in event["attributes"].items() for part in (text(name), 1, text(value))],
        }
        for event in one.get("span_events", [])
    ]
    return made


def errors(record: WireRecord) -> list[Event]:
    return [one for one in decode(record) if isinstance(one, Event)]


def others(record: WireRecord) -> list[Found]:
    return [one for one in decode(record) if not isinstance(one, Event)]


def forwarded(*traces: Sequence[Span], agent: dict[int, object] | None = None, **program: str) -> WireRecord:
    """As an agent forwards the traces of one program; `agent` are fields of the outer message."""
    return WireRecord(RECEIVED_AT, "/api/v0.2/traces", "", {"content-type": "application/x-protobuf"},
                      message(agent or {}, {5: tracer_payload(*traces, **program)}))  # fmt: skip


def tracer_payload(*traces: Sequence[Span], **program: str) -> bytes:
    names = {"language": 2, "env": 8, "host": 9, "version": 10}
    chunks = [message({1: 1, 2: "web"}, *({3: _pb_span(one)} for one in trace)) for trace in traces]
    return message({1: "c1"}, *({6: chunk} for chunk in chunks), {names[name]: text for name, text in program.items()})


def _pb_span(one: Span) -> bytes:
    plain = {1: one["service"], 2: one["name"], 3: one["resource"], 4: one["trace_id"], 5: one["span_id"],
             6: one["parent_id"], 7: one["start"], 8: one["duration"], 9: one["error"]}  # fmt: skip
    meta = [{10: message({1: name, 2: text})} for name, text in one["meta"].items()]
    metrics = [{11: message({1: name, 2: float(number)})} for name, number in one["metrics"].items()]
    return message(plain, *meta, *metrics, {12: one["type"]}, *({15: _pb_event(e)} for e in one.get("span_events", [])))


def _pb_event(event: dict[str, Any]) -> bytes:
    attributes = [{3: message({1: name, 2: message({2: text})})} for name, text in event["attributes"].items()]
    return message({2: event["name"]}, *attributes) + b"\x09" + struct.pack("<Q", event["time_unix_nano"])


def message(*parts: dict[int, object]) -> bytes:
    """A protobuf message: whole numbers as varints, numbers with a fraction as doubles, the rest by its length."""
    made = bytearray()
    for number, value in ((number, value) for part in parts for number, value in part.items()):
        if isinstance(value, int):
            made += _varint(number << 3) + _varint(value % (1 << 64))
        elif isinstance(value, float):
            made += _varint(number << 3 | 1) + struct.pack("<d", value)
        else:
            data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)
            made += _varint(number << 3 | 2) + _varint(len(data)) + data
    return bytes(made)


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])
