"""State of the digest: how far the journals are stored, which batches are under way, what was left out and why."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, String, Table, Text, Uuid

from errata.storage.sql import Counter, Instant, Json, metadata

journal_positions = Table(
    "journal_positions",
    metadata,
    Column("node", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    # One rising sequence for all nodes: the event store's index on it relies on fresh numbers being the highest.
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("node", Uuid, nullable=False),
    Column("source", String(8), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("aside", Json, nullable=False),
    Column("rules", Json, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Index("ix_batches_node", "node"),  # what this node left unfinished
    sqlite_autoincrement=True,  # a number is never given twice, even after its row is gone
)
"""Batches under way. A row is written before the first attempt and removed with the transaction that finishes it."""

retry_keys = Table(
    "retry_keys",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_retry_keys_expires_at", "expires_at"),  # the sweep of what has expired
)
"""Who owns an identity that clients may send more than once: the event, or the whole request (`entry` -1)."""

dropped = Table(
    "dropped",
    metadata,
    Column("day", Date, primary_key=True),
    Column("intake", String(16), primary_key=True),
    Column("reason", String(40), primary_key=True),
    Column("count", BigInteger, nullable=False),
)
"""Accepted events that were not counted, by day of arrival (UTC) and reason, so that totals can be explained."""

intake_recent = Table(
    "intake_recent",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("received_at", Instant, nullable=False),
    Column("intake", String(16), nullable=False),
    Column("path", Text, nullable=False),
    Column("key_id", Uuid, nullable=True),
    Column("client", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("outcomes", Json, nullable=False),
    sqlite_autoincrement=True,
)
"""The newest requests and what became of their pieces. `client` is the sender's name, `key_id` NULL without a key."""

sentry_projects = Table(
    "sentry_projects",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(100), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
)
"""Names of Sentry's projects: an error without a tag `service` has its project's name as service."""
