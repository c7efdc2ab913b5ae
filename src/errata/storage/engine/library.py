"""chDB itself: one folder, opened once; every statement runs in a connection of its own that ends with it.

A connection costs a millisecond, and nothing of one request (settings, temporary tables, database) can be seen by
the next.
"""

from __future__ import annotations

import fcntl
import importlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from errata.base.errors import Conflict, Invalid, Unavailable
from errata.storage.engine.config import DATABASE, write_config
from errata.storage.engine.fault import INCORRECT_DATA, SYNTAX_ERROR, TOO_MANY_BYTES, Fault, fault_of
from errata.storage.engine.gate import Kind, kind_of
from errata.storage.engine.limits import Limits


@dataclass(frozen=True, slots=True)
class External:
    """A table that comes with a request and lives as long: rows in `format`, columns as in CREATE TABLE."""

    name: str
    structure: str
    format: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One statement with all that belongs to it. `id` names it for `cancel`; `data` are an INSERT's rows.

    `parameters` are the values of `{name:Type}` in ClickHouse's escaped text form.
    """

    id: str
    text: str
    may_write: bool
    data: bytes = b""
    database: str = DATABASE
    format: str = "TabSeparated"
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    externals: tuple[External, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A statement's result in `format`, and what it touched."""

    body: bytes
    format: str
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0


_TRAILING_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*\Z", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_]\w*\Z")


class Library:
    """The opened engine. Thread-safe: each call has its own connection."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """Open `folder`, making it if need be.

        Raises Conflict when another process has it open, Invalid for a path chDB can't take, Unavailable otherwise.
        """
        chdb: Any = importlib.import_module("chdb._chdb")  # 200 MB that only the engine's process shall load

        if set("?&#%") & set(str(folder)):
            raise Invalid(f"the engine can't open a folder with one of ?&#% in its path: {folder}")
        chdb.set_signal_handlers_enabled(0)
        self._connect = chdb.connect
        self._result_bytes = limits.result_bytes
        self._address = f"{folder}?config-file={write_config(folder, limits)}"
        try:
            self._keeper = self._connect(self._address)
        except RuntimeError as error:
            if _is_locked(folder):
                raise Conflict(f"the folder {folder} is open in another process") from error
            raise Unavailable(f"the engine could not open {folder}: {error}") from error
        self._control = threading.Lock()
        self._control_query(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")

    def run(self, call: Call) -> Answer:
        """Carry out one statement. Raises Fault."""
        connection = self._connect(self._address)
        try:
            kind = self._kind_of(connection, call)
            self._prepare(connection, call, kind)
            if kind is Kind.WRITES and _TRAILING_FORMAT.search(call.text):
                return _insert(connection, call.text, call.data)
            return _query(connection, call, self._result_bytes)
        except RuntimeError as error:
            raise fault_of(error) from error
        finally:
            connection.close()

    def cancel(self, call_id: str) -> None:
        """Stop a statement that is running; nothing happens when it has ended."""
        self._control_query(
            "KILL QUERY WHERE Settings['log_comment'] = {id:String} AND query_id != queryID() ASYNC", {"id": call_id}
        )

    def purge(self) -> None:
        """Give unused memory back to the operating system."""
        self._control_query("SYSTEM JEMALLOC PURGE")

    def close(self) -> None:
        """Close the folder. Statements that still run must have ended."""
        self._keeper.close()

    def _kind_of(self, connection: Any, call: Call) -> Kind:
        found = connection.classify_query(call.text)
        return kind_of(call.text, found["query_class"].name, found["statement_count"], may_write=call.may_write)

    def _prepare(self, connection: Any, call: Call, kind: Kind) -> None:
        """Database, settings and external tables; last the lock that no statement opens again."""
        if not _WORD.match(call.database):
            raise Fault(SYNTAX_ERROR, "the database's name is not a plain word")
        connection.query(f"USE {call.database}", "Null")
        for table in call.externals:
            _create(connection, table)
        settings = {**call.settings, "log_comment": call.id}
        if kind is Kind.READS:
            # 2 forbids every write, and itself to be changed; settings stay open within the profile's constraints,
            # because clients ask `system.settings` which of them they may send.
            settings["readonly"] = "2"
        connection.query("SET " + ", ".join(f"{name} = {_quoted(value)}" for name, value in settings.items()), "Null")

    def _control_query(self, text: str, parameters: Mapping[str, str] | None = None) -> None:
        with self._control:
            self._keeper.query(text, "Null", params=dict(parameters or {}))


def _query(connection: Any, call: Call, max_bytes: int) -> Answer:
    if call.data:
        raise Fault(INCORRECT_DATA, "rows came with a statement that takes none: INSERT needs a FORMAT at its end")
    named = _TRAILING_FORMAT.search(call.text)
    result = connection.query(call.text, call.format, params=dict(call.parameters))
    if result.size() > max_bytes:
        # The embedded engine ignores `max_result_bytes`; until here the bounds on memory held it.
        raise Fault(TOO_MANY_BYTES, f"the result has {result.size()} bytes, more than {max_bytes}")
    return Answer(
        bytes(result.bytes() or b""),
        named.group(1) if named else call.format,
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
    )


def _insert(connection: Any, text: str, data: bytes) -> Answer:
    named = _TRAILING_FORMAT.search(text)
    if named is None:
        raise Fault(SYNTAX_ERROR, "INSERT with rows needs a FORMAT at its end")
    stream = connection.send_insert(text[: named.start()], named.group(1))
    try:
        connection.insert_append(stream, data)
    except RuntimeError:
        connection.insert_cancel(stream)
        raise
    result = connection.insert_done(stream)
    return Answer(b"", named.group(1), written_rows=result.rows_written(), written_bytes=result.bytes_written())


def _create(connection: Any, table: External) -> None:
    if not _WORD.match(table.name) or not _WORD.match(table.format):
        raise Fault(SYNTAX_ERROR, "the name and format of an external table are plain words")
    text = f"CREATE TEMPORARY TABLE {table.name} ({table.structure}) ENGINE = Memory"
    found = connection.classify_query(text)
    kind_of(text, "READ_ONLY", found["statement_count"], may_write=False)
    connection.query(text, "Null")
    _insert(connection, f"INSERT INTO {table.name} FORMAT {table.format}", table.data)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _is_locked(folder: Path) -> bool:
    """Whether the file that chDB locks while the folder is open is locked."""
    try:
        with (folder / "status").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
