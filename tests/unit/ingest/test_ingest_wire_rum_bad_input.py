"""Whatever a RUM request holds, the decoder answers with events, refusals and counts or `Invalid`, in bounded time."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.base.errors import Invalid, TooLarge
from errata.events.limits import limit
from errata.events.model import Event
from errata.events.rows import flatten
from errata.events.scrub import scrub
from errata.ingest.wire.datadog_rum import alone, decode, split
from errata.ingest.wire.model import Found, Ignored, Reject, WireRecord
from growth import assert_linear

ERROR = b'{"type":"error","service":"web","error":{"id":"e","message":"m","source":"source"}}'
NAMES = st.sampled_from(
    [
        "type",
        "error",
        "message",
        "stack",
        "source",
        "id",
        "handling",
        "causes",
        "fingerprint",
        "is_crash",
        "threads",
        "session",
        "usr",
        "view",
        "url",
        "context",
        "team",
        "_dd",
        "trace_id",
        "debug_ids",
        "ddtags",
        "service",
        "version",
        "date",
        "application",
        "source_type",
        "action",
        "other",
    ]
)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    [
        "error",
        "view",
        "source",
        "network",
        "https://a.example/%00?a=%00&b",
        'Uncaught "x"',
        'Provided "\\ud800"',
        "Uncaught ",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=6),
    max_leaves=30,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=8)
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["error", "error", "error", "view"])},
    optional=dict.fromkeys(("error", "session", "view", "usr", "context", "_dd", "application"), OBJECTS | VALUES)
    | {"service": TEXTS, "source": TEXTS, "ddtags": TEXTS, "date": VALUES},
)


def outcomes_of(body: bytes, query: str = "") -> list[Found]:
    try:
        return decode(WireRecord(1795192030543, "/api/v2/rum", query, {}, body))
    except Invalid:
        return []


@given(st.lists(EVENTS | OBJECTS | VALUES, max_size=5), st.text(max_size=60))
def test_any_json_is_decoded_bounded_scrubbed_and_can_be_written(values: list[object], query: str) -> None:
    body = "\n".join(map(json.dumps, values)).encode()

    outcomes = outcomes_of(body, query)

    for outcome in outcomes:
        if isinstance(outcome, Event):
            kept = scrub(limit(outcome), cards=True, emails=True)
            written = json.loads(msgspec.json.encode(kept))
            assert written["entry"] == outcome.entry
            assert "\0" not in json.dumps(written, ensure_ascii=False)
            flatten(kept.attributes)
    assert outcomes == outcomes_of(body, query)


@given(st.lists(EVENTS | VALUES, min_size=1, max_size=5))
def test_every_entry_is_accounted_for_once(values: list[object]) -> None:
    body = json.dumps(values).encode()

    outcomes = outcomes_of(body)

    if outcomes:
        pieces = sum(one.count if isinstance(one, Ignored) else 1 for one in outcomes)
        assert pieces == len(values)
        named = [one.entry for one in outcomes if not isinstance(one, Ignored)]
        assert len(set(named)) == len(named)


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_invalid(body: bytes) -> None:
    outcomes_of(body)


@given(st.binary(max_size=60).filter(lambda line: b"\n" not in line))
def test_a_broken_line_leaves_its_neighbours_alone(line: bytes) -> None:
    outcomes = outcomes_of(ERROR + b"\n" + line + b"\n" + ERROR)

    assert sum(isinstance(one, Event) for one in outcomes) >= 2


@given(st.lists(st.sampled_from([ERROR, b'{"type":"view"}', b"{no json"]), min_size=1, max_size=6))
def test_a_refused_entry_is_refused_alone_again(lines: list[bytes]) -> None:
    body = b"\n".join([ERROR, *lines])
    record = WireRecord(1795192030543, "/api/v2/rum", "", {}, body)

    for outcome in decode(record):
        if isinstance(outcome, Reject):
            assert outcome.raw == alone(record, outcome.entry)
            assert outcomes_of(outcome.raw) == []


def test_more_entries_than_allowed_are_too_many() -> None:
    with pytest.raises(TooLarge):
        split(b"\n".join([ERROR] * 11), 10)
    assert len(split(b"\n".join([ERROR] * 10), 10)) == 10


@pytest.mark.parametrize("body", [b"", b" \n ", b"plain text", b"5", b'"text"', b"[1,2]", b"\x1f\x8b\x08broken"])
def test_a_body_without_any_object_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        decode(WireRecord(0, body=body))


@pytest.mark.parametrize(
    "body",
    [
        lambda n: b"\n".join([ERROR] * 500 * n),
        lambda n: b"\n".join([b"x"] * 1_500 * n + [b"{"] * 500 * n) + b"\n" + ERROR,
        lambda n: b'{"type":"error","error":{"message":"' + b"x" * 100_000 * n + b'","source":"source"}}',
        lambda n: (
            b'{"type":"error","error":{"message":"Uncaught \\"'
            + b"\\\\u00e9" * 12_000 * n
            + b'\\"","source":"source"}}'
        ),
        lambda n: (
            b'{"type":"error","error":{"message":"m","source":"source","threads":'
            + b"[" * 20_000 * n
            + b"]" * 20_000 * n
            + b"}}"
        ),
        lambda n: b'{"type":"error","error":{"message":"m","causes":[' + b'{"message":"c"},' * 5_000 * n + b"{}]}}",
        lambda n: b'{"type":"error","error":{"message":"m"},"view":{"url":"http://a/?' + b"a=1&" * 20_000 * n + b'"}}',
        lambda n: (
            b'{"type":"error","error":{"message":"m"},"context":{'
            + b",".join(b'"k%d":{}' % k for k in range(5_000 * n))
            + b"}}"
        ),
        lambda n: b"\n".join(
            b'{"type":"view","session":{"id":"%d"},"usr":{"id":"%d"}}' % (k, k) for k in range(1_000 * n)
        ),
    ],
    ids=["errors", "lines", "message", "thrown", "nesting", "causes", "address", "context", "views"],
)
def test_large_odd_bodies_take_time_linear_in_their_size(body: Callable[[int], bytes]) -> None:
    def digest(sent: bytes) -> None:
        for outcome in outcomes_of(sent):
            if isinstance(outcome, Event):
                assert len(msgspec.json.encode(scrub(limit(outcome)))) < 700_000

    assert_linear(digest, body, 8)
