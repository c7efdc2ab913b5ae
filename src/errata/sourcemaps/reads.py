"""Questions about what was uploaded."""

from __future__ import annotations

from errata.sourcemaps import store
from errata.sourcemaps.model import SourceMap
from errata.storage.sql import Database


class SourceMapReads:
    """Lists of maps."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def page(self, *, service: str, version: str, limit: int, offset: int) -> tuple[list[SourceMap], int, int]:
        """Some of the maps of a service and a version (empty: of all), with how many there are, and of these."""
        with self._db.read() as tx:
            found, filtered = store.page(tx, service=service, version=version, limit=limit, offset=offset)
            total = store.page(tx, limit=0)[1] if service or version else filtered
        return found, total, filtered
