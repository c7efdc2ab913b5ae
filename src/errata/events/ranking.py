"""The statements that count the matching events of each issue and put the issues in order, with their tables.

Counting different people takes two thirds of a search that every event matches, so that its first statement only
estimates them. What is neither so small that the estimate is a count nor so large that it will do, `recount` counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from errata.base.ids import Fingerprint
from errata.events.search import Aliases, EventSearch, Hit, KnownIssues, Order
from errata.storage.clickhouse import External

# Every matching fingerprint is counted whatever the order; what the state knows joins the few that are left.
_HITS = """
SELECT found.fingerprint, total, users, sessions
FROM ({found}) AS found{join}
ORDER BY {order} DESC, last DESC, found.fingerprint
LIMIT {{limit:UInt32}}
"""
_FOUND = """
    SELECT fingerprint, count() AS total, max(timestamp) AS last,
        {distinct}(usr_key, usr_key != 0) AS users, {distinct}(session_key, session_key != 0) AS sessions{more}
    FROM events
    WHERE {where}
    GROUP BY fingerprint
"""
# Rows are counted by fingerprint first: looking up a main one for each row would take longer than counting them.
_MERGED = """
    SELECT if(main = toUUID('00000000-0000-0000-0000-000000000000'), each.fingerprint, main) AS fingerprint,
        sum(each.total) AS total, max(each.last) AS last, {merged}(each.users) AS users,
        {merged}(each.sessions) AS sessions{more}
    FROM ({found}) AS each LEFT ANY JOIN aliases ON each.fingerprint = aliases.fingerprint
    GROUP BY fingerprint
"""
_RECOUNT = "SELECT fingerprint, users, sessions FROM ({found})"
_AMONG = " AND fingerprint IN {few:Array(UUID)}"
_AMONG_MERGED = """ AND fingerprint IN (
        SELECT arrayJoin({few:Array(UUID)})
        UNION ALL SELECT fingerprint FROM aliases WHERE main IN {few:Array(UUID)})"""
_EXACT = "uniq", ""
"""Exact far beyond `_ENOUGH` and bounded above: it keeps 32 bits of each value."""
_ESTIMATE = "uniqCombined64", "(14)"
"""Exact up to 400, within 1 % as a rule above, and small enough to stay in the processor's cache."""
_FEW = 256
_ENOUGH = 12_000
"""Counts are exact below ten thousand; what is estimated so much higher is above it."""
_KNOWN = " INNER JOIN known ON found.fingerprint = known.fingerprint"
_KNOWN_IN_PART = " LEFT ANY JOIN known ON found.fingerprint = known.fingerprint"
_RECENT = """,
        countIf(timestamp >= fromUnixTimestamp64Milli({now:Int64} - 86400000, 'UTC')) AS day,
        countIf(timestamp >= fromUnixTimestamp64Milli({now:Int64} - 3600000, 'UTC')) AS hour,
        max(has_in_app) AS in_app"""
_RECENT_MERGED = ", sum(each.day) AS day, sum(each.hour) AS hour, max(each.in_app) AS in_app"
_SCORE = """3 * exp(-greatest(0, {now:Int64} - first_seen) / 86400000 / 7)
    + log10(1 + day)
    + least(4, greatest(0, log2((hour + 1) / ((day - hour) / 23 + 1))))
    + 2 * is_crash + in_app"""
"""Relevance: young, frequent in the last day, rising in the last hour, a crash, in own code. Rule: explorer."""


def statement(search: EventSearch, where: str) -> str:
    """The SELECT of (fingerprint, total, users, sessions) of the first issues; needs `{limit}` and `{now}`."""
    by_priority = search.order is Order.PRIORITY
    orders = {
        Order.TOTAL_COUNT: "total",
        Order.IMPACTED_SESSIONS: "sessions",
        Order.FIRST_SEEN: "first_seen",
        Order.PRIORITY: f"({_SCORE})",
    }
    distinct = _ESTIMATE if _is_estimated(search) else _EXACT
    found = _found(search, where, distinct, by_priority=by_priority)
    join = "" if search.known is None else _KNOWN_IN_PART if search.known_in_part else _KNOWN
    return _HITS.format(found=found, join=join, order=orders[search.order])


def unsure(search: EventSearch, hits: Sequence[Hit]) -> list[Fingerprint]:
    """Those hits of `statement` whose people or sessions are to be counted by `recount`."""
    if not _is_estimated(search):
        return []
    return [
        hit.fingerprint
        for hit in hits
        if any(_FEW < number < _ENOUGH for number in (hit.impacted_users, hit.impacted_sessions))
    ]


def recount(search: EventSearch, where: str) -> str:
    """The SELECT of (fingerprint, users, sessions), exact, of the main fingerprints in `{few}`."""
    among = _AMONG_MERGED if search.aliases else _AMONG
    return _RECOUNT.format(found=_found(search, where + among, _EXACT))


def settled(hits: Sequence[Hit], counted: Mapping[Fingerprint, tuple[int, int]]) -> list[Hit]:
    """The hits with the people and sessions that were counted. An event has one of each at most."""
    pairs = [(hit, counted.get(hit.fingerprint, (hit.impacted_users, hit.impacted_sessions))) for hit in hits]
    return [
        replace(hit, impacted_users=min(users, hit.total_count), impacted_sessions=min(sessions, hit.total_count))
        for hit, (users, sessions) in pairs
    ]


def _is_estimated(search: EventSearch) -> bool:
    """Whether the first statement estimates: where there is no condition that the second one would have to try again.

    Measured, trying it again takes longer than counting exactly at once. An order by sessions is of exact ones.
    """
    return search.condition is None and search.order is not Order.IMPACTED_SESSIONS


def _found(search: EventSearch, where: str, distinct: tuple[str, str], *, by_priority: bool = False) -> str:
    """The matching fingerprints with their counts, those of one issue together."""
    name, size = distinct
    state = "State" if search.aliases else ""
    more, merged = (_RECENT, _RECENT_MERGED) if by_priority else ("", "")
    found = _FOUND.format(distinct=f"{name}{state}If{size}", more=more, where=where)
    return _MERGED.format(merged=f"{name}Merge{size}", more=merged, found=found) if search.aliases else found


def tables_of(search: EventSearch) -> tuple[External, ...]:
    """The tables that `statement` refers to."""
    tables = []
    if search.aliases:
        tables.append(_aliases_table(search.aliases))
    if search.known is not None:
        tables.append(_known_table(search.known))
    return tuple(tables)


def _aliases_table(aliases: Aliases) -> External:
    columns = [("fingerprint", "UUID", aliases.fingerprints), ("main", "UUID", aliases.mains)]
    return _native("aliases", len(aliases.fingerprints) // 16, columns)


def _known_table(known: KnownIssues) -> External:
    columns = [
        ("fingerprint", "UUID", known.fingerprints),
        ("first_seen", "Int64", known.first_seen),
        ("is_crash", "UInt8", known.is_crash),
    ]
    return _native("known", len(known), columns)


def _native(name: str, rows: int, columns: Sequence[tuple[str, str, bytes]]) -> External:
    """A table as the engine holds it: column after column, so that a million rows are put together at once."""
    data = bytearray(_varint(len(columns)) + _varint(rows))
    for column, kind, values in columns:
        for text in (column, kind):
            data += _varint(len(text)) + text.encode()
        data += values
    structure = ", ".join(f"{column} {kind}" for column, kind, _ in columns)
    return External(name, structure, bytes(data), "Native")


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
