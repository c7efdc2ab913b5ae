"""What the store tests run against: the state database on every engine that is at hand, and one event store."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from engines import Engine

from errata.access.commands import AccessCommands
from errata.access.reads import AccessReads
from errata.base.clock import FixedClock
from errata.base.ids import random_id
from errata.events.store import EventStore
from errata.storage import event_migrations
from errata.storage.clickhouse import ClickHouse
from errata.storage.sql import Database
from states import States, migrated_state


@pytest.fixture
def state_url(states: States) -> Iterator[str]:
    """The address of a database without any table."""
    url = states.empty()
    yield url
    states.remove(url)


@pytest.fixture
def empty_state(state_url: str) -> Iterator[Database]:
    database = Database(state_url)
    yield database
    database.close()


@pytest.fixture
def state(states: States) -> Iterator[Database]:
    with migrated_state(states) as database:
        yield database


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC))


@pytest.fixture
def commands(state: Database, clock: FixedClock) -> AccessCommands:
    return AccessCommands(state, clock, random_id, secrets.token_bytes)


@pytest.fixture
def reads(state: Database) -> AccessReads:
    return AccessReads(state)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for the whole run: chDB opens one folder a process, and starting takes half a second."""
    running = Engine(tmp_path_factory.mktemp("engine") / "events")
    yield running
    status, output = running.stop()
    assert status == 0, output


@pytest.fixture(scope="session")
def engine_url(engine: Engine) -> str:
    """The event store for its writer, without any table."""
    return engine.url


@pytest.fixture(scope="session")
def engine_read_url(engine: Engine) -> str:
    """The event store for its reader."""
    return engine.read_url


@pytest.fixture(scope="session")
def _migrated(engine_url: str) -> Iterator[ClickHouse]:
    clickhouse = ClickHouse(engine_url)
    event_migrations.upgrade(clickhouse)
    yield clickhouse
    clickhouse.close()


@pytest.fixture
def clickhouse(_migrated: ClickHouse) -> ClickHouse:
    """The writer's connection to an event store whose table is there and empty."""
    _migrated.command("TRUNCATE TABLE events")
    return _migrated


@pytest.fixture
def events(clickhouse: ClickHouse) -> EventStore:
    return EventStore(clickhouse)


_batches = itertools.count(1)


@pytest.fixture
def next_batch() -> Callable[[], int]:
    """Batch numbers that were never used: the engine remembers old ones even of an emptied table."""
    return lambda: next(_batches)
