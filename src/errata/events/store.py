"""The stored events: written by batch, folded into issues, counted, listed. All SQL about events stands here.

One statement text for the embedded engine and for ClickHouse servers. The search language's part of a WHERE comes
from `query/to_clickhouse.py`; identifiers come from the table and the facet catalogue, values are parameters.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from errata.base.errors import Invalid, TooLarge, Unavailable
from errata.base.ids import Fingerprint
from errata.events import ranking
from errata.events.model import Track
from errata.events.question import AT, Question, values_at
from errata.events.rows import NO_FINGERPRINT, EventRow, without_surrogates
from errata.events.search import Condition, EventSearch, Hit, IssueFold, Order, StoredEvent
from errata.events.stored import COLUMNS, stored_of
from errata.query.facets import Place
from errata.storage.clickhouse import ClickHouse

__all__ = [
    "Condition",
    "EventSearch",
    "EventStore",
    "Hit",
    "IssueFold",
    "Order",
    "StoredEvent",
]

_MAX_VERSIONS = 100
_MAX_TEAMS = 20
_MAX_FORMER = 100
_MAX_SERIES = 2000
"""Buckets of one answer, over all issues together."""

_MAX_REFUSED = 100
"""Rows of a batch that may be refused one by one; more of them are not the rows' fault."""
_SMALL_BLOCK = 512
"""Rows that are worked on at once where memory is short."""

_INSERT_SETTINGS: dict[str, str | int] = {
    "date_time_input_format": "basic",
    # The whole insert is one block a week, so that its token names all of it.
    "max_insert_block_size": 1_000_000,
    "async_insert": 0,
    "max_partitions_per_insert_block": 1000,
}

_FOLD = f"""
SELECT fingerprint, count(), toUnixTimestamp64Milli(min(timestamp)), toUnixTimestamp64Milli(max(timestamp)),
    argMax(toString(version), (timestamp, event_id)),
    minMapIf(map(toString(version), toUnixTimestamp64Milli(timestamp)), version != ''),
    maxMapIf(map(toString(version), toUnixTimestamp64Milli(timestamp)), version != ''),
    minMapIf(map(toString(version), toUnixTimestamp64Milli(timestamp)), NOT time_clamped),
    maxMapIf(map(toString(version), toUnixTimestamp64Milli(timestamp)), NOT time_clamped),
    arraySort(groupUniqArray(toString(language))), arraySort(groupUniqArray(toString(platform))),
    arraySort(groupUniqArray(toString(track))), max(is_crash), max(has_in_app),
    arraySlice(arraySort(groupUniqArrayArray(team)), 1, {_MAX_TEAMS}),
    arraySlice(arraySort(groupUniqArrayIf(former_fingerprint, former_fingerprint != toUUID('{NO_FINGERPRINT}'))),
        1, {_MAX_FORMER}),
    argMin((grouping_version, toString(version), toString(service), toString(error_type), error_message,
        toString(file_path), toString(function_name)), (timestamp, event_id))
FROM events
WHERE batch = {{batch:UInt64}} -- the minmax index on batch leaves only the newest parts
    AND cityHash64(fingerprint) % {{parts:UInt32}} = {{part:UInt32}}
GROUP BY fingerprint
"""
_MAX_FOLD_PARTS = 4096

_WEEK_S = 7 * 86_400
_TO_MONDAY_S = 3 * 86_400
"""1970 began on a Thursday, weeks begin on Mondays."""
_PLACES = f"""
SELECT position, entry, intDiv(toUnixTimestamp64Milli(timestamp) + {_TO_MONDAY_S * 1000}, {_WEEK_S * 1000})
FROM events
WHERE batch = {{batch:UInt64}}
"""


class EventStore:
    """Reads and writes of stored events. Thread-safe; every method raises Unavailable when the store is down."""

    def __init__(self, clickhouse: ClickHouse, *, max_insert_bytes: int = 128 << 20) -> None:
        """`max_insert_bytes` bounds what one statement brings along; what is more goes in several.

        Escapes and the tags of a request can make rows many times larger than the bytes they came from.
        """
        self._clickhouse = clickhouse
        self._max_insert_bytes = max_insert_bytes
        self._encode = msgspec.json.Encoder()

    def insert(
        self, batch: int, rows: Sequence[EventRow], *, stored_weeks: Collection[int] = frozenset()
    ) -> list[EventRow]:
        """Write rows of a batch; the same rows again add nothing. Returns those that the store refuses.

        `stored_weeks` are those of `stored`, whose rows are not to be among these. Returns when the others are on
        disk. Raises Unavailable, also when so many rows are refused that the fault must be the store's own; some of
        the rows may be stored then.
        """
        refused: list[EventRow] = []
        # An attempt stores its rows of a week at once. Where one has not yet, its token must keep it from doing so
        # later; where it has, the token is spent, and rows that only this attempt has need another.
        late = [row for row in rows if _week_of(row) in stored_weeks] if stored_weeks else []
        rest = [row for row in rows if _week_of(row) not in stored_weeks] if late else rows
        self._write(str(batch), batch, rest, refused)
        self._write(_token_of(batch, late), batch, late, refused)
        return refused

    def stored(self, batch: int) -> dict[tuple[int, int], int]:
        """The places (position, entry) of a batch's stored rows, with the week that each is in."""
        return {(position, entry): week for position, entry, week in self._clickhouse.query(_PLACES, {"batch": batch})}

    def newest_batch(self) -> int:
        """The highest number of a batch that has a stored row; 0 when there is none."""
        ((newest,),) = self._clickhouse.query("SELECT max(batch) FROM events")
        return int(newest)

    def fold(self, batch: int) -> list[IssueFold]:
        """What the stored rows of a batch say about each of its fingerprints."""
        return [_fold_of(row) for row in self._fold_part(batch, 1, 0)]

    def _write(self, token: str, batch: int, rows: Sequence[EventRow], refused: list[EventRow]) -> None:
        """Insert rows under a token; in halves where they are too much for one statement, or one of them is refused."""
        if not rows:
            return
        body = self._encoded(rows)
        if len(body) <= self._max_insert_bytes or len(rows) == 1:
            settings = {**_INSERT_SETTINGS, "insert_deduplication_token": token}
            try:
                self._clickhouse.insert("events", COLUMNS, body, "JSONCompactEachRow", settings)
            except Invalid as refusal:  # of the statement as a whole: nothing of it is stored
                if len(rows) == 1:
                    refused.extend(rows)
                if len(refused) > _MAX_REFUSED:
                    raise Unavailable(f"the event store refuses what it should take: {refusal.message}") from refusal
            else:
                return
        del body
        middle = len(rows) // 2
        for half in (rows[:middle], rows[middle:]) if middle else ():
            self._write(_token_of(batch, half), batch, half, refused)

    def _encoded(self, rows: Sequence[EventRow]) -> bytes:
        try:
            return self._encode.encode_lines(rows)
        except UnicodeEncodeError:
            return self._encode.encode_lines([without_surrogates(row) for row in rows])

    def _fold_part(self, batch: int, parts: int, part: int) -> list[tuple[Any, ...]]:
        """One of so many parts of a fold, and that again in parts where its texts are too much for one answer."""
        try:
            return self._clickhouse.query(_FOLD, {"batch": batch, "parts": parts, "part": part})
        except TooLarge:
            if parts >= _MAX_FOLD_PARTS:
                raise
        return [row for each in (part, part + parts) for row in self._fold_part(batch, 2 * parts, each)]

    def count_by_issue(self, search: EventSearch) -> list[Hit]:
        """The first `limit` fingerprints with matching events, with their counts, in the search's order.

        People and sessions are counted exactly below ten thousand; above, they may be estimated.
        Raises Invalid for a condition that the store refuses, TooLarge when it needs too much.
        """
        question = Question(search)
        question.parameters |= {"limit": search.limit, "now": search.now_ms}
        question.externals += ranking.tables_of(search)
        rows = self._ask(ranking.statement(search, question.where), question)
        hits = [Hit(Fingerprint(fingerprint), *counts) for fingerprint, *counts in rows]
        question.parameters["few"] = few = ranking.unsure(search, hits)
        counted = self._ask(ranking.recount(search, question.where), question) if few else []
        return ranking.settled(
            hits, {Fingerprint(fingerprint): (users, sessions) for fingerprint, users, sessions in counted}
        )

    def series(self, search: EventSearch, buckets: int) -> list[int]:
        """Counts of matching events in `buckets` equal parts of the window, oldest first."""
        question = Question(search)
        rows = self._ask(
            f"SELECT {_bucket(search, buckets, question)} AS bucket, count() FROM events WHERE {question.where}"
            " GROUP BY bucket",
            question,
        )
        return _spread(rows, buckets)

    def series_by_issue(
        self, search: EventSearch, buckets: int, fingerprints: Sequence[Fingerprint]
    ) -> dict[Fingerprint, list[int]]:
        """The same for each of some fingerprints; those without a matching event have zeros."""
        question = Question(search)
        question.parameters["fingerprints"] = list(fingerprints)
        rows = self._ask(
            f"SELECT fingerprint, {_bucket(search, buckets, question)} AS bucket, count() FROM events"
            f" WHERE {question.where} AND fingerprint IN {{fingerprints:Array(UUID)}} GROUP BY fingerprint, bucket",
            question,
        )
        found: dict[Fingerprint, list[tuple[int, int]]] = {fingerprint: [] for fingerprint in fingerprints}
        for fingerprint, bucket, count in rows:
            found[fingerprint].append((bucket, count))
        return {fingerprint: _spread(counts, buckets) for fingerprint, counts in found.items()}

    def facet_values(self, search: EventSearch, places: Sequence[Place], limit: int = 100) -> list[tuple[str, int]]:
        """The most frequent values of an attribute among matching events, with the number of events that hold each.

        `places` are where the catalogue says that the attribute is stored; an event's first place with a value counts.
        """
        question = Question(search)
        values = values_at(places, question.parameters)
        question.parameters["limit"] = limit
        rows = self._ask(
            f"SELECT arrayJoin(arrayDistinct({values})) AS value, count() AS events FROM events"
            f" WHERE {question.where} GROUP BY value ORDER BY events DESC, value LIMIT {{limit:UInt32}}",
            question,
        )
        return [(value, count) for value, count in rows]

    def latest(
        self, fingerprint: Fingerprint, limit: int, *, from_ms: int, to_ms: int, track: Track | None = None
    ) -> list[StoredEvent]:
        """The newest events of a fingerprint in the window `[from_ms, to_ms)`, newest first, with their payloads.

        Reads few rows where track and days are known: the sort key begins with them.
        """
        parameters: dict[str, object] = {
            "fingerprint": fingerprint,
            "from": from_ms,
            "to": to_ms,
            "track": str(track or ""),
            "limit": limit,
        }
        rows = self._clickhouse.query(_LATEST, parameters)
        return [stored_of(row) for row in rows]

    def _ask(self, sql: str, question: Question) -> list[tuple[Any, ...]]:
        """The answer, sought in smaller blocks of rows if it takes too much memory in blocks of the usual size.

        Whole stacks are put together for a block at once: two kilobytes a row as a rule, but 64 are allowed.
        """
        try:
            return self._clickhouse.query(sql, question.parameters, externals=question.externals)
        except TooLarge:
            settings = {"max_block_size": _SMALL_BLOCK}
            return self._clickhouse.query(sql, question.parameters, externals=question.externals, settings=settings)


_LATEST = f"""
SELECT {", ".join(COLUMNS)}
FROM events
-- Newest rows are found by the sort key's columns alone; only theirs are then read whole.
WHERE (track, toStartOfDay(timestamp), fingerprint, timestamp, event_id) IN (
    SELECT track, toStartOfDay(timestamp), fingerprint, timestamp, event_id FROM events
    WHERE fingerprint = {{fingerprint:UUID}} AND ({{track:String}} = '' OR track = {{track:String}})
        AND timestamp >= {AT % "from"} AND timestamp < {AT % "to"}
    ORDER BY timestamp DESC, event_id DESC LIMIT {{limit:UInt32}}
)
    AND fingerprint = {{fingerprint:UUID}}
    AND timestamp >= {AT % "from"} AND timestamp < {AT % "to"}
ORDER BY timestamp DESC, event_id DESC
LIMIT {{limit:UInt32}}
"""


def _bucket(search: EventSearch, buckets: int, question: Question) -> str:
    question.parameters |= {"buckets": buckets, "width": max(1, search.to_ms - search.from_ms)}
    return "toUInt32(intDiv((toUnixTimestamp64Milli(timestamp) - {from:Int64}) * {buckets:Int64}, {width:Int64}))"


def _spread(rows: Sequence[tuple[Any, ...]], buckets: int) -> list[int]:
    counts = [0] * buckets
    for bucket, count in rows:
        counts[bucket] = count
    return counts


def _week_of(row: EventRow) -> int:
    """The partition of a row, as `_PLACES` counts weeks."""
    return int((row.timestamp + _TO_MONDAY_S) // _WEEK_S)


def _token_of(batch: int, rows: Sequence[EventRow]) -> str:
    """The deduplication token of a part of a batch, named by its first row."""
    return f"{batch}.{rows[0].position}.{rows[0].entry}" if rows else ""


def _fold_of(row: tuple[Any, ...]) -> IssueFold:
    fingerprint, count, first_seen, last_seen, last_version, first, last, own_first, own_last, *sets, earliest = row
    languages, platforms, tracks, is_crash, has_in_app, teams, former = sets
    grouping_version, first_version, service, error_type, error_message, file_path, function_name = earliest
    versions = sorted(((version, first[version], last[version]) for version in first), key=lambda each: each[1:])
    own = sorted(((version, own_first[version], at) for version, at in own_last.items()), key=lambda each: -each[2])
    return IssueFold(
        fingerprint=Fingerprint(fingerprint),
        grouping_version=grouping_version,
        count=count,
        first_seen=first_seen,
        last_seen=last_seen,
        first_seen_version=first_version,
        last_seen_version=last_version,
        versions=tuple(versions[:_MAX_VERSIONS]),
        sightings=tuple(own[:_MAX_VERSIONS]),
        service=service,
        error_type=error_type,
        error_message=error_message,
        file_path=file_path,
        function_name=function_name,
        languages=tuple(filter(None, languages)),
        platforms=tuple(filter(None, platforms)),
        tracks=tuple(tracks),
        is_crash=bool(is_crash),
        has_in_app=bool(has_in_app),
        teams=tuple(teams),
        former_fingerprints=tuple(Fingerprint(each) for each in former),
    )
