"""Answers of the state about many issues: the shorter list travels, and none that is not needed."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from event_rows import a_row
from sqlalchemy import insert

from errata.base.clock import FixedClock, to_ms
from errata.base.errors import Invalid
from errata.base.ids import Fingerprint
from errata.events.search import packed
from errata.issues.facets import ISSUES
from errata.issues.members import Window, answers_to, issues_known_by, known_issues, newest_issues
from errata.issues.model import IssueSearch, OrderBy, Persona
from errata.issues.plan import Listed, Whole, questions_of
from errata.issues.reads import IssueReads
from errata.issues.tables import issue_fingerprints, issues
from errata.query.bind import bind
from errata.query.parse import parse
from states import migrated_state

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MANY = 24_000
WINDOW = Window(0, to_ms(NOW) + 1, NOW)


@pytest.fixture(scope="module")
def many(states):
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
    with migrated_state(states) as database:
        with database.write() as tx:
            tx.execute(insert(issues), rows)
            tx.execute(insert(issue_fingerprints), links)
            tx.exec_driver_sql("ANALYZE")  # PostgreSQL does it by itself, within a minute; it plans by guesses before
        yield database


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


def test_newest_issues_are_known_first(many):
    with many.read() as tx:
        newest, all_ = newest_issues(tx, WINDOW, 10), known_issues(tx, WINDOW, MANY + 1)

    assert newest.fingerprints == fingerprints(*range(10)).pop()
    assert list(array("q", newest.first_seen)) == [to_ms(NOW) - number * 60_000 for number in range(10)]
    assert newest.is_crash == bytes([0, 1] * 5)
    assert numbers_of({all_.fingerprints}) == set(range(MANY))


def test_issues_are_known_by_their_fingerprints(many):
    with many.read() as tx:
        known = issues_known_by(tx, [Fingerprint(UUID(int=number)) for number in range(5, 3005)])

    assert numbers_of({known.fingerprints}) == set(range(5, 3005))
    assert len(known) == 3000


@pytest.fixture
def search(many, events, next_batch):
    """Searches of the 24 000 issues. Events: two of each of the first 7 000, of which the older one is rare; and three
    of issue 23 000."""
    batch = next_batch()
    rows = [
        a_row(batch, entry, issue=entry % 7000, at=to_ms(NOW) - 2000, env="rare" if entry == 6999 else "prod")
        for entry in range(14_000)
    ]
    rows += [a_row(batch, 20_000 + entry, issue=23_000, at=to_ms(NOW) - 1000, env="rare") for entry in range(3)]
    events.insert(batch, rows)
    reads = IssueReads(many, events, FixedClock(NOW))

    def ask(query: str, order: OrderBy) -> list[int]:
        asked = IssueSearch(query, to_ms(NOW) - 86_400_000 * 20, to_ms(NOW) + 1, persona=Persona.ALL, order_by=order)
        return [hit.issue.id.int for hit in reads.search(asked)]

    return ask


def test_newest_issues_of_very_many_are_found_in_order(search):
    assert search("", OrderBy.FIRST_SEEN) == list(range(100))
    assert search("issue.is_crash:true", OrderBy.FIRST_SEEN) == list(range(1, 200, 2))


def test_few_old_issues_among_very_many_are_found_in_order(search):
    assert search("env:rare", OrderBy.FIRST_SEEN) == [6999, 23_000]
    assert search("issue.age:>=6000m", OrderBy.FIRST_SEEN) == list(range(6000, 6100))
    assert search("env:none", OrderBy.FIRST_SEEN) == []


def test_priority_knows_old_issues_among_very_many(search):
    # A crash counts two, the third event less than one: an even number is no crash.
    assert search("env:rare", OrderBy.PRIORITY) == [6999, 23_000]
    assert set(search("", OrderBy.PRIORITY)) == set(range(1, 200, 2))
