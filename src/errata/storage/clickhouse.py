"""Talking to the event store: the embedded engine's door and a ClickHouse server alike, by `clickhouse-connect`.

Knows no table. Errors of connection and server become the project's own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, Error
from clickhouse_connect.driver.external import ExternalData
from clickhouse_connect.driver.httputil import get_pool_manager
from urllib3.exceptions import HTTPError

from errata.base.errors import ErrataError, Invalid, TooLarge, Unavailable


@dataclass(frozen=True, slots=True)
class External:
    """Rows that a query brings along as a table: `structure` as in CREATE TABLE, `data` in `format`."""

    name: str
    structure: str
    data: bytes
    format: str = "RowBinary"


@dataclass(frozen=True, slots=True)
class Measured:
    """An answer and what it took: rows and bytes that the server read, and milliseconds until the answer was here."""

    rows: list[tuple[Any, ...]]
    read_rows: int
    read_bytes: int
    took_ms: float


UNKNOWN_SETTING = "unknown setting"
"""`where` of the Invalid for a setting that the server does not know."""
_NO_TABLE_CODE = 60
_UNKNOWN_SETTING_CODE = 115
_BAD_DATA = frozenset({6, 20, 26, 27, 32, 33, 34, 38, 41, 53, 62, 69, 70, 72, 117, 131, 190, 321, 349, 420, 457})
"""Codes that say: these rows or this statement, sent again, will fail again."""
_TOO_MUCH = frozenset({158, 307, 396})
_MEMORY_CODE = 241
"""Too much memory: of the statement itself, or of all that run at this moment (`(total)`), which passes."""


class ClickHouse:
    """One event store. Thread-safe; connects at the first use, so that it can be made while the store is down."""

    def __init__(self, url: str, *, timeout_s: float = 60, connections: int = 16) -> None:
        """`url` is `http(s)://USER:PASSWORD@HOST:PORT/DATABASE`; `timeout_s` bounds one answer. Raises Invalid."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid("the event store's address is http://USER:PASSWORD@HOST:PORT/DATABASE", where="events_url")
        self.database = parts.path.strip("/") or "default"
        self._place = f"{parts.hostname}:{parts.port or 8123}"
        secure = parts.scheme == "https"
        self._options: dict[str, Any] = {
            "interface": parts.scheme,
            "host": parts.hostname,
            "port": parts.port or (8443 if secure else 8123),
            "username": unquote(parts.username or "default"),
            "password": unquote(parts.password or ""),
            "database": self.database,
            "autogenerate_session_id": False,  # with a session, concurrent use of one client raises
            "compress": secure,
            "connect_timeout": 5,
            "send_receive_timeout": timeout_s,
            # A pool of our own: no proxy from the environment, and `close` ends it.
            "pool_mgr": get_pool_manager(maxsize=connections),
        }
        self._lock = threading.Lock()
        self._client: Client | None = None

    def query(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        externals: Sequence[External] = (),
        settings: Mapping[str, str | int] | None = None,
    ) -> list[tuple[Any, ...]]:
        """The rows of a SELECT. `parameters` fill `{name:Type}` on the server, never in the text.

        Raises Invalid, TooLarge (the answer passes a bound of the server), Unavailable.
        """
        return self.measured(sql, parameters, externals=externals, settings=settings).rows

    def measured(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        externals: Sequence[External] = (),
        settings: Mapping[str, str | int] | None = None,
    ) -> Measured:
        """The same with what it took. Raises as `query`."""
        started = time.perf_counter()
        try:
            result = self._connected().query(
                sql,
                parameters=dict(parameters or {}),
                settings=dict(settings or {}),
                external_data=_external_data(externals),
            )
            rows = [tuple(row) for row in result.result_rows]
        except (ClickHouseError, HTTPError, OSError) as error:
            raise self._translated(error) from error
        read = {name: int(result.summary.get(name, 0)) for name in ("read_rows", "read_bytes")}
        return Measured(rows, read["read_rows"], read["read_bytes"], (time.perf_counter() - started) * 1000)

    def command(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        settings: Mapping[str, str | int] | None = None,
    ) -> None:
        """Carry out a statement that answers nothing. Raises as `query`."""
        try:
            self._connected().command(sql, parameters=dict(parameters or {}), settings=dict(settings or {}))
        except (ClickHouseError, HTTPError, OSError) as error:
            raise self._translated(error) from error

    def insert(
        self, table: str, columns: Sequence[str], rows: bytes, format_: str, settings: Mapping[str, str | int]
    ) -> None:
        """Insert encoded rows in one statement. Raises Invalid for rows it refuses, Unavailable."""
        try:
            self._connected().raw_insert(table, columns, rows, fmt=format_, settings=dict(settings))
        except (ClickHouseError, HTTPError, OSError) as error:
            raise self._translated(error) from error

    def insert_columns(
        self,
        table: str,
        columns: Sequence[str],
        values: Sequence[Sequence[object]],
        settings: Mapping[str, str | int],
    ) -> None:
        """Insert Python values, one sequence a column, in the binary column format. Raises as `insert`."""
        try:
            self._connected().insert(table, values, column_names=columns, column_oriented=True, settings=dict(settings))
        except (ClickHouseError, HTTPError, OSError) as error:
            raise self._translated(error) from error

    def is_alive(self) -> bool:
        """Whether the store answers at all; never raises."""
        try:
            return self._connected().ping(timeout=2)
        except Unavailable:
            return False

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        with self._lock:
            self._client = None
            self._options["pool_mgr"].clear()

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                try:
                    self._client = clickhouse_connect.get_client(**self._options)
                except (ClickHouseError, HTTPError, OSError) as error:
                    raise self._translated(error, connecting=True) from error
            return self._client

    def _translated(self, error: Exception, *, connecting: bool = False) -> ErrataError:
        code = error.code if isinstance(error, Error) else None
        if code is None or connecting:
            return Unavailable(f"the event store at {self._place} does not answer", where="events")
        text = _sentence(error)
        if code == _UNKNOWN_SETTING_CODE:
            return Invalid(text, where=UNKNOWN_SETTING)
        if code in _BAD_DATA:
            return Invalid(text, where="events")
        if code in _TOO_MUCH or (code == _MEMORY_CODE and "(total)" not in text):
            return TooLarge(text, where="events")
        if code == _NO_TABLE_CODE:
            return Unavailable(
                "the event store is not ready yet: its tables are being made; try again in a moment", where="events"
            )
        return Unavailable(f"the event store at {self._place} could not do it: {text}", where="events")


def _external_data(externals: Sequence[External]) -> ExternalData | None:
    if not externals:
        return None
    data = ExternalData()
    for table in externals:
        data.add_file(file_name=table.name, data=table.data, fmt=table.format, structure=table.structure)
    return data


def _sentence(error: Exception) -> str:
    """The server's words without the client's frame, in one line."""
    text = " ".join(str(error).split())
    return text.partition("DB::Exception: ")[2] or text
