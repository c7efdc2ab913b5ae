"""No stack, path or name makes grouping raise or take long."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.events.model import Event, Intake, Track
from errata.grouping.explain import explain
from errata.grouping.versions import CURRENT, group
from errata.stacks.model import ExceptionBlock, Frame, Relation, StackTrace
from growth import assert_linear

NAMES = st.one_of(
    st.text(max_size=30),
    st.lists(st.sampled_from(["/", "\\", ".", "$", "$$", "<", "block in ", "closure #1 in ", ".func1", "::", "{{closure}}", "<A>b__0", "MoveNext", "+<A>d__1", "/<", "->", "(", ">", "<lambda>", "lambda$", "0x1", "v1.2", "app", "home", "folders", "var", ".js",
                              "node_modules", "site-packages", "://", "webpack:///", "?", "#", "@", "-", "1", "java.", "\ud800"]), max_size=12).map("".join),
)  # fmt: skip
FRAMES = st.builds(
    Frame, NAMES, NAMES, NAMES, st.none() | st.integers(0, 99), in_app=st.sampled_from([None, None, True, False])
)
OTHERS = ("go", "ruby", "php", "csharp", "rust", "swift", "c++", "dart", "elixir")
LANGUAGES = st.sampled_from(["", "python", "java", "javascript", "kotlin", *OTHERS])
SHAPES = ("a-", "a_", "-a", "a.", "1.", "1-", "v1", "/", "a/", "../", "\\", "$", "$1", "<", "<a", "<>", "[", "[a", "(", "@", "a@", "0x", "webpack:/", "://", "a1B2", "~/", "closure #1 in ", "block in ", ".func1", "::{closure", "<a>b__", "{", "[clone ", "-fun-", "::", "->")  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.lists(FRAMES, max_size=5),
    st.lists(st.tuples(st.lists(FRAMES, max_size=4), st.sampled_from(Relation)), max_size=4),
    LANGUAGES,
    st.text(max_size=20),
    st.booleans(),
)
def test_any_trace_is_grouped_and_explained(primary, others, language, text, structured):
    blocks = [
        ExceptionBlock(text, text, tuple(frames), relation)
        for frames, relation in others
        if relation is not Relation.PRIMARY
    ]
    trace = StackTrace(language, (*blocks, ExceptionBlock(text, text, tuple(primary))))
    event = Event(
        entry=0,
        received_at=0,
        track=Track.LOGS,
        intake=Intake.DD_LOGS,
        service=text,
        language=language,
        frames=tuple(primary) if structured else (),
    )

    grouping = group(event, trace)

    assert explain(event, trace, CURRENT).fingerprint == grouping.fingerprint == group(event, trace).fingerprint


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("language", ["python", "java", "javascript", "", *OTHERS])
@pytest.mark.parametrize("size", [480, 40_000], ids=["within the limits", "beyond the limits"])
def test_long_odd_names_take_time_linear_in_their_length(size, shape, language):
    numbers = count()

    def group_one(text):
        name = f"{text}!{next(numbers)}"  # another one each time: grouping remembers names
        event = Event(
            entry=0,
            received_at=0,
            track=Track.LOGS,
            intake=Intake.DD_LOGS,
            error_type=name,
            error_message=name,
            language=language,
            frames=(Frame(name, name, name), Frame(name, name + ".js", name)),
        )
        group(event, None)

    assert_linear(group_one, lambda length: (shape * length)[:length], size)
