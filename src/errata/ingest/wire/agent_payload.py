"""What Datadog's own agent forwards: traces of many programs in one protobuf `AgentPayload`. Pure.

The levels above the spans are cut by their lengths; each span is then read by the library, by the published schema but
with every text as bytes and every map as its pairs, which are the same on the wire: proto3 would refuse a whole span
for one text that is no UTF-8. Source: the agent's `datadog/trace/*.proto`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import msgspec
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from errata.base.errors import Invalid, TooLarge
from errata.ingest.wire.otlp_messages import text
from errata.ingest.wire.protobuf_fields import FieldCutter
from errata.ingest.wire.spans import Span, TracePayload, events_of, numbers_of

PATH = "/api/v0.2/traces"
MAX_SPAN_BYTES = 1 << 20
"""Of one span; the agent cuts texts of more than 25 kB, and its whole requests hold 3.2 MB."""


def count_agent_spans(body: bytes, most: int) -> int:
    """How many spans a body holds, and payloads of a form that is not read.

    Raises `Invalid` where the body is no such payload, `TooLarge` for more than `most`.
    """
    return sum(1 for _ in _pieces(body, most))


def read_agent_payload(body: bytes, most: int) -> TracePayload:
    """The spans of a body, each with what its program and the agent say of it. Raises as `count_agent_spans` does."""
    payload = TracePayload([], [])
    index = count()
    chunk: object = None
    for piece in _pieces(body, most):
        number = next(index)
        found = _span(piece.raw, number, piece.program) if piece.chunk is not None else None
        if found is None:
            payload.bad.append((number, piece.raw))
            continue
        if piece.chunk is not chunk:
            chunk = piece.chunk
            payload.traces.append([])
        trace = payload.traces[-1]
        if not trace and piece.chunk:
            found = msgspec.structs.replace(found, meta={**piece.chunk, **found.meta})
        trace.append(found)
    return payload


class _Piece(NamedTuple):
    """The bytes of one span, the tags of its chunk, and what its program says; a `chunk` of None: no span's bytes."""

    raw: bytes
    chunk: dict[str, str] | None
    program: dict[str, str]


def _pieces(body: bytes, most: int) -> Iterator[_Piece]:
    cutter = FieldCutter(body, 4 * most + 1000, _no_such_payload)
    pieces = 0
    common: dict[str, str] = {}
    programs: list[tuple[int, int]] = []
    others: list[tuple[int, int]] = []
    for number, start, stop in cutter.fields(0, len(body)):
        if number in _AGENT_TEXTS:
            common[_AGENT_TEXTS[number]] = text(body[start:stop])
        elif number == _TRACER_PAYLOADS:
            programs.append((start, stop))
        elif number == _INDEXED_PAYLOADS:
            others.append((start, stop))
    for start, stop in programs:
        for piece in _of_program(cutter, body, start, stop, common):
            pieces += 1
            if pieces > most:
                raise TooLarge(f"The request has more than {most} spans; send them in several.")
            yield piece
    for start, stop in others:
        yield _Piece(body[start : min(stop, start + 1)], None, {})


def _of_program(cutter: FieldCutter, body: bytes, at: int, end: int, common: dict[str, str]) -> Iterator[_Piece]:
    """The spans of one tracer payload."""
    own: dict[str, str] = {}
    tags: dict[str, str] = {}
    chunks: list[tuple[int, int]] = []
    for number, start, stop in cutter.fields(at, end):
        if number in _PROGRAM_TEXTS:
            own[_PROGRAM_TEXTS[number]] = text(body[start:stop])
        elif number == _PROGRAM_TAGS:
            tags |= _pair(body[start:stop])
        elif number == _CHUNKS:
            chunks.append((start, stop))
    said = {name: value for name, value in {**common, **{n: v for n, v in own.items() if v}}.items() if value}
    if said.get("env") == _NO_ENV:
        del said["env"]
    for chunk_at, chunk_end in chunks:
        spans: list[tuple[int, int]] = []
        of_chunk = dict(tags)
        for number, start, stop in cutter.fields(chunk_at, chunk_end):
            if number == _CHUNK_TAGS:
                of_chunk |= _pair(body[start:stop])
            elif number == _SPANS:
                spans.append((start, stop))
        for start, stop in spans:
            yield _Piece(body[start:stop], of_chunk, said)


def _span(raw: bytes, index: int, program: dict[str, str]) -> Span | None:
    message = _read(_SPAN, raw)
    if message is None:
        return None
    events = events_of([_event(one) for one in message.span_events]) if message.span_events else ()
    meta = {text(pair.key): text(pair.value) for pair in message.meta}
    if message.error or events or "events" in meta:
        meta = {**program, **meta}
    return Span(
        index=index,
        service=text(message.service),
        name=text(message.name),
        resource=text(message.resource),
        type=text(message.type),
        trace_id=message.trace_id,
        span_id=message.span_id,
        parent_id=message.parent_id,
        start=message.start,
        duration=message.duration,
        is_error=message.error != 0,
        meta=meta,
        metrics=numbers_of({text(pair.key): pair.value for pair in message.metrics}),
        events=events,
    )


def _event(message: Any) -> dict[str, Any]:
    """In the form of the other encodings, whose attributes say their kind as these do."""
    attributes = {text(pair.key): _value(pair.value) for pair in message.attributes}
    return {"name": text(message.name), "time_unix_nano": message.time_unix_nano, "attributes": attributes}


def _value(value: Any) -> Any:
    kind = _KINDS.get(value.type)
    if kind == "string_value":
        return {kind: text(value.string_value)}
    if kind == "array_value":
        return {kind: {"values": [_value(one) for one in value.array_value.values]}}
    return {kind: getattr(value, kind)} if kind else None


def _pair(raw: bytes) -> dict[str, str]:
    pair = _read(_TAG, raw)
    return {} if pair is None else {text(pair.key): text(pair.value)}


def _read(kind: Any, raw: bytes) -> Any | None:
    if len(raw) > MAX_SPAN_BYTES:
        return None
    try:
        return kind.FromString(raw)
    except DecodeError:
        return None


def _no_such_payload(what: str) -> Invalid:
    return Invalid(f"The body is no payload of an agent: {what}.", where="body")


_BYTES, _UINT, _INT = FieldDescriptorProto.TYPE_BYTES, FieldDescriptorProto.TYPE_UINT64, FieldDescriptorProto.TYPE_INT64
_DOUBLE, _BOOL, _FIXED = (
    FieldDescriptorProto.TYPE_DOUBLE,
    FieldDescriptorProto.TYPE_BOOL,
    FieldDescriptorProto.TYPE_FIXED64,
)
_SCHEMA: dict[str, dict[str, tuple[int, Any]]] = {
    "Tag": {"key": (1, _BYTES), "value": (2, _BYTES)},
    "Number": {"key": (1, _BYTES), "value": (2, _DOUBLE)},
    "Values": {"values": (1, ["Value"])},
    "Value": {
        "type": (1, _UINT), "string_value": (2, _BYTES), "bool_value": (3, _BOOL), "int_value": (4, _INT),
        "double_value": (5, _DOUBLE), "array_value": (6, "Values"),
    },
    "Attribute": {"key": (1, _BYTES), "value": (2, "Value")},
    "Event": {"time_unix_nano": (1, _FIXED), "name": (2, _BYTES), "attributes": (3, ["Attribute"])},
    "Span": {
        "service": (1, _BYTES), "name": (2, _BYTES), "resource": (3, _BYTES), "trace_id": (4, _UINT),
        "span_id": (5, _UINT), "parent_id": (6, _UINT), "start": (7, _INT), "duration": (8, _INT), "error": (9, _INT),
        "meta": (10, ["Tag"]), "metrics": (11, ["Number"]), "type": (12, _BYTES), "span_events": (15, ["Event"]),
    },
}  # fmt: skip
"""Field numbers and kinds by message; a name stands for a message, a list for several of it."""


def _classes() -> dict[str, Any]:
    file = FileDescriptorProto(name="errata/agent_payload.proto", package="errata.agent", syntax="proto3")
    for name, fields in _SCHEMA.items():
        message = DescriptorProto(name=name)
        for field, (number, kind) in fields.items():
            made = message.field.add(name=field, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL)
            if isinstance(kind, list):
                made.label, kind = FieldDescriptorProto.LABEL_REPEATED, kind[0]  # noqa: PLW2901 - the one of the list
            if isinstance(kind, str):
                made.type, made.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".errata.agent.{kind}"
            else:
                made.type = kind
        file.message_type.append(message)
    pool = DescriptorPool()
    pool.Add(file)
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"errata.agent.{name}")) for name in _SCHEMA}


_CLASSES = _classes()
_SPAN, _TAG = _CLASSES["Span"], _CLASSES["Tag"]
_KINDS = {0: "string_value", 1: "bool_value", 2: "int_value", 3: "double_value", 4: "array_value"}
_AGENT_TEXTS = {1: "_dd.hostname", 2: "env"}
_TRACER_PAYLOADS, _INDEXED_PAYLOADS = 5, 11
"""The second are payloads in a newer form, which agents send when told to; they are counted, not read."""
_PROGRAM_TEXTS = {2: "language", 8: "env", 9: "_dd.hostname", 10: "version"}
_CHUNKS, _PROGRAM_TAGS = 6, 7
_SPANS, _CHUNK_TAGS = 3, 4
_NO_ENV = "none"
"""What an agent writes for programs that name no environment."""
