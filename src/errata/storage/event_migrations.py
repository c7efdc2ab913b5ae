"""Bringing the event store to the schema that this release works with.

The steps are `migrations/events/NNNN_name.sql`, applied in order, never changed once released. ClickHouse has no
transactions for tables: every statement can be repeated (`IF NOT EXISTS`), so a step that was cut short is run again.
"""

from __future__ import annotations

import re
from pathlib import Path

from errata.base.errors import Conflict, Invalid
from errata.storage.clickhouse import UNKNOWN_SETTING, ClickHouse

_FOLDER = Path(__file__).parent / "migrations" / "events"
_OPTIONAL = re.compile(r"^.*-- optional\n", re.MULTILINE)
_IN_THE_BACKGROUND = {"mutations_sync": 0}
"""What rewrites stored rows may take minutes: it is begun, and what reads them meanwhile does without."""
_APPLIED = """
CREATE TABLE IF NOT EXISTS event_migrations (number UInt32, name String, applied_at DateTime64(3, 'UTC'))
ENGINE = MergeTree ORDER BY number SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""


def upgrade(store: ClickHouse) -> tuple[str, ...]:
    """Apply what is missing, oldest first; return the names of the steps applied.

    Safe to repeat and to run from several places. Raises Conflict when the store was written by a newer release,
    Unavailable.
    """
    store.command(_APPLIED)
    missing = pending(store)
    for name in missing:
        for statement in _statements(name):
            _apply(store, statement)
        store.command(
            "INSERT INTO event_migrations SELECT {number:UInt32}, {name:String}, now64(3)",
            {"number": _number(name), "name": name},
        )
    return missing


def pending(store: ClickHouse) -> tuple[str, ...]:
    """Names of the steps that the store lacks, oldest first. Raises Conflict and Unavailable as `upgrade` does."""
    exists = store.query("SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'event_migrations'")
    rows = store.query("SELECT DISTINCT number FROM event_migrations") if exists else []
    applied = {number for (number,) in rows}
    known = [path.stem for path in sorted(_FOLDER.glob("*.sql"))]
    newer = applied - {_number(name) for name in known}
    if newer:
        raise Conflict(
            f"The event store has the schema {max(newer)}, which this release does not know: it was written by a "
            "newer Errata. Start that release, or restore the backup made before the upgrade.",
            where="events",
        )
    return tuple(name for name in known if _number(name) not in applied)


def _number(name: str) -> int:
    return int(name.partition("_")[0])


def _statements(name: str) -> list[str]:
    text = (_FOLDER / f"{name}.sql").read_text()
    return [statement for statement in re.split(r";\n", text) if statement.strip()]


def _apply(store: ClickHouse, statement: str) -> None:
    """Run a statement; a server too old for a line marked optional gets it without."""
    try:
        store.command(statement, settings=_IN_THE_BACKGROUND)
    except Invalid as refusal:
        if refusal.where != UNKNOWN_SETTING or not _OPTIONAL.search(statement):
            raise
        store.command(_OPTIONAL.sub("", statement), settings=_IN_THE_BACKGROUND)
