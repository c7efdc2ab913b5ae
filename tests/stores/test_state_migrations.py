from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import errata
from errata.base.errors import Conflict
from errata.storage import state_migrations
from errata.storage.sql import Database, Transaction, metadata, sqlite_url

for _path in (Path(errata.__file__).parent).glob("*/tables.py"):
    importlib.import_module(f"errata.{_path.parent.name}.tables")
importlib.import_module("errata.storage.outbox")


def test_migrated_schema_is_the_one_that_the_code_describes(state: Database) -> None:
    with state.read() as tx:
        opts = {"compare_server_default": True, "include_name": lambda name, *_: not _is_word_index(name)}
        differences = compare_metadata(MigrationContext.configure(tx, opts=opts), metadata)

    assert differences == []


def test_migrated_tables_are_declared_word_for_word_like_the_codes(state: Database, empty_state: Database) -> None:
    """Checks and counted ids too, which the comparison above does not see."""
    with empty_state.write() as tx:
        metadata.create_all(tx)

    with state.read() as migrated, empty_state.read() as created:
        found = _declarations(migrated)
        assert found == _declarations(created)
    assert len(found) > 50


def test_empty_database_lacks_every_step_and_a_migrated_one_none(empty_state: Database) -> None:
    lacking = state_migrations.pending(empty_state)

    applied = state_migrations.upgrade(empty_state)

    assert lacking == applied
    assert (lacking[0], lacking[-1]) == ("0001", state_migrations.LATEST)
    assert state_migrations.pending(empty_state) == ()


def test_migrating_again_does_nothing(state: Database) -> None:
    assert state_migrations.upgrade(state) == ()


def test_process_that_finds_the_schema_in_order_does_not_load_the_tool(empty_state: Database, state_url: str) -> None:
    state_migrations.upgrade(empty_state)
    program = (
        "import sys; from errata.storage import sql, state_migrations; database = sql.Database(sys.argv[1]);"
        " print(state_migrations.upgrade(database), 'alembic' in sys.modules); database.close()"
    )

    said = subprocess.run([sys.executable, "-c", program, state_url], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "() False"


def test_processes_that_migrate_at_once_do_it_once(state_url: str) -> None:
    program = (
        "import sys; from errata.storage import sql, state_migrations; database = sql.Database(sys.argv[1]);"
        " print(len(state_migrations.upgrade(database))); database.close()"
    )

    running = [
        subprocess.Popen([sys.executable, "-c", program, state_url], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0].strip() for process in running]

    assert [process.returncode for process in running] == [0, 0, 0]
    assert sum(number != "0" for number in said) == 1


def test_database_of_a_newer_release_is_refused(state: Database) -> None:
    with state.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Conflict, match="newer Errata"):
        state_migrations.upgrade(state)


def test_step_that_fails_leaves_the_schema_as_it_was(empty_state: Database) -> None:
    with empty_state.write() as tx:
        tx.execute(text("CREATE TABLE issue_versions (mine INTEGER)"))

    with pytest.raises(Exception, match="issue_versions"):
        state_migrations.upgrade(empty_state)

    with empty_state.read() as tx:
        assert inspect(tx).get_table_names() == ["issue_versions"]


def test_change_of_schema_that_orphans_rows_in_sqlite_is_not_committed(tmp_path: Path) -> None:
    state = Database(sqlite_url(tmp_path / "state.db"))
    state_migrations.upgrade(state)

    with pytest.raises(Conflict, match="user_roles"), state.migrate() as tx:
        tx.execute(text("INSERT INTO user_roles (user_id, role_id) VALUES ('a', 'b')"))

    with state.write() as tx:
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert tx.scalar(text("SELECT count(*) FROM user_roles")) == 0
    state.close()


def test_folder_with_odd_characters_in_its_name_can_be_migrated(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "50%d of it; yes" / "state.db"))

    assert state_migrations.upgrade(database)

    database.close()


def _declarations(tx: Transaction) -> dict[str, list[str]]:
    """By name: the declaration of each table and index; the order within, and white space, do not matter."""
    if tx.dialect.name == "postgresql":
        rows = tx.execute(text(_POSTGRESQL_DECLARATIONS))
        return {name: [said] for name, said in rows if not _is_word_index(name.partition(".")[0])}
    found = tx.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"))
    ours = ((name, sql) for name, sql in found if not name.startswith("sqlite_") and not _is_word_index(name))
    return {name: _pieces(declared) for name, declared in ours}


_POSTGRESQL_DECLARATIONS = """
    SELECT concat_ws('.', table_name, column_name), concat_ws(' ', data_type, character_maximum_length, is_nullable,
        column_default, collation_name, is_identity)
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    UNION ALL SELECT concat_ws('.', conrelid::regclass, conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
    UNION ALL SELECT concat_ws('.', tablename, 'index', indexname), indexdef
    FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""


def _is_word_index(name: str | None) -> bool:
    """Made by each engine in its own way, and no table of the metadata."""
    return name is not None and (name == "case_words" or name.startswith("case_words_"))


def _pieces(declared: str) -> list[str]:
    """What stands before, between and behind the commas of the outermost parentheses."""
    head, _, rest = declared.partition("(")
    body, _, tail = rest.rpartition(")")
    pieces, depth = [""], 0
    for char in body:
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            pieces.append("")
        else:
            pieces[-1] += char
    return sorted(" ".join(piece.split()) for piece in (head, tail, *pieces))
