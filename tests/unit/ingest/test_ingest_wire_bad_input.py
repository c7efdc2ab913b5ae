"""Whatever comes in, a decoder answers with events, refusals or `Invalid`, and in bounded time."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.base.errors import Invalid
from errata.events.limits import limit
from errata.events.model import Event
from errata.events.scrub import scrub
from errata.ingest.wire import reserved
from errata.ingest.wire.datadog_logs import decode
from errata.ingest.wire.json_text import CHARACTERS, DEPTH, MAX_DEPTH, NUMBERS, decode_json
from errata.ingest.wire.model import Reject, WireRecord
from growth import assert_linear

TYPES = ("application/json", "text/plain", "application/logplex-1", "", "application/octet-stream")
NAMES = st.sampled_from(
    sorted({part for name in reserved._NAMES for part in (name, *name.split("."))} | {"contextMap", "other"})
)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=6),
    max_leaves=30,
)
ENTRIES = st.dictionaries(NAMES, VALUES | VALUES.map(json.dumps), max_size=10)


def record(body: bytes, content_type: str = "application/json", query: str = "") -> WireRecord:
    return WireRecord(1795192030543, "/api/v2/logs", query, {"content-type": content_type}, body)


def outcomes_of(given_record: WireRecord) -> list[Event | Reject]:
    try:
        return decode(given_record)
    except Invalid:
        return []


@given(st.lists(ENTRIES, max_size=4) | ENTRIES | VALUES, st.sampled_from(TYPES), st.text(max_size=60))
def test_any_json_is_decoded_bounded_scrubbed_and_can_be_written(value: object, content_type: str, query: str) -> None:
    for outcome in outcomes_of(record(json.dumps(value).encode(), content_type, query)):
        if isinstance(outcome, Event):
            kept = scrub(limit(outcome), cards=True, emails=True)
            assert json.loads(msgspec.json.encode(kept))["entry"] == outcome.entry
            assert "\0" not in kept.message + kept.service + kept.error_type + kept.error_stack


@given(st.binary(max_size=300), st.sampled_from(TYPES))
def test_any_bytes_are_decoded_or_invalid(body: bytes, content_type: str) -> None:
    outcomes_of(record(body, content_type))


@given(st.binary(max_size=60))
def test_a_broken_entry_leaves_its_neighbours_alone(inside: bytes) -> None:
    quoted = inside.replace(b"\\", b"").replace(b'"', b"")
    body = b'[{"message":"first"},{"message":"' + quoted + b'\\ud800"},{"message":"last"}]'

    outcomes = decode(record(body))

    assert [(o.entry, o.message) for o in (outcomes[0], outcomes[-1]) if isinstance(o, Event)] == [
        (0, "first"),
        (2, "last"),
    ]


@pytest.mark.parametrize(
    ("raw", "value", "marks"),
    [
        ('{"a":"\\ud800"}', {"a": "\ufffd"}, (CHARACTERS,)),
        ('{"a":"\\udc00\\ud83d\\ude00"}', {"a": "\ufffd\U0001f600"}, (CHARACTERS,)),
        ('{"a":"\\\\ud800"}', {"a": "\\ud800"}, ()),
        ('{"a":"\\u0000"}', {"a": "\ufffd"}, (CHARACTERS,)),
        (b'{"a":"\xff\x00"}', {"a": "\ufffd\ufffd"}, (CHARACTERS,)),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}, ()),
        ('{"a":"line\nend"}', {"a": "line\nend"}, ()),
        ('{"a":NaN,"b":-Infinity,"c":1e999}', {"a": None, "b": None, "c": None}, (NUMBERS,)),
        ('{"a":' + "9" * 5000 + "}", {"a": None}, (NUMBERS,)),
    ],
)
def test_what_a_strict_reader_refuses_is_saved_and_marked(
    raw: str | bytes, value: object, marks: tuple[str, ...]
) -> None:
    assert decode_json(raw) == (value, marks)


@pytest.mark.parametrize("raw", ["", "{", '{"a":}', '{"a":"', "[1,]", "nul", b"\xff", '"\\'])
def test_what_is_no_json_is_invalid(raw: str | bytes) -> None:
    with pytest.raises(Invalid):
        decode_json(raw)


def test_nesting_beyond_reading_becomes_null_with_a_mark() -> None:
    deep = b'{"keep":"[not a bracket","deep":' + b"[" * 100_000 + b"1" + b"]" * 100_000 + b',"after":2}'

    _, event = decode(record(b'[{"message":"first"},{"message":"m","a":' + deep + b"}]"))

    assert isinstance(event, Event)
    assert event.cut == (DEPTH,)
    inner = event.attributes["a"]
    assert isinstance(inner, dict)
    assert (inner["keep"], inner["after"]) == ("[not a bracket", 2)
    levels, value = 0, inner["deep"]
    while isinstance(value, list) and value:
        levels, value = levels + 1, value[0]
    assert (levels, value) == (MAX_DEPTH - 2, None)


@pytest.mark.parametrize(
    "body",
    [
        lambda n: (
            b'{"message":"m","status":"error","a":{'
            + b",".join(b'"k%d":%d' % (i, i) for i in range(37_500 * n))
            + b"}}"
        ),
        lambda n: b'{"message":"' + b"x" * 625_000 * n + b'"}',
        lambda n: b'{"message":"' + b"\\\\ud800" * 75_000 * n + b'\\ud800"}',
        lambda n: b'{"message":"\\ud800' + b'\\"' * 250_000 * n + b'"}',
        lambda n: b'{"message":"{' + b'\\"a\\":[' * 50_000 * n + b'}"}',
        lambda n: b'{"error.stack":"' + b"password: " * 50_000 * n + b'"}',
        lambda n: b'{"message":"' + b"://a:" * 112_500 * n + b'"}',
        lambda n: b'{"ddtags":"' + b"a," * 250_000 * n + b'"}',
        lambda n: b'{"message":"\\ud800","a":"' + b'\\"' * 250_000 * n,
    ],
    ids=["many keys", "long text", "escapes", "quotes", "json in message", "passwords", "addresses", "tags", "no end"],
)
def test_large_odd_bodies_take_time_linear_in_their_size(body: Callable[[int], bytes]) -> None:
    def digest(sent: bytes) -> None:
        for outcome in outcomes_of(record(sent)):
            if isinstance(outcome, Event):
                assert len(msgspec.json.encode(scrub(limit(outcome)))) < 600_000

    assert_linear(digest, body, 8)


def test_a_string_without_an_end_is_refused_in_time_linear_in_its_size() -> None:
    def refuse(text: bytes) -> None:
        with pytest.raises(Invalid):
            decode_json(text)

    assert_linear(refuse, lambda quotes: b'{"message":"\\ud800","a":"' + b'\\"' * quotes, 100_000)


@given(st.sets(st.sampled_from(sorted(set(reserved._NAMES) - set(reserved.STATUS + reserved.LOGGER_STATUS)))))
def test_every_value_of_an_entry_is_found_again(names: set[str]) -> None:
    entry = {name: f"value-{number}-" for number, name in enumerate(names)}

    (event,) = decode(record(json.dumps(entry).encode()))

    shown = msgspec.json.encode(event).decode()
    assert all(value in shown for value in entry.values())
