"""Rows of sample documents, and an engine to search them with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from clickhouse_connect.driver.binding import format_bind_value

from errata.events.rows import flatten
from errata.events.stack_texts import template_of
from errata.query.to_clickhouse import Condition
from errata.storage import event_migrations
from vectors.search_vectors import FIELDS, OWN_COLUMNS

SCHEMA = Path(event_migrations.__file__).parent / "migrations" / "events"
"""The steps that make the real table."""


def row_of(document: dict) -> dict:
    """The columns of a document of the vectors, as an event of that content is stored."""
    flat = flatten(document["attributes"])
    row = {name: document.get(name, "") for name in FIELDS}
    row |= {column: "".join(flat.pop(name, [])) for name, column in OWN_COLUMNS.items()}
    row |= {"timestamp": document["timestamp"], "tags": document["tags"], "attributes": flat}
    return row | {"is_crash": flat.get("error.is_crash") == ["true"], "platform": "UNKNOWN"}


def _stored(row: dict) -> dict:
    """The row with the columns that its error's message and stack are made from, as the digest fills them."""
    message, error_message = row.get("message", ""), row.get("error_message", "")
    template, holds_message = template_of(row.get("error_stack", ""), error_message)
    has_own = error_message != message
    return row | {
        "own_error_message": error_message if has_own else "",
        "has_own_error_message": has_own,
        "stack_template": template,
        "stack_holds_message": holds_message,
    }


class Engine:
    """The embedded engine in a process of its own, with tables of rows."""

    def __init__(self, folder: Path) -> None:
        program = [sys.executable, str(Path(__file__).parent / "engine_process.py"), str(folder)]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.run("CREATE DATABASE search")
        self.run("SET max_query_size = 16777216, low_cardinality_max_dictionary_size = 16")

    def run(self, sql: str, parameters: dict | None = None) -> str:
        self._process.stdin.write(json.dumps([sql, parameters or {}]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["rows"]

    def store(self, table: str, rows: list[dict]) -> None:
        """Rows in a table as the event store makes it, but with eight rows in what its indexes leave out or read."""
        self.run("USE search")
        self.run(f"DROP TABLE IF EXISTS {table}")
        for step in sorted(SCHEMA.glob("*.sql")):
            for statement in step.read_text().split(";\n"):
                named = re.sub(r"\b(TABLE(?: IF NOT EXISTS)?) events\b", rf"\1 {table}", statement)
                self.run(named.replace("index_granularity = 8192", "index_granularity = 8"))
        self.run(f"ALTER TABLE {table} ADD COLUMN n UInt32")
        lines = [
            json.dumps({"n": n} | _stored(row) | {"timestamp": row["timestamp"] / 1000}) for n, row in enumerate(rows)
        ]
        self.run(f"INSERT INTO {table} FORMAT JSONEachRow {chr(10).join(lines)}")

    def select(self, table: str, condition: Condition) -> list[int]:
        """The rows that the condition selects, as a search does: what indexes leave out is not read."""
        parameters = {name: format_bind_value(value) for name, value in condition.parameters.items()}
        sql = f"SELECT n FROM {table} WHERE {condition.sql} ORDER BY n SETTINGS use_query_condition_cache = 0"
        return [int(line) for line in self.run(sql, parameters).split()]

    def hold(self, table: str, conditions: list[Condition]) -> list[list[int]]:
        """The rows for which each condition holds, all of them read once. Parameters have to have different names."""
        parameters = {name: format_bind_value(value) for each in conditions for name, value in each.parameters.items()}
        found = ", ".join(f"arraySort(groupArrayIf(n, {condition.sql}))" for condition in conditions)
        return [json.loads(numbers) for numbers in self.run(f"SELECT {found} FROM {table}", parameters).split("\t")]

    def close(self) -> None:
        self._process.communicate(timeout=30)


class Rows(list):
    """Rows that show as their number only, where a failing test prints its arguments."""

    def __repr__(self) -> str:
        return f"<{len(self)} rows>"
