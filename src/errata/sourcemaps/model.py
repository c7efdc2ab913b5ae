"""Values of the room: an uploaded map, where a call stands in the source, and why it could not be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

MAX_NAME_CHARS = 200
"""Length of a service and of a version."""
MAX_URL_CHARS = 2000
MAX_KEY_BYTES = 2600
"""Length of service, version and URL together: what an entry of PostgreSQL's indexes holds, less a little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMap:
    """The map of one minified file of one version of a service.

    `url` is the file's as uploaded, `path` its path alone and `name` the last part of that. `blob` and
    `minified_blob` are names of blobs; the latter is empty where the minified file did not come along or cannot be
    read: places are found then, functions keep their minified names. Sizes are bytes. `project_path` is what the
    uploader wants cut from the front of source files. Times are aware UTC; `used_at` is exact to a day.
    """

    id: UUID
    service: str
    version: str
    url: str
    path: str
    name: str
    blob: str
    size: int
    minified_blob: str = ""
    minified_size: int = 0
    project_path: str = ""
    repository_url: str = ""
    commit_sha: str = ""
    uploaded_by: UUID | None = None
    uploaded_at: datetime
    used_at: datetime


class Why(StrEnum):
    """Why a call is shown as it was sent. Part of the API: never rename a value."""

    NO_VERSION = "event_has_no_version"
    NO_UPLOAD = "no_source_map_of_the_service"
    OTHER_VERSION = "no_source_map_of_the_version"
    OTHER_FILE = "no_source_map_of_the_file"
    NO_POSITION = "call_has_no_line_and_column"
    NOT_COVERED = "no_mapping_at_the_position"
    DAMAGED = "source_map_cannot_be_read"


class Unmapped(msgspec.Struct, frozen=True, gc=False):
    """Why a call is shown as it was sent: the reason, a sentence, and what is there instead (versions or files)."""

    why: Why
    says: str
    there: tuple[str, ...] = ()


class Spot(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A place in a source file. Lines and columns count from 1.

    `function` is empty where the map does not tell. `context` is the line itself, `before` and `after` are those
    around it. `is_ignored`: the bundler marked the file as somebody else's code.
    """

    file: str
    line: int
    column: int
    function: str = ""
    context: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    is_ignored: bool = False
