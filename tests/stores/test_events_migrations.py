from __future__ import annotations

import pytest

from errata.base.errors import Conflict
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
