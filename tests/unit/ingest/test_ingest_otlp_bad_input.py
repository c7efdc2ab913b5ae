"""OTLP requests that no exporter sends: nothing but `Invalid` and `TooLarge` comes of them, and memory stays bounded."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from otlp_requests import JSON, PROTOBUF, RECEIVED_AT, in_json, in_protobuf, one_span, records, spans, text

from errata.base.errors import Invalid, TooLarge, Unsupported
from errata.events.model import Event, NotAnError
from errata.ingest.wire.model import Found, Ignored, WireRecord
from errata.ingest.wire.otlp import decode
from errata.ingest.wire.otlp_model import MAX_ENTRIES, MAX_PIECE_BYTES
from growth import assert_linear

PATHS = ("/v1/traces", "/v1/logs")
SOUND = in_protobuf(one_span()).body
SOUND_LOG = in_protobuf(records({"severityNumber": 17, "attributes": [text("exception.type", "E")]}), "/v1/logs").body


def read(body: bytes, path: str = "/v1/traces", kind: str = PROTOBUF) -> list[Found]:
    return decode(WireRecord(RECEIVED_AT, path, "", {"content-type": kind}, body))


def field(number: int, data: bytes) -> bytes:
    size, head = len(data), bytes((number << 3 | 2,))
    while size > 0x7F:
        head += bytes((size & 0x7F | 0x80,))
        size >>= 7
    return head + bytes((size,)) + data


def request_of(*pieces: bytes) -> bytes:
    return field(1, field(2, b"".join(field(2, piece) for piece in pieces)))


@given(body=st.binary(max_size=300), path=st.sampled_from(PATHS), kind=st.sampled_from((JSON, PROTOBUF)))
@example(body=b"", path=PATHS[0], kind=JSON)
@example(body=b"[]", path=PATHS[1], kind=JSON)
def test_any_bytes_are_read_or_refused(body: bytes, path: str, kind: str) -> None:
    with contextlib.suppress(Invalid, TooLarge):
        read(body, path, kind)


@given(
    cuts=st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=6), st.integers(0, 4)), min_size=1, max_size=4),
    is_log=st.booleans(),
)
def test_a_damaged_request_is_read_or_refused(cuts: list[tuple[int, bytes, int]], is_log: bool) -> None:
    body = SOUND_LOG if is_log else SOUND
    for at, put, drop in cuts:
        place = at % len(body)
        body = body[:place] + put + body[place + drop :] or b"\0"
    try:
        found = read(body, PATHS[is_log])
    except (Invalid, TooLarge):
        return
    assert all(isinstance(one, Event | Ignored) for one in found)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
KEYS = ("traceId", "spanId", "parentSpanId", "name", "kind", "flags", "attributes", "events", "status",
        "endTimeUnixNano", "body", "severityNumber", "severityText", "timeUnixNano", "eventName")  # fmt: skip


@given(
    piece=st.dictionaries(st.sampled_from(KEYS), JSON_VALUES, max_size=8),
    attribute=JSON_VALUES,
    path=st.sampled_from(PATHS),
)
def test_values_of_any_kind_in_json_never_stop_the_reader(piece: dict, attribute: object, path: str) -> None:
    noted = {"name": "exception", "attributes": [{"key": "exception.type", "value": attribute}, attribute]}
    failing = {"events": [noted], "severityNumber": 17, "attributes": noted["attributes"]} | piece
    body = spans(failing) if path == PATHS[0] else records(failing)

    found = read(json.dumps(body).encode(), path, JSON)

    assert found or not isinstance(piece.get("events"), list)


def test_texts_that_are_no_utf_8_cost_themselves_only() -> None:
    attribute = field(1, b"exception.type") + field(2, field(1, b"Oops\xff"))
    noted = field(2, b"exception") + field(3, attribute)

    (event,) = read(request_of(field(5, b"GET /\xfe") + field(11, noted)))

    assert isinstance(event, Event)
    assert (event.message, event.error_type) == ("GET /\ufffd", "Oops\ufffd")


def test_an_unreadable_span_spoils_no_other() -> None:
    noted = field(2, b"exception") + field(3, field(1, b"exception.type") + field(2, field(1, b"Oops")))

    found = read(request_of(b"\x0a\x7f", field(11, noted), field(5, b"n" * MAX_PIECE_BYTES)))

    assert [one.error_type for one in found if isinstance(one, Event)] == ["Oops"]
    assert [(one.reason, one.count) for one in found if isinstance(one, Ignored)] == [(NotAnError.UNREADABLE, 2)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"resourceSpans":[]}', "begins like JSON"),
        (b"\x0a\xff\x01", "longer than what holds it"),
        (b"\x0b", "begins no field"),
        (b"\x0a" + b"\xff" * 12, "does not end"),
        (b"\x12\x00" * 200_000, "more fields"),
    ],
)
def test_a_protobuf_body_that_is_no_request_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        read(body)


@pytest.mark.parametrize("body", [b"", b"[]", b"3", b'{"resourceSpans":{}}', b'{"resourceSpans":[3]}', b"{" * 5000])
def test_a_json_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        read(body, kind=JSON)


@pytest.mark.parametrize("body", [b"{}", b'{"resourceSpans":[]}', b'{"resourceSpans":null}', b'{"resourceSpans":[{}]}'])
def test_an_empty_request_has_nothing(body: bytes) -> None:
    assert read(body, kind=JSON) == []
    assert read(b"") == []


def test_other_content_types_are_unsupported() -> None:
    with pytest.raises(Unsupported, match="application/x-protobuf"):
        read(SOUND, kind="application/grpc")


def test_more_pieces_than_allowed_are_refused() -> None:
    with pytest.raises(TooLarge):
        read(request_of(*[b""] * (MAX_ENTRIES + 1)))
    with pytest.raises(TooLarge):
        read(json.dumps(spans(*[{}] * (MAX_ENTRIES + 1))).encode(), kind=JSON)


def test_parents_that_go_in_a_circle_end() -> None:
    noted = [{"name": "exception", "attributes": [text("exception.type", "E")]}]
    ids = [f"{number + 1:016x}" for number in range(3)]
    circle = [
        {"traceId": "ab" * 16, "spanId": ids[at], "parentSpanId": ids[(at + 1) % 3], "events": noted} for at in range(3)
    ]

    assert sum(isinstance(found, Event) for found in decode(in_json(spans(*circle)))) == 1


def test_values_inside_each_other_end_at_a_bound() -> None:
    value: dict = {"stringValue": "deep"}
    for _ in range(40):
        value = {"arrayValue": {"values": [value]}}
    noted = {"name": "exception", "attributes": [text("exception.type", "E"), {"key": "deep", "value": value}]}

    for record in (in_json(one_span(events=[noted])), in_protobuf(one_span(events=[noted]))):
        (event,) = decode(record)
        assert isinstance(event, Event)
        assert "deep" not in str(event.attributes["deep"])


NOTED = field(2, b"exception") + field(3, field(1, b"exception.type") + field(2, field(1, b"E")))
BOMBS = {
    "empty events": lambda n: field(11, b"") * 31_250 * n,
    "empty attributes": lambda n: field(9, b"") * 31_250 * n,
    "exceptions": lambda n: field(11, field(2, b"exception")) * 7_500 * n,
    "values in a list": lambda n: field(9, field(1, b"a") + field(2, field(5, field(1, b"") * 31_250 * n))),
    "lists in a list": lambda n: field(9, field(1, b"a") + field(2, field(5, field(1, field(5, b"")) * 15_000 * n))),
    "keys of a map": lambda n: field(9, field(1, b"a") + field(2, field(6, field(1, field(1, b"k")) * 11_250 * n))),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_what_small_fields_become_is_bounded_by_one_span(bomb: Callable[[int], bytes]) -> None:
    body = request_of(*[field(11, NOTED) + bomb(8)] * 4)
    tracemalloc.start()

    events = read(body)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert events
    assert peak < 60 << 20, f"{peak >> 20} MiB for {len(body) >> 20} MiB"


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_small_fields_take_time_linear_in_their_number(bomb: Callable[[int], bytes]) -> None:
    assert_linear(read, lambda n: request_of(*[field(11, NOTED) + bomb(n)] * 4), 8)
