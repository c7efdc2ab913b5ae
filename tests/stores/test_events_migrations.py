from __future__ import annotations

import time
from pathlib import Path

import pytest
from engines import Engine
from event_rows import a_row

from errata.base.errors import Conflict
from errata.events.store import EventStore
from errata.storage import event_migrations
from errata.storage.clickhouse import ClickHouse


def test_a_store_that_is_up_to_date_is_left_alone(clickhouse):
    assert event_migrations.pending(clickhouse) == ()
    assert event_migrations.upgrade(clickhouse) == ()


def test_a_step_that_was_cut_short_is_run_again(clickhouse):
    clickhouse.command("TRUNCATE TABLE event_migrations")

    assert event_migrations.pending(clickhouse)[0] == "0001_events"
    assert event_migrations.upgrade(clickhouse)[0] == "0001_events"
    assert event_migrations.pending(clickhouse) == ()


def test_a_store_of_a_newer_release_is_refused(clickhouse):
    clickhouse.command("INSERT INTO event_migrations SELECT 9999, '9999_later', now64(3)")
    try:
        with pytest.raises(Conflict, match="newer Errata"):
            event_migrations.upgrade(clickhouse)
    finally:
        clickhouse.command("TRUNCATE TABLE event_migrations")
        event_migrations.upgrade(clickhouse)


def test_the_reader_can_see_but_not_do_what_is_missing(clickhouse, engine_read_url):
    reader = ClickHouse(engine_read_url)

    assert event_migrations.pending(reader) == ()

    reader.close()


def test_what_searches_read_is_made_for_events_stored_before(tmp_path):
    engine = Engine(tmp_path / "events")
    store = ClickHouse(engine.url)
    steps = sorted((Path(event_migrations.__file__).parent / "migrations" / "events").glob("*.sql"))
    for step in steps[:2]:
        for statement in step.read_text().split(";\n"):
            if statement.strip():
                store.command(statement)
    rows = [a_row(1, n, message=f"order {n} failed", attributes={"id": f"r{n}", "n": n}) for n in range(3)]
    EventStore(store).insert(1, rows)

    assert event_migrations.upgrade(store)[-1] == steps[-1].stem

    _wait_until_written(store)
    found = store.query("SELECT wordy_message, full_text FROM events ORDER BY entry")
    assert found == [("order \0 failed", f"r{n}\n\0\n{n}\n\0\npython") for n in range(3)]
    stored = store.query(
        "SELECT column FROM system.parts_columns WHERE active AND database = 'errata' AND table = 'events'"
    )
    assert {("wordy_message",), ("wordy_error_message",), ("full_text",)} <= set(stored)
    indexes = store.query(
        "SELECT name FROM system.data_skipping_indices WHERE table = 'events' AND data_compressed_bytes > 0"
    )
    assert ("attribute_words",) in indexes
    store.close()
    assert engine.stop()[0] == 0


def _wait_until_written(store):
    until = time.monotonic() + 60
    while store.query("SELECT 1 FROM system.mutations WHERE NOT is_done"):
        assert time.monotonic() < until, "the step's background work does not end"
        time.sleep(0.05)
