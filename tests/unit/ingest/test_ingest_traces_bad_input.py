"""Whatever a request of traces or of crash reports holds, decoders answer or raise `Invalid`, in bounded time."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trace_bodies import FAILED, RECEIVED_AT, entry, packed, span, v04

from errata.base.errors import Invalid, TooLarge
from errata.events.limits import limit
from errata.events.model import Event
from errata.events.rows import flatten
from errata.events.scrub import scrub
from errata.ingest.wire import datadog_errors, datadog_traces
from errata.ingest.wire.model import Found, WireRecord
from errata.ingest.wire.msgpack_values import read_value
from errata.ingest.wire.trace_payloads import VERSIONS, count_spans
from growth import assert_linear

PAYLOADS = Path(__file__).parents[2] / "payloads"
RECORDED = sorted((PAYLOADS / "ddtrace-python").glob("*.http.json")) + sorted(
    (PAYLOADS / "dd-trace-js").glob("*.http.json")
)
NAMES = st.sampled_from([
    "service", "name", "resource", "type", "trace_id", "span_id", "parent_id", "start", "duration", "error", "meta",
    "metrics", "span_events", "spans", "chunks", "tags", "events", "attributes", "time_unix_nano", "error.type",
    "error.stack", "error.message", "exception", "exception.type", "exception.stacktrace", "_dd.top_level", "span.kind",
    "http.status_code", "payload", "logs", "message", "stack", "frames", "experimental", "runtime_stack", "ddtags",
    "stacktrace_string", "threads", "sig_info", "metadata", "origin", "is_crash", "request_type", "timestamp", "version",
])  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | NAMES
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.sampled_from([0, 1, 2]) | st.floats()
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | st.binary(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS | st.integers(0, 16), inner, max_size=6),
    max_leaves=30,
)
TAGS = st.dictionaries(NAMES | TEXTS, TEXTS | VALUES, max_size=6).map(lambda tags: {**FAILED, **tags})
SPANS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("trace_id", "span_id", "parent_id", "error"), st.integers(0, 3) | VALUES)
    | {
        "meta": TAGS | VALUES,
        "metrics": st.dictionaries(NAMES, VALUES, max_size=4),
        "start": VALUES,
        "duration": VALUES,
        "service": TEXTS | VALUES,
        "span_events": st.lists(
            st.fixed_dictionaries({"name": st.just("exception"), "attributes": st.dictionaries(NAMES, VALUES)})
        )
        | VALUES,
    },
)


def _hold(found: list[Found]) -> None:
    """Every event can be bounded, scrubbed, made searchable and written; entries are told apart."""
    events = [one for one in found if isinstance(one, Event)]
    assert len({event.entry for event in events}) == len(events)
    for event in events:
        kept = scrub(limit(event), cards=True, emails=True)
        written = msgspec.json.encode(kept)
        assert b"\\u0000" not in written
        flatten(kept.attributes)


def _decode(version: str, body: bytes, *, is_json: bool = False) -> list[Found]:
    headers = {"content-type": "application/json" if is_json else "application/msgpack"}
    record = WireRecord(RECEIVED_AT, f"/{version}/traces", "", headers, body)
    try:
        count_spans(body, version, is_json=is_json)
        found = datadog_traces.decode(record)
    except (Invalid, TooLarge):
        return []
    assert found == datadog_traces.decode(record)
    _hold(found)
    return found


def _report(body: bytes) -> list[Found]:
    record = WireRecord(RECEIVED_AT, "/evp_proxy/v4/api/v2/errorsintake", body=body)
    try:
        found = datadog_errors.decode(record)
    except Invalid:
        return []
    assert found == datadog_errors.decode(record)
    _hold(found)
    return found


@given(st.lists(st.lists(SPANS | VALUES, max_size=4), max_size=3), st.sampled_from(["v0.3", "v0.4"]))
def test_any_spans_are_decoded(traces: list[Any], version: str) -> None:
    pieces = sum(map(len, traces))

    assert not pieces or _decode(version, packed(traces))


@given(VALUES | st.lists(st.lists(SPANS, max_size=3), max_size=3), st.sampled_from(VERSIONS))
def test_any_messagepack_is_decoded_or_invalid(value: object, version: str) -> None:
    _decode(version, packed(value))


@given(st.lists(st.lists(SPANS | VALUES, max_size=3), max_size=3) | VALUES)
def test_any_json_is_decoded_or_invalid(value: object) -> None:
    _decode("v0.4", json.dumps(value, default=str, skipkeys=True).encode(), is_json=True)
    _report(json.dumps(value, default=str, skipkeys=True).encode())


@given(st.lists(TEXTS, max_size=8), st.lists(st.lists(st.lists(VALUES, max_size=13), max_size=3), max_size=3))
def test_any_rows_and_texts_are_decoded_or_invalid(texts: list[str], traces: list[Any]) -> None:
    _decode("v0.5", packed([texts, traces]))


NUMBERED = st.dictionaries(st.integers(0, 17), VALUES | st.lists(VALUES, max_size=6), max_size=6)


@given(
    st.fixed_dictionaries(
        {11: st.lists(st.fixed_dictionaries({4: st.lists(NUMBERED, max_size=3)}), max_size=2)},
        optional=dict.fromkeys((2, 3, 7, 10), VALUES),
    )
)
def test_any_streamed_payload_is_decoded_or_invalid(value: object) -> None:
    _decode("v1.0", packed(value))


@given(st.binary(max_size=300), st.sampled_from(VERSIONS), st.booleans())
def test_any_bytes_are_decoded_or_invalid(body: bytes, version: str, is_json: bool) -> None:
    _decode(version, body, is_json=is_json)
    _report(body)


@given(VALUES)
def test_the_patient_reader_reads_what_the_strict_one_reads(value: object) -> None:
    body = packed(value)

    read, end = read_value(body)

    assert end == len(body)
    assert repr(read) == repr(_without_odd_keys(msgspec.msgpack.decode(body)))


def _without_odd_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_odd_keys(inner) for key, inner in value.items() if isinstance(key, str | int)}
    return [_without_odd_keys(inner) for inner in value] if isinstance(value, list) else value


def _recorded(path: Path) -> tuple[str, bytes]:
    said = json.loads(path.read_text())
    body = base64.b64decode(said.get("body_base64", ""))
    return said["path"], (path.parent / said["body_file"]).read_bytes() if "body_file" in said else body


@settings(max_examples=300)
@given(st.sampled_from(RECORDED), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3)), min_size=1, max_size=6))
def test_a_recording_with_bytes_changed_is_decoded_or_invalid(path: Path, changes: list[tuple[float, bytes]]) -> None:
    address, body = _recorded(path)
    for place, new in changes:
        at = math.floor(place * len(body))
        body = body[:at] + new + body[at + 1 :]
    version = address.split("/")[1]

    if version in VERSIONS:
        _decode(version, body)
    elif len(body) < 60_000:
        _report(body)


@settings(max_examples=60)
@given(st.sampled_from(RECORDED), st.floats(0, 1))
def test_a_recording_cut_short_is_decoded_or_invalid(path: Path, place: float) -> None:
    address, body = _recorded(path)
    version = address.split("/")[1]
    cut = body[: math.floor(place * len(body))]

    if version in VERSIONS:
        _decode(version, cut)
    elif len(cut) < 60_000:
        _report(cut)


@pytest.mark.parametrize(
    "body",
    [
        lambda n: b"\x91\xdd" + (1_000 * n).to_bytes(4) + packed(entry(1)) * 1_000 * n,
        lambda n: v04([entry(1, error=1), *(span(k + 2, k + 1, error=1, meta={"error.type": "E", "error.stack": "s"}) for k in range(400 * n))]).body,
        lambda n: v04([span(k + 2, k + 1, span_events=[{"name": "exception", "attributes": {"exception.type": "E", "exception.stacktrace": "s"}}]) for k in range(400 * n)]).body,
        lambda n: v04([entry(1, error=1, meta={**FAILED, **{f"k{k}": "v" for k in range(4_000 * n)}})]).body,
        lambda n: v04([entry(1, error=1, meta=FAILED, span_events=[{"name": "exception"}] * 4_000 * n)]).body,
        lambda n: v04([entry(1, error=1, meta={**FAILED, "events": '[{"name":"exception"}' + ',{"a":[]}' * 5_000 * n + "]"})]).body,
        lambda n: v04([entry(1, error=1, meta={**FAILED, "error.stack": "x" * 100_000 * n})]).body,
        lambda n: b"\x91\x91\x81\xa4meta" + b"\x91" * 50_000 * n + b"\xc0",
        lambda n: b"\x91\x91\xdd" + (50_000 * n).to_bytes(4) + b"\x90" * 50_000 * n,
        lambda n: b"\x91\xdd" + (2_000 * n).to_bytes(4) + b"\x91\x90" * 2_000 * n,
        lambda n: packed([["" for _ in range(50_000 * n)], []]),
        lambda n: packed([["a" * 60] * 1_200 * n, [[[0, 0, 0, 1, k + 1, k, 1, 1, 1, {k: k}, {}, 0] for k in range(1_000 * n)]]]),
    ],
    ids=["spans", "line", "noted", "tags", "events", "text", "stack", "deep", "empty", "small", "texts", "rows"],
)  # fmt: skip
def test_large_odd_bodies_take_time_linear_in_their_size(body: Callable[[int], bytes]) -> None:
    def digest(sent: bytes) -> None:
        for version in ("v0.4", "v0.5", "v1.0"):
            headers = {"content-type": "application/msgpack"}
            try:
                found = datadog_traces.decode(WireRecord(RECEIVED_AT, f"/{version}/traces", "", headers, sent))
            except (Invalid, TooLarge):
                continue
            for event in found[:100]:
                if isinstance(event, Event):
                    assert len(msgspec.json.encode(scrub(limit(event)))) < 700_000

    assert_linear(digest, body, 8)


@pytest.mark.parametrize(
    "body",
    [
        lambda n: b'{"error":{"stack":{"frames":[' + b"{}," * 8_000 * n + b"{}]}}}",
        lambda n: b'{"error":{"threads":[' + b'{"stack":{"frames":[{}]}},' * 2_500 * n + b"{}]}}",
        lambda n: (
            b'{"error":{"experimental":{"runtime_stack":{"stacktrace_string":"'
            + b'  File \\"a\\", line 1 in f\\n' * 2_500 * n
            + b'"}}}}'
        ),
        lambda n: (
            b'{"error":{"message":"'
            + b"Process was terminated due to an unhandled exception of type '" * 1_000 * n
            + b'"}}'
        ),
        lambda n: b'{"ddtags":"' + b"uuid:1," * 10_000 * n + b'"}',
        lambda n: (
            b'{"request_type":"message-batch","payload":['
            + b'{"request_type":"logs","payload":[{"is_crash":true}]},' * 800 * n
            + b"{}]}"
        ),
    ],
    ids=["frames", "threads", "text", "message", "tags", "batch"],
)
def test_large_odd_reports_take_time_linear_in_their_size(body: Callable[[int], bytes]) -> None:
    def digest(sent: bytes) -> None:
        for event in datadog_errors.decode(WireRecord(RECEIVED_AT, body=sent))[:50]:
            if isinstance(event, Event):
                assert len(msgspec.json.encode(scrub(limit(event)))) < 700_000

    assert_linear(digest, body, 8)
