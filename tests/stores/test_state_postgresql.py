"""How the state database stands troubles of a PostgreSQL server, and what it takes from its address."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from errata.base.errors import Conflict, Invalid, Unavailable
from errata.storage import state_migrations
from errata.storage.sql import Database
from postgresql import SESSION, PostgreSQL

pytestmark = pytest.mark.needs("initdb")


@pytest.fixture
def name(postgresql: PostgreSQL) -> Iterator[str]:
    made = postgresql.new_database()
    yield made
    postgresql.drop_database(made)


@pytest.fixture
def open_(postgresql: PostgreSQL, name: str) -> Iterator[Callable[..., Database]]:
    """Opens the test's database; `also` is added to its address."""
    opened: list[Database] = []

    def open_again(also: str = "", **bounds: float) -> Database:
        opened.append(Database(postgresql.url(name) + also, **bounds))
        return opened[-1]

    yield open_again
    for database in opened:
        database.close()


@pytest.fixture
def counts(open_: Callable[..., Database]) -> Database:
    """A database with the table `counts` of two rows, each with an `id` and a number `n`."""
    database = open_()
    with database.write() as tx:
        tx.execute(text("CREATE TABLE counts (id integer PRIMARY KEY, n integer NOT NULL)"))
        tx.execute(text("INSERT INTO counts VALUES (1, 0), (2, 0)"))
    return database


def add_one(database: Database, row: int = 1) -> None:
    with database.write() as tx:
        tx.execute(text("UPDATE counts SET n = n + 1 WHERE id = :row"), {"row": row})


def total(database: Database) -> int:
    with database.read() as tx:
        return tx.scalar(text("SELECT sum(n) FROM counts"))


def test_server_that_goes_away_is_unavailable_until_it_is_back() -> None:
    server = PostgreSQL(**SESSION)
    try:
        database = Database(server.url(server.new_database()), busy_timeout_s=1)
        with database.write() as tx:
            tx.execute(text("CREATE TABLE counts (id integer PRIMARY KEY, n integer NOT NULL)"))
            tx.execute(text("INSERT INTO counts VALUES (1, 0)"))
        server.stop()

        for _ in range(2):
            with pytest.raises(Unavailable, match="does not answer"):
                total(database)
            with pytest.raises(Unavailable, match="does not answer"):
                add_one(database)

        server.start()
        add_one(database)
        assert total(database) == 1
        database.close()
    finally:
        server.close()


def test_connection_that_is_cut_in_a_transaction_changes_nothing(counts: Database, postgresql: PostgreSQL) -> None:
    def change() -> None:
        with counts.write() as tx:
            tx.execute(text("UPDATE counts SET n = 7"))
            cut_all(postgresql)
            tx.execute(text("UPDATE counts SET n = 8"))

    with pytest.raises(Unavailable, match="does not answer"):
        change()

    assert total(counts) == 0


def test_commit_on_a_connection_that_was_cut_is_told(counts: Database, postgresql: PostgreSQL) -> None:
    def change() -> None:
        with counts.write() as tx:
            tx.execute(text("UPDATE counts SET n = 7"))
            cut_all(postgresql)

    with pytest.raises(Unavailable, match="does not answer"):
        change()

    assert total(counts) == 0


def test_connections_that_were_cut_while_idle_are_replaced(counts: Database, postgresql: PostgreSQL) -> None:
    total(counts)
    cut_all(postgresql)

    add_one(counts)

    assert total(counts) == 1


def test_changes_in_each_others_way_are_told_busy_and_one_is_made(counts: Database) -> None:
    both, told = threading.Barrier(2), []

    def change(first: int, second: int) -> None:
        try:
            with counts.write() as tx:
                tx.execute(text("UPDATE counts SET n = n + 1 WHERE id = :row"), {"row": first})
                both.wait(10)
                tx.execute(text("UPDATE counts SET n = n + 1 WHERE id = :row"), {"row": second})
        except Unavailable as error:
            told.append(error.message)

    threads = [threading.Thread(target=change, args=rows) for rows in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told == ["The state database is busy: two changes were in each other's way."]
    assert total(counts) == 2


def test_lock_that_is_not_had_in_time_is_told_busy(counts: Database, open_: Callable[..., Database]) -> None:
    hasty = open_(busy_timeout_s=0.1)

    with counts.write() as tx:
        tx.execute(text("UPDATE counts SET n = 5"))
        with pytest.raises(Unavailable, match="busy: another change keeps it locked"):
            add_one(hasty)


def test_server_that_takes_no_more_connections_is_unavailable(
    counts: Database, open_: Callable[..., Database], postgresql: PostgreSQL, name: str
) -> None:
    counts.close()
    with postgresql.administrator() as connection:
        connection.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 1")

    with counts.read() as tx:
        tx.execute(text("SELECT 1"))
        with pytest.raises(Unavailable) as told:
            total(open_())

    assert "too many connections" in told.value.__notes__[0]


def test_server_that_only_reads_is_said_to_take_no_changes(counts: Database, postgresql: PostgreSQL, name: str) -> None:
    with postgresql.administrator() as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    cut_all(postgresql)

    with pytest.raises(Unavailable, match="cannot be written: the server only reads"):
        add_one(counts)

    assert total(counts) == 0


def test_value_that_is_too_large_for_an_index_is_no_trouble_of_the_server(counts: Database) -> None:
    with counts.write() as tx:
        tx.execute(text("CREATE TABLE named (name text PRIMARY KEY)"))

    with pytest.raises(DBAPIError, match="index row"), counts.write() as tx:
        tx.execute(text("INSERT INTO named SELECT string_agg(md5(n::text), '') FROM generate_series(1, 2000) n"))


def test_database_whose_encoding_lacks_letters_is_refused(postgresql: PostgreSQL) -> None:
    name = postgresql.new_database(encoding="LATIN1")
    database = Database(postgresql.url(name))

    with pytest.raises(Conflict, match=r"has the encoding LATIN1.*ENCODING 'UTF8'"):
        state_migrations.upgrade(database)

    database.close()
    postgresql.drop_database(name)


@pytest.mark.parametrize("locale", ["C", "en-US", "de-DE-u-kn-true"])
def test_schema_is_made_in_databases_of_any_locale(postgresql: PostgreSQL, locale: str) -> None:
    name = postgresql.new_database(locale="und" if locale == "C" else locale)
    database = Database(postgresql.url(name))

    state_migrations.upgrade(database)

    assert state_migrations.pending(database) == ()
    database.close()
    postgresql.drop_database(name)


def test_address_may_choose_options_of_its_own(open_: Callable[..., Database]) -> None:
    with open_().write() as tx:
        tx.execute(text("CREATE SCHEMA own"))
    database = open_("&options=-csearch_path%3Down&application_name=mine")

    state_migrations.upgrade(database)

    with database.read() as tx:
        tables = tx.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'own' AND tablename = 'users'"))
        chosen = [tx.scalar(text(f"SHOW {setting}")) for setting in ("application_name", "lock_timeout")]
    assert (tables, chosen) == (1, ["mine", "10s"])


def test_waits_are_bounded_where_the_address_does_not_say_otherwise(open_: Callable[..., Database]) -> None:
    with open_("&connect_timeout=7", busy_timeout_s=3).read() as tx:
        raw = tx.connection.dbapi_connection
        told = raw.info.get_parameters()

    assert (told["connect_timeout"], told["tcp_user_timeout"], told["keepalives_idle"]) == ("7", "3000", "10")


def test_address_with_an_option_that_nobody_knows_is_refused(open_: Callable[..., Database]) -> None:
    with pytest.raises(Invalid, match="sslmod") as refused:
        open_("&sslmod=require")

    assert refused.value.where == "database_url"


def test_database_that_does_not_exist_does_not_answer(postgresql: PostgreSQL) -> None:
    with pytest.raises(Unavailable):
        total(Database(postgresql.url("nowhere")))


def cut_all(server: PostgreSQL) -> None:
    """End every connection of Errata's at the server."""
    with server.administrator() as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'errata'")
