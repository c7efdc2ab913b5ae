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
        self._template = ""

    def empty(self) -> str:
        """The URL of a database without any table."""
        return sqlite_url(self._new())

    def migrated(self) -> str:
        """The URL of one with the schema of this release and nothing in it."""
        if not self._template:
            url = self.empty()
            _migrate(url)
            self._template = url
        return self.copy_of(self._template)

    def copy_of(self, url: str) -> str:
        """The URL of a database like another, which nobody has open."""
        path = self._new()
        path.parent.mkdir()
        shutil.copyfile(_path_of(url), path)
        return sqlite_url(path)

    def remove(self, url: str) -> None:
        """Remove a database for good."""
        shutil.rmtree(_path_of(url).parent, ignore_errors=True)

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
            url = self.empty()
            _migrate(url)
            self._template = url
        return self.copy_of(self._template)

    def copy_of(self, url: str) -> str:
        """The URL of a database like another, which nobody has open."""
        return self._server.url(self._server.new_database(_name_of(url)))

    def remove(self, url: str) -> None:
        """Remove a database for good, with whoever still uses it."""
        self._server.drop_database(_name_of(url))


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


def _path_of(sqlite: str) -> Path:
    return Path(sqlite.removeprefix("sqlite:///"))


def _name_of(postgresql: str) -> str:
    return urlsplit(postgresql).path[1:]


def _migrate(url: str) -> None:
    database = Database(url)
    state_migrations.upgrade(database)
    database.close()
