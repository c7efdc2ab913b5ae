"""Requests of traces in every encoding, from spans as maps."""

from __future__ import annotations

import json
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
