"""State databases for tests, on each of the two engines, made quickly: a migrated one is a copy of the first of them."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from errata.storage import state_migrations
from errata.storage.sql import Database, sqlite_url
from postgresql import PostgreSQL


class SqliteStates:
    """Each database a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._template: Path | None = None

    def empty(self) -> str:
        """The URL of a database without any table."""
        return sqlite_url(self._new())

    def migrated(self) -> str:
        """The URL of one with the schema of this release and nothing in it."""
        if self._template is None:
            self._template = self._new()
            _migrate(sqlite_url(self._template))
        path = self._new()
        path.parent.mkdir()
        shutil.copyfile(self._template, path)
        return sqlite_url(path)

    def remove(self, url: str) -> None:
        """Remove a database for good."""
        shutil.rmtree(Path(url.removeprefix("sqlite:///")).parent, ignore_errors=True)

    def _new(self) -> Path:
        return self._folder / str(next(self._numbers)) / "state.db"


class PostgresqlStates:
    """Databases of one server."""

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self._template = ""

    def empty(self) -> str:
        """The URL of a database without any table."""
        return self._server.url(self._server.new_database())

    def migrated(self) -> str:
        """The URL of one with the schema of this release and nothing in it."""
        if not self._template:
            name = self._server.new_database()
            _migrate(self._server.url(name))
            self._template = name
        return self._server.url(self._server.new_database(self._template))

    def remove(self, url: str) -> None:
        """Remove a database for good, with whoever still uses it."""
        self._server.drop_database(urlsplit(url).path[1:])


States = SqliteStates | PostgresqlStates


@contextlib.contextmanager
def migrated_state(states: States) -> Iterator[Database]:
    """A state database with the schema of this release, gone afterwards."""
    url = states.migrated()
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
        states.remove(url)


def _migrate(url: str) -> None:
    database = Database(url)
    state_migrations.upgrade(database)
    database.close()
