"""One owner a data folder and role: file locks that the kernel lets go when their process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from errata.base.errors import Conflict

PATIENCE_S = 10.0
"""What to wait for the lock of a process that was killed: the kernel takes a moment to take a big one apart."""
_PAUSE_S = 0.02


class Lock:
    """A held lock. Kept for the life of the process; `release` is for tests and for probing."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let the lock go; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def hold(folder: Path, role: str = "", *, patience_s: float = 0.0) -> Lock:
    """Take `folder/lock` (the server) or `folder/lock.ROLE`; the file then names the process.

    Waits up to `patience_s` for an owner that is just ending. Raises Conflict naming folder and owner.
    """
    path = folder / (f"lock.{role}" if role else "lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + patience_s
    while not _take(descriptor):
        if time.monotonic() >= until:
            owner = _owner(descriptor)
            os.close(descriptor)
            raise Conflict(f"data folder {folder} is in use by another Errata {role or 'server'}{owner}")
        time.sleep(_PAUSE_S)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return Lock(descriptor)


def _take(descriptor: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _owner(descriptor: int) -> str:
    text = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
    return f" (process {text})" if text.isdigit() else ""
