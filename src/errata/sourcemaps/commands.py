"""Adding and removing maps: files and rows together, so that no row ever lacks its file.

A file is on disk before its row is committed, and goes only after the last row that names it. What a kill leaves
between is a file without a row, which the next start removes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from errata.base.clock import Clock
from errata.sourcemaps import store
from errata.sourcemaps.model import SourceMap
from errata.storage.blobs import Blobs, Draft
from errata.storage.sql import Database, serialize

_log = structlog.get_logger("errata.sourcemaps")
_AT_ONCE = 50


class SourceMapCommands:
    """Changes of what is uploaded. `max_bytes` bounds all files together: the longest unused go first."""

    def __init__(self, db: Database, blobs: Blobs, clock: Clock, *, max_bytes: int) -> None:
        self._db = db
        self._blobs = blobs
        self._clock = clock
        self._max_bytes = max_bytes

    def add(self, uploaded: SourceMap, source_map: Draft, minified: Draft | None) -> None:
        """Keep a map, in the place of an earlier one of the same file. Files and row are on disk on return.

        Blob names and sizes of `uploaded` must be the drafts'. Raises Unavailable when disk or database fail.
        """
        with self._db.write() as tx:
            # One at a time with `_drop`: a file may not go while a row that names it is being written.
            serialize(tx, "blobs")
            source_map.keep()
            if minified is not None:
                minified.keep()
            before = store.save(tx, uploaded)
        self._drop(before)
        self._make_room(uploaded)

    def remove(self, ids: Sequence[UUID]) -> int:
        """Forget maps and their files; returns how many there were. Ids that do not exist are fine."""
        with self._db.write() as tx:
            found = [one.id for one in store.by_ids(tx, ids)]
            blobs = store.remove(tx, found)
        self._drop(blobs)
        return len(found)

    def sweep(self) -> int:
        """Remove files that no map names: what a kill left behind. Returns how many."""
        return self._drop(self._blobs.names())

    def _make_room(self, newest: SourceMap) -> None:
        """Remove the longest unused while all together are too many; the newest stays whatever its size."""
        while True:
            with self._db.write() as tx:
                excess = store.total_bytes(tx) - self._max_bytes
                if excess <= 0:
                    return
                gone: list[SourceMap] = []
                for one in store.least_used(tx, limit=_AT_ONCE):
                    if excess > 0 and (one.service, one.version, one.url) != (
                        newest.service,
                        newest.version,
                        newest.url,
                    ):
                        gone.append(one)
                        excess -= one.size + one.minified_size
                blobs = store.remove(tx, [one.id for one in gone])
            self._drop(blobs)
            for one in gone:
                _log.warning("source_map_removed", service=one.service, version=one.version, url=one.url)
            if not gone:
                return

    def _drop(self, blobs: Iterable[str]) -> int:
        asked = list(blobs)
        if not asked:
            return 0
        with self._db.write() as tx:
            serialize(tx, "blobs")
            unneeded = store.unneeded(tx, asked)
            for name in unneeded:
                self._blobs.remove(name)
        return len(unneeded)
