"""The `/v1.0` encoding of traces: maps with numbers for keys, and each text sent once. Pure.

A text stands where it is used first and from then on as its number, in the order of the bytes; number 0 is the empty
text. So a payload can only be read from its beginning to its end. Rule: intake specification, section 2.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from errata.base.errors import Invalid
from errata.ingest.wire.msgpack_values import read_value
from errata.ingest.wire.spans import MASK_64, Span, SpanEvent, TracePayload, id_of, numbers_of, text_of, whole_of


def count_v1(body: bytes) -> int:
    """How many spans a body has. Raises `Invalid` where it is cut off or of another form."""
    chunks = _whole(body).get(_CHUNKS)
    return sum(len(chunk.get(_SPANS) or ()) for chunk in _maps(chunks) if isinstance(chunk.get(_SPANS), list))


def read_v1(body: bytes) -> TracePayload:
    """The spans of a body. Raises `Invalid` as `count_v1` does."""
    return _Reader().payload(_whole(body))


class _Reader:
    """Walks through a payload in the order of its bytes and keeps the texts seen so far."""

    def __init__(self) -> None:
        self._texts = [""]
        self._index = count()

    def payload(self, fields: dict[Any, Any]) -> TracePayload:
        payload = TracePayload([], [])
        for key, value in fields.items():
            name = _PAYLOAD_TEXTS.get(key)
            if key in _TEXT_KEYS:
                text = self._text(value)
                if name:
                    setattr(payload, name, text)
            elif key == _ATTRIBUTES:
                self._attributes(value)
            elif key == _CHUNKS:
                payload.traces += [self._chunk(chunk, payload) for chunk in _maps(value)]
        return payload

    def _chunk(self, fields: dict[Any, Any], payload: TracePayload) -> list[Span]:
        spans: list[Span] = []
        trace_id, common = 0, {}
        for key, value in fields.items():
            if key == _CHUNK_ORIGIN:
                self._text(value)
            elif key == _CHUNK_ATTRIBUTES:
                common = self._attributes(value)
            elif key == _SPANS and isinstance(value, list):
                for one in value:
                    index = next(self._index)
                    if isinstance(one, dict):
                        spans.append(self._span(one, index))
                    else:
                        payload.bad.append((index, one))
            elif key == _CHUNK_TRACE_ID and isinstance(value, bytes):
                trace_id = int.from_bytes(value[-16:])
        return [_in_chunk(span, trace_id, common if at == 0 else {}) for at, span in enumerate(spans)]

    def _span(self, fields: dict[Any, Any], index: int) -> Span:
        found: dict[str, Any] = {"index": index}
        meta: dict[str, str] = {}
        given: dict[str, Any] = {}
        for key, value in fields.items():
            if key in _SPAN_TEXTS:
                found[_SPAN_TEXTS[key]] = self._text(value)
            elif key in _SPAN_META:
                text = self._kind(value) if key == _SPAN_KIND else self._text(value)
                if text:
                    meta[_SPAN_META[key]] = text
            elif key in _SPAN_NUMBERS:
                found[_SPAN_NUMBERS[key]] = whole_of(value) if key in _SPAN_TIMES else id_of(value)
            elif key == _SPAN_ERROR:
                found["is_error"] = bool(value)
            elif key == _SPAN_ATTRIBUTES:
                given = self._attributes(value)
            elif key == _SPAN_LINKS:
                self._links(value)
            elif key == _SPAN_EVENTS:
                found["events"] = tuple(self._event(one) for one in _maps(value))
        metrics = numbers_of({name: value for name, value in given.items() if not isinstance(value, bool)})
        meta = {name: text_of(value) for name, value in given.items() if name not in metrics} | meta
        return Span(**found, meta=meta, metrics=metrics)

    def _event(self, fields: dict[Any, Any]) -> SpanEvent:
        at, name, attributes = 0, "", {}
        for key, value in fields.items():
            if key == _EVENT_TIME:
                at = whole_of(value)
            elif key == _EVENT_NAME:
                name = self._text(value)
            elif key == _EVENT_ATTRIBUTES:
                attributes = self._attributes(value)
        return SpanEvent(name, at, attributes)

    def _links(self, value: Any) -> None:
        """Nothing of a link is used but its texts, which later numbers may mean."""
        for link in _maps(value):
            for key, inner in link.items():
                if key == _LINK_ATTRIBUTES:
                    self._attributes(inner)
                elif key == _LINK_STATE:
                    self._text(inner)

    def _attributes(self, value: Any) -> dict[str, Any]:
        """Key, type and value, one behind the other."""
        if not isinstance(value, list):
            return {}
        found = {}
        for at in range(0, len(value) - 2, 3):
            name = self._text(value[at])
            found[name] = self._value(value[at + 1], value[at + 2])
        return found

    def _value(self, kind: Any, value: Any) -> Any:
        if kind == _KIND_TEXT:
            return self._text(value)
        if kind == _KIND_LIST and isinstance(value, list):
            return [self._value(value[at], value[at + 1]) for at in range(0, len(value) - 1, 2)]
        if kind == _KIND_MAP:
            return self._attributes(value)
        return text_of(value) if isinstance(value, bytes) else value

    def _text(self, value: Any) -> str:
        if isinstance(value, str):
            if value:
                self._texts.append(value)
            return value
        return self._texts[value] if isinstance(value, int) and 0 <= value < len(self._texts) else ""

    def _kind(self, value: Any) -> str:
        return _SPAN_KINDS.get(value, "") if isinstance(value, int) else self._text(value)


def _in_chunk(span: Span, trace_id: int, common: dict[str, Any]) -> Span:
    meta = {**{name: text_of(value) for name, value in common.items()}, **span.meta}
    if trace_id >> 64:
        meta.setdefault("_dd.p.tid", f"{trace_id >> 64:016x}")
    return Span(
        index=span.index,
        service=span.service,
        name=span.name,
        resource=span.resource,
        type=span.type,
        trace_id=trace_id & MASK_64,
        span_id=span.span_id,
        parent_id=span.parent_id,
        start=span.start,
        duration=span.duration,
        is_error=span.is_error,
        meta=meta,
        metrics=span.metrics,
        events=span.events,
    )


def _whole(body: bytes) -> dict[Any, Any]:
    value, end = read_value(body, 0, _MAX_VALUES + 1)
    if not isinstance(value, dict):
        raise Invalid("A v1.0 payload is a map.")
    if end != len(body):
        raise Invalid(f"Behind the payload's map, which ends at byte {end}, there is more.")
    return value


def _maps(value: Any) -> list[dict[Any, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


_MAX_VALUES = 2_000_000
_TEXT_KEYS = range(2, 10)
_PAYLOAD_TEXTS = {3: "language", 7: "env", 8: "host", 9: "version"}
_ATTRIBUTES, _CHUNKS = 10, 11
_CHUNK_ORIGIN, _CHUNK_ATTRIBUTES, _SPANS, _CHUNK_TRACE_ID = 2, 3, 4, 6
_SPAN_TEXTS = {1: "service", 2: "name", 3: "resource", 10: "type"}
_SPAN_NUMBERS = {4: "span_id", 5: "parent_id", 6: "start", 7: "duration"}
_SPAN_TIMES = (6, 7)
_SPAN_ERROR, _SPAN_ATTRIBUTES, _SPAN_LINKS, _SPAN_EVENTS = 8, 9, 11, 12
_SPAN_META = {13: "env", 14: "version", 15: "component", 16: "span.kind"}
_SPAN_KIND = 16
_SPAN_KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
_EVENT_TIME, _EVENT_NAME, _EVENT_ATTRIBUTES = 1, 2, 3
_LINK_ATTRIBUTES, _LINK_STATE = 3, 4
_KIND_TEXT, _KIND_LIST, _KIND_MAP = 1, 6, 7
