"""Names for the project numbers of Sentry DSNs: the service of errors that name none themselves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from errata.access.model import Scope
from errata.api.jsonapi import Resource, with_offset
from errata.api.operation import Call, Operation, Parameter, Style
from errata.api.rooms import Rooms
from errata.base.errors import NotFound
from errata.events.sentry_projects import MAX_NAME, MAX_NUMBER, SentryProject

TAG = "Intake"


class SentryProjectAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is what the DSN ends in, `name` the service of errors without a tag `service`."""

    number: int
    name: str
    created_at: str
    modified_at: str


class SentryProjectResource(Resource, frozen=True, kw_only=True):
    """A project that has a name. Its id is its number."""

    type: Literal["sentry_project"]
    attributes: SentryProjectAttributes


class SentryProjectResponse(msgspec.Struct, frozen=True):
    """One project."""

    data: SentryProjectResource


class SentryProjectsResponse(msgspec.Struct, frozen=True):
    """All projects that have a name, by number."""

    data: list[SentryProjectResource]


class SentryProjectName(msgspec.Struct, frozen=True, kw_only=True):
    """The name to give."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]


class SentryProjectPut(msgspec.Struct, frozen=True, kw_only=True):
    """A project to be named."""

    type: Literal["sentry_project"]
    attributes: SentryProjectName


class SentryProjectRequest(msgspec.Struct, frozen=True):
    """A project to be named."""

    data: SentryProjectPut


def _number(given: str) -> int:
    if not (given.isascii() and given.isdecimal()) or len(given) > len(str(MAX_NUMBER)):
        raise NotFound("A project's number is what its DSN ends in: digits only.")
    return int(given)


NUMBER: Parameter[int] = Parameter(
    "number",
    _number,
    0,
    {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER},
    "What the DSN ends in",
    in_path=True,
)


def list_projects(rooms: Rooms, call: Call[None]) -> SentryProjectsResponse:  # noqa: ARG001 - a list needs nothing of its call
    """All projects that have a name."""
    return SentryProjectsResponse([_resource(project) for project in rooms.sentry_projects.all()])


def put_project(rooms: Rooms, call: Call[SentryProjectRequest]) -> SentryProjectResponse:
    """Name a project, or give it another name; events that are stored keep their service."""
    name = call.body.data.attributes.name
    return SentryProjectResponse(_resource(rooms.sentry_projects.put(NUMBER.of(call), name, call.caller.actor)))


def delete_project(rooms: Rooms, call: Call[None]) -> None:
    """Forget a project's name."""
    rooms.sentry_projects.delete(NUMBER.of(call), call.caller.actor)


def _resource(project: SentryProject) -> SentryProjectResource:
    attributes = SentryProjectAttributes(
        number=project.number,
        name=project.name,
        created_at=with_offset(project.created_at),
        modified_at=with_offset(project.modified_at),
    )
    return SentryProjectResource(id=str(project.number), type="sentry_project", attributes=attributes)


_EXAMPLE = {
    "id": "42",
    "type": "sentry_project",
    "attributes": {
        "number": 42,
        "name": "checkout",
        "created_at": "2026-01-05T08:00:00.480711+00:00",
        "modified_at": "2026-01-05T08:00:00.480711+00:00",
    },
}
_PATH = "/api/errata/v1/sentry/projects"
OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=_PATH,
        name="ListSentryProjects",
        summary="List the Sentry projects that have a name",
        tag=TAG,
        handler=list_projects,
        style=Style.JSON_API,
        scopes=(Scope.ERROR_TRACKING_READ,),
        answer=SentryProjectsResponse,
        description="Sentry SDKs send to `https://<API key or client token>@<this server>/<number>`. A project needs "
        "no name to work: the service of an error is its tag `service`, else the name given here, else the name in "
        "its release (`name@version`), else `project-<number>`.",
        answer_example={"data": [_EXAMPLE]},
    ),
    Operation(
        method="PUT",
        path=f"{_PATH}/{{number}}",
        name="PutSentryProject",
        summary="Name a Sentry project",
        tag=TAG,
        handler=put_project,
        style=Style.JSON_API,
        scopes=(Scope.ERROR_TRACKING_WRITE,),
        body=SentryProjectRequest,
        answer=SentryProjectResponse,
        errors=(400, 401, 403, 404, 429),
        parameters=(NUMBER,),
        description="Holds for errors that arrive a few seconds later or more; what is stored keeps its service.",
        request_example={"data": {"type": "sentry_project", "attributes": {"name": "checkout"}}},
        answer_example={"data": _EXAMPLE},
    ),
    Operation(
        method="DELETE",
        path=f"{_PATH}/{{number}}",
        name="DeleteSentryProject",
        summary="Forget the name of a Sentry project",
        tag=TAG,
        handler=delete_project,
        style=Style.JSON_API,
        scopes=(Scope.ERROR_TRACKING_WRITE,),
        status=204,
        errors=(401, 403, 404, 429),
        parameters=(NUMBER,),
    ),
)
