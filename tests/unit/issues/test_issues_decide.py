from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.base.facts import Actor, ActorKind
from errata.base.ids import Fingerprint, UserId
from errata.events.model import Platform, Track
from errata.events.search import IssueFold
from errata.issues import decide
from errata.issues.languages import api_language
from errata.issues.model import IssueState

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
MIRA = Actor(ActorKind.USER, UUID(int=7))
FINGERPRINT = Fingerprint(UUID(int=1))


def new_id() -> UUID:
    return UUID(int=99)


def a_fold(**changes) -> IssueFold:
    known = {
        "fingerprint": FINGERPRINT,
        "grouping_version": 1,
        "count": 1,
        "first_seen": 1000,
        "last_seen": 1000,
        "first_seen_version": "1.0",
        "last_seen_version": "1.0",
        "versions": (("1.0", 1000, 1000),),
        "service": "shop",
        "error_type": "KeyError",
        "error_message": "'sku'",
        "file_path": "shop/pay.py",
        "function_name": "pay",
        "languages": ("python",),
        "platforms": ("BACKEND",),
        "tracks": ("logs",),
        "is_crash": False,
        "has_in_app": True,
        "teams": (),
    }
    return IssueFold(**{**known, **changes})


def an_issue(**changes):
    fold = a_fold(**changes)
    return decide.grown(decide.opened(fold, AT), fold)


def test_a_new_issue_is_open_and_has_the_words_of_its_earliest_event():
    issue = an_issue()

    assert (issue.state, issue.service, issue.error_type) == (IssueState.OPEN, "shop", "KeyError")
    assert (issue.event_count, issue.languages, issue.platform) == (1, ("PYTHON",), Platform.BACKEND)
    assert issue.tracks == (Track.LOGS,)


def test_a_late_event_moves_first_seen_and_its_version_back():
    issue = decide.grown(an_issue(), a_fold(first_seen=500, last_seen=500, first_seen_version="0.9"))

    assert issue.first_seen < an_issue().first_seen
    assert (issue.first_seen_version, issue.last_seen_version) == ("0.9", "1.0")


def test_the_newest_event_decides_the_last_version_even_when_it_has_none():
    issue = decide.grown(an_issue(), a_fold(first_seen=2000, last_seen=2000, last_seen_version=""))

    assert issue.last_seen_version == ""
    assert issue.first_seen_version == "1.0"


def test_the_message_stays_that_of_the_first_event():
    issue = decide.grown(an_issue(), a_fold(error_message="'other'", first_seen=1, last_seen=1))

    assert issue.error_message == "'sku'"


def test_one_crash_makes_the_issue_a_crash_for_good():
    crashed = decide.grown(an_issue(), a_fold(is_crash=True))

    assert decide.grown(crashed, a_fold()).is_crash


def test_unknown_language_gives_way_to_a_known_one():
    unknown = an_issue(languages=("",))

    assert unknown.languages == ("UNKNOWN",)
    assert decide.grown(unknown, a_fold(languages=("java", "kotlin"))).languages == ("JAVA", "KOTLIN")


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8), st.randoms())
def test_the_order_in_which_batches_are_folded_changes_no_time_and_no_count(spans, rng):
    folds = [a_fold(first_seen=min(s), last_seen=max(s), count=3) for s in spans]

    def folded(order):
        issue = decide.opened(order[0], AT)
        for fold in order:
            issue = decide.grown(issue, fold)
        return issue.first_seen, issue.last_seen, issue.event_count

    other = folds[:]
    rng.shuffle(other)
    assert folded(folds) == folded(other)


@pytest.mark.parametrize("before", list(IssueState))
@pytest.mark.parametrize("after", list(IssueState))
def test_any_state_may_follow_any_other_and_the_same_one_writes_nothing(before, after):
    issue, _ = decide.with_state(an_issue(), before, MIRA, AT, new_id)

    changed, facts = decide.with_state(issue, after, MIRA, AT, new_id)

    assert changed.state is after
    assert [(f.name, f.data, f.actor) for f in facts] == (
        [] if before is after else [("issue.state_changed", {"from": str(before), "to": str(after)}, MIRA)]
    )


def test_resolving_notes_when():
    issue, _ = decide.with_state(an_issue(), IssueState.RESOLVED, MIRA, AT, new_id)

    assert issue.resolved_at == AT


def test_assigning_twice_writes_one_fact():
    user = UserId(UUID(int=5))
    issue, first = decide.with_assignee(an_issue(), user, MIRA, AT, new_id)
    _, second = decide.with_assignee(issue, user, MIRA, AT, new_id)

    assert ([f.data for f in first], second) == ([{"from": None, "to": str(user)}], [])


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ("python", "PYTHON"),
        ("c++", "C_PLUS_PLUS"),
        ("csharp", "C_SHARP"),
        ("nodejs", "JAVASCRIPT"),
        ("cobol", "UNKNOWN"),
    ],
)
def test_languages_have_the_names_of_the_api(sent, named):
    assert api_language(sent) == named
