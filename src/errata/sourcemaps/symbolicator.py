"""From calls of minified code to calls of the source, by what was uploaded for their service and version."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import msgspec
import structlog

from errata.base.clock import Clock
from errata.base.errors import Unavailable
from errata.sourcemaps import store
from errata.sourcemaps.mapper import Mapper
from errata.sourcemaps.match import Address, address_of, choose, may_be_minified, versions_of
from errata.sourcemaps.model import SourceMap, Spot, Unmapped, Why
from errata.stacks.model import Frame
from errata.storage.blobs import Blobs
from errata.storage.sql import Database

_log = structlog.get_logger("errata.sourcemaps")
_REMEMBERED_SPOTS = 20_000
_REMEMBERED_FILES = 50_000
_TOUCH_AFTER = timedelta(days=1)
_LOADER = re.compile(r"(?:webpack|webpack-internal|turbopack|rollup|vite|ng|parcel)://[^/]*/+(?:\[project\]/)?")
_ANY_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*", re.IGNORECASE)
_MAX_FILE = 2000

Seen: TypeAlias = "Spot | Unmapped | None"
"""What became of a call: its place in the source, why there is none, or None where there is nothing to map."""


@dataclass(slots=True)
class _Known:
    """What was read of the database since the last refresh. Threads that read the same at once write the same."""

    versions: dict[str, frozenset[str]] = field(default_factory=dict)
    names: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    alike: dict[tuple[str, str, str], list[SourceMap]] = field(default_factory=dict)
    chosen: dict[tuple[str, str, str], SourceMap | None] = field(default_factory=dict)


class Symbolicator:
    """Maps calls. Thread-safe. What it has read of the database holds until `refresh`.

    Raises Unavailable when the database does not answer; a map that cannot be read is an answer.
    """

    def __init__(self, db: Database, blobs: Blobs, mapper: Mapper, clock: Clock) -> None:
        self._db, self._blobs, self._mapper, self._clock = db, blobs, mapper, clock
        self._lock = threading.Lock()
        self._spots: OrderedDict[tuple[str, str, int, int, int], Spot | None] = OrderedDict()
        self._known = _Known()
        self._used: set[UUID] = set()

    def refresh(self) -> None:
        """Ask the database anew from now on, and note there which maps were used since the last time."""
        with self._lock:
            self._known = _Known()
            used, self._used = self._used, set()
        if not used:
            return
        try:
            with self._db.write() as tx:
                store.touch(tx, list(used), self._clock.now())
        except Unavailable:
            _log.info("use_of_source_maps_not_noted", source_maps=len(used))

    def places(
        self, service: str, version: str, frames: Sequence[Frame], language: str, *, around: int = 0
    ) -> list[Seen]:
        """What became of each call, with so many lines of the source before and after each."""
        seen: list[Seen] = [None] * len(frames)
        if not service or not self._versions(service):
            return seen
        asked = [number for number, frame in enumerate(frames) if may_be_minified(frame, language)]
        by_map: dict[UUID, tuple[SourceMap, list[int]]] = {}
        for number in asked:
            frame = frames[number]
            if not frame.line or not frame.column:
                seen[number] = _no_position()
                continue
            found = self._map_of(service, version, frame.file)
            if found is not None:
                by_map.setdefault(found.id, (found, []))[1].append(number)
        for source_map, numbers in by_map.values():
            self._look(source_map, frames, numbers, around, seen)
        return seen

    def reasons(self, service: str, version: str, frames: Sequence[Frame], language: str) -> list[Unmapped | None]:
        """Why each call is not mapped, for those that `places` gave no place and no reason."""
        asked = [may_be_minified(frame, language) for frame in frames]
        if not any(asked):
            return [None] * len(frames)
        if service and not self._versions(service):
            no_upload = Unmapped(Why.NO_UPLOAD, f"no source map was uploaded for the service {service}")
            return [no_upload if each else None for each in asked]
        with self._db.read() as tx:
            versions = store.versions(tx, service)
            return [
                self._reason(tx, service, version, address_of(frame.file), versions) if each else None
                for frame, each in zip(frames, asked, strict=True)
            ]

    @staticmethod
    def _reason(tx: object, service: str, version: str, address: Address, versions: tuple[str, ...]) -> Unmapped:
        if not version:
            says = "the event says no version, so that no source map can be told to be its own"
            return Unmapped(Why.NO_VERSION, says, versions)
        if not set(versions_of(version)) & set(versions):
            says = f"no source map was uploaded for version {version} of {service}"
            return Unmapped(Why.OTHER_VERSION, says, versions)
        urls = store.urls(tx, service, versions_of(version), address.name)  # type: ignore[arg-type]
        says = f"no source map of version {version} is of the file {address.url}; uploaded were those of other files"
        return Unmapped(Why.OTHER_FILE, says, urls)

    def _versions(self, service: str) -> frozenset[str]:
        """The versions of a service that have maps."""
        known = self._known
        found = known.versions.get(service)
        if found is None:
            with self._db.read() as tx:
                found = store.all_versions(tx, service)
            known.versions[service] = found
        return found

    def _map_of(self, service: str, version: str, file: str) -> SourceMap | None:
        known, key = self._known, (service, version, file)
        if key in known.chosen:
            return known.chosen[key]
        address = address_of(file)
        there = self._versions(service)
        candidates = (self._alike(service, each, address.name) for each in versions_of(version) if each in there)
        found = next((one for alike in candidates if (one := choose(address, alike)) is not None), None)
        if len(known.chosen) >= _REMEMBERED_FILES:
            known.chosen.clear()
        known.chosen[key] = found
        if found is not None and self._clock.now() - found.used_at > _TOUCH_AFTER:
            with self._lock:
                self._used.add(found.id)
        return found

    def _alike(self, service: str, version: str, name: str) -> Sequence[SourceMap]:
        """The maps of files of this name. Names come with the errors: only those that have maps are asked for."""
        known = self._known
        names = known.names.get((service, version))
        if names is None:
            with self._db.read() as tx:
                names = store.names(tx, service, version)
            known.names[service, version] = names
        if name not in names:
            return ()
        alike = known.alike.get((service, version, name))
        if alike is None:
            with self._db.read() as tx:
                alike = store.alike(tx, service, version, name)
            known.alike[service, version, name] = alike
        return alike

    def _look(
        self, source_map: SourceMap, frames: Sequence[Frame], numbers: Sequence[int], around: int, seen: list[Seen]
    ) -> None:
        """Fill in what one map says of some calls."""
        keys = {number: _key(source_map, frames[number], around) for number in numbers}
        with self._lock:
            known = {key: self._spots[key] for key in keys.values() if key in self._spots}
            for key in known:
                self._spots.move_to_end(key)
        unknown = sorted({key for key in keys.values() if key not in known})
        if unknown:
            looked = self._mapper.look(
                self._blobs.path(source_map.blob),
                self._minified_of(source_map),
                [(line, column) for *_, line, column, _ in unknown],
                around,
            )
            if looked.fault:
                says = f"the source map of {source_map.url} cannot be used: {looked.fault[:300]}"
                for number in numbers:
                    seen[number] = Unmapped(Why.DAMAGED, says)
                return
            known |= dict(zip(unknown, looked.spots, strict=True))
            self._remember(dict(zip(unknown, looked.spots, strict=True)))
        for number, key in keys.items():
            spot = known[key]
            seen[number] = _not_covered(source_map, frames[number]) if spot is None else _cleaned(spot, source_map)

    def _minified_of(self, source_map: SourceMap) -> Path | None:
        return self._blobs.path(source_map.minified_blob) if source_map.minified_blob else None

    def _remember(self, spots: dict[tuple[str, str, int, int, int], Spot | None]) -> None:
        with self._lock:
            self._spots |= spots
            while len(self._spots) > _REMEMBERED_SPOTS:
                self._spots.popitem(last=False)


def _key(source_map: SourceMap, frame: Frame, around: int) -> tuple[str, str, int, int, int]:
    return source_map.blob, source_map.minified_blob, frame.line or 0, frame.column or 0, around


def _no_position() -> Unmapped:
    return Unmapped(Why.NO_POSITION, "the call says no line and column, by which its place in the source is found")


def _not_covered(source_map: SourceMap, frame: Frame) -> Unmapped:
    says = (
        f"the source map of {source_map.url} has nothing for line {frame.line}, column {frame.column}: "
        "it may be of another build"
    )
    return Unmapped(Why.NOT_COVERED, says)


def _cleaned(spot: Spot, source_map: SourceMap) -> Spot:
    """The place with its file named from the project's root."""
    return msgspec.structs.replace(spot, file=source_file(spot.file, source_map.project_path))


def source_file(source: str, project_path: str = "") -> str:
    """A source as a map names it, from the project's root: without loader, query, `../` in front and the project path.

    The same that uploaders make of it when they compare it with the files of a repository.
    """
    file = source[:_MAX_FILE].partition("?")[0].replace("\\", "/")
    file = _LOADER.sub("", file, count=1)
    host = _ANY_SCHEME.match(file)
    start = host[0] if host else ""
    parts: list[str] = []
    for part in file[len(start) :].split("/"):
        if part == ".." and parts and parts[-1]:
            parts.pop()
        elif part not in (".", ".."):
            parts.append(part)
    file = start + "/".join(parts)
    prefix = project_path.strip("/.")
    if prefix and file.lstrip("/").startswith(prefix + "/"):
        file = file.lstrip("/")[len(prefix) + 1 :]
    return file or source[:_MAX_FILE]
