"""What becomes of issues that turn out to be one bug."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.base.ids import IssueId, UserId
from errata.events.model import Platform, Track
from errata.issues import decide
from errata.issues.model import Issue, IssueState, Regression

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def new_id() -> UUID:
    return UUID(int=99)


def an_issue(number: int, **changes: object) -> Issue:
    issue = Issue(
        id=IssueId(UUID(int=number)),
        state=IssueState.OPEN,
        service="shop",
        error_type="TypeError",
        error_message="no",
        file_path="m.js",
        function_name="a",
        first_seen=AT,
        last_seen=AT,
        first_seen_version="1",
        last_seen_version="1",
        is_crash=False,
        has_in_app=False,
        languages=("JAVASCRIPT",),
        platform=Platform.UNKNOWN,
        tracks=(Track.LOGS,),
        grouping_version=1,
        event_count=1,
        opened_at=AT + timedelta(minutes=number),
    )
    return replace(issue, **changes)


@pytest.mark.parametrize(
    ("one", "other", "stays"),
    [
        (IssueState.OPEN, IssueState.OPEN, IssueState.OPEN),
        (IssueState.OPEN, IssueState.ACKNOWLEDGED, IssueState.ACKNOWLEDGED),
        (IssueState.OPEN, IssueState.IGNORED, IssueState.IGNORED),
        (IssueState.IGNORED, IssueState.ACKNOWLEDGED, IssueState.ACKNOWLEDGED),
        (IssueState.RESOLVED, IssueState.OPEN, IssueState.OPEN),
        (IssueState.RESOLVED, IssueState.RESOLVED, IssueState.RESOLVED),
        (IssueState.EXCLUDED, IssueState.RESOLVED, IssueState.RESOLVED),
        (IssueState.EXCLUDED, IssueState.OPEN, IssueState.OPEN),
        (IssueState.EXCLUDED, IssueState.EXCLUDED, IssueState.EXCLUDED),
    ],
)
def test_state_that_stays(one: IssueState, other: IssueState, stays: IssueState) -> None:
    for first, second in permutations((one, other)):
        assert decide.joined(an_issue(1, state=first), [an_issue(2, state=second)], AT, new_id)[0].state is stays


def test_sightings_with_their_versions_counts_and_sets_are_those_of_all() -> None:
    older = an_issue(1, first_seen=AT, last_seen=AT + timedelta(hours=2), last_seen_version="2", event_count=3)
    younger = an_issue(
        2,
        first_seen=AT - timedelta(hours=1),
        first_seen_version="0",
        last_seen=AT + timedelta(hours=1),
        is_crash=True,
        has_in_app=True,
        platform=Platform.BROWSER,
        tracks=(Track.RUM,),
        languages=("TYPESCRIPT",),
        event_count=4,
    )

    issue, _ = decide.joined(older, [younger], AT, new_id)

    assert (issue.id, issue.event_count, issue.opened_at) == (older.id, 7, older.opened_at)
    assert (issue.first_seen, issue.first_seen_version) == (AT - timedelta(hours=1), "0")
    assert (issue.last_seen, issue.last_seen_version) == (AT + timedelta(hours=2), "2")
    assert (issue.is_crash, issue.has_in_app, issue.platform) == (True, True, Platform.BROWSER)
    assert issue.tracks == (Track.LOGS, Track.RUM)
    assert issue.languages == ("JAVASCRIPT", "TYPESCRIPT")


def test_assignee_of_the_older_one_stays_and_else_the_others() -> None:
    ann, bob = UserId(UUID(int=11)), UserId(UUID(int=12))

    assert decide.joined(an_issue(1), [an_issue(2, assignee_id=bob)], AT, new_id)[0].assignee_id == bob
    both = decide.joined(an_issue(1, assignee_id=ann), [an_issue(2, assignee_id=bob)], AT, new_id)
    assert both[0].assignee_id == ann


def test_latest_regression_stays() -> None:
    early, late = (Regression(AT, AT + timedelta(hours=hours), "1") for hours in (1, 2))

    issue, _ = decide.joined(an_issue(1, regression=late), [an_issue(2, regression=early), an_issue(3)], AT, new_id)

    assert issue.regression == late


def test_each_that_is_given_up_is_a_fact_of_the_one_that_stays() -> None:
    _, facts = decide.joined(an_issue(1), [an_issue(2), an_issue(3)], AT, new_id)

    assert [(fact.name, fact.subject, fact.data) for fact in facts] == [
        ("issue.joined", UUID(int=1), {"joined": str(UUID(int=2))}),
        ("issue.joined", UUID(int=1), {"joined": str(UUID(int=3))}),
    ]


ISSUES = st.lists(
    st.builds(
        lambda number, state, first, length, count, crash: an_issue(
            number,
            state=state,
            first_seen=AT + timedelta(seconds=first),
            last_seen=AT + timedelta(seconds=first + length),
            event_count=count,
            is_crash=crash,
        ),
        st.integers(1, 50),
        st.sampled_from(IssueState),
        st.integers(0, 100),
        st.integers(0, 100),
        st.integers(1, 9),
        st.booleans(),
    ),
    min_size=2,
    max_size=5,
    unique_by=lambda issue: issue.id,
)


@given(ISSUES, st.randoms(use_true_random=False))
def test_joining_at_once_or_one_by_one_in_any_order_comes_to_the_same(issues: list[Issue], random) -> None:
    kept, *others = sorted(issues, key=decide.older_first)
    at_once, _ = decide.joined(kept, others, AT, new_id)
    rest = list(issues)
    while len(rest) > 1:
        random.shuffle(rest)
        first, second = sorted(rest[:2], key=decide.older_first)
        rest = [decide.joined(first, [second], AT, new_id)[0], *rest[2:]]

    assert rest[0] == at_once
