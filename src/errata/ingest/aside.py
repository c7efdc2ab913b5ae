"""What was set aside: requests and entries that could not be decoded, kept with the reason until an upgrade can.

Nothing here decodes. The digest sets records aside in the transaction that finishes their batch, so each is kept
once; `request_replay` marks them, and the digest takes the marked ones as a batch of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from errata.base.ids import NodeId
from errata.ingest.tables import aside_records

WHOLE = -1
"""The entry number of a record that was set aside as a whole request."""


@dataclass(frozen=True, slots=True)
class Aside:
    """One thing set aside. `body` is the request as received (`entry` -1), or the bytes of the one entry.

    `id` is 0 for what is not stored yet. `position` is its place in the node's journal, `reason` a sentence.
    """

    node: NodeId
    position: int
    entry: int
    received_at: datetime
    intake: str
    key_id: UUID | None
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    reason: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class AsideSize:
    """How much is set aside, and how much of it is marked to be tried again."""

    records: int
    bytes: int
    replaying: int


def put(tx: Connection, records: Sequence[Aside], at: datetime, *, max_records: int, max_bytes: int) -> int:
    """Keep records, up to the bounds of the whole table; returns how many did not fit any more: the last ones.

    What was kept first stays: a flood of undecodable requests must not push out what is waiting for an upgrade.
    """
    if not records:
        return 0
    there = size(tx)
    room, bytes_room = max(0, max_records - there.records), max_bytes - there.bytes
    kept: list[Aside] = []
    for record in records[:room]:
        bytes_room -= len(record.body)
        if bytes_room < 0:
            break
        kept.append(record)
    if kept:
        tx.execute(insert(aside_records), [_row(record, at) for record in kept])
    return len(records) - len(kept)


def size(tx: Connection) -> AsideSize:
    """Count and bytes of everything set aside."""
    row = tx.execute(
        select(
            func.count(),
            func.coalesce(func.sum(func.length(aside_records.c.body)), 0),
            func.count().filter(aside_records.c.replay),
        ).select_from(aside_records)
    ).one()
    return AsideSize(row[0], row[1], row[2])


def listing(tx: Connection, *, limit: int = 100, after: int = 0) -> list[Aside]:
    """What is set aside, oldest first, from the one behind `after` on."""
    query = select(aside_records).where(aside_records.c.id > after).order_by(aside_records.c.id).limit(limit)
    return [_aside(row) for row in tx.execute(query)]


def request_replay(tx: Connection, ids: Sequence[int] | None) -> int:
    """Mark records to be tried again by the digest, all of them where `ids` is None; returns how many were marked."""
    query = update(aside_records).values(replay=True)
    if ids is not None:
        query = query.where(aside_records.c.id.in_(ids))
    return tx.execute(query).rowcount


def marked(tx: Connection, node: NodeId, *, limit: int) -> list[Aside]:
    """The oldest records of a node's journal that are marked to be tried again."""
    query = (
        select(aside_records)
        .where(aside_records.c.replay, aside_records.c.node == node)
        .order_by(aside_records.c.id)
        .limit(limit)
    )
    return [_aside(row) for row in tx.execute(query)]


def by_ids(tx: Connection, ids: Sequence[int]) -> list[Aside]:
    """Records by id, in that order; those that are gone are missing."""
    rows = tx.execute(select(aside_records).where(aside_records.c.id.in_(ids)).order_by(aside_records.c.id))
    return [_aside(row) for row in rows]


def remove(tx: Connection, ids: Sequence[int]) -> None:
    """Forget records that were tried again; those that failed again are put back with their new reason."""
    if ids:
        tx.execute(delete(aside_records).where(aside_records.c.id.in_(ids)))


def _row(record: Aside, at: datetime) -> dict[str, Any]:
    return {
        "node": record.node,
        "position": record.position,
        "entry": record.entry,
        "received_at": record.received_at,
        "intake": record.intake,
        "key_id": record.key_id,
        "path": record.path,
        "query": record.query,
        "headers": record.headers,
        "body": record.body,
        "reason": record.reason,
        "set_aside_at": at,
        "replay": False,
    }


def _aside(row: Row[Any]) -> Aside:
    return Aside(
        NodeId(row.node),
        row.position,
        row.entry,
        row.received_at,
        row.intake,
        row.key_id,
        row.path,
        row.query,
        dict(row.headers),
        bytes(row.body),
        row.reason,
        row.id,
    )
