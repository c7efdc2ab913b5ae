"""A folder of blobs and a state database to which source maps are uploaded."""

from __future__ import annotations

from pathlib import Path

from errata.base.clock import FixedClock
from errata.base.ids import random_id
from errata.sourcemaps import store
from errata.sourcemaps.commands import SourceMapCommands
from errata.sourcemaps.match import address_of
from errata.sourcemaps.model import SourceMap
from errata.storage.blobs import FolderBlobs
from errata.storage.sql import Database


class Site:
    def __init__(self, folder: Path, state: Database, clock: FixedClock, *, max_bytes: int = 1 << 20) -> None:
        self.blobs, self.state, self.clock = FolderBlobs(folder), state, clock
        self.commands = SourceMapCommands(state, self.blobs, clock, max_bytes=max_bytes)

    def upload(self, url: str, content: bytes, minified: bytes | None = None, *, version: str = "1") -> SourceMap:
        now = self.clock.now()
        address = address_of(url)
        with self.blobs.draft() as draft, self.blobs.draft() as beside:
            draft.write(content)
            beside.write(minified or b"")
            uploaded = SourceMap(
                id=random_id(),
                service="shop",
                version=version,
                url=address.url,
                path=address.path,
                name=address.name,
                blob=draft.finish(),
                size=draft.size,
                minified_blob=beside.finish() if minified is not None else "",
                minified_size=beside.size,
                uploaded_at=now,
                used_at=now,
            )
            self.commands.add(uploaded, draft, beside if minified is not None else None)
        return uploaded

    def files(self) -> set[str]:
        return {self.blobs.path(name).read_bytes().decode() for name in self.blobs.names()}

    def urls(self) -> list[str]:
        with self.state.read() as tx:
            return [one.url for one in store.page(tx)[0]]
