from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, literal, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from errata.base.errors import Invalid, Unavailable
from errata.storage.sql import Counter, Database, Instant, Json, greatest, least, sqlite_url, upsert

tables = MetaData()
things = Table(
    "things",
    tables,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(100), nullable=False, server_default=""),
    Column("count", Integer, nullable=False, server_default="0"),
    Column("at", Instant),
    Column("data", Json),
)
numbered = Table("numbered", tables, Column("id", Counter, primary_key=True), sqlite_autoincrement=True)


@pytest.fixture
def database(empty_state: Database) -> Database:
    with empty_state.write() as tx:
        tables.create_all(tx)
    return empty_state


def test_write_is_there_for_the_next_reader(database: Database) -> None:
    with database.write() as tx:
        tx.execute(things.insert().values(id=1, name="kept"))

    with database.read() as tx:
        assert tx.scalar(select(things.c.name)) == "kept"


def test_write_that_raises_leaves_nothing(database: Database) -> None:
    with contextlib.suppress(ZeroDivisionError), database.write() as tx:
        tx.execute(things.insert().values(id=1))
        tx.execute(things.insert().values(id=1 // 0))

    with database.read() as tx:
        assert tx.execute(select(things)).all() == []


def test_reader_sees_one_state_while_others_write(database: Database) -> None:
    with database.read() as reader:
        before = reader.execute(select(things)).all()

        with database.write() as tx:
            tx.execute(things.insert().values(id=1))

        assert reader.execute(select(things)).all() == before == []


def test_read_transaction_refuses_to_write(database: Database) -> None:
    with pytest.raises(DBAPIError), database.read() as tx:
        tx.execute(things.insert().values(id=1))


def test_wrong_statement_is_not_called_unavailable(database: Database) -> None:
    with database.write() as tx:
        tx.execute(things.insert().values(id=1))

    with pytest.raises(IntegrityError), database.write() as tx:
        tx.execute(things.insert().values(id=1))


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
    ids=str,
)
def test_instant_comes_back_exactly_and_in_utc(database: Database, instant: datetime) -> None:
    with database.write() as tx:
        tx.execute(things.insert().values(id=1, at=instant))

    with database.read() as tx:
        found = tx.scalar(select(things.c.at).where(things.c.at <= instant))
    assert found == instant
    assert found.tzinfo is UTC


def test_naive_datetime_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="names no instant"), database.write() as tx:
        tx.execute(things.insert().values(id=1, at=datetime(2026, 3, 1)))  # noqa: DTZ001 - the wrong thing on purpose


def test_json_keeps_its_values_and_none_is_null(database: Database) -> None:
    with database.write() as tx:
        tx.execute(things.insert(), [{"id": 1, "data": {"ü": [1, None, True]}}, {"id": 2, "data": None}])

    with database.read() as tx:
        assert tx.scalar(select(things.c.data).where(things.c.id == 1)) == {"ü": [1, None, True]}
        assert tx.scalar(select(things.c.id).where(things.c.data.is_(None))) == 2


def test_upsert_changes_the_named_columns_of_rows_that_exist(database: Database) -> None:
    with database.write() as tx:
        upsert(tx, things, [{"id": 1, "name": "old", "count": 1}], key=["id"])

        upsert(tx, things, [{"id": n, "name": "new", "count": 2} for n in (1, 2)], key=["id"], update=["name"])

        found = tx.execute(select(things.c.id, things.c.name, things.c.count).order_by(things.c.id)).all()
    assert [tuple(row) for row in found] == [(1, "new", 1), (2, "new", 2)]


def test_upsert_without_update_leaves_rows_that_exist(database: Database) -> None:
    with database.write() as tx:
        upsert(tx, things, [{"id": 1, "name": "old"}], key=["id"])

        upsert(tx, things, [{"id": 1, "name": "new"}], key=["id"])
        upsert(tx, things, [], key=["id"])

        assert tx.scalars(select(things.c.name)).all() == ["old"]


def test_least_and_greatest_choose_between_columns_and_values(database: Database) -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    with database.write() as tx:
        tx.execute(things.insert().values(id=5, at=late))

        both = select(least(things.c.at, literal(early, Instant)), greatest(things.c.id, 3, 4))

        assert tuple(tx.execute(both).one()) == (early, 5)


def test_counted_ids_are_never_given_twice(database: Database) -> None:
    with database.write() as tx:
        first = tx.execute(numbered.insert()).inserted_primary_key[0]
        tx.execute(numbered.delete())

        second = tx.execute(numbered.insert()).inserted_primary_key[0]

    assert second > first


def test_threads_that_read_and_change_one_row_lose_no_update(database: Database) -> None:
    with database.write() as tx:
        tx.execute(things.insert().values(id=1))

    def add_one(_: int) -> None:
        with database.write() as tx:
            count = tx.scalar(select(things.c.count).with_for_update())
            tx.execute(things.update().values(count=count + 1))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(add_one, range(200)))

    with database.read() as tx:
        assert tx.scalar(select(things.c.count)) == 200


_ADDER = """
import sys
from sqlalchemy import text
from errata.storage.sql import Database
database = Database(sys.argv[1])
for _ in range(100):
    with database.write() as tx:
        count = tx.execute(text("SELECT count FROM things FOR UPDATE" if database.dialect == "postgresql"
            else "SELECT count FROM things")).scalar_one()
        tx.execute(text("UPDATE things SET count = :count"), {"count": count + 1})
database.close()
"""


def test_processes_that_write_at_once_wait_for_each_other(database: Database, state_url: str) -> None:
    with database.write() as tx:
        tx.execute(things.insert().values(id=1))

    adders = [subprocess.Popen([sys.executable, "-c", _ADDER, state_url]) for _ in range(3)]

    assert [adder.wait(60) for adder in adders] == [0, 0, 0]
    with database.read() as tx:
        assert tx.scalar(select(things.c.count)) == 300


def test_writer_that_waits_too_long_is_told_that_the_database_is_busy(database: Database, state_url: str) -> None:
    other = Database(state_url, busy_timeout_s=0.1)

    with database.write() as tx:
        tx.execute(things.insert().values(id=1))
        with pytest.raises(Unavailable, match=r"busy|does not answer"), other.write() as late:
            late.execute(things.insert().values(id=1))

    other.close()


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as tx:
        tx.execute(things.insert().values(id=1))

        with database.read() as reader:
            assert reader.execute(select(things)).all() == []


def test_two_processes_may_make_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.db"
    opened, start = [], threading.Barrier(8)

    def make() -> None:
        start.wait()
        database = Database(sqlite_url(path))
        with database.write() as tx:
            opened.append(tx.exec_driver_sql("PRAGMA journal_mode").scalar())
        database.close()

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert opened == ["wal"] * 8


def test_sqlite_is_durable_and_checks_references(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "state.db"))

    with database.write() as tx:
        found = {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys")}

    assert found == {"synchronous": 2, "foreign_keys": 1}
    database.close()


def test_file_and_its_companions_are_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    database = Database(sqlite_url(folder / "state.db"))

    with database.write() as tx:
        tables.create_all(tx)
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}

    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    database.close()


def test_path_with_odd_characters_is_that_path(tmp_path: Path) -> None:
    path = tmp_path / "50% of ä?b#c &d" / "state.db"

    database = Database(sqlite_url(path))

    with database.read() as tx:
        assert tx.exec_driver_sql("PRAGMA database_list").one()[2] == str(path)
    database.close()


@pytest.mark.parametrize("url", ["mysql://localhost/errata", "sqlite://", "sqlite:///:memory:", "nonsense", ""])
def test_url_that_names_no_state_database_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        Database(url)
