"""Projects of cases in the API's JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.api.case_project_settings import ProjectColumnsConfig, ProjectSettings
from errata.api.jsonapi import Reference, Resource
from errata.base.ids import ProjectId, TeamId
from errata.cases.decide_projects import NAME_CHARS, shown_settings
from errata.cases.decide_types import MAX_TYPES
from errata.cases.model import Json, Project

EnabledTypes = Annotated[tuple[UUID, ...], Meta(max_length=MAX_TYPES)]


class CaseProjectAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A project. `restricted` is false: nobody is kept out of a project yet."""

    columns_config: ProjectColumnsConfig | UnsetType = UNSET
    enabled_custom_case_types: list[str] | UnsetType = UNSET
    key: str
    name: str
    restricted: bool
    settings: ProjectSettings


class CaseProjectTeamLinks(msgspec.Struct, frozen=True):
    """Where the team is read."""

    related: str


class CaseProjectTeam(msgspec.Struct, frozen=True):
    """The team that works in the project."""

    data: list[Reference]
    links: CaseProjectTeamLinks


class CaseProjectRelationships(msgspec.Struct, frozen=True):
    """Who works in the project."""

    member_team: CaseProjectTeam


class CaseProjectResource(Resource, frozen=True, kw_only=True):
    """One project; `relationships` only where a team was named."""

    type: Literal["project"]
    attributes: CaseProjectAttributes
    relationships: CaseProjectRelationships | UnsetType = UNSET


class CaseProjectResponse(msgspec.Struct, frozen=True):
    """One project."""

    data: CaseProjectResource


class CaseProjectsResponse(msgspec.Struct, frozen=True):
    """All projects."""

    data: list[CaseProjectResource]


class CaseProjectFavorite(Resource, frozen=True, kw_only=True):
    """A favorite; the id is the project's."""

    type: Literal["project_favorite"]


class CaseProjectFavoritesResponse(msgspec.Struct, frozen=True):
    """The caller's favorites."""

    data: list[CaseProjectFavorite]


class CaseProjectCreateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A new project. The key begins the key of each of its cases; it is kept in upper case and never changes."""

    key: Annotated[str, Meta(extra_json_schema={"pattern": "^[A-Za-z][A-Za-z0-9]{0,9}$", "not": {"const": "CASE"}})]
    name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARS)]
    enabled_custom_case_types: EnabledTypes | UnsetType = UNSET
    team_uuid: UUID | UnsetType | None = UNSET


class CaseProjectCreate(msgspec.Struct, frozen=True, kw_only=True):
    """A new project."""

    type: Literal["project"]
    attributes: CaseProjectCreateAttributes


class CaseProjectCreateRequest(msgspec.Struct, frozen=True):
    """A new project."""

    data: CaseProjectCreate


class CaseProjectUpdateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What to change. Of `settings`, members given replace, group by group; a null team takes the team away."""

    columns_config: ProjectColumnsConfig | UnsetType = UNSET
    enabled_custom_case_types: EnabledTypes | UnsetType = UNSET
    name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARS)] | UnsetType = UNSET
    settings: ProjectSettings | UnsetType = UNSET
    team_uuid: UUID | UnsetType | None = UNSET


class CaseProjectUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a project."""

    type: Literal["project"]
    attributes: CaseProjectUpdateAttributes = CaseProjectUpdateAttributes()


class CaseProjectUpdateRequest(msgspec.Struct, frozen=True):
    """A change of a project."""

    data: CaseProjectUpdate


def project_resource(project: Project) -> CaseProjectResource:
    """The project as a resource."""
    enabled = project.enabled_type_ids
    return CaseProjectResource(
        id=str(project.id),
        type="project",
        attributes=CaseProjectAttributes(
            columns_config=UNSET if project.columns is None else _read(project.columns, ProjectColumnsConfig),
            enabled_custom_case_types=UNSET if enabled is None else [str(type_id) for type_id in enabled],
            key=project.key,
            name=project.name,
            restricted=project.restricted,
            settings=_read(shown_settings(project.settings), ProjectSettings),
        ),
        relationships=UNSET if project.team_id is None else _relationships(project.team_id),
    )


def favorite_resource(project_id: ProjectId) -> CaseProjectFavorite:
    """The favorite as a resource."""
    return CaseProjectFavorite(id=str(project_id), type="project_favorite")


def plain(given: msgspec.Struct) -> dict[str, Json]:
    """Settings or columns as they are stored: plain JSON with what was given only."""
    found: dict[str, Json] = msgspec.to_builtins(given)
    return found


def _relationships(team_id: TeamId) -> CaseProjectRelationships:
    links = CaseProjectTeamLinks(f"/api/v2/team/{team_id}/links")
    return CaseProjectRelationships(CaseProjectTeam([Reference(str(team_id), "team_links")], links))


def _read(stored: Mapping[str, Json], form: Any) -> Any:
    """What is stored, in the order in which it is answered; the database may keep objects in an order of its own."""
    return msgspec.convert(dict(stored), form)
