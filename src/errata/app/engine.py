"""The engine's process: chDB on the data folder behind ClickHouse's HTTP interface."""

from __future__ import annotations

from socket import socket

from errata.app.logs import configure_logs
from errata.base.clock import SystemClock
from errata.base.errors import Invalid
from errata.jobs.locks import PATIENCE_S, hold
from errata.settings import Settings
from errata.storage.engine.limits import limits_for
from errata.storage.engine.serve import serve_engine


def run_engine(settings: Settings, listening: socket) -> None:
    """Serve the event store until SIGTERM. Raises Invalid without its two secrets, Conflict when it is open already."""
    log = configure_logs("engine", level=settings.log_level, form=settings.log_format, clock=SystemClock())
    if not settings.engine_read_secret or not settings.engine_write_secret:
        raise Invalid("set ERRATA_ENGINE_READ_SECRET and ERRATA_ENGINE_WRITE_SECRET, or start all with `errata serve`")
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = hold(settings.data, "engine", patience_s=PATIENCE_S)
    log.info("engine starts", port=listening.getsockname()[1], memory_mb=settings.engine_memory_mb)
    serve_engine(
        settings.data / "events",
        listening,
        read_secret=settings.engine_read_secret,
        write_secret=settings.engine_write_secret,
        limits=limits_for(settings.engine_memory_mb),
    )
    log.info("engine ended")
    lock.release()
