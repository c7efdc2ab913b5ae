"""The encodings in which tracers send traces to an agent, read into one form. Pure.

`/v0.3` and `/v0.4` (MessagePack or JSON) are arrays of traces, a trace an array of span maps; `/v0.5` puts all texts
into one table before spans of twelve fields; `/v0.7` wraps chunks of span maps into a map with what is common to them.
A strict, typed reader goes first. What it refuses is read span by span, and with patience where a span is the cause,
so that one bad span costs nothing but itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import msgspec

from errata.base.errors import Invalid, TooLarge
from errata.ingest.wire.agent_payload import PATH, count_agent_spans, read_agent_payload
from errata.ingest.wire.json_text import decode_json
from errata.ingest.wire.msgpack_values import array_header, elements_of, read_value
from errata.ingest.wire.spans import MASK_64, Span, SpanEvent, TracePayload, events_of, span_of, text_of, texts_of
from errata.ingest.wire.trace_payload_v1 import count_v1, read_v1

MAX_SPANS = 100_000
"""Spans of one request. Of real ones 25 MB hold about half as many."""
MAX_TEXTS = 500_000
"""Texts in the table of one request, which holds each once."""


def version_of(path: str) -> str:
    """The encoding that an address stands for: `v0.4` of `/v0.4/traces`; empty for other addresses."""
    if path == PATH:
        return FORWARDED
    head, _, tail = path.strip("/").partition("/")
    return head if tail == "traces" and head in VERSIONS else ""


def count_spans(body: bytes, version: str, *, is_json: bool) -> int:
    """How many spans a body declares, looking at its frame only.

    Raises `Invalid` where the body is cut off or is of another form, `TooLarge` for more than `MAX_SPANS`.
    """
    if version == FORWARDED:
        return count_agent_spans(body, MAX_SPANS)
    if is_json:
        _bound_json(body)
        return sum(map(len, _json_traces(body)))
    if version == "v0.7":
        return sum(_size(chunk.spans) for chunk in _chunks(body)[1])
    if version == "v1.0":
        return _bounded(count_v1(body))
    traces = _strings_and_traces(body)[1] if version == "v0.5" else _raw_list(body)
    return _bounded(sum(map(_size, traces)))


def read_traces(body: bytes, version: str, *, is_json: bool) -> TracePayload:
    """The spans of a body. Raises `Invalid` and `TooLarge` as `count_spans` does."""
    if version == FORWARDED:
        return read_agent_payload(body, MAX_SPANS)
    if is_json:
        return _read_json(body)
    if version == "v0.5":
        return _read_v05(body)
    if version == "v0.7":
        return _read_v07(body)
    if version == "v1.0":
        return read_v1(body)
    return _read_maps(_raw_list(body))


FORWARDED = "forwarded"
"""What an agent makes of the requests of its tracers: protobuf, always."""
VERSIONS = ("v0.3", "v0.4", "v0.5", "v0.7", "v1.0")


class _Map(msgspec.Struct, gc=False):
    """A span of v0.3, v0.4 and v0.7, as strict as it comes from every tracer in order."""

    service: str | None = None
    name: str | None = None
    resource: str | None = None
    type: str | None = None
    trace_id: int = 0
    span_id: int = 0
    parent_id: int | None = 0
    start: int = 0
    duration: int = 0
    error: int = 0
    meta: dict[str, str | None] | None = None
    metrics: dict[str, float] | None = None
    span_events: msgspec.Raw = msgspec.Raw()

    def span(self, index: int, events: tuple[SpanEvent, ...]) -> Span:
        meta = self.meta or {}
        return Span(
            index=index,
            service=self.service or "",
            name=self.name or "",
            resource=self.resource or "",
            type=self.type or "",
            trace_id=self.trace_id & MASK_64,
            span_id=self.span_id & MASK_64,
            parent_id=(self.parent_id or 0) & MASK_64,
            start=self.start,
            duration=self.duration,
            is_error=self.error != 0,
            meta=meta if None not in meta.values() else {key: value or "" for key, value in meta.items()},  # type: ignore[arg-type]  # None is looked for
            metrics=self.metrics or {},
            events=events,
        )


class _Row(msgspec.Struct, array_like=True, gc=False):
    """A span of v0.5; the texts are places in the table."""

    service: int
    name: int
    resource: int
    trace_id: int
    span_id: int
    parent_id: int
    start: int
    duration: int
    error: int
    meta: dict[int, int]
    metrics: dict[int, float]
    type: int

    def span(self, index: int, table: _Table) -> Span:
        text = table.text
        return Span(
            index=index,
            service=text(self.service),
            name=text(self.name),
            resource=text(self.resource),
            type=text(self.type),
            trace_id=self.trace_id & MASK_64,
            span_id=self.span_id & MASK_64,
            parent_id=self.parent_id & MASK_64,
            start=self.start,
            duration=self.duration,
            is_error=self.error != 0,
            meta={text(key): text(value) for key, value in self.meta.items()},
            metrics={text(key): value for key, value in self.metrics.items()},
        )


class _Table:
    """The texts of a v0.5 payload. A place that it does not have holds the empty text."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def text(self, place: object) -> str:
        if type(place) is int and 0 <= place < len(self._texts):
            return self._texts[place]
        return ""

    def whole(self, row: list[Any]) -> dict[str, Any]:
        """The map that a row of twelve stands for, whatever is in it."""
        fields = dict(zip(_ROW_FIELDS, row, strict=False))
        for name in ("service", "name", "resource", "type"):
            fields[name] = self.text(fields.get(name))
        meta, metrics = fields.get("meta"), fields.get("metrics")
        fields["meta"] = {self.text(k): self.text(v) for k, v in meta.items()} if isinstance(meta, dict) else {}
        fields["metrics"] = {self.text(k): v for k, v in metrics.items()} if isinstance(metrics, dict) else {}
        return fields


class _Chunk(msgspec.Struct, gc=False):
    spans: msgspec.Raw = msgspec.Raw(b"\x90")
    tags: dict[str, str] = {}


class _Wrapper(msgspec.Struct, gc=False):
    chunks: msgspec.Raw = msgspec.Raw(b"\x90")
    language_name: str = ""
    env: str = ""
    hostname: str = ""
    app_version: str = ""
    tags: dict[str, str] = {}


_ROW_FIELDS = (
    "service", "name", "resource", "trace_id", "span_id", "parent_id", "start", "duration", "error", "meta", "metrics",
    "type",
)  # fmt: skip
_raws = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_map = msgspec.msgpack.Decoder(_Map).decode
_row = msgspec.msgpack.Decoder(_Row).decode
_texts = msgspec.msgpack.Decoder(list[str]).decode
_chunk = msgspec.msgpack.Decoder(_Chunk).decode
_wrapper = msgspec.msgpack.Decoder(_Wrapper).decode
_json_raws = msgspec.json.Decoder(list[list[msgspec.Raw]]).decode
_json_map = msgspec.json.Decoder(_Map).decode
_REFUSED = (msgspec.MsgspecError, ValueError, RecursionError)
_MAX_JSON_OBJECTS = 10 * MAX_SPANS


def _raw_list(raw: bytes | memoryview | msgspec.Raw) -> list[memoryview]:
    """The elements of an array as the bytes they are, none of them read."""
    data = memoryview(raw)
    _bounded(array_header(data)[0])
    try:
        return [memoryview(one) for one in _raws(data)]
    except _REFUSED:
        pass
    return elements_of(data)  # nested deeper than the strict reader goes, or cut off


def _size(raw: bytes | memoryview | msgspec.Raw) -> int:
    return _bounded(array_header(memoryview(raw))[0])


def _bounded(spans: int) -> int:
    if spans > MAX_SPANS:
        raise TooLarge(f"The request has more than {MAX_SPANS} spans; send them in several.")
    return spans


def _read_maps(traces: Iterable[memoryview]) -> TracePayload:
    payload = TracePayload([], [])
    index = count()
    total = 0
    for trace in traces:
        raws = _raw_list(trace)
        total = _bounded(total + len(raws))
        payload.traces.append(
            [span for raw in raws if (span := _span(raw, next(index), payload, _map, read_value)) is not None]
        )
    return payload


def _span(
    raw: Any,
    index: int,
    payload: TracePayload,
    quickly: Callable[[Any], _Map],
    patiently: Callable[[Any], tuple[Any, Any]],
) -> Span | None:
    """A span read by the decoder of its form; where that refuses it, by a reader that takes things as they come."""
    try:
        found = quickly(raw)
        noted = bytes(found.span_events)
        return found.span(index, events_of(patiently(noted)[0]) if noted else ())
    except (*_REFUSED, Invalid):
        value = _value(raw, payload, patiently)
    return _span_in(value, index, payload)


def _span_in(value: Any, index: int, payload: TracePayload) -> Span | None:
    if isinstance(value, dict):
        return span_of(value, index)
    payload.bad.append((index, value))
    return None


def _value(raw: Any, payload: TracePayload, patiently: Callable[[Any], tuple[Any, Any]]) -> Any:
    """The value of a span that was refused; nil where reading it, and those before it, would take too long."""
    payload.patience -= len(raw)
    if payload.patience < 0:
        return None
    try:
        return patiently(raw)[0]
    except Invalid:
        return None


def _read_json(body: bytes) -> TracePayload:
    _bound_json(body)
    payload = TracePayload([], [])
    index = count()
    for trace in _json_traces(body):
        spans = []
        for raw in trace:
            span = _json_span(raw, next(index), payload)
            if span is not None:
                spans.append(span)
        payload.traces.append(spans)
    return payload


def _bound_json(body: bytes) -> None:
    if body.count(b"{") > _MAX_JSON_OBJECTS or body.count(b"[") > _MAX_JSON_OBJECTS:
        raise TooLarge(f"The request has more than {_MAX_JSON_OBJECTS} objects or arrays; send them in several.")


def _json_traces(body: bytes) -> list[list[Any]]:
    """The spans as raw JSON texts; as values where the text has to be read with patience."""
    try:
        traces: list[list[Any]] = list(_json_raws(body))
    except _REFUSED:
        value = decode_json(body)[0]
        if not isinstance(value, list) or not all(isinstance(trace, list) for trace in value):
            raise Invalid("A body of traces is an array of traces, and a trace an array of spans.") from None
        traces = value
    _bounded(sum(map(len, traces)))
    return traces


def _json_span(raw: Any, index: int, payload: TracePayload) -> Span | None:
    if isinstance(raw, msgspec.Raw):
        return _span(bytes(raw), index, payload, _json_map, decode_json)
    return _span_in(raw, index, payload)


def _strings_and_traces(body: bytes) -> tuple[msgspec.Raw | memoryview, list[memoryview]]:
    parts = _raw_list(body)
    if len(parts) != _V05_PARTS:
        raise Invalid(f"A v0.5 payload is an array of two, texts and traces, not of {len(parts)}.")
    texts = array_header(parts[0])[0]
    if texts > MAX_TEXTS:
        raise TooLarge(f"The request has {texts} texts, more than {MAX_TEXTS}; send the traces in several.")
    return parts[0], _raw_list(parts[1])


def _read_v05(body: bytes) -> TracePayload:
    strings, traces = _strings_and_traces(body)
    table = _Table(_table_of(strings))
    payload = TracePayload([], [])
    index = count()
    total = 0
    for trace in traces:
        raws = _raw_list(trace)
        total = _bounded(total + len(raws))
        payload.traces.append([span for raw in raws if (span := _row_span(raw, next(index), table, payload))])
    return payload


def _table_of(raw: msgspec.Raw | memoryview) -> list[str]:
    try:
        return _texts(raw)
    except _REFUSED:
        return [text_of(value) for value in read_value(memoryview(raw))[0]]


def _row_span(raw: memoryview, index: int, table: _Table, payload: TracePayload) -> Span | None:
    try:
        return _row(raw).span(index, table)
    except _REFUSED:
        value = _value(raw, payload, read_value)
    if isinstance(value, list) and len(value) >= len(_ROW_FIELDS):
        return span_of(table.whole(value), index)
    payload.bad.append((index, value))
    return None


def _chunks(body: bytes) -> tuple[_Wrapper, list[_Chunk]]:
    try:
        wrapper = _wrapper(body)
    except _REFUSED:
        wrapper = _Wrapper(**_patient(body, _Wrapper, "chunks"))
    return wrapper, [_one_chunk(raw) for raw in _raw_list(wrapper.chunks)]


def _one_chunk(raw: memoryview) -> _Chunk:
    try:
        return _chunk(raw)
    except _REFUSED:
        return _Chunk(**_patient(raw, _Chunk, "spans"))


def _patient(raw: bytes | memoryview, kind: type[msgspec.Struct], inner: str) -> dict[str, Any]:
    """The fields of a wrapper of which some field is not what it should be. The array in it is packed anew."""
    value = read_value(raw)[0]
    if not isinstance(value, dict):
        raise Invalid(f"A v0.7 payload and each of its chunks is a map; {inner} was looked for.")
    fields: dict[str, Any] = {
        name: texts_of(given) if isinstance(given, dict) else text_of(given)
        for name, given in value.items()
        if name in kind.__struct_fields__ and name != inner and (name != "tags" or isinstance(given, dict))
    }
    listed = value.get(inner)
    fields[inner] = msgspec.Raw(msgspec.msgpack.encode(listed if isinstance(listed, list) else []))
    return fields


def _read_v07(body: bytes) -> TracePayload:
    wrapper, chunks = _chunks(body)
    payload = _read_maps(memoryview(chunk.spans) for chunk in chunks)
    payload.language, payload.env, payload.version = wrapper.language_name, wrapper.env, wrapper.app_version
    payload.host = wrapper.hostname
    for trace, chunk in zip(payload.traces, chunks, strict=True):
        common = {**wrapper.tags, **chunk.tags}
        if trace and common:
            first = trace[0]
            trace[0] = msgspec.structs.replace(first, meta={**common, **first.meta})
    return payload


_V05_PARTS = 2
