"""Functions that SQLite has not, given to every connection. Pure Python, the same for the same arguments."""

from __future__ import annotations

import json
import re
import sqlite3
from functools import lru_cache

IN_ORDER = "errata_in_order"


def add_functions(connection: sqlite3.Connection) -> None:
    """Have statements of the connection know the functions."""
    connection.create_function(IN_ORDER, 2, _in_order, deterministic=True)


def _in_order(expressions: str, text: str) -> bool:
    """Whether the expressions of a JSON list are found one after the other in one run of the text without blanks.

    Part by part: one expression with `[^ ]*` between the parts would be tried again and again. Linear in the text.
    """
    parts = _compiled(expressions)
    return any(_stand_in(parts, run) for run in text.split(" "))


def _stand_in(parts: list[re.Pattern[str]], run: str) -> bool:
    at = 0
    for part in parts:
        found = part.search(run, at)
        if not found:
            return False
        at = found.end()
    return True


@lru_cache(maxsize=64)
def _compiled(expressions: str) -> list[re.Pattern[str]]:
    return [re.compile(expression) for expression in json.loads(expressions)]
