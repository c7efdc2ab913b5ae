"""An insert of many weeks becomes visible week by week, so a crash can leave a part of it behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from engines import Engine
from event_rows import AT, WEEK, a_row

from errata.base.errors import Unavailable
from errata.events.store import EventStore
from errata.storage import event_migrations
from errata.storage.clickhouse import ClickHouse

ROWS, WEEKS = 3000, 40


@pytest.mark.parametrize("kill_at", ["when a part of it shows", "early", "late"])
def test_a_batch_whose_insert_died_is_whole_after_it_is_repeated(tmp_path, kill_at):
    folder = tmp_path / "events"
    rows = [a_row(7, entry, at=AT - entry % WEEKS * WEEK, error_stack="x" * 500) for entry in range(ROWS)]
    with opened(folder) as (engine, clickhouse):
        inserting = threading.Thread(target=_try_to_insert, args=(clickhouse, rows))
        inserting.start()
        if kill_at == "when a part of it shows":
            wait_until_rows_show(clickhouse)
        else:
            time.sleep(0.02 if kill_at == "early" else 0.15)
        engine.kill()
        inserting.join()

    with opened(folder) as (_, clickhouse):
        left = count(clickhouse)[0]
        EventStore(clickhouse).insert(7, rows)
        EventStore(clickhouse).insert(7, rows)
        whole = count(clickhouse)

    assert left < ROWS or kill_at != "when a part of it shows"
    assert whole == (ROWS, ROWS)


@contextmanager
def opened(folder) -> Iterator[tuple[Engine, ClickHouse]]:
    engine = Engine(folder)
    clickhouse = ClickHouse(engine.url)
    event_migrations.upgrade(clickhouse)
    yield engine, clickhouse
    clickhouse.close()
    engine.stop()


def _try_to_insert(clickhouse, rows):
    with suppress(Unavailable):
        EventStore(clickhouse).insert(7, rows)


def wait_until_rows_show(clickhouse):
    until = time.monotonic() + 20
    while count(clickhouse)[0] == 0:
        assert time.monotonic() < until


def count(clickhouse):
    return clickhouse.query("SELECT count(), uniqExact(event_id) FROM events")[0]
