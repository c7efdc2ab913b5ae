"""What happens to an issue: how a batch of events changes it, and what a person's command does. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from errata.base.clock import from_ms
from errata.base.facts import SYSTEM, Actor, Fact
from errata.base.ids import IssueId, NewId, UserId, issue_id_of
from errata.events.model import Platform, Track
from errata.events.search import IssueFold
from errata.issues.causes import cause_of
from errata.issues.languages import UNKNOWN, api_language
from errata.issues.model import Issue, IssueState


def opened(fold: IssueFold, at: datetime) -> Issue:
    """The issue that a fingerprint opens, still without a single event: `grown` adds those of the batch.

    Type, message, file and function are those of the earliest event and stay, so that search results are stable.
    """
    return Issue(
        id=issue_id_of(fold.fingerprint),
        state=IssueState.OPEN,
        service=fold.service,
        error_type=fold.error_type,
        error_message=fold.error_message,
        file_path=fold.file_path,
        function_name=fold.function_name,
        first_seen=from_ms(fold.first_seen),
        last_seen=from_ms(fold.last_seen),
        first_seen_version=fold.first_seen_version,
        last_seen_version=fold.last_seen_version,
        is_crash=fold.is_crash,
        has_in_app=fold.has_in_app,
        languages=(),
        platform=_platform(fold.platforms),
        tracks=(),
        grouping_version=fold.grouping_version,
        event_count=0,
        opened_at=at,
        suspected_cause=cause_of(fold.error_type, fold.error_message),
    )


def grown(issue: Issue, fold: IssueFold) -> Issue:
    """The issue after the events of one batch. Event time decides what is first and last, never arrival.

    A late event moves `first_seen` back together with its version; equal times keep what is there.
    """
    first, last = from_ms(fold.first_seen), from_ms(fold.last_seen)
    earlier, later = first < issue.first_seen, last > issue.last_seen
    return replace(
        issue,
        first_seen=first if earlier else issue.first_seen,
        first_seen_version=fold.first_seen_version if earlier else issue.first_seen_version,
        last_seen=last if later else issue.last_seen,
        last_seen_version=fold.last_seen_version if later else issue.last_seen_version,
        is_crash=issue.is_crash or fold.is_crash,
        has_in_app=issue.has_in_app or fold.has_in_app,
        languages=_languages(issue.languages, fold.languages),
        platform=issue.platform if issue.platform is not Platform.UNKNOWN else _platform(fold.platforms),
        tracks=tuple(sorted({*issue.tracks, *(Track(track) for track in fold.tracks)})),
        event_count=issue.event_count + fold.count,
    )


def joined(issue: Issue, others: Sequence[Issue], at: datetime, new_id: NewId) -> tuple[Issue, list[Fact]]:
    """The issue that stays when it and others turn out to be one bug, with a fact for each that is given up.

    First and last sightings, counts and sets are those of all. A person's word on one of them counts for all: an
    assignee stays, and an untouched part does not undo a review or a decision to ignore. Resolved or excluded are only
    issues all of whose parts are.
    """
    facts: list[Fact] = []
    for other in others:
        facts.append(Fact(new_id(), "issue.joined", issue.id, at, SYSTEM, {"joined": str(other.id)}))
        issue = _with(issue, other)
    return issue, facts


def older_first(issue: Issue) -> tuple[datetime, IssueId]:
    """Sorts issues so that the one that stays when they are joined comes first."""
    return issue.opened_at, issue.id


def shown_as(issue: Issue, file_path: str, function_name: str) -> Issue:
    """The issue at the place that its source map tells, where it had the minified one."""
    return replace(issue, file_path=file_path, function_name=function_name)


def _with(issue: Issue, other: Issue) -> Issue:
    earlier, later = other.first_seen < issue.first_seen, other.last_seen > issue.last_seen
    state = min(issue.state, other.state, key=_HIDES.__getitem__)
    regressions = [one for one in (issue.regression, other.regression) if one is not None]
    resolved = [one for one in (issue.resolved_at, other.resolved_at) if one is not None]
    return replace(
        issue,
        state=state,
        first_seen=other.first_seen if earlier else issue.first_seen,
        first_seen_version=other.first_seen_version if earlier else issue.first_seen_version,
        last_seen=other.last_seen if later else issue.last_seen,
        last_seen_version=other.last_seen_version if later else issue.last_seen_version,
        is_crash=issue.is_crash or other.is_crash,
        has_in_app=issue.has_in_app or other.has_in_app,
        languages=tuple(sorted({*issue.languages, *other.languages} - {UNKNOWN})) or (UNKNOWN,),
        platform=issue.platform if issue.platform is not Platform.UNKNOWN else other.platform,
        tracks=tuple(sorted({*issue.tracks, *other.tracks})),
        event_count=issue.event_count + other.event_count,
        opened_at=min(issue.opened_at, other.opened_at),
        assignee_id=issue.assignee_id or other.assignee_id,
        resolved_at=max(resolved, default=None),
        regression=max(regressions, key=lambda one: one.regressed_at, default=None),
    )


_HIDES = {
    IssueState.ACKNOWLEDGED: 0,
    IssueState.IGNORED: 1,
    IssueState.OPEN: 2,
    IssueState.RESOLVED: 3,
    IssueState.EXCLUDED: 4,
}
"""Which state stays when issues are joined: the first of these."""


def fact_of_opening(issue: Issue, at: datetime, new_id: NewId) -> Fact:
    """What is told when an issue opens."""
    data: dict[str, str | int | bool | list[str] | None] = {
        "service": issue.service,
        "error_type": issue.error_type,
        "version": issue.first_seen_version,
    }
    return Fact(new_id(), "issue.opened", issue.id, at, SYSTEM, data)


def with_state(issue: Issue, state: IssueState, actor: Actor, at: datetime, new_id: NewId) -> tuple[Issue, list[Fact]]:
    """The issue set to a state by hand. Any state may follow any; the state it already has changes nothing."""
    if issue.state is state:
        return issue, []
    resolved_at = at if state is IssueState.RESOLVED else issue.resolved_at
    fact = _changed(issue.id, "issue.state_changed", str(issue.state), str(state), actor, at, new_id)
    return replace(issue, state=state, resolved_at=resolved_at), [fact]


def with_assignee(
    issue: Issue, user: UserId | None, actor: Actor, at: datetime, new_id: NewId
) -> tuple[Issue, list[Fact]]:
    """The issue assigned to a user, or to nobody (None). The same assignee again changes nothing."""
    if issue.assignee_id == user:
        return issue, []
    before = str(issue.assignee_id) if issue.assignee_id else None
    fact = _changed(issue.id, "issue.assignee_changed", before, str(user) if user else None, actor, at, new_id)
    return replace(issue, assignee_id=user), [fact]


def _changed(
    issue: IssueId, name: str, before: str | None, after: str | None, actor: Actor, at: datetime, new_id: NewId
) -> Fact:
    return Fact(new_id(), name, issue, at, actor, {"from": before, "to": after})


def _languages(known: tuple[str, ...], seen: tuple[str, ...]) -> tuple[str, ...]:
    """The union in alphabetical order; UNKNOWN stands only where nothing better was ever seen."""
    names = {*known, *(api_language(language) for language in seen)} - {UNKNOWN}
    return tuple(sorted(names)) or (UNKNOWN,)


def _platform(seen: tuple[str, ...]) -> Platform:
    named = sorted(platform for platform in seen if platform != Platform.UNKNOWN)
    return Platform(named[0]) if named else Platform.UNKNOWN
