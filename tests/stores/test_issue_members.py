"""Answers of the state about many issues: the shorter list travels, and none that is not needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert

from errata.base.clock import to_ms
from errata.base.errors import Invalid
from errata.events.search import packed
from errata.issues.facets import ISSUES
from errata.issues.members import Window, answers_to, known_issues
from errata.issues.plan import Listed, Whole, questions_of
from errata.issues.tables import issue_fingerprints, issues
from errata.query.bind import bind
from errata.query.parse import parse

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MANY = 24_000
WINDOW = Window(0, to_ms(NOW) + 1, NOW)


@pytest.fixture
def many(state):
    """Issues 0 to 23 999, one a minute back from now; every second is a crash, 30 are resolved."""
    known = {
        "service": "shop", "error_type": "E", "error_message": "", "file_path": "", "function_name": "", "last_seen": NOW,
        "first_seen_version": "", "last_seen_version": "", "has_in_app": True, "languages": ["GO"], "platform": "BACKEND",
        "tracks": ["logs"], "grouping_version": 1, "event_count": 1, "opened_at": NOW, "opened_in_batch": 1,
    }  # fmt: skip
    rows = [
        known
        | {
            "id": UUID(int=number),
            "state": "RESOLVED" if number < 30 else "OPEN",
            "is_crash": bool(number % 2),
            "first_seen": NOW - timedelta(minutes=number),
        }
        for number in range(MANY)
    ]
    links = [{"fingerprint": row["id"], "issue_id": row["id"], "grouping_version": 1, "added_at": NOW} for row in rows]
    with state.write() as tx:
        tx.execute(insert(issues), rows)
        tx.execute(insert(issue_fingerprints), links)
    return state


def answer_to(database, query: str, window: Window = WINDOW, **bounds: int):
    with database.read() as tx:
        [question] = questions_of(bind(parse(query), ISSUES))
        answers, sets = answers_to(tx, [question], window, **bounds)
    return answers[question], {each.fingerprints for each in sets}


def fingerprints(*numbers: int) -> set[bytes]:
    return {packed([UUID(int=number).hex for number in numbers])}


def numbers_of(sets: set[bytes]) -> set[int]:
    [data] = sets
    return {
        int.from_bytes(data[at : at + 8], "little") << 64 | int.from_bytes(data[at + 8 : at + 16], "little")
        for at in range(0, len(data), 16)
    }


def test_few_are_listed(many):
    answer, sets = answer_to(many, "issue.state:RESOLVED")

    assert answer == Listed("issues0")
    assert numbers_of(sets) == set(range(30))


def test_of_nearly_all_the_others_are_listed(many):
    assert answer_to(many, "issue.state:OPEN")[0] == Listed("issues0", is_others=True)
    assert numbers_of(answer_to(many, "issue.state:OPEN")[1]) == set(range(30))
    assert answer_to(many, "issue.age:>=2m")[0] == Listed("issues0", is_others=True)
    assert numbers_of(answer_to(many, "issue.age:>=2m")[1]) == {0, 1}


def test_half_of_very_many_are_listed_whole(many):
    answer, sets = answer_to(many, "issue.is_crash:false")

    assert answer == Listed("issues0")
    assert numbers_of(sets) == set(range(0, MANY, 2))


def test_all_or_none_need_no_list(many):
    assert answer_to(many, "issue.language:go") == (Whole.EVERYBODY, set())
    assert answer_to(many, "issue.state:*") == (Whole.EVERYBODY, set())
    assert answer_to(many, "issue.age:>=0") == (Whole.EVERYBODY, set())
    assert answer_to(many, "issue.age:<0") == (Whole.NOBODY, set())
    assert answer_to(many, "issue.platform:ios") == (Whole.NOBODY, set())
    assert answer_to(many, "issue.state:nonsense") == (Whole.NOBODY, set())
    assert answer_to(many, "issue.case:*") == (Whole.NOBODY, set())


def test_only_issues_that_can_have_events_in_the_window_are_listed(many):
    window = Window(0, to_ms(NOW - timedelta(minutes=28)), NOW)

    assert numbers_of(answer_to(many, "issue.state:RESOLVED", window)[1]) == {29}
    assert answer_to(many, "issue.state:RESOLVED", Window(to_ms(NOW) + 1, to_ms(NOW) + 2, NOW))[0] is Whole.NOBODY


def test_lists_that_are_too_long_are_refused_by_name(many):
    with pytest.raises(Invalid, match=r"^query: issue\.is_crash .* more than 11000 issues") as refused:
        answer_to(many, "issue.is_crash:true", most=11_000)

    assert refused.value.where == "query"


def test_newest_issues_are_known_first_and_each_once(many):
    with many.read() as tx:
        first, rest = known_issues(tx, WINDOW, after=0, limit=10), known_issues(tx, WINDOW, after=10, limit=MANY)

    assert (len(first), len(rest)) == (10, MANY - 10)
    assert first.fingerprints + rest.fingerprints == fingerprints(*range(MANY)).pop()
    assert set(first.is_crash) == {0, 1}
