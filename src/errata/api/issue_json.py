"""Issues, and what is included with them, in the API's JSON. Pure.

Attributes stand in alphabetical order, as the real service writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.access.model import Team, User
from errata.api.jsonapi import Reference, Resource, ToMany, ToOne, any_of, to_many, to_one, zulu
from errata.base.clock import to_ms
from errata.base.ids import UserId
from errata.events.model import Platform
from errata.issues.model import Issue, IssueHit, IssueState


class IssueRegression(msgspec.Struct, frozen=True, kw_only=True):
    """When the issue was resolved and when it came back; `regressed_at_version` only where it is known."""

    regressed_at: Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
    regressed_at_version: str | UnsetType = UNSET
    resolved_at: Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class IssueAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about an issue. Texts that are not known are empty; times are epoch milliseconds."""

    error_message: str
    error_type: str
    file_path: str
    first_seen: int
    first_seen_version: str
    function_name: str
    is_crash: bool
    languages: list[str]
    last_seen: int
    last_seen_version: str
    platform: Platform
    regression: IssueRegression | UnsetType = UNSET
    service: str
    state: IssueState


class IssueRelationships(msgspec.Struct, frozen=True, kw_only=True):
    """Only what exists: an issue without assignee has no `assignee`."""

    assignee: ToOne | UnsetType = UNSET
    case: ToOne | UnsetType = UNSET
    team_owners: ToMany | UnsetType = UNSET


class IssueResource(Resource, frozen=True, kw_only=True):
    """One issue."""

    type: Literal["issue"]
    attributes: IssueAttributes
    relationships: IssueRelationships | UnsetType = UNSET


class IssueUserAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A user as issues show one; all empty for a user that is gone."""

    email: str
    handle: str
    name: str


class IssueUser(Resource, frozen=True, kw_only=True):
    """The assignee of an issue."""

    type: Literal["user"]
    attributes: IssueUserAttributes


class IssueTeamAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A team as issues show one."""

    handle: str
    name: str
    summary: str


class IssueTeam(Resource, frozen=True, kw_only=True):
    """A team that owns an issue."""

    type: Literal["team"]
    attributes: IssueTeamAttributes


class IssueResponse(msgspec.Struct, frozen=True):
    """One issue with what was asked to be included."""

    data: IssueResource
    included: Annotated[list[Resource], Meta(extra_json_schema=any_of([IssueUser, IssueTeam]))] | UnsetType = UNSET


class IssuesSearchResultAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the matching events in the window. Left out where no event names a session or a user."""

    impacted_sessions: int | UnsetType = UNSET
    impacted_users: int | UnsetType = UNSET
    total_count: int


class IssuesSearchResultRelationships(msgspec.Struct, frozen=True):
    """The issue that was found."""

    issue: ToOne


class IssuesSearchResult(Resource, frozen=True, kw_only=True):
    """One hit; its id is the issue's."""

    type: Literal["error_tracking_search_result"]
    attributes: IssuesSearchResultAttributes
    relationships: IssuesSearchResultRelationships


class IssuesSearchResponse(msgspec.Struct, frozen=True):
    """The hits in the order that was asked for, at most 100."""

    data: Annotated[list[IssuesSearchResult], Meta(max_length=100)]
    included: (
        Annotated[list[Resource], Meta(extra_json_schema=any_of([IssueResource, IssueUser, IssueTeam]))] | UnsetType
    ) = UNSET


def issue_resource(issue: Issue) -> IssueResource:
    """The issue as a resource."""
    return IssueResource(
        id=str(issue.id), type="issue", attributes=_attributes(issue), relationships=_relationships(issue)
    )


def result_resource(hit: IssueHit) -> IssuesSearchResult:
    """The hit as a resource: counts, and a reference to the issue."""
    id_ = str(hit.issue.id)
    counts = IssuesSearchResultAttributes(
        impacted_sessions=hit.impacted_sessions or UNSET,
        impacted_users=hit.impacted_users or UNSET,
        total_count=hit.total_count,
    )
    issue = IssuesSearchResultRelationships(ToOne(Reference(id_, "issue")))
    return IssuesSearchResult(id=id_, type="error_tracking_search_result", attributes=counts, relationships=issue)


def assignee_resource(user_id: UserId, known: Mapping[UserId, User]) -> IssueUser:
    """The assignee; a user that is gone has empty texts (behaviour 4)."""
    user = known.get(user_id)
    attributes = (
        IssueUserAttributes(email=user.email, handle=user.handle, name=user.name or "")
        if user
        else IssueUserAttributes(email="", handle="", name="")
    )
    return IssueUser(id=str(user_id), type="user", attributes=attributes)


def team_resource(team: Team) -> IssueTeam:
    """The team as a resource."""
    attributes = IssueTeamAttributes(handle=team.handle, name=team.name, summary=team.summary or "")
    return IssueTeam(id=str(team.id), type="team", attributes=attributes)


def _attributes(issue: Issue) -> IssueAttributes:
    return IssueAttributes(
        error_message=issue.error_message,
        error_type=issue.error_type,
        file_path=issue.file_path,
        first_seen=to_ms(issue.first_seen),
        first_seen_version=issue.first_seen_version,
        function_name=issue.function_name,
        is_crash=issue.is_crash,
        languages=list(issue.languages),
        last_seen=to_ms(issue.last_seen),
        last_seen_version=issue.last_seen_version,
        platform=issue.platform,
        regression=_regression(issue),
        service=issue.service,
        state=issue.state,
    )


def _regression(issue: Issue) -> IssueRegression | UnsetType:
    if issue.regression is None:
        return UNSET
    return IssueRegression(
        regressed_at=zulu(issue.regression.regressed_at),
        regressed_at_version=issue.regression.regressed_at_version or UNSET,
        resolved_at=zulu(issue.regression.resolved_at),
    )


def _relationships(issue: Issue) -> IssueRelationships | UnsetType:
    if issue.assignee_id is None and not issue.team_ids:
        return UNSET
    return IssueRelationships(
        assignee=to_one(issue.assignee_id, "user") if issue.assignee_id else UNSET,
        team_owners=to_many(issue.team_ids, "team") if issue.team_ids else UNSET,
    )
