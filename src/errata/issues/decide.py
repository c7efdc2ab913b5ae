"""What happens to an issue: how a batch of events changes it, and what a person's command does. Pure."""

from __future__ import annotations

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
