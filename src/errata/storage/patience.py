"""A bound on how long statements that a user has a say in may work."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from sqlalchemy import text

from errata.storage.sql import Transaction

if TYPE_CHECKING:
    import sqlite3

_PLANNED_EACH_TIME = text(
    "SELECT set_config('statement_timeout', :timeout, true), set_config('plan_cache_mode', 'force_custom_plan', true),"
    " set_config('jit', 'off', true)"
)
"""What people ask finds few rows or many: no plan is good for the next question, and none is worth compiling."""
_STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the time: well under a millisecond."""


@contextlib.contextmanager
def at_most(tx: Transaction, seconds: float) -> Iterator[None]:
    """Give up what the transaction asks when the time is over; `Database` then raises Unavailable.

    PostgreSQL counts each statement on its own, SQLite all of them together.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(_PLANNED_EACH_TIME, {"timeout": str(round(seconds * 1000))})
        yield
        return
    connection = cast("sqlite3.Connection", tx.connection.dbapi_connection)
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)
