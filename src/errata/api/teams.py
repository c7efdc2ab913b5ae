"""Teams and who belongs to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.access.model import Membership, Scope, TeamRole, User
from errata.access.reads import TeamSearch, TeamSort
from errata.api import examples
from errata.api.jsonapi import included
from errata.api.operation import Call, Operation, Style
from errata.api.paging import PAGE_NUMBER, PAGING, links, pagination, slice_of
from errata.api.parameters import choice, choices, flag, id_in_path, text
from errata.api.rooms import Rooms
from errata.api.team_json import (
    FIELDS,
    TeamResponse,
    TeamsResponse,
    UserTeamResponse,
    UserTeamsResponse,
    membership_resource,
    team_resource,
)
from errata.api.user_json import UserResource, user_resource
from errata.base.errors import NotFound
from errata.base.ids import TeamId, UserId

TAG = "Teams"
# Recorded: 404 and these very words for an id that is none.
TEAM_ID = id_in_path("team_id", lambda given: NotFound(f"{given[:100]} is not a valid UUID not found"), "Team UUID")
MEMBER_ID = id_in_path("user_id", lambda _: NotFound("User not found"), "User UUID")
SORT = choice("sort", ("name", "-name", "user_count", "-user_count"), default="name", summary="Order of the list")
KEYWORD = text("filter[keyword]", "Part of the name or the handle; case does not matter")
ME = flag("filter[me]", default=False, summary="Only teams that the caller belongs to")
INCLUDE = choices("include", ("team_links", "user_team_permissions"), "Accepted; teams have neither here")
FIELDS_OF_TEAM = choices(
    "fields[team]",
    ("id", *FIELDS, "avatar", "banner", "visible_modules", "hidden_modules", "team_links", "user_team_permissions"),
    "Attributes to answer; name and handle always come",
)
_MEMBER_SORTS = ("name", "-name", "handle", "-handle", "email", "-email", "manager_name", "-manager_name")
MEMBER_SORT = choice("sort", _MEMBER_SORTS, default="name", summary="Order of the list; manager_name sorts as name")
MEMBER_KEYWORD = text("filter[keyword]", "Part of the member's name or address; case does not matter")


class UserReference(msgspec.Struct, frozen=True, kw_only=True):
    """Names a user."""

    type: Literal["users"]
    id: UUID


class UserReferences(msgspec.Struct, frozen=True):
    """Names users."""

    data: Annotated[tuple[UserReference, ...], Meta(max_length=100)]


class TeamCreateRelationships(msgspec.Struct, frozen=True):
    """The first members."""

    users: UserReferences | UnsetType = UNSET


class TeamCreateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A new team. The handle is what a `team` attribute of an error names."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    handle: Annotated[str, Meta(min_length=1, max_length=195)]
    summary: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET


class TeamCreate(msgspec.Struct, frozen=True, kw_only=True):
    """A new team."""

    type: Literal["team"]
    attributes: TeamCreateAttributes
    relationships: TeamCreateRelationships | UnsetType = UNSET


class TeamCreateRequest(msgspec.Struct, frozen=True):
    """A new team."""

    data: TeamCreate


class ToUser(msgspec.Struct, frozen=True):
    """A relationship to a user."""

    data: UserReference


class UserTeamCreateRelationships(msgspec.Struct, frozen=True):
    """Who joins."""

    user: ToUser


class UserTeamCreateAttributes(msgspec.Struct, frozen=True):
    """What the member may do in the team; absent or null for an ordinary member."""

    role: TeamRole | UnsetType | None = UNSET


class UserTeamCreate(msgspec.Struct, frozen=True, kw_only=True):
    """A new member."""

    type: Literal["team_memberships"]
    relationships: UserTeamCreateRelationships
    attributes: UserTeamCreateAttributes | UnsetType = UNSET


class UserTeamRequest(msgspec.Struct, frozen=True):
    """A new member."""

    data: UserTeamCreate


def list_teams(rooms: Rooms, call: Call[None]) -> TeamsResponse:
    """A page of teams."""
    offset, limit = slice_of(call)
    sort = SORT.of(call)
    page = rooms.access.teams(
        TeamSearch(
            text=KEYWORD.of(call),
            member=call.user.id if ME.of(call) else None,
            sort=TeamSort(sort.removeprefix("-")),
            descending=sort.startswith("-"),
            offset=offset,
            limit=limit,
        )
    )
    number, total, fields = PAGE_NUMBER.of(call), page.total_filtered, FIELDS_OF_TEAM.of(call)
    return TeamsResponse(
        [team_resource(team, fields) for team in page.items],
        pagination(number, limit, total),
        links("/api/v2/team", number, limit, total),
    )


def get_team(rooms: Rooms, call: Call[None]) -> TeamResponse:
    """One team."""
    return TeamResponse(team_resource(rooms.access.team(TeamId(TEAM_ID.of(call)))))


def create_team(rooms: Rooms, call: Call[TeamCreateRequest]) -> TeamResponse:
    """The new team, with the members that the request names."""
    data = call.body.data
    wanted = data.relationships.users if data.relationships is not UNSET else UNSET
    members = [] if wanted is UNSET else [UserId(user.id) for user in wanted.data]
    known = rooms.access.users_by_id(members) if members else {}
    for user_id in members:
        if user_id not in known:
            raise NotFound(f"User {user_id} not found")
    attributes = data.attributes
    team = rooms.access_commands.create_team(
        call.caller.actor,
        handle=attributes.handle,
        name=attributes.name,
        summary=attributes.summary or None,
        description=attributes.description or None,
    )
    for user_id in dict.fromkeys(members):
        rooms.access_commands.add_member(call.caller.actor, team.id, user_id)
    return TeamResponse(team_resource(rooms.access.team(team.id) if members else team))


def list_members(rooms: Rooms, call: Call[None]) -> UserTeamsResponse:
    """A page of a team's members, and the users that they are."""
    team_id = TeamId(TEAM_ID.of(call))
    members = rooms.access.members(team_id)
    users = rooms.access.users_by_id(member.user_id for member in members) if members else {}
    chosen = _sorted(_holding(members, users, MEMBER_KEYWORD.of(call)), users, MEMBER_SORT.of(call))
    offset, limit = slice_of(call)
    page = chosen[offset : offset + limit]
    number = PAGE_NUMBER.of(call)
    return UserTeamsResponse(
        [membership_resource(member) for member in page],
        pagination(number, limit, len(chosen)),
        links(f"/api/v2/team/{team_id}/memberships", number, limit, len(chosen)),
        included(_users(rooms, [users[member.user_id] for member in page])),
    )


def add_member(rooms: Rooms, call: Call[UserTeamRequest]) -> UserTeamResponse:
    """The new membership, and the user."""
    data = call.body.data
    user = rooms.access.user(UserId(data.relationships.user.data.id))
    role = data.attributes.role if data.attributes is not UNSET else None
    team_id = TeamId(TEAM_ID.of(call))
    member = rooms.access_commands.add_member(call.caller.actor, team_id, user.id, None if role is UNSET else role)
    return UserTeamResponse(membership_resource(member), included(_users(rooms, [user])))


def remove_member(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: the user is no member any more."""
    team_id, user_id = TeamId(TEAM_ID.of(call)), UserId(MEMBER_ID.of(call))
    rooms.access_commands.remove_member(call.caller.actor, team_id, user_id)


def _users(rooms: Rooms, users: list[User]) -> list[UserResource]:
    organisation = rooms.access.organisation().id
    return [user_resource(user, organisation) for user in users]


def _holding(members: list[Membership], users: dict[UserId, User], keyword: str) -> list[Membership]:
    wanted = keyword.strip().casefold()
    if not wanted:
        return members
    return [m for m in members if wanted in f"{users[m.user_id].name or ''}\n{users[m.user_id].email}".casefold()]


def _sorted(members: list[Membership], users: dict[UserId, User], sort: str) -> list[Membership]:
    def key(member: Membership) -> str:
        user = users[member.user_id]
        field = {"email": user.email, "handle": user.handle}.get(sort.removeprefix("-"), user.name or user.handle)
        return field.casefold()

    return sorted(members, key=key, reverse=sort.startswith("-"))


_MEMBERS_PATH = "/api/v2/team/{team_id}/memberships"
_READ = (Scope.TEAMS_READ,)
_MANAGE = (Scope.TEAMS_READ, Scope.TEAMS_MANAGE)

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path="/api/v2/team",
        name="ListTeams",
        summary="List teams",
        tag=TAG,
        handler=list_teams,
        style=Style.PLAIN,
        scopes=_READ,
        answer=TeamsResponse,
        parameters=(*PAGING, SORT, INCLUDE, KEYWORD, ME, FIELDS_OF_TEAM),
    ),
    Operation(
        method="POST",
        path="/api/v2/team",
        name="CreateTeam",
        summary="Create a team",
        tag=TAG,
        handler=create_team,
        style=Style.PLAIN,
        scopes=_MANAGE,
        body=TeamCreateRequest,
        answer=TeamResponse,
        status=201,
        errors=(400, 401, 403, 404, 409, 429),
        request_example=examples.CREATE_TEAM,
        answer_example=examples.TEAM_ANSWER,
    ),
    Operation(
        method="GET",
        path="/api/v2/team/{team_id}",
        name="GetTeam",
        summary="Read one team",
        tag=TAG,
        handler=get_team,
        style=Style.PLAIN,
        scopes=_READ,
        answer=TeamResponse,
        errors=(401, 403, 404, 429),
        parameters=(TEAM_ID,),
        answer_example=examples.TEAM_ANSWER,
    ),
    Operation(
        method="GET",
        path=_MEMBERS_PATH,
        name="GetTeamMemberships",
        summary="List the members of a team",
        tag=TAG,
        handler=list_members,
        style=Style.PLAIN,
        scopes=_READ,
        answer=UserTeamsResponse,
        errors=(400, 401, 403, 404, 429),
        parameters=(TEAM_ID, *PAGING, MEMBER_SORT, MEMBER_KEYWORD),
    ),
    Operation(
        method="POST",
        path=_MEMBERS_PATH,
        name="CreateTeamMembership",
        summary="Add a user to a team",
        tag=TAG,
        handler=add_member,
        style=Style.PLAIN,
        scopes=_MANAGE,
        body=UserTeamRequest,
        answer=UserTeamResponse,
        errors=(400, 401, 403, 404, 409, 429),
        parameters=(TEAM_ID,),
        request_example=examples.ADD_MEMBER,
    ),
    Operation(
        method="DELETE",
        path=f"{_MEMBERS_PATH}/{{user_id}}",
        name="DeleteTeamMembership",
        summary="Take a user out of a team",
        tag=TAG,
        handler=remove_member,
        style=Style.PLAIN,
        scopes=_MANAGE,
        status=204,
        errors=(401, 403, 404, 429),
        parameters=(TEAM_ID, MEMBER_ID),
    ),
)
