"""The table of uploaded source maps."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, UniqueConstraint, Uuid

from errata.sourcemaps.model import MAX_NAME_CHARS
from errata.storage.sql import Instant, metadata

source_maps = Table(
    "source_maps",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("service", String(MAX_NAME_CHARS), nullable=False),
    Column("version", String(MAX_NAME_CHARS), nullable=False),
    Column("url", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("blob", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("minified_blob", String(64), nullable=False),
    Column("minified_size", BigInteger, nullable=False),
    Column("project_path", Text, nullable=False),
    Column("repository_url", Text, nullable=False),
    Column("commit_sha", String(64), nullable=False),
    Column("uploaded_by", Uuid, nullable=True),
    Column("uploaded_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    UniqueConstraint("service", "version", "url"),  # a second upload replaces the first
    Index("ix_source_maps_service_version_name", "service", "version", "name"),  # the map of a call's file
    Index("ix_source_maps_blob", "blob"),  # whether a blob is still needed
    Index("ix_source_maps_minified_blob", "minified_blob"),
    Index("ix_source_maps_used_at", "used_at"),  # which to remove when there are too many
)
"""Uploaded source maps. `url` is the minified file's as uploaded, blobs are named by their SHA-256."""
