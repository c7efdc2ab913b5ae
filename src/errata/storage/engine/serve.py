"""The engine's process: opens the folder, answers at the door until it is told to stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import uvicorn

from errata.storage.engine.door import Door
from errata.storage.engine.library import Library
from errata.storage.engine.limits import Limits


def serve_engine(
    data_dir: Path, listening: socket, *, read_secret: str, write_secret: str, limits: Limits | None = None
) -> None:
    """Serve the folder on a listening socket until SIGTERM or SIGINT, then finish what runs and close the folder.

    The two secrets are the passwords of `reader` and `writer`. Raises Conflict when another process has the folder
    open, Unavailable when it can't be opened. One call a process: chDB opens one folder.
    """
    limits = limits or Limits()
    library = Library(data_dir, limits)
    door = Door(library, limits, read_secret=read_secret, write_secret=write_secret)
    config = uvicorn.Config(
        door,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=limits.query_seconds,
    )
    _Server(config).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Uvicorn raises the signal that stopped it once more when all is done, which ends the process as if killed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
