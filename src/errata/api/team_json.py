"""Teams and their members in the API's JSON. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.access.model import Membership, Team, TeamRole
from errata.api.jsonapi import Resource, ToOne, any_of, to_one, with_offset
from errata.api.paging import PageLinks, PaginationMeta
from errata.api.user_json import AT, UserResource

FIELDS = ("name", "handle", "summary", "description", "created_at", "modified_at", "user_count", "link_count")
"""Attributes that `fields[team]` can choose from; name and handle are always there."""


class TeamAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A team. `link_count` is 0: teams have no links here."""

    created_at: Annotated[str, AT] | UnsetType = UNSET
    modified_at: Annotated[str, AT] | UnsetType = UNSET
    name: str
    handle: str
    summary: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    user_count: int | UnsetType = UNSET
    link_count: int | UnsetType = UNSET


class Related(msgspec.Struct, frozen=True):
    """An address."""

    related: str


class RelatedLinks(msgspec.Struct, frozen=True):
    """Where something related would be read."""

    links: Related


class TeamRelationships(msgspec.Struct, frozen=True):
    """Addresses of what belongs to the team."""

    team_links: RelatedLinks
    user_team_permissions: RelatedLinks


class TeamResource(Resource, frozen=True, kw_only=True):
    """One team."""

    type: Literal["team"]
    attributes: TeamAttributes
    relationships: TeamRelationships


class TeamResponse(msgspec.Struct, frozen=True):
    """One team."""

    data: TeamResource


class TeamsResponse(msgspec.Struct, frozen=True):
    """A page of teams."""

    data: list[TeamResource]
    meta: PaginationMeta
    links: PageLinks


class UserTeamAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What the member may do in the team: `admin`, or nothing special where `role` is absent."""

    provisioned_by: str | None
    provisioned_by_id: str | None
    role: TeamRole | UnsetType = UNSET


class UserTeamRelationships(msgspec.Struct, frozen=True):
    """Who is a member, and of what."""

    team: ToOne
    user: ToOne


class UserTeam(Resource, frozen=True, kw_only=True):
    """One user in one team."""

    type: Literal["team_memberships"]
    attributes: UserTeamAttributes
    relationships: UserTeamRelationships


_INCLUDED = Meta(extra_json_schema=any_of([UserResource]))


class UserTeamResponse(msgspec.Struct, frozen=True):
    """One membership, with the user."""

    data: UserTeam
    included: Annotated[list[Resource], _INCLUDED] | UnsetType = UNSET


class UserTeamsResponse(msgspec.Struct, frozen=True):
    """A page of a team's members, with the users."""

    data: list[UserTeam]
    meta: PaginationMeta
    links: PageLinks
    included: Annotated[list[Resource], _INCLUDED] | UnsetType = UNSET


def team_resource(team: Team, fields: Collection[str] = ()) -> TeamResource:
    """The team as a resource of the teams API, cut to `fields` where any are named."""
    path = f"/api/v2/team/{team.id}"
    return TeamResource(
        id=str(team.id),
        type="team",
        attributes=_cut_to(_attributes(team), fields),
        relationships=TeamRelationships(
            RelatedLinks(Related(f"{path}/links")), RelatedLinks(Related(f"{path}/permission-settings"))
        ),
    )


def membership_resource(member: Membership) -> UserTeam:
    """The membership as a resource."""
    return UserTeam(
        id=f"TeamMembership-{member.team_id}-{member.user_id}",
        type="team_memberships",
        attributes=UserTeamAttributes(
            provisioned_by=None, provisioned_by_id=None, role=UNSET if member.role is None else member.role
        ),
        relationships=UserTeamRelationships(to_one(member.team_id, "team"), to_one(member.user_id, "users")),
    )


def _attributes(team: Team) -> TeamAttributes:
    return TeamAttributes(
        created_at=with_offset(team.created_at),
        modified_at=with_offset(team.modified_at),
        name=team.name,
        handle=team.handle,
        summary=team.summary,
        description=team.description,
        user_count=team.user_count,
        link_count=0,
    )


def _cut_to(attributes: TeamAttributes, fields: Collection[str]) -> TeamAttributes:
    if not fields:
        return attributes
    dropped = {name: UNSET for name in FIELDS if name not in fields and name not in {"name", "handle"}}
    return msgspec.structs.replace(attributes, **dropped)
