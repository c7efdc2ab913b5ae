"""Tests on times as spans of whole milliseconds: the same instants pass as by the evaluator."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from errata.query.bind import Between, Fits, Limit, OneOf, Present
from errata.query.match import holds
from errata.query.spans import MOST, spans_of

WHOLE = st.integers(-(10**6), 10**6)
BOUNDS = st.one_of(
    WHOLE.map(float), st.floats(-(10.0**6), 10.0**6), st.sampled_from([float("inf"), -float("inf"), 1e300])
)
LIMITS = st.one_of(st.none(), st.builds(Limit, BOUNDS, st.booleans()))
TESTS = st.one_of(
    st.builds(Between, LIMITS, LIMITS).filter(lambda test: test.low or test.high),
    st.lists(st.one_of(WHOLE.map(str), st.sampled_from(["", "05", "5.0", "x", "-0", "9" * 400])), max_size=3).map(
        lambda texts: OneOf(tuple(texts))
    ),
)


@given(test=TESTS, at=WHOLE)
def test_an_instant_lies_in_a_span_just_where_it_passes_the_test(test, at):
    assert any(first <= at <= last for first, last in spans_of(test)) == holds(str(at), test)


@given(test=TESTS)
def test_spans_are_in_order_and_within_what_can_be_stored(test):
    assert all(-MOST <= first <= last <= MOST for first, last in spans_of(test))


def test_tests_on_texts_have_no_spans():
    assert spans_of(Fits("1*")) is None
    assert spans_of(Present()) is None
    assert spans_of(Between(Limit("a", included=True), None)) is None
