"""Batches under way: what makes the digest safe to repeat from any point.

A batch is a fixed stretch of one node's journal (or a list of set-aside records), written down with the rules it
uses before its first attempt. Until it is finished its number stays in the table; searches leave its rows out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from errata.base.ids import NodeId
from errata.base.parts import parts
from errata.events.tables import batches, dropped, journal_positions, retry_keys
from errata.storage.sql import raise_counter, upsert


class Source(StrEnum):
    """Where a batch takes its records from."""

    JOURNAL = "journal"
    ASIDE = "aside"


class Rules(msgspec.Struct, frozen=True):
    """The versions and bounds that decide what a batch's records become. Stored with the batch: only ever add fields.

    A repetition uses the batch's own rules, even after an upgrade or a change of settings between two attempts.
    `past_ms` and `future_ms`: how far an event's own time may lie from its arrival before it is clamped.
    """

    grouping: int
    past_ms: int
    future_ms: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One planned batch: the half-open stretch `[start, end)` of a journal, or the records `aside`."""

    id: int
    node: NodeId
    source: Source
    start: int
    end: int
    aside: tuple[int, ...]
    rules: Rules
    planned_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish to count something once. `entry` is -1 where the whole request is meant."""

    key: bytes
    position: int
    entry: int
    at: datetime
    expires_at: datetime


def key_of(kind: str, text: str) -> bytes:
    """The 16 bytes under which an identity is kept; `kind` keeps identities of different sources apart."""
    return blake2b(f"{kind}\0{text}".encode(errors="surrogatepass"), digest_size=16).digest()


def position_of(tx: Connection, node: NodeId) -> int:
    """Up to where this node's journal is digested; 0 when nothing is."""
    return tx.execute(select(journal_positions.c.position).where(journal_positions.c.node == node)).scalar() or 0


def unfinished(tx: Connection, node: NodeId) -> Batch | None:
    """The batch that this node planned and has not finished. A node has at most one."""
    row = tx.execute(select(batches).where(batches.c.node == node).order_by(batches.c.id).limit(1)).one_or_none()
    if row is None:
        return None
    return Batch(
        row.id,
        NodeId(row.node),
        Source(row.source),
        row.start,
        row.end,
        tuple(row.aside),
        msgspec.convert(row.rules, Rules),
        row.planned_at,
    )


def pending(tx: Connection) -> tuple[int, ...]:
    """Numbers of the batches of all nodes whose rows may be stored but are not yet counted in any issue."""
    return tuple(tx.execute(select(batches.c.id)).scalars())


def plan(
    tx: Connection,
    node: NodeId,
    source: Source,
    start: int,
    end: int,
    aside: tuple[int, ...],
    rules: Rules,
    at: datetime,
) -> Batch:
    """Write a batch down and give it its number."""
    values = {
        "node": node,
        "source": str(source),
        "start": start,
        "end": end,
        "aside": list(aside),
        "rules": msgspec.to_builtins(rules),
        "planned_at": at,
    }
    number = tx.execute(insert(batches).values(values).returning(batches.c.id)).scalar_one()
    return Batch(number, node, source, start, end, aside, rules, at)


def number_above(tx: Connection, number: int) -> None:
    """Give the next batches numbers above one that the event store has seen.

    A state that was restored from a backup would give numbers again: their rows would be taken for repetitions.
    """
    raise_counter(tx, batches.c.id, number)


def finish(tx: Connection, batch: Batch) -> None:
    """Take the batch off the list and move the journal's position behind it."""
    tx.execute(delete(batches).where(batches.c.id == batch.id))
    if batch.source is Source.JOURNAL:
        values = {"node": batch.node, "position": batch.end}
        upsert(tx, journal_positions, [values], key=("node",), update=("position",))


Owner = tuple[int, int, int]
"""Batch, position and entry of what an identity belongs to."""


def claim(tx: Connection, batch: int, claims: Iterable[Claim]) -> dict[bytes, Owner]:
    """Take identities for a batch, and say to whom each of them belongs now.

    The first to claim a key owns it until it expires. The same batch claiming again, after a crash, gets the same
    answer. Within one batch the first in the order given owns the key.
    """
    wanted: dict[bytes, Claim] = {}
    for each in claims:
        wanted.setdefault(each.key, each)
    if not wanted:
        return {}
    rows = [
        {"key": c.key, "batch": batch, "position": c.position, "entry": c.entry, "at": c.at, "expires_at": c.expires_at}
        for c in wanted.values()
    ]
    taken = delete(retry_keys).where(retry_keys.c.key == bindparam("key"), retry_keys.c.expires_at <= bindparam("at"))
    tx.execute(taken, [{"key": row["key"], "at": row["at"]} for row in rows])
    upsert(tx, retry_keys, [_without(row, "at") for row in rows], key=("key",))
    owners: dict[bytes, Owner] = {}
    for part in parts(list(wanted)):
        query = select(retry_keys).where(retry_keys.c.key.in_(part))
        owners |= {row.key: (row.batch, row.position, row.entry) for row in tx.execute(query)}
    return owners


def release(tx: Connection, batch: int, places: Iterable[tuple[int, int]]) -> None:
    """Give identities back that a batch took for events (position, entry) which it then could not store."""
    for position, entry in places:
        mine = (retry_keys.c.batch == batch, retry_keys.c.position == position, retry_keys.c.entry == entry)
        tx.execute(delete(retry_keys).where(*mine))


def sweep(tx: Connection, at: datetime, limit: int = 1000) -> None:
    """Forget identities that have expired, at most `limit` at a time so that the transaction stays short."""
    old = select(retry_keys.c.key).where(retry_keys.c.expires_at < at).limit(limit)
    tx.execute(delete(retry_keys).where(retry_keys.c.key.in_(old)))


def add_dropped(tx: Connection, counts: Mapping[tuple[date, str, str], int]) -> None:
    """Add to the counters of accepted events that were not counted; keys are (day, intake, reason)."""
    for (day, intake, reason), count in sorted(counts.items()):
        mine = (dropped.c.day == day, dropped.c.intake == intake, dropped.c.reason == reason)
        changed = tx.execute(update(dropped).where(*mine).values(count=dropped.c.count + count))
        if changed.rowcount == 0:
            tx.execute(insert(dropped).values(day=day, intake=intake, reason=reason, count=count))


def _without(row: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in row.items() if key != name}
