"""Whether errors of a batch bring a resolved issue back. Pure.

The product's rule: a resolved issue that occurs again in a newer version, or in code without versions, opens again and
is marked as a regression. Versions in which the error was known before do not count, and neither does an older version
that only now reports it: of two versions the newer one is that which its service was first seen in later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from errata.base.clock import from_ms
from errata.base.facts import SYSTEM, Fact
from errata.base.ids import NewId
from errata.events.search import IssueFold
from errata.issues.model import Issue, IssueState, Regression


def regressed(
    issue: Issue,
    fold: IssueFold,
    *,
    known: Collection[str],
    first_sightings: Mapping[str, datetime],
    at: datetime,
    new_id: NewId,
) -> tuple[Issue, list[Fact]]:
    """The issue open again and a fact that says so, or the same issue and none.

    `known` are the versions that the issue was seen in before this batch, `first_sightings` tells when its service was
    first seen in each version, those of this batch included. Only errors after the resolution count, by their own
    time; one whose time was not believed (clamped to its arrival) never brings an issue back.
    """
    if issue.state is not IssueState.RESOLVED or issue.resolved_at is None:
        return issue, []
    found = [
        (_after(issue.resolved_at, first, last), version)
        for version, first, last in fold.sightings
        if from_ms(last) > issue.resolved_at and _is_newer(version, issue.last_seen_version, known, first_sightings)
    ]
    if not found:
        return issue, []
    regressed_at, version = min(found)
    data: dict[str, str | int | bool | list[str] | None] = {"version": version, "service": issue.service}
    fact = Fact(new_id(), "issue.regressed", issue.id, at, SYSTEM, data)
    regression = Regression(issue.resolved_at, regressed_at, version)
    return replace(issue, state=IssueState.OPEN, regression=regression), [fact]


def _after(resolved_at: datetime, first: int, last: int) -> datetime:
    return from_ms(first) if from_ms(first) > resolved_at else from_ms(last)


def _is_newer(version: str, last: str, known: Collection[str], first_sightings: Mapping[str, datetime]) -> bool:
    if not version:
        return True
    if version in known:
        return False
    before, now = first_sightings.get(last), first_sightings.get(version)
    return before is None or (now is not None and now > before)
