"""Source lines that came with an error."""

from __future__ import annotations

import pytest

from errata.events.model import Event, Intake, Json, Track
from errata.events.sources import lines_around


def around(sources: Json) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    return lines_around(
        Event(entry=0, received_at=0, track=Track.LOGS, intake=Intake.SENTRY, details={"sources": sources})
    )


def test_lines_stand_under_the_index_of_their_call() -> None:
    assert around([{"frame": 2, "before": ["a", "b"], "after": ["c"]}, {"frame": 4, "after": ["d"]}]) == {
        2: (("a", "b"), ("c",)),
        4: ((), ("d",)),
    }


@pytest.mark.parametrize("sources", [None, "x", {"frame": 1}, [1], [{"frame": "1"}], [{"before": ["a"]}]])
def test_what_is_of_another_form_has_no_lines(sources: Json) -> None:
    assert around(sources) == {}


def test_what_is_no_text_is_no_line() -> None:
    assert around([{"frame": 0, "before": ["a", None, 7], "after": {"a": 1}}]) == {0: (("a",), ())}
