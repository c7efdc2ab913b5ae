"""What was uploaded: source maps by service and version. They are uploaded by `POST /api/v2/srcmap`, not here."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from errata.access.model import Scope
from errata.api.jsonapi import Resource, with_offset
from errata.api.operation import Call, Operation, Style
from errata.api.paging import PAGING, Counts, PageMeta, slice_of
from errata.api.parameters import id_in_path, text
from errata.api.rooms import Rooms
from errata.base.errors import Invalid, NotFound
from errata.sourcemaps.model import SourceMap

TAG = "Source Maps"


class SourceMapAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded map. `url` is the minified file's, without query; sizes are bytes.

    `names_functions`: the minified file came along and can be read, so that functions are told by their source names.
    `used_at` is exact to a day. `uploaded_by` is the id of an API key.
    """

    service: str
    version: str
    url: str
    size: int
    minified_size: int
    names_functions: bool
    project_path: str
    repository_url: str
    commit_sha: str
    uploaded_by: str | UnsetType = UNSET
    uploaded_at: str
    used_at: str


class SourceMapResource(Resource, frozen=True, kw_only=True):
    """One uploaded map."""

    type: Literal["source_map"]
    attributes: SourceMapAttributes


class SourceMapsResponse(msgspec.Struct, frozen=True):
    """A page of maps, by service, version and file."""

    data: list[SourceMapResource]
    meta: PageMeta


SERVICE = text("filter[service]", "Only maps of this service")
VERSION = text("filter[version]", "Only maps of this version")
MAP_ID = id_in_path("source_map_id", lambda _: Invalid("source map id is not an uuid"), "Source map UUID")


def list_source_maps(rooms: Rooms, call: Call[None]) -> SourceMapsResponse:
    """A page of maps."""
    offset, limit = slice_of(call)
    found, total, filtered = rooms.source_maps.page(
        service=SERVICE.of(call), version=VERSION.of(call), limit=limit, offset=offset
    )
    return SourceMapsResponse([_resource(one) for one in found], PageMeta(Counts(total, filtered)))


def delete_source_map(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: the map is gone."""
    if not rooms.source_map_commands.remove([MAP_ID.of(call)]):
        raise NotFound("source map not found")


def _resource(one: SourceMap) -> SourceMapResource:
    attributes = SourceMapAttributes(
        service=one.service,
        version=one.version,
        url=one.url,
        size=one.size,
        minified_size=one.minified_size,
        names_functions=bool(one.minified_blob),
        project_path=one.project_path,
        repository_url=one.repository_url,
        commit_sha=one.commit_sha,
        uploaded_by=str(one.uploaded_by) if one.uploaded_by else UNSET,
        uploaded_at=with_offset(one.uploaded_at),
        used_at=with_offset(one.used_at),
    )
    return SourceMapResource(id=str(one.id), type="source_map", attributes=attributes)


_EXAMPLE = {
    "data": [
        {
            "id": "2b0a4f0e-9c0a-4d6a-8c1b-7e550d6a3c1b",
            "type": "source_map",
            "attributes": {
                "service": "shop-web",
                "version": "1.0.0",
                "url": "https://shop.example/assets/main.min.js",
                "size": 407693,
                "minified_size": 242577,
                "names_functions": True,
                "project_path": "",
                "repository_url": "",
                "commit_sha": "",
                "uploaded_at": "2026-03-01T12:00:00.000000+00:00",
                "used_at": "2026-03-01T12:00:00.000000+00:00",
            },
        }
    ],
    "meta": {"page": {"total_count": 1, "total_filtered_count": 1}},
}

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path="/api/errata/v1/source-maps",
        name="ListSourceMaps",
        summary="Which source maps were uploaded",
        tag=TAG,
        handler=list_source_maps,
        style=Style.JSON_API,
        scopes=(Scope.ERROR_TRACKING_READ,),
        answer=SourceMapsResponse,
        parameters=(*PAGING, SERVICE, VERSION),
        answer_example=_EXAMPLE,
    ),
    Operation(
        method="DELETE",
        path="/api/errata/v1/source-maps/{source_map_id}",
        name="DeleteSourceMap",
        summary="Remove a source map",
        description="Stacks that it told before keep what it told.",
        tag=TAG,
        handler=delete_source_map,
        style=Style.JSON_API,
        scopes=(Scope.ERROR_TRACKING_READ, Scope.ERROR_TRACKING_WRITE),
        status=204,
        errors=(400, 401, 403, 404, 429),
        parameters=(MAP_ID,),
    ),
)
