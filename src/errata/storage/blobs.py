"""Large things that never change, kept by the SHA-256 of their content: one folder today, an object store later.

A thing is first written into a draft, then kept under its name; what is kept is on disk. Whoever names a blob in the
state database removes it when nobody names it any more.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from uuid import uuid4

from errata.base.errors import Unavailable
from errata.storage.journal.folder import sync_folder

_DRAFTS = "drafts"
_DRAFT_LIFE_S = 6 * 3600


class Draft(Protocol):
    """Something that is being written. Left without `keep`, it is gone."""

    @property
    def size(self) -> int:
        """Bytes written so far."""

    @property
    def path(self) -> Path:
        """Where it can be read meanwhile, after `finish`."""

    def write(self, data: bytes) -> None:
        """Append. Raises Unavailable when the disk does not take it."""

    def finish(self) -> str:
        """Nothing follows: bring it to disk, and say the name that it will have."""

    def keep(self) -> str:
        """Keep it under its name, which is returned; what has that name already stays. Durable on return."""

    def close(self) -> None:
        """Forget it, unless it was kept."""


class Blobs(Protocol):
    """Where blobs are. Names are 64 hexadecimal digits."""

    def draft(self) -> Draft:
        """Begin to write something."""

    def path(self, name: str) -> Path:
        """Where a blob can be read as a file; it need not exist."""

    def remove(self, name: str) -> None:
        """Forget a blob; one that is not there is fine."""

    def names(self) -> Iterator[str]:
        """All blobs, in no order."""


class FolderBlobs:
    """Blobs as files of a folder: `ab/abcdef...`. Raises Unavailable where the disk fails."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def draft(self) -> FolderDraft:
        """Begin to write something."""
        drafts = self._folder / _DRAFTS
        try:
            drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _trouble(error) from error
        return FolderDraft(self, drafts / uuid4().hex)

    def path(self, name: str) -> Path:
        """Where a blob can be read as a file; it need not exist."""
        return self._folder / name[:2] / name

    def remove(self, name: str) -> None:
        """Forget a blob; one that is not there is fine."""
        try:
            self.path(name).unlink(missing_ok=True)
        except OSError as error:
            raise _trouble(error) from error

    def names(self) -> Iterator[str]:
        """All blobs, in no order."""
        for folder in self._folder.glob("[0-9a-f][0-9a-f]"):
            for path in folder.iterdir():
                yield path.name

    def sweep(self, now_ms: int) -> int:
        """Remove drafts that a process left behind when it was killed; returns how many. None that is hours young."""
        removed = 0
        for path in (self._folder / _DRAFTS).glob("*"):
            with suppress(OSError):
                if now_ms / 1000 - path.stat().st_mtime > _DRAFT_LIFE_S:
                    path.unlink()
                    removed += 1
        return removed

    def take(self, draft: Path, name: str) -> None:
        """Give a draft that is on disk its name; a blob of this name stays, since it holds the same."""
        target = self.path(name)
        try:
            if not target.parent.exists():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                sync_folder(self._folder)
            draft.replace(target)
            sync_folder(target.parent)
        except OSError as error:
            raise _trouble(error) from error


class FolderDraft:
    """A file that is being written."""

    def __init__(self, blobs: FolderBlobs, path: Path) -> None:
        self._blobs = blobs
        self._hash = hashlib.sha256()
        self.path = path
        self.size = 0
        try:
            self._file = path.open("xb")
        except OSError as error:
            raise _trouble(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, data: bytes) -> None:
        """Append. Raises Unavailable when the disk does not take it."""
        self._hash.update(data)
        self.size += len(data)
        try:
            self._file.write(data)
        except OSError as error:
            raise _trouble(error) from error

    def finish(self) -> str:
        """Nothing follows: bring it to disk, and say the name that it will have."""
        if not self._file.closed:
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
            except OSError as error:
                raise _trouble(error) from error
        return self._hash.hexdigest()

    def keep(self) -> str:
        """Keep it under its name, which is returned; what has that name already stays. Durable on return."""
        name = self.finish()
        self._blobs.take(self.path, name)
        return name

    def close(self) -> None:
        """Forget it, unless it was kept."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def _trouble(error: OSError) -> Unavailable:
    return Unavailable(f"The folder of blobs does not take it: {error.strerror or error}.", where="blobs")
