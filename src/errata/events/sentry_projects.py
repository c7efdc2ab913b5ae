"""What an operator calls Sentry's projects: the service of errors that name none.

A DSN ends in a number, and SDKs know nothing else of their project. Nothing has to be registered: a project without
a name works as well, and its errors are those of `project-<number>` unless the release names the program.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid5

from sqlalchemy import delete, select

from errata.base.clock import Clock
from errata.base.errors import Fault, Invalid, NotFound, Unavailable
from errata.base.facts import Actor, Fact
from errata.base.ids import NewId
from errata.events.tables import sentry_projects
from errata.storage import outbox
from errata.storage.sql import Database, upsert

MAX_NAME = 100
"""Characters of a name; that of a service."""
MAX_NUMBER = 10**18 - 1
"""The highest number that an address may have."""


@dataclass(frozen=True, slots=True)
class SentryProject:
    """A number of a DSN and the name for it."""

    number: int
    name: str
    created_at: datetime
    modified_at: datetime


class SentryProjects:
    """Reads and changes the names. Every method raises Unavailable when the database does."""

    def __init__(self, database: Database, clock: Clock, new_id: NewId) -> None:
        self._database, self._clock, self._new_id = database, clock, new_id

    def all(self) -> list[SentryProject]:
        """All that have a name, by number."""
        with self._database.read() as tx:
            rows = tx.execute(select(sentry_projects).order_by(sentry_projects.c.number)).all()
        return [SentryProject(row.number, row.name, row.created_at, row.modified_at) for row in rows]

    def put(self, number: int, name: str, actor: Actor) -> SentryProject:
        """Name a project, for errors from now on. Raises Invalid for a name that no service can have."""
        wanted, now = _name_of(name), self._clock.now()
        with self._database.write() as tx:
            row = tx.execute(select(sentry_projects).where(sentry_projects.c.number == number)).one_or_none()
            if row is not None and row.name == wanted:
                return SentryProject(number, wanted, row.created_at, row.modified_at)
            created = row.created_at if row is not None else now
            values = {"number": number, "name": wanted, "created_at": created, "modified_at": now}
            upsert(tx, sentry_projects, [values], key=["number"], update=["name", "modified_at"])
            outbox.append(tx, [self._fact("sentry_project.named", number, actor, wanted)])
        return SentryProject(number, wanted, created, now)

    def delete(self, number: int, actor: Actor) -> None:
        """Forget a project's name. Raises NotFound where it has none."""
        with self._database.write() as tx:
            if tx.execute(delete(sentry_projects).where(sentry_projects.c.number == number)).rowcount == 0:
                raise NotFound(f"Project {number} has no name.")
            outbox.append(tx, [self._fact("sentry_project.unnamed", number, actor, None)])

    def _fact(self, name: str, number: int, actor: Actor, given: str | None) -> Fact:
        subject = uuid5(_NAMESPACE, str(number))
        return Fact(self._new_id(), name, subject, self._clock.now(), actor, {"number": number, "name": given})


class ProjectNames:
    """The names for the digest, read again every few seconds and never per event. Thread-safe."""

    def __init__(
        self, database: Database, *, every_s: float = 3.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._every_s, self._monotonic = database, every_s, monotonic
        self._lock = threading.Lock()
        self._names: Mapping[int, str] = MappingProxyType({})
        self._read_at = float("-inf")

    def __call__(self) -> Mapping[int, str]:
        """Names by number, at most a few seconds old; older ones while the database does not answer."""
        with self._lock:
            now = self._monotonic()
            if now - self._read_at >= self._every_s:
                self._read_at = now
                try:
                    self._names = MappingProxyType(self._read())
                except Unavailable:
                    return self._names
            return self._names

    def _read(self) -> dict[int, str]:
        with self._database.read() as tx:
            rows = tx.execute(select(sentry_projects.c.number, sentry_projects.c.name)).all()
        return {row.number: row.name for row in rows}


def _name_of(given: str) -> str:
    name = given.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        words = f"expected a name of 1 to {MAX_NAME} printable characters"
        raise Invalid(words, where=_WHERE, faults=(Fault(_WHERE, words),))
    return name


_WHERE = "data.attributes.name"
_NAMESPACE = UUID("6f1d8f0e-5a55-4b61-9d53-3d5f1f0a9b10")
