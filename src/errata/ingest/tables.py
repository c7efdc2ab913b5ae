"""What could not be decoded, kept until an upgrade can."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, Uuid

from errata.storage.sql import Counter, Instant, Json, metadata

aside_records = Table(
    "aside_records",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("node", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("intake", String(16), nullable=False),
    Column("key_id", Uuid, nullable=True),
    Column("path", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_aside_at", Instant, nullable=False),
    Column("replay", Boolean, nullable=False),
    Index("ix_aside_records_replay", "replay"),  # what an operator asked to try again
    sqlite_autoincrement=True,
)
"""`entry` is -1 for a whole request (`body` as received), else the index of the one entry that `body` holds."""
