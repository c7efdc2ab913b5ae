"""What could not be decoded, kept until an upgrade can; what came in lately; names that a wire leaves to us."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

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

source_maps = Table(
    "source_maps",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("service", String(200), nullable=False),
    Column("version", String(200), nullable=False),
    Column("url", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("blob", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("repository_url", Text, nullable=False),
    Column("commit_sha", String(64), nullable=False),
    Column("uploaded_by", Uuid, nullable=True),
    Column("uploaded_at", Instant, nullable=False),
    UniqueConstraint("service", "version", "url"),  # a second upload replaces the first
    Index("ix_source_maps_blob", "blob"),  # whether a blob is still needed
)
"""Uploaded source maps. `url` is the minified file's as uploaded, `path` its path alone, `blob` the map's SHA-256."""
