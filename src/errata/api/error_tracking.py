"""The five operations of Error Tracking. Messages and the order of checks follow the real service's recordings."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.access.model import Scope
from errata.api import examples
from errata.api.explain import shown
from errata.api.issue_json import (
    IssueResponse,
    IssuesSearchResponse,
    IssueTeam,
    IssueUser,
    assignee_resource,
    issue_resource,
    result_resource,
    team_resource,
)
from errata.api.jsonapi import included
from errata.api.operation import Call, Operation, Style, Wording
from errata.api.parameters import choices, id_in_path
from errata.api.rooms import Rooms
from errata.base.errors import Invalid
from errata.base.ids import IssueId, TeamId, UserId
from errata.events.model import Track
from errata.issues.model import Issue, IssueSearch, IssueState, OrderBy, Persona

LATEST_MS = 10_413_792_000_000
"""Start of the year 2300: event times are kept in 64 bits that end there."""

TAG = "Error Tracking"
READ = (Scope.ERROR_TRACKING_READ,)
WRITE = (Scope.ERROR_TRACKING_READ, Scope.ERROR_TRACKING_WRITE)
ASSIGN = (Scope.ERROR_TRACKING_READ, Scope.ERROR_TRACKING_WRITE, Scope.CASES_READ, Scope.CASES_WRITE)
"""An assigned issue is an assigned case in the real service; a key made for it has these four."""


def _state_fault(value: object) -> str:
    return f"invalid json value for IssueState: {shown(value)}"


WORDING: Wording = {
    Track: lambda value: f"invalid json value for TrackType: {value}",  # recorded without quotes around the value
    IssueState: _state_fault,
}

ISSUE_ID = id_in_path("issue_id", lambda _: Invalid("issue id is not an uuid"), "Issue UUID")
INCLUDE = choices("include", ("assignee", "case", "team_owners"), "Related resources to put in `included`")
SEARCH_INCLUDE = choices(
    "include",
    ("issue", "issue.assignee", "issue.case", "issue.team_owners"),
    "Related resources to put in `included`; each of the longer ones brings the issue along",
)


class IssuesSearchRequestDataAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for, in which window (epoch milliseconds, `from` inclusive, `to` exclusive) and whose errors.

    At least one of `track` and `persona` is needed. Values inside `states`, `assignee_ids` and `team_ids` are an OR.
    """

    query: str
    from_: Annotated[int, Meta(ge=0, le=LATEST_MS)] = msgspec.field(name="from")
    to: Annotated[int, Meta(ge=0, le=LATEST_MS)]
    track: Track | UnsetType = UNSET
    persona: Persona | UnsetType = UNSET
    order_by: OrderBy | UnsetType = UNSET
    states: Annotated[tuple[IssueState, ...], Meta(max_length=20)] = ()
    assignee_ids: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()
    team_ids: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()

    def __post_init__(self) -> None:
        if self.track is UNSET and self.persona is UNSET:
            raise ValueError("one of track and persona is required")
        if self.from_ >= self.to:
            raise ValueError("from must be before to")


class IssuesSearchRequestData(msgspec.Struct, frozen=True, kw_only=True):
    """The search."""

    type: Literal["search_request"]
    attributes: Annotated[
        IssuesSearchRequestDataAttributes,
        Meta(extra_json_schema={"anyOf": [{"required": ["track"]}, {"required": ["persona"]}]}),
    ]


class IssuesSearchRequest(msgspec.Struct, frozen=True):
    """A search for issues."""

    data: IssuesSearchRequestData


class IssueUpdateStateRequestDataAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """The new state. It is read after the issue was found: an unknown issue is 404 whatever the state says."""

    state: Annotated[str, Meta(extra_json_schema={"enum": [state.value for state in IssueState]})]


class IssueUpdateStateRequestData(msgspec.Struct, frozen=True, kw_only=True):
    """The issue again, with its new state; the id in the path decides."""

    type: Literal["error_tracking_issue"]
    id: str
    attributes: IssueUpdateStateRequestDataAttributes


class IssueUpdateStateRequest(msgspec.Struct, frozen=True):
    """A change of an issue's state."""

    data: IssueUpdateStateRequestData


class IssueUpdateAssigneeRequestData(msgspec.Struct, frozen=True, kw_only=True):
    """The user to assign."""

    type: Literal["assignee"]
    id: UUID


class IssueUpdateAssigneeRequest(msgspec.Struct, frozen=True):
    """A change of an issue's assignee."""

    data: IssueUpdateAssigneeRequestData


def search_issues(rooms: Rooms, call: Call[IssuesSearchRequest]) -> IssuesSearchResponse:
    """The issues with matching events in the window, and what the request wants included."""
    asked = call.body.data.attributes
    hits = rooms.issues.search(
        IssueSearch(
            query=asked.query,
            from_ms=asked.from_,
            to_ms=asked.to,
            track=asked.track or None,
            persona=asked.persona or None,
            order_by=asked.order_by or OrderBy.TOTAL_COUNT,
            states=tuple(dict.fromkeys(asked.states)),
            assignee_ids=tuple(UserId(id_) for id_ in dict.fromkeys(asked.assignee_ids)),
            team_ids=tuple(TeamId(id_) for id_ in dict.fromkeys(asked.team_ids)),
        )
    )
    wanted = SEARCH_INCLUDE.of(call)
    issues = [hit.issue for hit in hits] if wanted else []
    return IssuesSearchResponse(
        [result_resource(hit) for hit in hits],
        included(
            (issue_resource(issue) for issue in issues),
            _assignees(rooms, issues) if "issue.assignee" in wanted else (),
            _team_owners(rooms, issues) if "issue.team_owners" in wanted else (),
        ),
    )


def get_issue(rooms: Rooms, call: Call[None]) -> IssueResponse:
    """One issue and what the request wants included."""
    issue = rooms.issues.get(IssueId(ISSUE_ID.of(call)))
    wanted = INCLUDE.of(call)
    return IssueResponse(
        issue_resource(issue),
        included(
            _assignees(rooms, [issue]) if "assignee" in wanted else (),
            _team_owners(rooms, [issue]) if "team_owners" in wanted else (),
        ),
    )


def update_issue_state(rooms: Rooms, call: Call[IssueUpdateStateRequest]) -> IssueResponse:
    """The issue in its new state, with its assignee included."""
    issue_id = IssueId(ISSUE_ID.of(call))
    rooms.issues.get(issue_id)
    asked = call.body.data.attributes.state
    try:
        state = IssueState(asked)
    except ValueError:
        raise Invalid(_state_fault(asked)) from None
    return _changed(rooms, rooms.issue_commands.set_state(issue_id, state, call.caller.actor))


def update_issue_assignee(rooms: Rooms, call: Call[IssueUpdateAssigneeRequest]) -> IssueResponse:
    """The issue with its new assignee, who is included."""
    user = UserId(call.body.data.id)
    return _changed(rooms, rooms.issue_commands.assign(IssueId(ISSUE_ID.of(call)), user, call.caller.actor))


def delete_issue_assignee(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: the issue has no assignee any more."""
    rooms.issue_commands.unassign(IssueId(ISSUE_ID.of(call)), call.caller.actor)


def _changed(rooms: Rooms, issue: Issue) -> IssueResponse:
    """Answers to changes include the assignee without being asked (behaviour 4)."""
    return IssueResponse(issue_resource(issue), included(_assignees(rooms, [issue])))


def _assignees(rooms: Rooms, issues: list[Issue]) -> list[IssueUser]:
    ids = list(dict.fromkeys(issue.assignee_id for issue in issues if issue.assignee_id))
    known = rooms.access.users_by_id(ids) if ids else {}
    return [assignee_resource(id_, known) for id_ in ids]


def _team_owners(rooms: Rooms, issues: list[Issue]) -> list[IssueTeam]:
    ids = list(dict.fromkeys(id_ for issue in issues for id_ in issue.team_ids))
    known = rooms.access.teams_by_id(ids) if ids else {}
    return [team_resource(known[id_]) for id_ in ids if id_ in known]


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path="/api/v2/error-tracking/issues/search",
        name="SearchIssues",
        summary="Search issues in a time window",
        description="Issues with at least one matching event in the window, at most 100. There are no pages.",
        tag=TAG,
        handler=search_issues,
        style=Style.JSON_API,
        scopes=READ,
        body=IssuesSearchRequest,
        answer=IssuesSearchResponse,
        parameters=(SEARCH_INCLUDE,),
        wording=WORDING,
        request_example=examples.SEARCH,
        answer_example=examples.SEARCH_ANSWER,
    ),
    Operation(
        method="GET",
        path="/api/v2/error-tracking/issues/{issue_id}",
        name="GetIssue",
        summary="Read one issue",
        tag=TAG,
        handler=get_issue,
        style=Style.JSON_API,
        scopes=READ,
        answer=IssueResponse,
        errors=(400, 401, 403, 404, 429),
        parameters=(ISSUE_ID, INCLUDE),
        answer_example=examples.ISSUE_ANSWER,
    ),
    Operation(
        method="PUT",
        path="/api/v2/error-tracking/issues/{issue_id}/assignee",
        name="UpdateIssueAssignee",
        summary="Set the assignee of an issue",
        tag=TAG,
        handler=update_issue_assignee,
        style=Style.JSON_API,
        scopes=ASSIGN,
        body=IssueUpdateAssigneeRequest,
        answer=IssueResponse,
        errors=(400, 401, 403, 404, 429),
        parameters=(ISSUE_ID,),
        request_example=examples.ASSIGN,
        answer_example=examples.ISSUE_ANSWER,
    ),
    Operation(
        method="DELETE",
        path="/api/v2/error-tracking/issues/{issue_id}/assignee",
        name="DeleteIssueAssignee",
        summary="Clear the assignee of an issue",
        tag=TAG,
        handler=delete_issue_assignee,
        style=Style.JSON_API,
        scopes=ASSIGN,
        status=204,
        errors=(400, 401, 403, 404, 429),
        parameters=(ISSUE_ID,),
    ),
    Operation(
        method="PUT",
        path="/api/v2/error-tracking/issues/{issue_id}/state",
        name="UpdateIssueState",
        summary="Set the state of an issue",
        description="Any state may follow any other. An EXCLUDED issue collects nothing more.",
        tag=TAG,
        handler=update_issue_state,
        style=Style.JSON_API,
        scopes=WRITE,
        body=IssueUpdateStateRequest,
        answer=IssueResponse,
        errors=(400, 401, 403, 404, 429),
        parameters=(ISSUE_ID,),
        request_example=examples.SET_STATE,
        answer_example=examples.ISSUE_ANSWER,
    ),
)
