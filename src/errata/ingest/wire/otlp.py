"""OTLP over HTTP: `/v1/traces` and `/v1/logs`, in protobuf and JSON. Pure.

Intake and digest cut a request here the same way, so that what the sender was told is what comes of it: a piece that
cannot be read was refused in the answer already, and is ignored by the digest.
"""

from __future__ import annotations

import msgspec

from errata.base.errors import Unsupported
from errata.ingest.wire import otlp_json, otlp_protobuf
from errata.ingest.wire.model import Found, WireRecord
from errata.ingest.wire.otlp_logs import decode_log_records, may_be_error
from errata.ingest.wire.otlp_model import MAX_ENTRIES, Encoding, Signal
from errata.ingest.wire.otlp_traces import decode_spans

HEADERS_NEEDED = frozenset({"content-type", "content-encoding"})
"""The request headers that reading a request asks for."""
JSON = "application/json"
PROTOBUF = "application/x-protobuf"


def decode(record: WireRecord) -> list[Found]:
    """The errors of a request and what in it was none. Raises `Invalid`, `Unsupported` and `TooLarge`."""
    encoding = encoding_of(record.headers.get("content-type", ""))
    signal = signal_of(record.path)
    pieces = encoding.pieces(record.body, signal, MAX_ENTRIES)
    read = decode_spans if signal is Signal.TRACES else decode_log_records
    return read(pieces, encoding, record)


class Counts(msgspec.Struct, frozen=True, gc=False):
    """How many pieces of a request may be errors, cannot be, and cannot be read."""

    candidates: int
    others: int
    unreadable: int


def count(body: bytes, encoding: Encoding, signal: Signal, most: int) -> Counts:
    """Look at each piece as far as it takes to know whether it can be an error. Raises as `decode`."""
    counts = [0, 0, 0]
    look = _look_at_span if signal is Signal.TRACES else _look_at_record
    for piece in encoding.pieces(body, signal, most):
        counts[look(encoding, piece.raw)] += 1
    return Counts(*counts)


def _look_at_span(encoding: Encoding, raw: bytes) -> int:
    span = encoding.span(raw)
    return _UNREADABLE if span is None else _CANDIDATE if span.may_be_error else _OTHER


def _look_at_record(encoding: Encoding, raw: bytes) -> int:
    severity = encoding.severity(raw)
    return _UNREADABLE if severity is None else _CANDIDATE if may_be_error(*severity) else _OTHER


def signal_of(path: str) -> Signal:
    """What a request to a path carries."""
    return Signal.TRACES if path.rstrip("/").endswith("traces") else Signal.LOGS


def media_of(content_type: str) -> str:
    """A content type without its parameters, lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_json(content_type: str) -> bool:
    """Whether a content type is that of the JSON encoding."""
    return media_of(content_type) in _JSON_TYPES


def encoding_of(content_type: str) -> Encoding:
    """The reader for a content type. Raises `Unsupported` for one that OTLP does not have."""
    media = media_of(content_type)
    if media in _PROTOBUF_TYPES:
        return otlp_protobuf
    if media in _JSON_TYPES:
        return otlp_json
    raise Unsupported(
        f"Content-Type {media[:60]!r} is not read here; allowed: {PROTOBUF}, {JSON}.", where="content-type"
    )


_CANDIDATE, _OTHER, _UNREADABLE = 0, 1, 2
_PROTOBUF_TYPES = frozenset({PROTOBUF, "application/protobuf", "application/vnd.google.protobuf"})
_JSON_TYPES = frozenset({JSON, "text/json"})
