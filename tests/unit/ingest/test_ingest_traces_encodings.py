"""The encodings of traces all say the same, and a bad piece costs nothing but itself."""

from __future__ import annotations

import msgspec
import pytest
from trace_bodies import (
    FAILED,
    RECEIVED_AT,
    STACK,
    START,
    as_json,
    entry,
    errors,
    others,
    packed,
    span,
    v04,
    v05,
    v07,
    v10,
)

from errata.base.errors import Invalid, TooLarge
from errata.events.model import Event
from errata.ingest.wire.datadog_traces import decode
from errata.ingest.wire.model import Ignored, Reject, WireRecord
from errata.ingest.wire.trace_payloads import MAX_SPANS, MAX_TEXTS, count_spans, version_of

META = {"env": "prod", "version": "1.2", "language": "python", "span.kind": "server", "http.status_code": "500"}
TRACE = [
    entry(1, error=1, meta={**META, "usr.id": "ann", "team": "pay", "_dd.p.tid": "6b00717b00000000"}),
    span(2, 1, error=1, name="view", meta={**FAILED, "env": "prod"}),
    span(3, 1, name="größe", meta={"n": "x"}, metrics={"rows": 3, "share": 0.5}),
]
HEALTHY = [entry(9, trace_id=2)]


@pytest.mark.parametrize("encode", [v04, as_json, v05, v07, v10])
def test_every_encoding_gives_the_same_event(encode) -> None:
    record = encode(TRACE, HEALTHY)

    assert count_spans(record.body, version_of(record.path), is_json=encode is as_json) == 4
    (event,) = errors(record)
    assert event == Event(
        entry=0, received_at=RECEIVED_AT, track="trace", intake="dd_trace", timestamp=START // 10**6 + 5,
        identity="span:0000000000000001:0000000000000001", service="shop", env="prod", version="1.2", status="error",
        language="python", platform="BACKEND", message="GET /", error_type="builtins.KeyError", error_message="'x'",
        error_stack=STACK, error_handling="unhandled", usr_id="ann", team=("pay",),
        trace_id="6b00717b000000000000000000000001", span_id="0000000000000001",
        attributes={
            "span.kind": "server", "http.status_code": "500", "resource": "GET /", "name": "work", "type": "web",
            "duration": 5_000_000,
            "failing_span": {"span_id": "0000000000000002", "resource": "GET /", "name": "view", "type": "web"},
        },
    )  # fmt: skip


def test_a_wrapped_payload_says_for_all_spans_what_they_do_not_say() -> None:
    bare = [entry(1, error=1, meta=FAILED)]

    (event,) = errors(v07(bare, env="prod", app_version="7", language_name="nodejs", hostname="web-1"))
    assert (event.env, event.version, event.language, event.host) == ("prod", "7", "javascript", "web-1")
    (event,) = errors(v10(bare, env="prod", version="7", language="nodejs", host="web-1"))
    assert (event.env, event.version, event.language, event.host) == ("prod", "7", "javascript", "web-1")


def test_common_tags_of_a_chunk_belong_to_its_first_span() -> None:
    chunk = {"spans": [entry(1, error=1, meta=FAILED)], "tags": {"_dd.p.tid": "00000000000000ff", "a": "b"}}
    record = WireRecord(RECEIVED_AT, "/v0.7/traces", body=packed({"chunks": [chunk]}))

    (event,) = errors(record)

    assert event.trace_id == "00000000000000ff0000000000000001"
    assert event.attributes["a"] == "b"


def test_texts_of_a_streamed_table_are_counted_through_links_and_events() -> None:
    noted = {"name": "exception", "time_unix_nano": START, "attributes": {"exception.type": "E", "note": "later"}}
    first = entry(1, span_events=[noted])
    second = entry(2, trace_id=5, error=1, service="later", meta=FAILED)

    (event,) = errors(v10([first], [second]))

    assert (event.service, event.error_message, event.trace_id[-4:]) == ("later", "'x'", "0005")


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("meta", {**FAILED, "n": None}, {}),
        ("meta", {**FAILED, "n": 5, "b": True, "f": 2.5}, {"n": "5", "b": "true", "f": "2.5"}),
        ("meta", {**FAILED, "n": {"deep": 1}}, {}),
        ("metrics", {"_dd.top_level": 1, "n": "text", "m": 7}, {"m": 7}),
        ("parent_id", None, {}),
        ("parent_id", "0", {}),
        ("span_id", "1", {}),
        ("span_id", 1.0, {}),
        ("error", True, {}),
        ("error", "1", {}),
        ("resource", None, {}),
        ("type", 5, {"type": "5"}),
        ("duration", "5000000", {}),
        ("span_events", "none", {}),
        ("span_events", [None, {"name": "exception"}], {}),
        ("span_links", 5, {}),
        ("meta_struct", {"a": b"\xff"}, {}),
    ],
)
def test_a_field_of_another_kind_costs_only_itself(field: str, value: object, wanted: dict[str, object]) -> None:
    failed = {**entry(1, error=1, meta=FAILED), field: value}

    (event,) = errors(v04([failed], HEALTHY))

    assert (event.error_type, event.span_id) == ("builtins.KeyError", "0000000000000001")
    assert event.attributes.items() >= wanted.items()
    if field != "meta_struct":  # bytes are no JSON
        assert errors(as_json([failed], HEALTHY)) == [event]


def test_texts_that_are_no_utf_8_are_kept_as_far_as_they_go() -> None:
    body = v04([entry(1, error=1, meta={**FAILED, "error.message": "caf?"})]).body.replace(b"caf?", b"caf\xe9")

    (event,) = errors(WireRecord(RECEIVED_AT, "/v0.4/traces", body=body))
    assert event.error_message == "caf\ufffd"
    body = v05([entry(1, error=1, meta={**FAILED, "error.message": "caf?"})]).body.replace(b"caf?", b"caf\xe9")
    (event,) = errors(WireRecord(RECEIVED_AT, "/v0.5/traces", body=body))
    assert event.error_message == "caf\ufffd"


def test_a_text_holds_no_nul_and_no_half_character() -> None:
    (event,) = errors(v04([entry(1, error=1, service="a\0b", meta={**FAILED, "k\0": "v\0"})]))
    assert (event.service, event.attributes["k\ufffd"]) == ("a\ufffdb", "v\ufffd")
    body = as_json([entry(1, error=1, meta=FAILED)]).body.replace(b"'x'", b"\\ud800x")
    (event,) = errors(WireRecord(RECEIVED_AT, "/v0.4/traces", "", {"content-type": "application/json"}, body))
    assert event.error_message == "\ufffdx"


@pytest.mark.parametrize("bad", [5, "span", None, [1, 2], 2.5])
def test_pieces_that_are_no_spans_are_refused_together_beside_the_others(bad: object) -> None:
    for record in (
        v04([bad, entry(1, error=1, meta=FAILED)], [bad]),
        as_json([bad, entry(1, error=1, meta=FAILED)], [bad]),
    ):
        (event,) = errors(record)
        assert event.entry == 1
        (reject,) = others(record)
        assert isinstance(reject, Reject)
        assert reject.entry == 0
        assert reject.reason.startswith("2 spans are of another kind")


def test_a_row_that_is_too_short_or_points_nowhere_is_no_harm() -> None:
    table, rows = msgspec.msgpack.decode(v05([entry(1, error=1, meta=FAILED)]).body)
    rows[0] += [[1, 2], [999, -1, "x", 1, 7, 0, 1, 1, 0, {999: 1}, {}, 0]]

    found = decode(WireRecord(RECEIVED_AT, "/v0.5/traces", body=packed([table, rows])))

    assert [type(one) for one in found] == [Event, Reject, Ignored]


def test_nesting_is_bounded_and_does_not_hide_the_error() -> None:
    deep = b"\x91" * 5000 + b"\xc0"
    body = v04([entry(1, error=1, meta=FAILED, other="?here?")]).body.replace(packed("?here?"), deep)

    (event,) = errors(WireRecord(RECEIVED_AT, "/v0.4/traces", body=body))

    assert event.error_message == "'x'"


@pytest.mark.parametrize("version", ["v0.3", "v0.4", "v0.5", "v0.7", "v1.0"])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xdc\xff\xff", b"\xdb\xff\xff\xff\xff", b"\x92\x91", b"\x05",
        b"\xdf\xff\xff\xff\xff", b"\xdd\x10\x00\x00\x00" * 50, b"text", b"\x91\xdd\x00\xff\xff\xff", b"{}",
    ],
)  # fmt: skip
def test_a_body_of_another_form_is_invalid_for_door_and_decoder(version: str, body: bytes) -> None:
    with pytest.raises(Invalid):
        count_spans(body, version, is_json=False)
    with pytest.raises(Invalid):
        decode(WireRecord(RECEIVED_AT, f"/{version}/traces", body=body))


@pytest.mark.parametrize("body", [b"", b"{}", b"5", b"[5]", b"[[", b"nonsense", b'{"a": [[]]}'])
def test_json_of_another_form_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        count_spans(body, "v0.4", is_json=True)
    with pytest.raises(Invalid):
        decode(WireRecord(RECEIVED_AT, "/v0.4/traces", "", {"content-type": "application/json"}, body))


def test_more_spans_than_allowed_are_too_many() -> None:
    most = b"\xdd" + MAX_SPANS.to_bytes(4) + b"\x80" * MAX_SPANS
    assert count_spans(b"\x91" + most, "v0.4", is_json=False) == MAX_SPANS

    with pytest.raises(TooLarge):
        count_spans(b"\x92" + most + b"\x91\x80", "v0.4", is_json=False)
    with pytest.raises(TooLarge):
        decode(WireRecord(0, "/v0.4/traces", body=b"\x92" + most + b"\x91\x80"))
    with pytest.raises(TooLarge):
        count_spans(b"[" + b"[{}," * 2_000_000, "v0.4", is_json=True)


def test_more_texts_than_allowed_are_too_many() -> None:
    table = b"\xdd" + (MAX_TEXTS + 1).to_bytes(4) + b"\xa0" * (MAX_TEXTS + 1)

    with pytest.raises(TooLarge):
        count_spans(b"\x92" + table + b"\x90", "v0.5", is_json=False)


def test_refused_spans_are_read_again_only_as_long_as_it_takes_no_time() -> None:
    odd = {**entry(1, error=1, meta=FAILED), "resource": 7, "extra": "x" * 3_000_000}

    found = decode(v04([odd, odd, entry(2, error=1, meta=FAILED)]))

    assert [one.entry for one in found if isinstance(one, Event)] == [0, 2]
    assert [one.reason for one in found if isinstance(one, Reject)] == [
        "1 spans are of another kind than a span of this encoding (null or unreadable)."
    ]


def test_an_empty_request_is_valid() -> None:
    for record in (v04(), v05(), v07(), as_json(), v10()):
        assert (
            count_spans(
                record.body,
                version_of(record.path),
                is_json=record.headers != {} and "json" in record.headers["content-type"],
            )
            == 0
        )
        assert decode(record) == []
