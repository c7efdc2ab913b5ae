"""When a resolved issue comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from errata.base.clock import to_ms
from errata.base.ids import Fingerprint, issue_id_of, random_id
from errata.events.model import Platform, Track
from errata.events.search import IssueFold
from errata.issues.model import Issue, IssueState, Regression
from errata.issues.regression import regressed

RESOLVED = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRINT = Fingerprint(UUID(int=1))
SIGHTED = {
    "1.0": RESOLVED - timedelta(days=9),
    "1.1": RESOLVED - timedelta(days=3),
    "1.0.1": RESOLVED - timedelta(days=5),
    "1.2": RESOLVED + timedelta(hours=1),
}


def ms(hours: float) -> int:
    return to_ms(RESOLVED + timedelta(hours=hours))


def issue(state: IssueState = IssueState.RESOLVED, last_version: str = "1.1") -> Issue:
    return Issue(
        id=issue_id_of(PRINT),
        state=state,
        service="till",
        error_type="KeyError",
        error_message="no",
        file_path="",
        function_name="",
        first_seen=RESOLVED - timedelta(days=9),
        last_seen=RESOLVED - timedelta(hours=1),
        first_seen_version="1.0",
        last_seen_version=last_version,
        is_crash=False,
        has_in_app=True,
        languages=("PYTHON",),
        platform=Platform.BACKEND,
        tracks=(Track.LOGS,),
        grouping_version=1,
        event_count=3,
        opened_at=RESOLVED - timedelta(days=9),
        resolved_at=RESOLVED,
    )


def fold(*sightings: tuple[str, int, int]) -> IssueFold:
    return IssueFold(
        fingerprint=PRINT,
        grouping_version=1,
        count=len(sightings),
        first_seen=ms(-1),
        last_seen=ms(5),
        first_seen_version="",
        last_seen_version="",
        versions=(),
        service="till",
        error_type="KeyError",
        error_message="no",
        file_path="",
        function_name="",
        languages=(),
        platforms=(),
        tracks=("logs",),
        is_crash=False,
        has_in_app=True,
        teams=(),
        sightings=sightings,
    )


def after(found: IssueFold, of: Issue | None = None):
    return regressed(of or issue(), found, known={"1.0", "1.1"}, first_sightings=SIGHTED, at=RESOLVED, new_id=random_id)


def test_an_error_in_a_newer_version_opens_the_issue_again() -> None:
    changed, facts = after(fold(("1.2", ms(1), ms(3))))

    assert changed.state is IssueState.OPEN
    assert changed.regression == Regression(RESOLVED, RESOLVED + timedelta(hours=1), "1.2")
    assert [(fact.name, fact.data["version"]) for fact in facts] == [("issue.regressed", "1.2")]


def test_an_error_without_a_version_opens_it_too() -> None:
    changed, _ = after(fold(("", ms(-1), ms(3))))

    assert changed.regression == Regression(RESOLVED, RESOLVED + timedelta(hours=3), "")


@pytest.mark.parametrize(
    "sighting",
    [
        pytest.param(("1.1", ms(1), ms(3)), id="in a version where it is known"),
        pytest.param(("1.0.1", ms(1), ms(3)), id="in an older version that reports it only now"),
        pytest.param(("1.2", ms(-2), ms(-1)), id="that happened before the resolution and came late"),
        pytest.param(("9.9", ms(1), ms(3)), id="in a version of which nothing is known"),
    ],
)
def test_an_error_leaves_the_issue_resolved(sighting: tuple[str, int, int]) -> None:
    assert after(fold(sighting)) == (issue(), [])


def test_errors_whose_time_was_not_believed_bring_nothing_back() -> None:
    assert after(fold()) == (issue(), [])


@pytest.mark.parametrize("state", set(IssueState) - {IssueState.RESOLVED})
def test_only_resolved_issues_come_back(state: IssueState) -> None:
    assert after(fold(("1.2", ms(1), ms(3))), issue(state)) == (issue(state), [])


def test_the_first_of_several_new_versions_is_named() -> None:
    sighted = SIGHTED | {"1.3": RESOLVED + timedelta(hours=2)}
    changed, facts = regressed(
        issue(),
        fold(("1.3", ms(2), ms(4)), ("1.2", ms(1), ms(1))),
        known={"1.0", "1.1"},
        first_sightings=sighted,
        at=RESOLVED,
        new_id=random_id,
    )

    assert changed.regression is not None
    assert (changed.regression.regressed_at_version, len(facts)) == ("1.2", 1)


def test_an_issue_without_versions_comes_back_in_its_first_one() -> None:
    changed, _ = after(fold(("1.2", ms(1), ms(3))), replace(issue(), last_seen_version=""))

    assert changed.state is IssueState.OPEN
