"""The state database that the store tests run against: every test on every engine that is at hand."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from errata.access.commands import AccessCommands
from errata.access.reads import AccessReads
from errata.base.clock import FixedClock
from errata.base.ids import random_id
from errata.storage import state_migrations
from errata.storage.sql import Database, sqlite_url

POSTGRESQL = "ERRATA_TEST_DATABASE_URL"
"""Names an empty PostgreSQL database whose schema `public` the tests may drop."""


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRESQL in os.environ else [])])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "data" / "state.db")
    url = os.environ[POSTGRESQL]
    emptied = Database(url)
    with emptied.write() as tx:
        tx.exec_driver_sql("DROP SCHEMA public CASCADE")
        tx.exec_driver_sql("CREATE SCHEMA public")
    emptied.close()
    return url


@pytest.fixture
def empty_state(state_url: str) -> Iterator[Database]:
    database = Database(state_url)
    yield database
    database.close()


@pytest.fixture
def state(empty_state: Database) -> Database:
    state_migrations.upgrade(empty_state)
    return empty_state


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC))


@pytest.fixture
def commands(state: Database, clock: FixedClock) -> AccessCommands:
    return AccessCommands(state, clock, random_id, secrets.token_bytes)


@pytest.fixture
def reads(state: Database) -> AccessReads:
    return AccessReads(state)
