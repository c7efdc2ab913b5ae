"""Loading and saving of uploaded maps. Nothing here commits, and no file is touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, or_, select, update

from errata.base.parts import parts
from errata.sourcemaps.model import SourceMap
from errata.sourcemaps.tables import source_maps
from errata.storage.bytewise import bytewise
from errata.storage.sql import upsert

_COLUMNS = tuple(column.name for column in source_maps.columns)
_MAX_SHOWN = 10
_MAX_ALIKE = 500
"""Maps of one version whose files have the same name (`index.js` in many folders) that are looked at."""


def save(tx: Connection, uploaded: SourceMap) -> tuple[str, ...]:
    """Keep a map in the place of an earlier one of the same file. Returns the blobs that the earlier one named."""
    mine = (
        source_maps.c.service == uploaded.service,
        source_maps.c.version == uploaded.version,
        source_maps.c.url == uploaded.url,
    )
    before = tx.execute(select(source_maps).where(*mine)).first()
    row = {name: getattr(uploaded, name) for name in _COLUMNS}
    others = [name for name in _COLUMNS if name not in ("id", "service", "version", "url")]
    upsert(tx, source_maps, [row], key=("service", "version", "url"), update=others)
    return _blobs(before) if before else ()


def alike(tx: Connection, service: str, version: str, name: str) -> list[SourceMap]:
    """The maps of files with this last part of their path, of a version of a service; the newest of a great many."""
    query = (
        select(source_maps)
        .where(source_maps.c.service == service, source_maps.c.version == version, source_maps.c.name == name)
        .order_by(source_maps.c.uploaded_at.desc())
        .limit(_MAX_ALIKE)
    )
    return [_source_map(row) for row in tx.execute(query)]


def all_versions(tx: Connection, service: str) -> frozenset[str]:
    """Every version of a service that has a map; empty where nothing was uploaded for it."""
    query = select(source_maps.c.version).where(source_maps.c.service == service).distinct()
    return frozenset(tx.execute(query).scalars())


def names(tx: Connection, service: str, version: str) -> frozenset[str]:
    """The last parts of the paths of all files of a version that have maps."""
    query = select(source_maps.c.name).where(source_maps.c.service == service, source_maps.c.version == version)
    return frozenset(tx.execute(query.distinct()).scalars())


def versions(tx: Connection, service: str) -> tuple[str, ...]:
    """The versions of a service that have maps, the one uploaded last first; a few of many."""
    query = (
        select(source_maps.c.version)
        .where(source_maps.c.service == service)
        .group_by(source_maps.c.version)
        .order_by(func.max(source_maps.c.uploaded_at).desc())
        .limit(_MAX_SHOWN)
    )
    return tuple(tx.execute(query).scalars())


def urls(tx: Connection, service: str, of_versions: Sequence[str], name: str) -> tuple[str, ...]:
    """Files of some versions of a service that have maps, those with this name first; a few of many."""
    query = (
        select(source_maps.c.url)
        .where(source_maps.c.service == service, source_maps.c.version.in_(of_versions))
        .order_by((source_maps.c.name == name).desc(), bytewise(source_maps.c.url))
        .limit(_MAX_SHOWN)
    )
    return tuple(tx.execute(query).scalars())


def page(
    tx: Connection, *, service: str = "", version: str = "", limit: int = 100, offset: int = 0
) -> tuple[list[SourceMap], int]:
    """Maps by service, version and file, and how many there are; empty texts let all through."""
    query, count = select(source_maps), select(func.count()).select_from(source_maps)
    for column, wanted in ((source_maps.c.service, service), (source_maps.c.version, version)):
        if wanted:
            query, count = query.where(column == wanted), count.where(column == wanted)
    order = [bytewise(column) for column in (source_maps.c.service, source_maps.c.version, source_maps.c.url)]
    rows = tx.execute(query.order_by(*order).limit(limit).offset(offset))
    return [_source_map(row) for row in rows], int(tx.scalar(count) or 0)


def by_ids(tx: Connection, ids: Sequence[UUID]) -> list[SourceMap]:
    """Maps by id; those that do not exist are missing."""
    found: list[SourceMap] = []
    for part in parts(ids):
        found += [_source_map(row) for row in tx.execute(select(source_maps).where(source_maps.c.id.in_(part)))]
    return found


def least_used(tx: Connection, *, limit: int) -> list[SourceMap]:
    """The maps that were not used for longest."""
    query = select(source_maps).order_by(source_maps.c.used_at, source_maps.c.uploaded_at).limit(limit)
    return [_source_map(row) for row in tx.execute(query)]


def total_bytes(tx: Connection) -> int:
    """What all maps take. A blob that two name counts for both."""
    return int(tx.scalar(select(func.coalesce(func.sum(source_maps.c.size + source_maps.c.minified_size), 0))) or 0)


def remove(tx: Connection, ids: Sequence[UUID]) -> tuple[str, ...]:
    """Forget maps; returns the blobs that they named."""
    blobs: list[str] = []
    for part in parts(ids):
        mine = source_maps.c.id.in_(part)
        for row in tx.execute(select(source_maps).where(mine)):
            blobs += _blobs(row)
        tx.execute(delete(source_maps).where(mine))
    return tuple(blobs)


def unneeded(tx: Connection, blobs: Iterable[str]) -> list[str]:
    """Those of some blobs that no map names."""
    asked = sorted(set(blobs))
    needed: set[str] = set()
    for part in parts(asked):
        query = select(source_maps.c.blob, source_maps.c.minified_blob).where(
            or_(source_maps.c.blob.in_(part), source_maps.c.minified_blob.in_(part))
        )
        for row in tx.execute(query):
            needed |= {row.blob, row.minified_blob}
    return [blob for blob in asked if blob not in needed]


def touch(tx: Connection, ids: Sequence[UUID], at: datetime) -> None:
    """Note that maps were used."""
    for part in parts(sorted(ids)):
        tx.execute(update(source_maps).where(source_maps.c.id.in_(part)).values(used_at=at))


def _blobs(row: Row[Any]) -> tuple[str, ...]:
    return (row.blob, row.minified_blob) if row.minified_blob else (row.blob,)


def _source_map(row: Row[Any]) -> SourceMap:
    return SourceMap(**{name: getattr(row, name) for name in _COLUMNS})
