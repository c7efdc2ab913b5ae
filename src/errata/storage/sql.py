"""The state database: one engine, its transactions, the column types and the few statements that differ by engine.

SQLite in the data folder, PostgreSQL when scaled out. Nothing outside this module and `bytewise` may hold SQL that
only one of the two understands. What the tables mean is not known here: they live in their rooms' `tables.py`, on
`metadata`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql import ColumnExpressionArgument
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator

from errata.base.errors import Conflict, Invalid, Unavailable
from errata.storage import postgresql as postgresql_connections
from errata.storage.sqlite_functions import add_functions
from errata.storage.turns import Turns

T = TypeVar("T")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
"""Every state table of every room. Names of constraints follow from it, so that a migration can address them."""

Transaction = Connection
"""What stores are given: a connection with an open transaction. They never commit."""

Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
"""A JSON value; Python None is SQL NULL."""


def bytewise_text(chars: int | None = None) -> String:
    """Text that both engines compare and sort by code points, whatever the locale of a PostgreSQL is."""
    return String(chars).with_variant(String(chars, collation="C"), "postgresql")


Counter = BigInteger().with_variant(Integer(), "sqlite")
"""Primary key that the database counts up: SQLite does that for INTEGER only, which has 64 bits there anyway."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as whole microseconds since 1970 in a 64-bit integer.

    Exact, sorts as it should, and the same on both engines: no text forms, no session time zone. A naive datetime
    raises ValueError.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        """Microseconds of the instant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime names no instant")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """The aware instant of stored microseconds."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Database:
    """The state database behind a URL: `sqlite:////folder/state.db` or `postgresql://user:password@host/name`.

    Thread-safe; one per process. `busy_timeout_s` bounds every wait: for the write lock and for a connection. Raises
    Invalid when the URL names no engine that Errata speaks.

    SQLite: writes take the lock when they begin (`BEGIN IMMEDIATE`), so that "load, decide, save" never loses an
    update, and go through one connection a process: its threads take turns in the order in which they came, instead of
    polling the file lock. Reads run beside them on connections that refuse to write.
    PostgreSQL: writes are READ COMMITTED, so a row that is loaded to be changed is loaded `with_for_update()` (which
    SQLite leaves out); reads see one snapshot.
    """

    _turn: Callable[[], AbstractContextManager[None]]

    def __init__(self, url: str, *, busy_timeout_s: float = 10.0) -> None:
        try:
            parsed = make_url(url)
            backend = parsed.get_backend_name()
        except (ArgumentError, ValueError) as error:  # not repeated: it may hold a password
            raise Invalid("This is not the URL of a database.", where="database_url") from error
        if backend == "sqlite":
            self._reading, self._writing = _sqlite_engines(parsed, busy_timeout_s)
            self._turn = Turns(busy_timeout_s).mine
        elif backend == "postgresql":
            self._reading, self._writing = postgresql_connections.engines(parsed, busy_timeout_s)
            self._turn = contextlib.nullcontext
        else:
            raise Invalid(f"The state database is SQLite or PostgreSQL, not {backend}.", where="database_url")

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._writing.dialect.name

    @contextlib.contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that sees one state of the database and cannot write.

        Raises Unavailable when the database does not answer.
        """
        with _said_plainly(writing=False), self._reading.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Not to be nested: a second one in the same thread would wait for the first. Raises Unavailable when the lock
        is not had within the busy timeout, the disk is full or the server is gone; nothing is changed then.
        """
        with self._turn(), _said_plainly(), self._writing.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def migrate(self) -> Iterator[Transaction]:
        """A write transaction for changes of schema; one at a time over all processes.

        SQLite rebuilds a table to alter it, and with foreign keys on, dropping the old one would delete its
        children: they are off meanwhile, and checked before the commit.
        """
        with (
            _said_plainly(),
            self._writing.connect() as connection,
            _without_foreign_keys(connection),
            connection.begin(),
        ):
            serialize(connection, "schema")
            yield connection
            _check_foreign_keys(connection)

    def close(self) -> None:
        """Close all idle connections; the last one folds the write-ahead log back into the file."""
        self._reading.dispose()
        self._writing.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string(hide_password=False)


def insert(tx: Transaction, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows `on_conflict_do_update` and `on_conflict_do_nothing` in the transaction's dialect."""
    if tx.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert(
    tx: Transaction,
    table: Table,
    rows: Sequence[Mapping[str, object]],
    *,
    key: Sequence[str],
    update: Sequence[str] = (),
) -> None:
    """Insert rows; where `key` (columns of a unique constraint) exists, set the `update` columns to the new values.

    Without `update` an existing row stays as it is. Columns that need more than "the new value" (a minimum, a sum) are
    written with `insert` and `least` or `greatest`.
    """
    if not rows:
        return
    statement = insert(tx, table)
    if update:
        fresh = {name: statement.excluded[name] for name in update}
        statement = statement.on_conflict_do_update(index_elements=list(key), set_=fresh)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key))
    tx.execute(statement, [dict(row) for row in rows])


def raise_counter(tx: Transaction, column: Column[int], least: int) -> None:
    """Have a `Counter` give numbers above `least` only from now on; one that does so already stays as it is.

    Holds inserts into the table up until the transaction ends.
    """
    table = column.table
    if tx.dialect.name == "postgresql":
        names = {"table": table.name, "column": column.name, "least": least}
        tx.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))
        tx.execute(
            text(
                "SELECT setval(counter, :least) FROM pg_get_serial_sequence(:table, :column) AS counter"
                " WHERE :least > coalesce(pg_sequence_last_value(counter::regclass), 0)"
            ),
            names,
        )
        return
    names = {"table": table.name, "least": least}
    known = text("UPDATE sqlite_sequence SET seq = max(seq, :least) WHERE name = :table")
    if tx.execute(known, names).rowcount == 0:
        tx.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :least)"), names)


def serialize(tx: Transaction, name: str) -> None:
    """Let one transaction at a time past this point, over all processes, until it ends.

    SQLite's writers are one at a time already. PostgreSQL takes an advisory lock named `name`.
    """
    if tx.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        tx.execute(select(func.pg_advisory_xact_lock(number)))


def least(first: ColumnElement[T], *others: ColumnExpressionArgument[T]) -> ColumnElement[T]:
    """The smallest argument. NULL arguments differ by engine: wrap them in `coalesce`."""
    return _Least(first, *others, type_=first.type)


def greatest(first: ColumnElement[T], *others: ColumnExpressionArgument[T]) -> ColumnElement[T]:
    """The greatest argument. NULL arguments differ by engine: wrap them in `coalesce`."""
    return _Greatest(first, *others, type_=first.type)


class _Least(GenericFunction[Any]):
    name = "least"
    inherit_cache = True
    _register = False


class _Greatest(GenericFunction[Any]):
    name = "greatest"
    inherit_cache = True
    _register = False


@compiles(_Least, "sqlite")
def _least_in_sqlite(element: _Least, compiler: SQLCompiler, **how: Any) -> str:
    return f"min{compiler.process(element.clause_expr, **how)}"


@compiles(_Greatest, "sqlite")
def _greatest_in_sqlite(element: _Greatest, compiler: SQLCompiler, **how: Any) -> str:
    return f"max{compiler.process(element.clause_expr, **how)}"


def _sqlite_engines(url: URL, busy_timeout_s: float) -> tuple[Engine, Engine]:
    if not url.database or url.database == ":memory:":
        raise Invalid("An SQLite state database is a file: sqlite:////folder/state.db", where="database_url")
    _make_private(Path(url.database))
    waits = {"timeout": busy_timeout_s}
    # More readers than threads that read at once; those beyond the first few are closed again after use.
    reading = create_engine(url, pool_size=4, max_overflow=60, pool_timeout=busy_timeout_s, connect_args=waits)
    writing = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=busy_timeout_s, connect_args=waits)

    def opened(connection: DBAPIConnection, *, read_only: bool) -> None:
        # Python's own BEGIN comes late and deferred; with None it leaves transactions to the handlers below.
        connection.isolation_level = None
        _set_up_sqlite(connection, read_only=read_only, patience_s=busy_timeout_s)

    @event.listens_for(reading, "connect")
    def _reader_opened(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        opened(connection, read_only=True)

    @event.listens_for(writing, "connect")
    def _writer_opened(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        opened(connection, read_only=False)

    @event.listens_for(reading, "begin")
    def _reader_begins(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    @event.listens_for(writing, "begin")
    def _writer_begins(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return reading, writing


def _make_private(path: Path) -> None:
    """Create folder and file for the owner only; SQLite gives the files it puts beside the mode of this one.

    A file that exists is not even opened: closing any descriptor of it would drop the locks that SQLite holds on it in
    this process.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _set_up_sqlite(connection: DBAPIConnection, *, read_only: bool, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        # Two processes that switch a new file to WAL at once: the one that comes second is told "locked" at once,
        # without the busy timeout, because waiting could be for ever.
        try:
            _run(connection, "PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if _sqlite_code(error) not in _SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    _run(connection, "PRAGMA synchronous = FULL")
    _run(connection, "PRAGMA foreign_keys = ON")
    _run(connection, "PRAGMA trusted_schema = OFF")
    _run(connection, f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    add_functions(cast("sqlite3.Connection", connection))
    if read_only:
        _run(connection, "PRAGMA query_only = ON")
        _run(connection, f"PRAGMA cache_size = -{_READER_CACHE_KIB}")


def _run(connection: DBAPIConnection, statement: str) -> None:
    cursor = connection.cursor()
    cursor.execute(statement)
    cursor.close()


@contextlib.contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    if connection.dialect.name != "sqlite":
        yield
        return
    # A pragma of the connection that has no effect inside a transaction.
    raw = connection.connection.dbapi_connection
    if raw is None:
        raise Unavailable("The state database closed the connection.", where="state")
    _run(raw, "PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        _run(raw, "PRAGMA foreign_keys = ON")


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and (
        orphan := connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    ):
        raise Conflict(f"The change of schema would leave rows of {orphan[0]} without the {orphan[2]} they name.")


@contextlib.contextmanager
def _said_plainly(*, writing: bool = True) -> Iterator[None]:
    """Turn what an engine says when it cannot serve now into Unavailable; a wrong statement stays what it is.

    Its own words become a note of the exception: they may name hosts, and are for the operator only.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise Unavailable("The state database is busy: no connection came free.", where="state") from error
    except DBAPIError as error:
        said = _unavailable(error, writing=writing)
        if said is None:
            raise
        told = Unavailable(said, where="state")
        told.add_note(str(error.orig).strip())
        raise told from error


def _unavailable(error: DBAPIError, *, writing: bool) -> str | None:
    if isinstance(error.orig, sqlite3.Error):
        code = _sqlite_code(error.orig)
        if code in _SQLITE_BUSY:
            return "The state database is busy: another process keeps it locked."
        if code == sqlite3.SQLITE_READONLY and not writing:
            return None  # our own mistake: a write in a transaction that was opened to read
        return _SQLITE_TROUBLES.get(code)
    return postgresql_connections.trouble(error, writing=writing)


def _sqlite_code(error: sqlite3.Error) -> int:
    """The primary result code: the low byte of the extended one. 0 where the module raised without one."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WAL_KEPT_BYTES = 64 * 2**20
_READER_CACHE_KIB = 32 * 1024
"""Memory that each reader takes at most; with SQLite's 2 MB every search through many rows reads them from the file."""
_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_TROUBLES = {
    sqlite3.SQLITE_INTERRUPT: "The question took the state database too long.",
    sqlite3.SQLITE_FULL: "The disk of the state database is full.",
    sqlite3.SQLITE_IOERR: "The disk of the state database failed.",
    sqlite3.SQLITE_CANTOPEN: "The state database cannot be opened.",
    sqlite3.SQLITE_READONLY: "The state database cannot be written.",
}
