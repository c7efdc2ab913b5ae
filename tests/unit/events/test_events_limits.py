"""Events are cut to their bounds, and say so."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.events.limits import TOO_DEEP, Limits, cut_middle, limit
from errata.events.model import Cause, Event, Intake, Track
from errata.stacks.model import Frame
from errata.stacks.parse import parse


def event(**fields: object) -> Event:
    return Event(entry=0, received_at=0, track=Track.LOGS, intake=Intake.DD_LOGS, **fields)  # type: ignore[arg-type]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5),
    max_leaves=60,
)


def test_an_event_within_its_bounds_is_left_alone() -> None:
    small = event(message="m", attributes={"a": {"b": [1, "x"]}}, tags=("env:prod",), causes=(Cause(type="E"),))

    assert limit(small) is small


@pytest.mark.parametrize(
    ("field", "name", "most"),
    [
        ("message", "message", 65536),
        ("error_message", "error.message", 16384),
        ("service", "service", 100),
        ("version", "version", 200),
        ("error_type", "error.type", 300),
        ("usr_email", "usr.email", 320),
    ],
)
def test_a_text_loses_its_end_and_is_named(field: str, name: str, most: int) -> None:
    cut = limit(event(**{field: "é" * most}, cut=("characters",)))

    assert getattr(cut, field) == "é" * (most // 2)
    assert cut.cut == ("characters", name)
    assert limit(event(**{field: "e" * most})).cut == ()


def test_a_stack_loses_its_middle() -> None:
    lines = [f"  frame number {number}" for number in range(10_000)]

    cut = limit(event(error_stack="\n".join(lines)))

    kept = cut.error_stack.split("\n")
    assert len(cut.error_stack) <= 65536
    assert kept[0] == lines[0]
    assert kept[-1] == lines[-1]
    foreign = set(kept) - set(lines)
    assert ["bytes left out" in line for line in foreign] == [True]
    assert cut.cut == ("error.stack",)


def test_a_message_longer_than_the_bound_keeps_the_type_that_it_begins_with() -> None:
    calls = 'Traceback (most recent call last):\n  File "/srv/shop/app.py", line 3, in pay\n    raise Refused(text)\n'

    cut = limit(event(error_stack=f"{calls}shop.Refused: {'much text ' * 20_000}"))

    trace = parse(cut.error_stack, "python")
    assert trace is not None
    assert (trace.primary.type, trace.primary.message[:15]) == ("shop.Refused", "much text much ")
    assert [frame.function for frame in trace.primary.frames] == ["pay"]


@given(st.text(max_size=400), st.integers(70, 200))
def test_a_cut_middle_is_never_longer_than_asked(text: str, most: int) -> None:
    assert len(cut_middle(text, most).encode()) <= most


def test_attributes_keep_their_first_keys() -> None:
    cut = limit(event(attributes={f"k{number}": number for number in range(1_000)}))

    assert list(cut.attributes) == [f"k{number}" for number in range(256)]
    assert cut.cut == ("attributes",)


def test_one_long_attribute_does_not_push_out_the_others() -> None:
    cut = limit(event(attributes={"long": "x" * 1_000_000, "short": 1}))

    assert cut.attributes["short"] == 1
    assert cut.attributes["long"] == "x" * 16384


def test_deep_attributes_end_in_a_mark() -> None:
    nested: dict[str, object] = {"end": 1}
    for _ in range(900):
        nested = {"a": nested}

    cut = limit(event(attributes=nested))

    assert msgspec.json.encode(cut.attributes).count(b"{") == 10
    assert TOO_DEEP.encode() in msgspec.json.encode(cut.attributes)


def test_brackets_and_colons_inside_texts_are_not_counted() -> None:
    fine = event(attributes={"a": '{"b":[' * 400})

    assert limit(fine) is fine


def test_lists_of_things_are_shortened() -> None:
    frames = tuple(Frame(function=str(number)) for number in range(2_000))

    cut = limit(
        event(
            tags=tuple(f"tag:{number}" for number in range(300)),
            team=("t" * 500,),
            causes=tuple(Cause(type="E", stack="line\n" * 10_000) for _ in range(30)),
            frames=frames,
        )
    )

    assert (len(cut.tags), len(cut.team[0]), len(cut.causes), len(cut.frames)) == (100, 200, 10, 500)
    assert len(cut.causes[0].stack) <= 16384
    assert (cut.frames[0], cut.frames[-1]) == (frames[0], frames[-1])
    assert cut.cut == ("tags", "team", "error.frames", "error.causes")


@given(st.dictionaries(st.text(max_size=20), JSON, max_size=8))
def test_small_bounds_hold_for_any_attributes(attributes: dict[str, object]) -> None:
    bounds = Limits(attributes_bytes=200, max_keys=6, max_depth=3)

    kept = limit(event(attributes=attributes), bounds)

    assert kept.cut in ((), ("attributes",))
    assert (kept.attributes == attributes) or kept.cut
    assert _keys(kept.attributes) <= 6
    assert _depth(kept.attributes) <= 3
    again = limit(kept, bounds)
    assert _keys(again.attributes) <= _keys(kept.attributes)


def _keys(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_keys, value.values()))
    return sum(map(_keys, value)) if isinstance(value, list) else 0


def _depth(value: object) -> int:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(_depth, inner), default=0)
    return 0


_NESTED = st.recursive(
    st.none() | st.text(alphabet='[]{}"\\a:', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='[]{}"\\a', max_size=3), inner, max_size=3)
    ),
    max_leaves=40,
)


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(st.dictionaries(st.text(max_size=3), _NESTED, max_size=4), st.integers(1, 6))
def test_depth_is_bounded_to_the_level_whatever_brackets_stand_in_texts(details: dict[str, object], most: int) -> None:
    limited = limit(event(details=details), Limits(max_depth=most))

    assert depth_of(limited.details) <= most
    assert (limited.details == details) == (depth_of(details) <= most)
