"""Bringing the state database to the schema that this release works with.

The steps are Alembic scripts in `migrations/state/versions`: frozen statements that know nothing of the code's tables,
because those move on. A schema changes in steps that work with the code before and after (widen, fill, narrow).

Alembic is imported only where there is something to do: it adds 10 MB to a process, and every process asks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from errata.base.errors import Conflict
from errata.storage import postgresql
from errata.storage.sql import Database, Transaction

if TYPE_CHECKING:
    from alembic.config import Config

LATEST = "0005"
"""The newest step. A test holds that it is the last of the scripts."""


def upgrade(database: Database) -> tuple[str, ...]:
    """Apply what is missing, oldest first, all or nothing; return the names of the steps applied.

    Safe when several processes start at once: one works, the others wait and find nothing to do. Raises Conflict when
    the database was written by a newer release, Unavailable when its lock is not had in time.
    """
    if not pending(database):
        return ()
    from alembic import command  # noqa: PLC0415 - see above

    with database.migrate() as tx:
        missing = _pending(tx)
        config = _config()
        config.attributes["connection"] = tx
        command.upgrade(config, "head")
    return missing


def pending(database: Database) -> tuple[str, ...]:
    """Names of the steps that the database lacks, oldest first. Raises Conflict as `upgrade` does.

    Also for a database whose encoding cannot hold every text.
    """
    with database.read() as tx:
        if database.dialect == "postgresql":
            postgresql.check_encoding(tx)
        return _pending(tx)


def _pending(tx: Transaction) -> tuple[str, ...]:
    at = _applied(tx)
    if at == LATEST:
        return ()
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above
    from alembic.script.revision import RevisionError  # noqa: PLC0415

    scripts = ScriptDirectory.from_config(_config())
    try:
        missing = [script.revision for script in scripts.iterate_revisions("heads", at)]
    except RevisionError as error:
        raise Conflict(
            f"The state database has the schema {at}, which this release does not know: it was written by a newer "
            "Errata. Start that release, or restore the backup made before the upgrade.",
            where="state",
        ) from error
    return tuple(reversed(missing))


def _applied(tx: Transaction) -> str | None:
    """The last step that was applied, from Alembic's own table of one row; None for an empty database."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    applied: str | None = tx.scalar(text("SELECT version_num FROM alembic_version"))
    return applied


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")  # one folder: no character of its name splits it
    return config


_FOLDER = Path(__file__).parent / "migrations" / "state"
