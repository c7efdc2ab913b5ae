"""Source maps, put together for the processes that take, ask and show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from errata.access.credentials import Credentials
from errata.base.clock import Clock
from errata.base.errors import Unauthenticated
from errata.base.ids import KeyId, random_id
from errata.ingest.source_maps import SourceMapUploads, UploadCounts
from errata.jobs.lines import Log
from errata.settings import Settings
from errata.sourcemaps.commands import SourceMapCommands
from errata.sourcemaps.mapper import Mapper
from errata.sourcemaps.symbolicator import Symbolicator
from errata.storage.blobs import FolderBlobs
from errata.storage.sql import Database


def blobs_of(settings: Settings) -> FolderBlobs:
    """Where the files are."""
    return FolderBlobs(settings.data / "blobs")


def commands_of(settings: Settings, database: Database, clock: Clock) -> SourceMapCommands:
    """Adding and removing maps."""
    return SourceMapCommands(database, blobs_of(settings), clock, max_bytes=settings.source_maps_max_bytes)


def symbolicator_of(settings: Settings, database: Database, clock: Clock, mapper: Mapper | None = None) -> Symbolicator:
    """Asking maps. Its process begins at the first question, and ends with this one or with the mapper given."""
    return Symbolicator(database, blobs_of(settings), mapper or Mapper(), clock)


@contextmanager
def opened_uploads(
    settings: Settings,
    database: Database,
    credentials: Credentials,
    clock: Clock,
    counts: UploadCounts,
    log: Log,
) -> Iterator[SourceMapUploads]:
    """The address that takes maps. What a kill left of unfinished uploads is removed first."""
    commands, mapper, blobs = commands_of(settings, database, clock), Mapper(), blobs_of(settings)
    left = blobs.sweep(clock.now_ms()) + commands.sweep()
    if left:
        log.info("removed what unfinished uploads left", files=left)

    def key_of(secret: str) -> KeyId:
        key_id = credentials.sender(secret).api_key_id
        if key_id is None:
            raise Unauthenticated("An API key is needed in the header DD-API-KEY.", where="DD-API-KEY")
        return key_id

    uploads = SourceMapUploads(
        commands, blobs, mapper, key_of, clock, random_id, counts, max_bytes=settings.source_map_max_bytes
    )
    try:
        yield uploads
    finally:
        uploads.close()
        mapper.close()
