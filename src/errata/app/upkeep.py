"""What the maintenance commands do: bringing schemas up to date, looking for what is wrong."""

from __future__ import annotations

from errata.access.first_start import FirstStart
from errata.app.state import open_database, start_first
from errata.base.clock import Clock
from errata.settings import Settings
from errata.storage import state_migrations


def migrate_all(settings: Settings, clock: Clock, *, first_start: bool) -> tuple[tuple[str, ...], FirstStart | None]:
    """Apply what the state database lacks; returns the names of the steps, and what the first start made, if asked.

    Raises Conflict for a database of a newer release, Unavailable when it does not answer.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings)
    try:
        applied = state_migrations.upgrade(database)
        return applied, start_first(settings, database, clock) if first_start else None
    finally:
        database.close()
