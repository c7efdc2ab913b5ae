"""What is PostgreSQL's own about connections to the state database: how they are opened, and what their troubles mean.

Errata needs no more than the owner's rights in one database, PostgreSQL 15 or newer, whose encoding is UTF-8.
"""

from __future__ import annotations

import math

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from errata.base.errors import Conflict, Invalid


def engines(url: URL, busy_timeout_s: float) -> tuple[Engine, Engine]:
    """The engine that reads and the one that writes, over one pool of connections; nothing is connected yet.

    What the URL says about the connection wins over the settings here. Raises Invalid for a URL with an option that
    PostgreSQL's library does not know, and where the driver is missing.
    """
    try:
        from psycopg import ProgrammingError, conninfo  # noqa: PLC0415 - an extra: most installations lack it

        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=8,
            max_overflow=56,
            pool_timeout=busy_timeout_s,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            connect_args=_arguments(url, busy_timeout_s),
        )
        try:
            conninfo.make_conninfo("", **dict.fromkeys(url.query, "0"))
        except ProgrammingError as error:
            raise Invalid(f"The address of the database is wrong: {error}".strip(), where="database_url") from error
    except ModuleNotFoundError as missing:
        raise Invalid(
            "PostgreSQL needs its driver: install errata with the extra `postgres`.", where="database_url"
        ) from missing
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reading, engine


def check_encoding(connection: Connection) -> None:
    """Raise Conflict for a database that cannot hold every text; it has to be made anew."""
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise Conflict(
            f"The state database has the encoding {encoding}, in which not every text can be kept. Make it with "
            "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0.",
            where="state",
        )


def trouble(error: DBAPIError, *, writing: bool) -> str | None:
    """What an operator is told; None for an error that is ours, in the statement or its values."""
    state: str = getattr(error.orig, "sqlstate", None) or ""
    if state in _TROUBLES:
        return _TROUBLES[state]
    if state == _READ_ONLY:
        return "The state database cannot be written: the server only reads." if writing else None
    if state.startswith(_LIMIT_EXCEEDED):
        return None
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return "The state database does not answer."
    return None


def _arguments(url: URL, busy_timeout_s: float) -> dict[str, object]:
    """Arguments of the driver that bound every wait: for a connection, for a lock, for a server that went silent."""
    milliseconds = round(busy_timeout_s * 1000)
    bounds = {
        "connect_timeout": max(2, math.ceil(busy_timeout_s)),
        "tcp_user_timeout": max(2000, milliseconds),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "client_encoding": "utf8",
        "application_name": "errata",
    }
    told = url.query.get("options", "")
    options = " ".join((f"-c lock_timeout={milliseconds}", *([told] if isinstance(told, str) else told)))
    return {name: value for name, value in bounds.items() if name not in url.query} | {"options": options.strip()}


_READ_ONLY = "25006"
_LIMIT_EXCEEDED = "54"
_TROUBLES = {
    "40001": "The state database is busy: two changes were in each other's way.",
    "40P01": "The state database is busy: two changes were in each other's way.",
    "55P03": "The state database is busy: another change keeps it locked.",
    "57014": "The question took the state database too long.",
    "53100": "The disk of the state database is full.",
}
"""By SQLSTATE; what else is no fault of the statement is a server that does not answer."""
