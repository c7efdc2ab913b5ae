"""Rows of sample documents, and an engine to search them with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from clickhouse_connect.driver.binding import format_bind_value

from errata.events.rows import flatten
from errata.events.stack_texts import template_of
from errata.query.to_clickhouse import Condition

OURS = Path(__file__).parents[2] / "vectors" / "search-vectors.json"
VECTORS = json.loads(Path(os.environ.get("ERRATA_SEARCH_VECTORS") or OURS).read_text())
"""The vectors and their sample documents; the variable names another file of the same format."""
TEXTS = {
    "service": "service",
    "env": "env",
    "version": "version",
    "host": "host",
    "source": "source",
    "status": "status",
    "trace_id": "trace_id",
    "message": "message",
}
ATTRIBUTES = {
    "error.type": "error_type", "error.message": "error_message", "error.stack": "error_stack",
    "error.fingerprint": "error_fingerprint", "error.handling": "error_handling", "error.source": "error_source",
    "error.category": "error_category", "usr.id": "usr_id", "usr.email": "usr_email", "usr.name": "usr_name",
    "usr.anonymous_id": "usr_anonymous_id", "session.id": "session_id", "span_id": "span_id", "language": "language",
}  # fmt: skip
COLUMNS = (
    ", ".join(
        f"{name} String"
        for name in [*TEXTS.values(), *ATTRIBUTES.values(), "platform"]
        if name not in ("error_stack", "error_message")
    )
    + ", timestamp DateTime64(3, 'UTC'), is_crash Bool, tags Array(String)"
    + ", own_error_message String, has_own_error_message Bool"
    + ", error_message String ALIAS if(has_own_error_message, own_error_message, message)"
    + ", stack_template LowCardinality(String), stack_holds_message Bool"
    + ", error_stack String ALIAS if(stack_holds_message,"
    + " replaceAll(toString(stack_template), '\\0', error_message), toString(stack_template))"
    + ", attributes Map(LowCardinality(String), Array(String))"
)


def row_of(document: dict) -> dict:
    """The columns of a document of the vectors, as an event of that content is stored."""
    flat = flatten(document["attributes"])
    row = {column: document.get(name, "") for name, column in TEXTS.items()}
    row |= {column: "".join(flat.pop(name, [])) for name, column in ATTRIBUTES.items()}
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

    def run(self, sql: str, parameters: dict | None = None) -> str:
        self._process.stdin.write(json.dumps([sql, parameters or {}]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["rows"]

    def store(self, table: str, rows: list[dict]) -> None:
        self.run(f"DROP TABLE IF EXISTS search.{table}")
        self.run(
            f"CREATE TABLE search.{table} (n UInt32, {COLUMNS}) ENGINE = MergeTree ORDER BY n SETTINGS "
            "map_serialization_version = 'with_buckets', map_serialization_version_for_zero_level_parts = 'with_buckets'"
        )
        lines = [
            json.dumps({"n": n} | _stored(row) | {"timestamp": row["timestamp"] / 1000}) for n, row in enumerate(rows)
        ]
        self.run(f"INSERT INTO search.{table} FORMAT JSONEachRow {chr(10).join(lines)}")

    def select(self, table: str, condition: Condition) -> list[int]:
        parameters = {name: format_bind_value(value) for name, value in condition.parameters.items()}
        sql = f"SELECT n FROM search.{table} WHERE {condition.sql} ORDER BY n SETTINGS use_query_condition_cache = 0"
        return [int(line) for line in self.run(sql, parameters).split()]

    def close(self) -> None:
        self._process.communicate(timeout=30)


class Rows(list):
    """Rows that show as their number only, where a failing test prints its arguments."""

    def __repr__(self) -> str:
        return f"<{len(self)} rows>"
