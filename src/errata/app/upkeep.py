"""What the maintenance commands do: bringing schemas up to date, looking for what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from errata.access.first_start import FirstStart
from errata.access.reads import AccessReads
from errata.app.node import node_of
from errata.app.state import open_current_database, open_database, start_first
from errata.base.clock import Clock
from errata.base.errors import Conflict
from errata.events import batches
from errata.ingest import aside
from errata.settings import Settings
from errata.storage import event_migrations, state_migrations
from errata.storage.clickhouse import ClickHouse
from errata.storage.journal import Damaged, JournalReader
from errata.storage.sql import Database


def migrate_all(settings: Settings, clock: Clock, *, first_start: bool) -> tuple[tuple[str, ...], FirstStart | None]:
    """Apply what the databases lack; returns the names of the steps, and what the first start made, if asked.

    The event store is only seen to when the settings name one: the embedded engine's own is seen to by the worker.
    Raises Conflict for a database of a newer release, Unavailable when one does not answer.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings)
    try:
        applied = state_migrations.upgrade(database)
        if settings.events_url:
            applied += _migrate_events(settings.events_url)
        return applied, start_first(settings, database, clock) if first_start else None
    finally:
        database.close()


def journal_state(settings: Settings, database: Database) -> str:
    """How much of the journal waits for the worker, in words."""
    position = _position(settings, database)
    sizes = JournalReader(settings.data / "journal").sizes(position)
    return f"{sizes.bytes_waiting} bytes; {sizes.segments} segments take {sizes.bytes_on_disk} bytes on disk"


def findings(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    """Parts of an installation and how to look at each: the look returns what it found, or raises what is wrong."""
    yield "state", lambda: _with_database(settings, _look_at_state)
    yield "journal", lambda: _with_database(settings, lambda database: _look_at_journal(settings, database))
    yield "aside", lambda: _with_database(settings, _look_at_aside)
    yield "events", lambda: _look_at_events(settings)


def _migrate_events(url: str) -> tuple[str, ...]:
    store = ClickHouse(url)
    try:
        return event_migrations.upgrade(store)
    finally:
        store.close()


def _with_database(settings: Settings, look: Callable[[Database], str]) -> str:
    database = open_current_database(settings)
    try:
        return look(database)
    finally:
        database.close()


def _look_at_state(database: Database) -> str:
    organisation = AccessReads(database).organisation()
    return f"{database.dialect}, organisation {organisation.name}"


def _look_at_journal(settings: Settings, database: Database) -> str:
    """Every request that waits, read through: a checksum is only worth something when somebody looks."""
    requests = 0
    with JournalReader(settings.data / "journal") as reader:
        for found in reader.records(_position(settings, database)):
            if isinstance(found, Damaged):
                raise Conflict(f"damaged at position {found.position}: {found.reason}; the worker sets it aside")
            requests += 1
    return f"{requests} requests wait, none is damaged"


def _look_at_aside(database: Database) -> str:
    with database.read() as tx:
        kept = aside.size(tx)
    return f"{kept.records} records set aside" + (", see `errata journal list`" if kept.records else "")


def _look_at_events(settings: Settings) -> str:
    if not settings.events_url:
        return "not looked at: the embedded engine answers to `errata serve` only, see /health there"
    store = ClickHouse(settings.events_url)
    try:
        missing = event_migrations.pending(store)
    finally:
        store.close()
    if missing:
        raise Conflict(f"the event store lacks {', '.join(missing)}: run `errata migrate`")
    return "reached, tables are up to date"


def _position(settings: Settings, database: Database) -> int:
    with database.read() as tx:
        return batches.position_of(tx, node_of(settings.data / "journal"))
