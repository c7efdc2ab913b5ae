from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.events.model import Event, Intake, Track
from errata.events.rows import (
    SEARCH_CUT,
    EventRow,
    FlatBounds,
    Payload,
    flatten,
    key_of,
    row_of,
    without_surrogates,
)
from errata.query.numbers import number_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=25,
)


def a_row(**changes) -> EventRow:
    named = {name: changes.pop(name) for name in ("bounds", "error_type_of_group") if name in changes}
    event = Event(**{"entry": 3, "received_at": 5000, "track": Track.LOGS, "intake": Intake.DD_LOGS, **changes})
    return row_of(
        event, batch=7, node=UUID(int=1), position=2**40, event_id=UUID(int=2), timestamp=4001, time_clamped=False,
        fingerprint=UUID(int=3), grouping_version=1, file_path="a.py", function_name="f", has_in_app=True,
        error_type=named.get("error_type_of_group"), bounds=named.get("bounds", FlatBounds()),
    )  # fmt: skip


def test_a_tests_robot_counts_as_nobody_and_is_still_named() -> None:
    person, robot = (a_row(usr_id="ann", session_id="s-1", is_of_test=it) for it in (False, True))

    assert person.usr_key
    assert person.session_key
    assert (robot.usr_key, robot.session_key) == (0, 0)
    assert (robot.usr_id, robot.session_id) == ("ann", "s-1")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, {}),
        ({"a": "x"}, {"a": ["x"]}),
        ({"a": {"b": {"c": "x"}}}, {"a.b.c": ["x"]}),
        ({"a": None, "b": {"c": None}}, {}),
        ({"a": ""}, {"a": [""]}),
        ({"a": []}, {"a": []}),
        ({"a": [None]}, {"a": []}),
        ({"a": ["x", None, "y"]}, {"a": ["x", "y"]}),
        ({"a": [["x"], [["y"]], []]}, {"a": ["x", "y"]}),
        ({"a": [{"n": "x"}, {"n": "y", "m": 1}]}, {"a.n": ["x", "y"], "a.m": ["1"]}),
        ({"a": [1, {"n": 2}]}, {"a": ["1"], "a.n": ["2"]}),
        ({"a.b": "x", "a": {"b": "y"}}, {"a.b": ["x", "y"]}),
        ({"a": True, "b": False}, {"a": ["true"], "b": ["false"]}),
        ({"a": 0, "b": -5, "c": 500.0, "d": 1.5, "e": -0.0}, {"a": ["0"], "b": ["-5"], "c": ["500"], "d": ["1.5"], "e": ["0"]}),
        ({"a": {}}, {}),
        ({"": {"": "x"}}, {".": ["x"]}),
    ],
)  # fmt: skip
def test_attributes_become_dotted_paths_with_their_elements(attributes, expected):
    assert flatten(attributes) == expected


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5))
def test_whatever_json_comes_its_texts_are_within_the_bounds(attributes):
    bounds = FlatBounds(max_keys=4, max_values=3, max_chars=5, max_depth=2)

    flat = flatten(attributes, bounds)

    assert len(flat) <= 4
    assert all(len(values) <= 3 and all(len(value) <= 5 for value in values) for values in flat.values())


@given(st.integers(min_value=-(2**53), max_value=2**53))
def test_equal_numbers_have_one_spelling(number):
    assert number_text(number) == number_text(float(number)) or abs(number) == 2**53


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_the_same(number):
    assert float(number_text(number)) == number


@pytest.mark.parametrize(
    ("bounds", "attributes"),
    [
        (FlatBounds(max_keys=1), {"a": 1, "b": 2}),
        (FlatBounds(max_values=1), {"a": [1, 2]}),
        (FlatBounds(max_chars=1), {"a": "xy"}),
        (FlatBounds(max_depth=1), {"a": {"b": {"c": 1}}}),
    ],
)
def test_what_a_bound_leaves_out_of_the_search_is_marked_and_stays_in_the_payload(bounds, attributes):
    row = a_row(attributes=attributes, bounds=bounds, cut=("message",))

    payload = msgspec.json.decode(row.payload, type=Payload)

    assert payload.cut == ("message", SEARCH_CUT)
    assert payload.attributes == attributes


def test_endless_nesting_ends_at_the_bound():
    deep: dict = {}
    for _ in range(100):
        deep = {"a": [deep]}

    assert flatten(deep) == {}


def test_times_are_seconds_exact_to_the_millisecond():
    row = a_row(received_at=1_763_596_800_123)

    assert msgspec.json.encode([row.timestamp, row.received_at]) == b"[4.001,1763596800.123]"


@pytest.mark.parametrize(
    ("who", "same_as"),
    [
        ({"usr_id": "a", "usr_email": "b"}, "a"),
        ({"usr_email": "b", "usr_anonymous_id": "c"}, "b"),
        ({"usr_anonymous_id": "c"}, "c"),
        ({"usr_name": "nobody in particular"}, ""),
    ],
)
def test_a_person_is_the_first_name_that_is_given(who, same_as):
    assert a_row(**who).usr_key == key_of(same_as)


def test_nobody_is_zero_and_somebody_is_not():
    assert key_of("") == 0
    assert key_of("u1") == 15378189911849802130  # stored: the same for ever
    assert 0 < key_of("broken \ud800") < 2**64


def test_the_grouping_names_the_error_where_the_event_does_not():
    assert a_row(error_type="KeyError").error_type == "KeyError"
    assert a_row(error_type="", error_type_of_group="Error").error_type == "Error"


def test_a_row_without_surrogates_can_be_encoded():
    row = a_row(message="x\ud800", tags=("\udfff",), attributes={"\ud800": ["\ud801", {"a": "\ud802"}]})

    clean = without_surrogates(row)

    assert msgspec.json.decode(msgspec.json.encode(clean), type=EventRow) == clean
    assert (clean.message, clean.tags, clean.attributes) == ("x?", ("?",), {"?": ["?"], "?.a": ["?"]})
