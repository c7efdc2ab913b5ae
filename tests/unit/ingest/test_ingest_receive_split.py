"""Bodies cut into entries: what is kept together, what is told apart, what is refused."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.base.errors import Invalid, TooLarge
from errata.ingest.wire.split import count_of, entries_of

JSON = "application/json"
DEEP = b"[" * 5000 + b"]" * 5000


def raws(body: bytes, content_type: str = JSON) -> list[bytes]:
    return [entry.raw for entry in entries_of(body, content_type)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b'[{"a":1}, {"b":2}]', [b'{"a":1}', b'{"b":2}'], id="array"),
        pytest.param(b" \n[ ] ", [], id="empty array"),
        pytest.param(b'{"a": 1}', [b'{"a": 1}'], id="object"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', [b'{"a":1}'], id="byte order mark"),
        pytest.param(b'{"a":1}{"b":[2]} {"c":"}"}', [b'{"a":1}', b'{"b":[2]}', b'{"c":"}"}'], id="objects in a row"),
        pytest.param(b'{"a":1}\r\n\n{"b":2}\n', [b'{"a":1}', b'{"b":2}'], id="an object a line"),
        pytest.param(b'{"a":1},\n{"b":2}', [b'{"a":1}', b'{"b":2}'], id="objects and commas without brackets"),
        pytest.param(b'{\n"a":1\n}\n{\n"b":2}', [b'{\n"a":1\n}', b'{\n"b":2}'], id="printed over lines"),
        pytest.param(b'[{"a":1},5,null,"text"]', [b'{"a":1}', b"5", b"null", b'"text"'], id="entries of other kinds"),
        pytest.param(
            b'[{"a":"\\ud800"},{"b":"]\\"}"}]', [b'{"a":"\\ud800"}', b'{"b":"]\\"}"}'], id="half a surrogate pair"
        ),
        pytest.param(b'[{"a":NaN},{"b":2}]', [b'{"a":NaN}', b'{"b":2}'], id="not a number"),
        pytest.param(b'[{"a":nope},{"b":2}]', [b'{"a":nope}', b'{"b":2}'], id="one entry is no JSON"),
        pytest.param(b'[{"a":' + DEEP + b'},{"b":2}]', [b'{"a":' + DEEP + b"}", b'{"b":2}'], id="one entry too deep"),
        pytest.param(b'[{"a":1},]', [b'{"a":1}'], id="comma at the end"),
        pytest.param(b'{"a":1}\n{"b":\n{"c":3}', [b'{"a":1}', b'{"b":', b'{"c":3}'], id="a line without an end"),
        pytest.param(b'[{"a":"\x00\n"},{"b":2}]', [b'{"a":"\x00\n"}', b'{"b":2}'], id="raw control characters"),
        pytest.param(b'["one","two"]', [b'"one"', b'"two"'], id="array of texts"),
    ],
)
def test_json_is_cut_into_its_entries(body: bytes, expected: list[bytes]) -> None:
    assert raws(body) == expected


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b'[{"a":1}', "not JSON"),
        (b'[{"a":1}] x', "not JSON"),
        (b'[{"a":1}][{"a":1}]', "not JSON"),
        (b'{"a":1', "not JSON"),
        (b'[{"a":nope}]', "not JSON"),
        (b"[1,2]", "No entry"),
        (b"[null]", "No entry"),
        (b"[,]", "not JSON"),
        (DEEP, "too deep"),
        (b"[" * 100_000, "too deep"),
        (b'{"a":' * 100_000, "too deep"),
        (b"hello", "not JSON"),
        (b"42", "not JSON"),
        (b'"text"', "not JSON"),
        (b"\x1f\x8b\x08\x00", "looks like gzip"),
        (b"\xff\xfe[\x00]\x00", "not JSON"),
        (b"\x00[]", "not JSON"),
    ],
)
def test_a_body_without_a_usable_entry_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        entries_of(body, JSON)


def test_text_is_cut_into_lines_and_json_lines_are_told_from_text() -> None:
    entries = entries_of(b'plain\r\n\n{"a":1}\n{not json\n[2026] started', "text/plain; charset=utf-8")

    assert [(e.index, e.raw, e.is_text) for e in entries] == [
        (0, b"plain", True),
        (1, b'{"a":1}', False),
        (2, b"{not json", True),
        (3, b"[2026] started", True),
    ]


def test_json_sent_as_text_is_json() -> None:
    assert [e.is_text for e in entries_of(b'[{"a":1},\n{"b":2}]', "text/plain")] == [False, False]
    assert [e.is_text for e in entries_of(b'{\n"a":1}', "text/plain")] == [False]


def test_logplex_frames_are_counted_and_lines_otherwise() -> None:
    framed = b"".join(b"%d %s" % (len(f), f) for f in (b"<40>1 - a b - x\n", b"<40>1 - a b - two\nlines"))

    assert raws(framed, "application/logplex-1") == [b"<40>1 - a b - x", b"<40>1 - a b - two\nlines"]
    assert raws(b"99 <40>1 short\nnext", "application/logplex-1") == [b"99 <40>1 short", b"next"]


def test_hostile_bodies_take_linear_time() -> None:
    for body in (b'["' + b'\\"' * 500_000, b"[" + b"[]" * 500_000, b'{"' * 500_000, b"[" + b'"' * 500_001):
        with pytest.raises(Invalid):
            entries_of(body, JSON)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=4), json_values, min_size=0, max_size=4)


@settings(max_examples=200)
@given(st.lists(objects, min_size=1, max_size=6), st.integers(0, 5))
def test_a_spoilt_entry_never_moves_its_neighbours(entries: list[dict[str, object]], spoilt: int) -> None:
    parts = [json.dumps(entry).encode() for entry in entries]
    parts.insert(min(spoilt, len(parts)), b'{"x":"\\udc00]},"}')

    assert raws(b"[" + b" ,".join(parts) + b"]") == parts
    assert raws(b"".join(parts)) == parts


@settings(max_examples=300)
@given(
    st.text(alphabet='[]{}",:\\ \n1aé\x00', max_size=40),
    st.sampled_from([JSON, "text/plain", "application/logplex-1", ""]),
)
def test_nothing_but_invalid_is_raised(text: str, content_type: str) -> None:
    try:
        entries = entries_of(text.encode(), content_type)
    except Invalid:
        return
    assert [entry.index for entry in entries] == list(range(len(entries)))


@settings(max_examples=200)
@given(st.text(alphabet='[]{}",:1a \n', max_size=30), st.sampled_from([JSON, "text/plain"]))
def test_counting_agrees_with_cutting(text: str, content_type: str) -> None:
    def outcome(count: Callable[[bytes, str], int]) -> int | str:
        try:
            return count(text.encode(), content_type)
        except Invalid as error:
            return error.message

    assert outcome(count_of) == outcome(lambda body, kind: len(entries_of(body, kind)))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"a\n" * 1_000_000, "text/plain", id="lines"),
        pytest.param(b'{"a":1}\n' * 300_000, JSON, id="objects, one a line"),
        pytest.param(b'{"a":1}\n' * 300_000, "text/plain", id="objects, one a line, as text"),
        pytest.param(b"{}" * 1_000_000, JSON, id="objects in a row"),
        pytest.param(b"[nope," + b"{}," * 700_000 + b"{}]", JSON, id="a damaged array"),
        pytest.param(b"[" + b'"",' * 1_000_000 + b'""]', JSON, id="texts in an array"),
        pytest.param(b"[" + b"[]," * 1_000_000 + b"[]]", JSON, id="arrays in an array"),
        pytest.param(b"[" + b"{}," * 1_000_000 + b"{}]", "text/plain", id="an array as text"),
        pytest.param(b"3 <1>" * 400_000, "application/logplex-1", id="frames"),
    ],
)
def test_millions_of_entries_are_refused_before_each_takes_memory(body: bytes, content_type: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="at most 1000"):
            count_of(body, content_type, 1000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 2 * len(body)


@pytest.mark.parametrize("count", [1, 999, 1000])
def test_large_entries_with_many_members_are_counted_up_to_the_bound(count: int) -> None:
    entry = b'{"m":[' + b"1," * (60_000 // count) + b"1]}"

    assert count_of(b"[" + b",".join([entry] * count) + b"]", JSON, 1000) == count
    with pytest.raises(TooLarge):
        count_of(b"[" + b",".join([entry] * 1001) + b"]", JSON, 1000)
