"""OTLP over HTTP: `/v1/traces`, `/v1/logs`, `/v1/metrics`, and the addresses of Datadog's own OTLP intake.

Source: the OTLP specification, section OTLP/HTTP. Success is exactly 200 (the Go exporter takes any other 2xx for a
failure), and every answer is in the encoding of its request.
"""

from __future__ import annotations

from typing import Any

import msgspec

from errata.base.errors import ErrataError, Invalid
from errata.events.model import Intake, NotAnError
from errata.ingest.answers import Answer, answer_of
from errata.ingest.doors.door import Arrival, Checked, Door, DoorLimits, Route
from errata.ingest.request import Said, kept_headers, said_by
from errata.ingest.wire.model import Ignored
from errata.ingest.wire.otlp import HEADERS_NEEDED, JSON, PROTOBUF, Counts, count, encoding_of, is_json, signal_of
from errata.ingest.wire.otlp_model import Signal


class OtlpDoor(Door):
    """Spans and log records. A request in which nothing failed is answered and not kept."""

    intake = Intake.OTLP.value

    def said(self, scope: Any, path_key: str) -> Said:
        """The key of `dd-api-key` or, where there is none, of `Authorization: Bearer`."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"dd-protocol"]
        said = said_by(headers, scope["query_string"], path_key, _KEPT)
        said.secret = said.secret or _bearer(headers)
        return said

    def check(self, arrival: Arrival) -> Checked:
        """Look at every piece, so that the answer says how many cannot be read."""
        content_type = arrival.headers.get("content-type", "")
        signal = signal_of(arrival.path)
        counts = count(arrival.body, encoding_of(content_type), signal, self.limits.max_entries)
        if counts.unreadable and not counts.candidates and not counts.others:
            raise Invalid(f"{_complaint(counts, signal)}.", where="body")
        reply = _answer(200, _success(counts, signal, in_json=is_json(content_type)), in_json=is_json(content_type))
        if counts.candidates:
            return Checked(counts.candidates + counts.others, reply)
        return Checked(0, reply, keep=False, ignored=tuple(_ignored(counts, signal)))

    def refusal(self, error: ErrataError, scope: Any) -> Answer:
        """A `google.rpc.Status`, in the encoding of the request."""
        plain = answer_of(error)
        headers = tuple(pair for pair in plain.start["headers"] if pair[0] in _TOLD)
        content_type = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
        in_json = is_json(content_type.decode("latin-1"))
        code = _RPC_CODES.get(error.code, _INTERNAL)
        if in_json:
            body = msgspec.json.encode({"code": code, "message": error.message})
        else:
            body = _varint_field(1, code) + _bytes_field(2, error.message.encode("utf-8", "replace"))
        return _answer(plain.start["status"], body, headers, in_json=in_json)


class MetricsDoor(OtlpDoor):
    """Metrics, which hold no errors: whatever is sent is taken and dropped, so that no SDK complains."""

    def check(self, arrival: Arrival) -> Checked:
        """Nothing is looked at."""
        in_json = is_json(arrival.headers.get("content-type", ""))
        return Checked(0, _answer(200, b"{}" if in_json else b"", in_json=in_json), keep=False)


class OtlpRoutes:
    """The addresses that exporters append to their endpoint.

    `traces` and `logs` are where Datadog's own intakes send the requests whose `dd-protocol` says OTLP.
    """

    def __init__(self, limits: DoorLimits) -> None:
        door = OtlpDoor(limits)
        self.traces, self.logs = Route(door, "/v1/traces"), Route(door, "/v1/logs")
        self.exact = {
            "/v1/traces": self.traces,
            "/v1/logs": self.logs,
            "/v1/metrics": Route(MetricsDoor(limits), "/v1/metrics"),
        }

    def find(self, path: str) -> Route | None:  # noqa: ARG002 - there are no other addresses
        """No path holds anything but itself."""
        return None


def says_otlp(scope: Any) -> bool:
    """Whether a request to an address of several protocols says that it is OTLP."""
    return any(name == b"dd-protocol" and value.strip().lower() == b"otlp" for name, value in scope["headers"])


def _bearer(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"authorization":
            scheme, _, secret = value.decode("latin-1").strip().partition(" ")
            return secret.strip() if scheme.lower() == "bearer" else ""
    return ""


def _ignored(counts: Counts, signal: Signal) -> list[Ignored]:
    reason = NotAnError.SPAN_OK if signal is Signal.TRACES else NotAnError.STATUS
    found = [Ignored(reason, counts.others), Ignored(NotAnError.UNREADABLE, counts.unreadable)]
    return [one for one in found if one.count]


def _complaint(counts: Counts, signal: Signal) -> str:
    whole = counts.candidates + counts.others + counts.unreadable
    what = "spans" if signal is Signal.TRACES else "log records"
    return f"{counts.unreadable} of {whole} {what} could not be read (damaged, or larger than 1 MiB)"


def _success(counts: Counts, signal: Signal, *, in_json: bool) -> bytes:
    """An Export...ServiceResponse: empty, or with the pieces that were refused."""
    if not counts.unreadable:
        return b"{}" if in_json else b""
    words = _complaint(counts, signal)
    if in_json:
        name = "rejectedSpans" if signal is Signal.TRACES else "rejectedLogRecords"
        return msgspec.json.encode({"partialSuccess": {name: str(counts.unreadable), "errorMessage": words}})
    return _bytes_field(1, _varint_field(1, counts.unreadable) + _bytes_field(2, words.encode()))


def _answer(status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = (), *, in_json: bool) -> Answer:
    kind = JSON if in_json else PROTOBUF
    own = ((b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()))
    return Answer(
        {"type": "http.response.start", "status": status, "headers": [*own, *headers]},
        {"type": "http.response.body", "body": body},
    )


def _bytes_field(number: int, data: bytes) -> bytes:
    return bytes((number << 3 | 2,)) + _varint(len(data)) + data


def _varint_field(number: int, value: int) -> bytes:
    return bytes((number << 3,)) + _varint(value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


_KEPT = kept_headers(HEADERS_NEEDED)
_TOLD = frozenset({b"allow", b"retry-after", b"x-ratelimit-reset", b"accept-encoding"})
_INTERNAL = 13
_RPC_CODES = {
    "invalid": 3, "unsupported": 3, "too_slow": 4, "not_found": 5, "forbidden": 7, "too_large": 8, "too_many": 8,
    "wrong_method": 12, "unavailable": 14, "unauthenticated": 16,
}  # fmt: skip
"""google.rpc.Code by the code of our error."""
