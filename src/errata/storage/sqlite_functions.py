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

    One by one, each from where the one before ended: a single expression with `[^ ]*` between them would be tried again
    and again. No expression matches a blank, so that the first is looked for in the whole text.
    """
    first, *others = _compiled(expressions)
    at = 0
    while at <= len(text) and (found := first.search(text, at)):
        end = text.find(" ", found.end())
        end = len(text) if end < 0 else end
        if _follow(others, text, found.end(), end):
            return True
        at = end + 1
    return False


def _follow(expressions: list[re.Pattern[str]], text: str, at: int, end: int) -> bool:
    for expression in expressions:
        found = expression.search(text, at, end)
        if not found:
            return False
        at = found.end()
    return True


@lru_cache(maxsize=64)
def _compiled(expressions: str) -> list[re.Pattern[str]]:
    return [re.compile(expression) for expression in json.loads(expressions)]
