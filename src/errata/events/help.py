"""What writers of queries are told about the events: keys, values, and how many events each clause matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from errata.base.ids import Fingerprint
from errata.events import ranking
from errata.events.facets import ATTRIBUTES, TAGS
from errata.events.question import Question, values_at
from errata.events.search import Condition, EventSearch, Hit
from errata.query.facets import Place
from errata.storage.clickhouse import ClickHouse, External

_LOOKED_AT: dict[str, str | int] = {
    # What is offered need not be complete, but has to be there while somebody types.
    "max_rows_to_read": 3_000_000,
    "read_overflow_mode": "break",
    "max_execution_time": 3,
    "timeout_overflow_mode": "break",
}
_MAX_VALUE_CHARS = 200
"""Longer values are no help to somebody who types."""


@dataclass(frozen=True, slots=True)
class Match:
    """How many events a condition matches, and of how many fingerprints (nearly, where they are very many)."""

    events: int
    fingerprints: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What one statement took: rows and bytes that it read, milliseconds until its answer was here."""

    read_rows: int
    read_bytes: int
    took_ms: float


class EventHelp:
    """Thread-safe; every method raises Unavailable when the store is down, TooLarge when it needs too much."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse

    def matches(self, search: EventSearch, conditions: Sequence[Condition], *, all_events: bool = True) -> list[Match]:
        """How many events of the window pass each condition alone, whatever `search.condition` says.

        No two conditions may name a parameter alike. Without `all_events` only some are looked at of very many.
        """
        question = Question(replace(search, condition=None))
        counts = "".join(
            f", countIf({condition.sql}), uniqIf(fingerprint, {condition.sql})" for condition in conditions
        )
        for condition in conditions:
            question.parameters |= condition.parameters
        sql = f"SELECT count(){counts} FROM events WHERE {question.where}"
        ((_, *found),) = self._ask(sql, question, None if all_events else _LOOKED_AT)
        return [Match(*pair) for pair in zip(found[::2], found[1::2], strict=True)]

    def cost_of(self, search: EventSearch) -> Cost:
        """What it takes to find the issues of a search, by finding them."""
        question = Question(search)
        question.parameters |= {"limit": search.limit, "now": search.now_ms}
        tables: tuple[External, ...] = (*question.externals, *ranking.tables_of(search))
        first = self._clickhouse.measured(
            ranking.statement(search, question.where), question.parameters, externals=tables
        )
        few = ranking.unsure(search, [Hit(Fingerprint(fingerprint), *counts) for fingerprint, *counts in first.rows])
        if not few:
            return Cost(first.read_rows, first.read_bytes, first.took_ms)
        question.parameters["few"] = few
        again = self._clickhouse.measured(
            ranking.recount(search, question.where), question.parameters, externals=tables
        )
        return Cost(
            first.read_rows + again.read_rows, first.read_bytes + again.read_bytes, first.took_ms + again.took_ms
        )

    def attribute_paths(self, search: EventSearch, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Paths that begin so, of attributes without a column of their own, with the events that have each."""
        return self._frequent(search, f"mapKeys({ATTRIBUTES})", prefix, limit)

    def tag_keys(self, search: EventSearch, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Keys of tags that begin so, with the events that have each."""
        keyed = f"arrayFilter(t -> position(t, ':') > 1, {TAGS})"
        keys = f"arrayMap(t -> substring(t, 1, position(t, ':') - 1), {keyed})"
        return self._frequent(search, keys, prefix, limit)

    def values(self, search: EventSearch, places: Sequence[Place], prefix: str, limit: int) -> list[tuple[str, int]]:
        """Values of an attribute that begin so, with the events that have each."""
        parameters: dict[str, object] = {}
        values = values_at(places, parameters)
        return self._frequent(search, values, prefix, limit, parameters)

    def _frequent(
        self, search: EventSearch, texts: str, prefix: str, limit: int, parameters: dict[str, object] | None = None
    ) -> list[tuple[str, int]]:
        """The most frequent texts of an array that begin so; of very many events only some are looked at."""
        question = Question(search)
        question.parameters |= (parameters or {}) | {"prefix": prefix, "limit": limit, "longest": _MAX_VALUE_CHARS}
        sql = (
            f"SELECT arrayJoin(arrayDistinct(arrayFilter(v -> v != '' AND startsWith(v, {{prefix:String}})"
            f" AND lengthUTF8(v) <= {{longest:UInt32}}, {texts}))) AS value, count() AS events FROM events"
            f" WHERE {question.where} GROUP BY value ORDER BY events DESC, value LIMIT {{limit:UInt32}}"
        )
        return [(value, count) for value, count in self._ask(sql, question, _LOOKED_AT)]

    def _ask(self, sql: str, question: Question, settings: dict[str, str | int] | None = None) -> list[tuple[Any, ...]]:
        return self._clickhouse.query(sql, question.parameters, externals=question.externals, settings=settings)
