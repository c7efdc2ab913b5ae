"""Facts, written in the transaction of the change they tell of, and read in order by name of reader.

Readers (automation, notification) keep a position each and react after the commit; what they do may be repeated, since
a reader can stop between acting and advancing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Column, Index, Integer, Select, String, Table, Uuid, delete, select

from errata.base.facts import Actor, ActorKind, Fact
from errata.storage.sql import Counter, Instant, Json, Transaction, insert, metadata, serialize

facts = Table(
    "facts",
    metadata,
    Column("sequence", Counter, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", Uuid),
    Column("data", Json, nullable=False),
    Column("depth", Integer, nullable=False),
    # The history of one subject, oldest first.
    Index(None, "subject", "sequence"),
    # A number is never given twice, even after the newest facts were removed: positions of readers stay true.
    sqlite_autoincrement=True,
)

fact_readers = Table(
    "fact_readers",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("position", Counter, nullable=False, autoincrement=False),
)


@dataclass(frozen=True, slots=True)
class Written:
    """A stored fact and its place in the one order of all facts. Numbers rise; they may have gaps."""

    sequence: int
    fact: Fact


def append(tx: Transaction, new: Iterable[Fact]) -> None:
    """Write facts in the given order. The last step of a command: on PostgreSQL it holds others' appends up.

    Readers go by "greater than my position", so a smaller number must never appear after a greater one was seen.
    SQLite has one writer at a time. PostgreSQL gives numbers at the INSERT and shows rows at the commit, which may come
    in another order: therefore writers pass here one at a time until they commit.
    """
    rows = [_row_of(fact) for fact in new]
    if rows:
        serialize(tx, "facts")
        tx.execute(facts.insert(), rows)


def read(tx: Transaction, after: int, limit: int) -> list[Written]:
    """At most `limit` facts behind position `after` (0: from the beginning), in order."""
    rows = tx.execute(select(facts).where(facts.c.sequence > after).order_by(facts.c.sequence).limit(limit)).mappings()
    return [
        Written(
            row["sequence"],
            Fact(
                id=row["id"],
                name=row["name"],
                subject=row["subject"],
                at=row["at"],
                actor=Actor(ActorKind(row["actor_kind"]), row["actor_id"]),
                data=row["data"],
                depth=row["depth"],
            ),
        )
        for row in rows
    ]


def forget(tx: Transaction, subjects: Select[tuple[UUID]]) -> None:
    """Remove what was told of subjects that are about to be removed for good. Positions of readers stay true."""
    tx.execute(delete(facts).where(facts.c.subject.in_(subjects)))


def position_of(tx: Transaction, reader: str) -> int:
    """The number of the last fact that `reader` is done with; 0 when it has not read yet."""
    return tx.scalar(select(fact_readers.c.position).where(fact_readers.c.name == reader)) or 0


def advance(tx: Transaction, reader: str, position: int) -> None:
    """Remember that `reader` is done with everything up to `position`. Never goes back: the later of two wins."""
    fresh = insert(tx, fact_readers).values(name=reader, position=position)
    tx.execute(
        fresh.on_conflict_do_update(
            index_elements=["name"],
            set_={"position": fresh.excluded.position},
            where=fact_readers.c.position < fresh.excluded.position,
        )
    )


def _row_of(fact: Fact) -> dict[str, object]:
    return {
        "id": fact.id,
        "name": fact.name,
        "subject": fact.subject,
        "at": fact.at,
        "actor_kind": fact.actor.kind.value,
        "actor_id": fact.actor.id,
        "data": fact.data,
        "depth": fact.depth,
    }
