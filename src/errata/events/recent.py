"""What came in lately and what became of it: for whoever sends and sees nothing arrive, or not what they thought.

A sample: of every sender the newest requests, few enough that a flood from one hides no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select

from errata.base.ids import NO_KEY
from errata.events.tables import intake_recent
from errata.storage.sql import Database

MAX_REQUESTS = 1000
"""Requests kept of all senders together."""
PER_SENDER = 20
"""Requests kept of one sender: one client with one key at one intake."""
MAX_PIECES = 20
"""Pieces told of one request; the last of more says how many are left out."""


class Verdict(StrEnum):
    """What became of a piece of a request. Stored: never rename a value."""

    ERROR = "error"
    """It counts in an issue."""
    NO_ERROR = "no_error"
    """It was understood and is no error, or none that counts."""
    SET_ASIDE = "set_aside"
    """It could not be read; it is kept until a release can."""
    REFUSED = "refused"
    """The whole request was answered with an error."""


class Piece(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of a request, or several of which the same is to be said. Stored: only ever add fields.

    `reason` is a name that does not change, or a sentence where there is none; `entry` the index in the request, -1
    for several; `what` a few words about it.
    """

    verdict: Verdict
    reason: str = ""
    count: int = 1
    entry: int = -1
    what: str = ""
    service: str = ""
    issue_id: UUID | None = None


class Recent(msgspec.Struct, frozen=True):
    """One request. `client` is what the sender calls itself, `bytes` its size as sent; `id` 0: not stored yet."""

    received_at: datetime
    intake: str
    path: str
    key_id: UUID | None
    client: str
    bytes: int
    entries: int
    errors: int
    pieces: tuple[Piece, ...]
    id: int = 0


class RecentRequests:
    """Reads the sample for whoever asks."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def recent(self, *, limit: int, intake: str = "", key_id: UUID | None = None) -> list[Recent]:
        """The newest requests first, of one intake or key where asked. Raises Unavailable."""
        with self._db.read() as tx:
            return listing(tx, limit=limit, intake=intake, key_id=key_id)


def put(tx: Connection, requests: Sequence[Recent]) -> None:
    """Keep requests, and of each sender and of all only the newest."""
    if not requests:
        return
    tx.execute(insert(intake_recent), [_row(request) for request in requests])
    place = func.row_number().over(
        partition_by=(intake_recent.c.intake, intake_recent.c.key_id, intake_recent.c.client),
        order_by=intake_recent.c.id.desc(),
    )
    ranked = select(intake_recent.c.id, place.label("place")).subquery()
    kept = select(ranked.c.id).where(ranked.c.place <= PER_SENDER).order_by(ranked.c.id.desc()).limit(MAX_REQUESTS)
    tx.execute(delete(intake_recent).where(intake_recent.c.id.not_in(kept)))


def listing(tx: Connection, *, limit: int, intake: str = "", key_id: UUID | None = None) -> list[Recent]:
    """The newest requests first, of one intake or key where asked."""
    query = select(intake_recent).order_by(intake_recent.c.id.desc()).limit(limit)
    if intake:
        query = query.where(intake_recent.c.intake == intake)
    if key_id is not None:
        query = query.where(intake_recent.c.key_id == key_id)
    return [_recent(row) for row in tx.execute(query)]


def told(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """At most as many pieces as are kept; what is left out is counted in one more."""
    if len(pieces) <= MAX_PIECES:
        return tuple(pieces)
    rest = pieces[MAX_PIECES - 1 :]
    more = Piece(rest[0].verdict, "more", count=sum(piece.count for piece in rest))
    return (*pieces[: MAX_PIECES - 1], more)


def client_of(headers: dict[str, str]) -> str:
    """What a sender calls itself, from the headers that the journal keeps; empty when it does not say."""
    for name in ("user-agent", "dd-evp-origin"):
        if headers.get(name):
            return " ".join(filter(None, (headers[name], headers.get(name + "-version", ""))))[:_MAX_CLIENT]
    return ""


def _row(request: Recent) -> dict[str, Any]:
    return {
        "received_at": request.received_at,
        "intake": request.intake,
        "path": request.path[:_MAX_PATH],
        "key_id": None if request.key_id == NO_KEY else request.key_id,
        "client": request.client[:_MAX_CLIENT],
        "bytes": request.bytes,
        "entries": request.entries,
        "errors": request.errors,
        "outcomes": msgspec.to_builtins(request.pieces),
    }


def _recent(row: Row[Any]) -> Recent:
    pieces = msgspec.convert(row.outcomes, tuple[Piece, ...], strict=False)
    return Recent(
        received_at=row.received_at,
        intake=row.intake,
        path=row.path,
        key_id=row.key_id,
        client=row.client,
        bytes=row.bytes,
        entries=row.entries,
        errors=row.errors,
        pieces=pieces,
        id=row.id,
    )


_MAX_CLIENT = 200
_MAX_PATH = 200
