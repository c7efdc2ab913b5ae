from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.events.model import Cause, Event, Intake, Minified, Track
from errata.events.symbolicate import restored, symbolicated
from errata.grouping.versions import group
from errata.sourcemaps.model import Spot, Unmapped, Why
from errata.sourcemaps.symbolicator import Seen
from errata.stacks.javascript_text import text_of
from errata.stacks.model import ExceptionBlock, Frame, Relation, StackTrace
from errata.stacks.parse import parse

URL = "https://shop.example/m.js"
STACK = f"TypeError: no price\n  at a @ {URL}:1:20\n  at Array.map @ <anonymous>\n  at b @ {URL}:1:90"


@dataclass
class Known:
    """Places by line and column of the one file that has a map."""

    spots: dict[tuple[int, int], Spot] = field(default_factory=dict)

    def places(self, _service: str, _version: str, frames: Sequence[Frame], *_: object, **__: object) -> list[Seen]:
        return [self._seen(frame) for frame in frames]

    def _seen(self, frame: Frame) -> Seen:
        if frame.file != URL:
            return None
        return self.spots.get((frame.line or 0, frame.column or 0), Unmapped(Why.NOT_COVERED, "nothing there"))


KNOWN = Known(
    {
        (1, 20): Spot("src/cart.ts", 12, 22, "lineTotal", "  return line.price"),
        (1, 90): Spot("node_modules/lib/index.js", 7, 1, "run", is_ignored=True),
        (1, 50): Spot("src/(shop)/page.tsx", 3, 4, ""),
    }
)


def an_event(**changes: object) -> Event:
    whole: dict[str, object] = {
        "entry": 0,
        "received_at": 0,
        "track": Track.RUM,
        "intake": Intake.DD_RUM,
        "service": "shop",
        "version": "1",
        "language": "javascript",
        "error_type": "TypeError",
        "error_message": "no price",
        "error_stack": STACK,
    }
    return Event(**(whole | changes))


def mapped(event: Event) -> Event:
    found = symbolicated(event, parse(event.error_stack, event.language), KNOWN)
    assert found is not None
    return found.event


def test_stack_is_told_by_its_source_and_what_came_is_kept() -> None:
    event = mapped(an_event())

    assert event.error_stack == (
        "TypeError: no price\n    at lineTotal (src/cart.ts:12:22)\n    at Array.map (<anonymous>)\n"
        "    at run (node_modules/lib/index.js:7:1)"
    )
    assert event.minified == Minified(stack=STACK)
    assert restored(event) == an_event()


def test_grouping_goes_by_the_source() -> None:
    event = an_event()
    found = symbolicated(event, parse(STACK, "javascript"), KNOWN)

    grouping = group(found.event, found.trace)

    assert (grouping.file_path, grouping.function_name, grouping.has_in_app) == ("src/cart.ts", "lineTotal", True)
    assert grouping.fingerprint != group(event, parse(STACK, "javascript")).fingerprint
    assert grouping == group(found.event, parse(found.event.error_stack, "javascript"))


def test_structured_calls_lose_their_senders_mark_and_get_their_line() -> None:
    frames = (
        Frame("a", URL, "", 1, 20, in_app=True),
        Frame("b", URL, "", 1, 90, in_app=True),
        Frame("c", URL, "", 9, 9, in_app=True),
    )
    event = mapped(an_event(frames=frames, error_stack=""))

    assert event.frames == (
        Frame("lineTotal", "src/cart.ts", "", 12, 22, context="  return line.price"),
        Frame("run", "node_modules/lib/index.js", "", 7, 1, in_app=False),
        frames[2],
    )
    assert event.minified.frames == frames


def test_causes_are_told_too() -> None:
    cause = Cause("SyntaxError", "bad", f"SyntaxError: bad\n  at a @ {URL}:1:20", (), Relation.CAUSE)
    event = mapped(
        an_event(error_stack="TypeError: no price\n  at x @ https://other.example/n.js:1:1", causes=(cause,))
    )

    assert event.causes[0].stack == "SyntaxError: bad\n    at lineTotal (src/cart.ts:12:22)"
    assert event.minified.causes == (cause,)


def test_function_that_the_map_does_not_tell_keeps_its_name() -> None:
    event = mapped(an_event(error_stack=f"TypeError: no\n  at Q @ {URL}:1:50"))

    assert event.error_stack == "TypeError: no\n    at Q (src/(shop)/page.tsx:3:4)"
    assert parse(event.error_stack, "javascript").primary.frames[0].file == "src/(shop)/page.tsx"


@pytest.mark.parametrize(
    "changes",
    [
        {"error_stack": "TypeError: no\n  at a @ https://other.example/n.js:1:1"},
        {"error_stack": f"TypeError: no\n  at a @ {URL}:7:7"},
        {"error_stack": ""},
        {"language": "python", "error_stack": 'Traceback (most recent call last):\n  File "m.js", line 1, in a\nE: no'},
    ],
)
def test_error_without_a_mapped_call_stays_as_it_is(changes: dict[str, object]) -> None:
    event = an_event(**changes)

    assert symbolicated(event, parse(event.error_stack, event.language), KNOWN) is None
    assert restored(event) is event


_NAMES = st.from_regex(r"[A-Za-z_$][\w$.]{0,12}", fullmatch=True)
_FRAMES = st.builds(
    Frame,
    _NAMES | st.just("<anonymous>"),
    st.from_regex(r"(?:src/)?[a-z(][\w()@+-]{0,10}/[a-z]{1,8}\.tsx?", fullmatch=True),
    st.just(""),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
)
_ERROR = st.from_regex(r"[A-Z][a-z]{1,8}Error", fullmatch=True)
_MESSAGE = st.from_regex(r"[a-z]{1,8}( [a-z]{1,8}){0,3}", fullmatch=True)


def _blocks(relation: Relation) -> st.SearchStrategy[ExceptionBlock]:
    frames = st.lists(_FRAMES, min_size=1, max_size=4, unique_by=lambda frame: (frame.line, frame.column)).map(tuple)
    return st.builds(ExceptionBlock, _ERROR, _MESSAGE, frames, st.just(relation))


@given(
    primary=_blocks(Relation.PRIMARY),
    causes=st.lists(_blocks(Relation.CAUSE), max_size=2),
    members=st.lists(_blocks(Relation.MEMBER), max_size=2),
)
def test_text_of_a_trace_is_read_as_the_trace(
    primary: ExceptionBlock, causes: list[ExceptionBlock], members: list[ExceptionBlock]
) -> None:
    trace = StackTrace("javascript", (primary, *members, *causes))

    assert parse(text_of(trace), "javascript") == trace
