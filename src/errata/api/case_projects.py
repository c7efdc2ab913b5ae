"""Projects of cases, and each user's favorites among them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from errata.access.model import Scope
from errata.api import case_setup_examples as examples
from errata.api.case_project_json import (
    CaseProjectCreateRequest,
    CaseProjectFavoritesResponse,
    CaseProjectResponse,
    CaseProjectsResponse,
    CaseProjectUpdateRequest,
    favorite_resource,
    plain,
    project_resource,
)
from errata.api.operation import Call, Operation, Style
from errata.api.parameters import id_in_path, no_uuid
from errata.api.rooms import Rooms
from errata.base.errors import NotFound
from errata.base.ids import CaseTypeId, ProjectId, TeamId
from errata.cases.decide_projects import ProjectChange

TAG = "Case Management"
PROJECT_ID = id_in_path("project_id", no_uuid("ProjectId"), "Project UUID")
# The contract knows no 400 for a project to be deleted: what is no id names none.
DOOMED_ID = id_in_path("project_id", lambda _: NotFound("project not found"), "Project UUID")


def list_projects(rooms: Rooms, call: Call[None]) -> CaseProjectsResponse:  # noqa: ARG001 - nothing to ask of the call
    """All projects, the oldest first."""
    return CaseProjectsResponse([project_resource(project) for project in rooms.case_projects.projects()])


def get_project(rooms: Rooms, call: Call[None]) -> CaseProjectResponse:
    """One project."""
    return CaseProjectResponse(project_resource(rooms.case_projects.project(_id(call))))


def create_project(rooms: Rooms, call: Call[CaseProjectCreateRequest]) -> CaseProjectResponse:
    """The new project."""
    given = call.body.data.attributes
    project = rooms.case_project_commands.create(
        call.caller.actor,
        key=given.key,
        name=given.name,
        team_id=next(iter(_team(given.team_uuid) or ()), None),
        enabled_type_ids=_types(given.enabled_custom_case_types),
    )
    return CaseProjectResponse(project_resource(project))


def update_project(rooms: Rooms, call: Call[CaseProjectUpdateRequest]) -> CaseProjectResponse:
    """The project after the change."""
    given = call.body.data.attributes
    change = ProjectChange(
        name=None if given.name is UNSET else given.name,
        team=_team(given.team_uuid),
        enabled_type_ids=_types(given.enabled_custom_case_types),
        columns=None if given.columns_config is UNSET else plain(given.columns_config),
        settings=None if given.settings is UNSET else plain(given.settings),
    )
    project = rooms.case_project_commands.update(call.caller.actor, _id(call), change)
    return CaseProjectResponse(project_resource(project))


def delete_project(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: the project and its cases are gone."""
    rooms.case_project_commands.delete(call.caller.actor, ProjectId(DOOMED_ID.of(call)))


def list_favorites(rooms: Rooms, call: Call[None]) -> CaseProjectFavoritesResponse:
    """The caller's favorites."""
    found = rooms.case_projects.favorites(call.user.id)
    return CaseProjectFavoritesResponse([favorite_resource(project_id) for project_id in found])


def favorite_project(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: the project is one of the caller's favorites."""
    rooms.case_project_commands.favorite(call.user.id, _id(call))


def unfavorite_project(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: the project is none of the caller's favorites."""
    rooms.case_project_commands.unfavorite(call.user.id, _id(call))


def _id(call: Call[Any]) -> ProjectId:
    return ProjectId(PROJECT_ID.of(call))


def _team(given: UUID | UnsetType | None) -> tuple[TeamId, ...] | None:
    if given is UNSET:
        return None
    return () if given is None else (TeamId(given),)


def _types(given: tuple[UUID, ...] | UnsetType) -> tuple[CaseTypeId, ...] | None:
    return None if given is UNSET else tuple(CaseTypeId(type_id) for type_id in dict.fromkeys(given))


_ALL_PATH = "/api/v2/cases/projects"
_ONE_PATH = "/api/v2/cases/projects/{project_id}"
_READ = (Scope.CASES_READ,)
_WRITE = (Scope.CASES_WRITE,)
_ERRORS = (400, 401, 403, 404, 429)

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=_ALL_PATH,
        name="GetProjects",
        summary="List projects",
        tag=TAG,
        handler=list_projects,
        style=Style.CASES,
        scopes=_READ,
        answer=CaseProjectsResponse,
        errors=(401, 403, 429),
        answer_example=examples.PROJECTS_ANSWER,
    ),
    Operation(
        method="POST",
        path=_ALL_PATH,
        name="CreateProject",
        summary="Create a project",
        tag=TAG,
        handler=create_project,
        style=Style.CASES,
        scopes=_WRITE,
        body=CaseProjectCreateRequest,
        answer=CaseProjectResponse,
        status=201,
        errors=_ERRORS,
        request_example=examples.CREATE_PROJECT,
        answer_example=examples.PROJECT_ANSWER,
    ),
    Operation(
        method="GET",
        path=f"{_ALL_PATH}/favorites",
        name="ListUserCaseProjectFavorites",
        summary="List the caller's favorite projects",
        tag=TAG,
        handler=list_favorites,
        style=Style.CASES,
        scopes=_READ,
        answer=CaseProjectFavoritesResponse,
        errors=(401, 403, 429),
    ),
    Operation(
        method="GET",
        path=_ONE_PATH,
        name="GetProject",
        summary="Read one project",
        tag=TAG,
        handler=get_project,
        style=Style.CASES,
        scopes=_READ,
        answer=CaseProjectResponse,
        errors=_ERRORS,
        parameters=(PROJECT_ID,),
        answer_example=examples.PROJECT_ANSWER,
    ),
    Operation(
        method="PATCH",
        path=_ONE_PATH,
        name="UpdateProject",
        summary="Change a project",
        tag=TAG,
        handler=update_project,
        style=Style.CASES,
        scopes=_WRITE,
        body=CaseProjectUpdateRequest,
        answer=CaseProjectResponse,
        errors=_ERRORS,
        parameters=(PROJECT_ID,),
        request_example=examples.UPDATE_PROJECT,
        answer_example=examples.PROJECT_ANSWER,
    ),
    Operation(
        method="DELETE",
        path=_ONE_PATH,
        name="DeleteProject",
        summary="Delete a project and its cases for good",
        tag=TAG,
        handler=delete_project,
        style=Style.CASES,
        scopes=_WRITE,
        status=204,
        errors=(401, 403, 404, 429),
        parameters=(DOOMED_ID,),
    ),
    Operation(
        method="POST",
        path=f"{_ONE_PATH}/favorites",
        name="FavoriteCaseProject",
        summary="Make a project a favorite of the caller",
        tag=TAG,
        handler=favorite_project,
        style=Style.CASES,
        scopes=_WRITE,
        status=204,
        errors=_ERRORS,
        parameters=(PROJECT_ID,),
    ),
    Operation(
        method="DELETE",
        path=f"{_ONE_PATH}/favorites",
        name="UnfavoriteCaseProject",
        summary="Take a project from the caller's favorites",
        tag=TAG,
        handler=unfavorite_project,
        style=Style.CASES,
        scopes=_WRITE,
        status=204,
        errors=_ERRORS,
        parameters=(PROJECT_ID,),
    ),
)
