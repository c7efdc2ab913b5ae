"""A digest with real stores, which can be stopped at every step and taken up again."""

from __future__ import annotations

import gzip
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from errata.app.traces import Remembered, RememberedCalls
from errata.base.clock import FixedClock
from errata.base.errors import Invalid, Unavailable
from errata.base.facts import SYSTEM
from errata.base.ids import NodeId, random_id
from errata.events import batches
from errata.events.batches import Rules
from errata.events.limits import DEFAULT_LIMITS
from errata.events.store import EventStore
from errata.events.tables import dropped
from errata.ingest import aside
from errata.ingest.digest import Bounds, Digest
from errata.ingest.prepare import Preparer, SourceMaps
from errata.issues.commands import IssueCommands
from errata.issues.model import IssueState
from errata.issues.tables import issues
from errata.stacks.find import find_in_text
from errata.stacks.parse import parse
from errata.storage.clickhouse import ClickHouse
from errata.storage.journal import JournalBounds, JournalReader, JournalWriter, Meta
from errata.storage.sql import Database

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
KEY = UUID(int=5)
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SMALL = JournalBounds(segment_bytes=1 << 16, max_bytes=1 << 20)


class Stopped(Unavailable):
    """The digest was stopped here."""


class Stops:
    """Counts the places that a digest passes and stops it at one of them; `at` is None for none."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.passed: list[str] = []

    def passing(self, place: str) -> None:
        self.passed.append(place)
        if len(self.passed) - 1 == self.at:
            raise Stopped(f"stopped {place}")


class StoppingDatabase:
    """The state database, stopped before or after a commit."""

    def __init__(self, database: Database, stops: Stops) -> None:
        self._database, self._stops = database, stops
        self.read = database.read

    @contextmanager
    def write(self) -> Iterator[object]:
        with self._database.write() as tx:
            yield tx
            self._stops.passing("before a commit")
        self._stops.passing("after a commit")


class StoppingStore(EventStore):
    """The event store, stopped before or after what it does."""

    def __init__(self, clickhouse: ClickHouse, stops: Stops) -> None:
        super().__init__(clickhouse)
        self._stops = stops

    def insert(self, *arguments, **named):
        self._stops.passing("before the insert")
        answer = super().insert(*arguments, **named)
        self._stops.passing("after the insert")
        return answer

    def fold(self, batch):
        folds = super().fold(batch)
        self._stops.passing("after the fold")
        return folds


class Line:
    """The way to the event store, on which inserts may come to grief."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse
        self.query = clickhouse.query
        self.sent = 0
        self.cut_after: int | None = None
        self.late: list[tuple] | None = None
        self.refuses = b"nothing"

    def insert(self, *arguments) -> None:
        if self.refuses in arguments[2]:
            raise Invalid("there is something in it that the store does not take")
        if self.late is not None:
            self.late.append(arguments)
            raise Stopped("no answer came in time")
        if self.cut_after == self.sent:
            raise Stopped("no connection")
        self.sent += 1
        self._clickhouse.insert(*arguments)

    def arrive(self) -> None:
        """What got no answer is carried out after all."""
        for arguments in self.late or ():
            self._clickhouse.insert(*arguments)


class Site:
    """A node: its journal, its state and what may be started on them."""

    def __init__(self, folder: Path, state: Database, clickhouse: ClickHouse) -> None:
        self.folder, self.state, self.clickhouse = folder / "journal", state, clickhouse
        self.node = NodeId(random_id())
        self.clock = FixedClock(AT)
        self.rules = Rules(1, 30 * DAY_MS, 2 * HOUR_MS)
        self.bounds = Bounds(pause_s=0)
        self.places: SourceMaps | None = None
        self.writer = self._open()
        with state.write() as tx:  # the engine of all tests remembers the numbers of other tests' batches
            batches.number_above(tx, secrets.randbits(50))

    def _open(self) -> JournalWriter:
        writer = JournalWriter(self.folder, self.node, self.clock, SMALL)
        writer.open()
        return writer

    def restart_writer(self) -> None:
        self.writer.close()
        self.writer = self._open()

    def send(self, *entries: object, intake: str = "dd_logs", body: bytes | None = None, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        meta = Meta(self.clock.now_ms(), intake, KEY, "/api/v2/logs", "", {"content-type": "application/json"} | named)
        return self.writer.append_now(meta, json.dumps(entries).encode() if body is None else body)

    def send_large(self, *entries: object) -> int:
        return self.send(body=gzip.compress(json.dumps(entries).encode()), content_encoding="gzip")

    def digest(self, stops: Stops | None = None, store: EventStore | None = None) -> Digest:
        stops = stops or Stops()
        return Digest(
            node=self.node,
            journal=JournalReader(self.folder),
            db=StoppingDatabase(self.state, stops),
            events=store or StoppingStore(self.clickhouse, stops),
            preparer=Preparer(
                trace_of=RememberedCalls(parse, max_chars=1 << 20),
                find_of=Remembered(find_in_text, max_chars=1 << 20),
                limits=DEFAULT_LIMITS,
                max_body_bytes=5 << 20,
                places=self.places,
            ),
            rules=self.rules,
            bounds=self.bounds,
            clock=self.clock,
            new_id=random_id,
        )

    def stop_at(self, at: int) -> str:
        """Run a new digest up to a place; the place's name, or nothing when it was done before."""
        stops = Stops(at)
        try:
            self.digest(stops).run_once()
        except Stopped:
            return stops.passed[-1]
        return ""

    def stop_at_with(self, line: Line, at: int) -> None:
        """The same where only the place matters and the store takes everything."""
        line.refuses, refused = b"nothing", line.refuses
        self.stop_at(at)
        line.refuses = refused

    def finish(self) -> None:
        """A new digest works until nothing is left."""
        digest = self.digest()
        while digest.run_once():
            pass
        with self.state.read() as tx:
            assert batches.pending(tx) == ()
            assert batches.position_of(tx, self.node) == JournalReader(self.folder).durable_end()

    def stored(self) -> list[str]:
        rows = self.clickhouse.query("SELECT usr_id FROM events WHERE node = {node:UUID}", {"node": str(self.node)})
        return sorted(person for (person,) in rows)

    def counted(self) -> dict[str, int]:
        """Events of each issue by its error's type, from the state and from the store; they must agree."""
        with self.state.read() as tx:
            said = {row.error_type: row.event_count for row in tx.execute(select(issues))}
        rows = self.clickhouse.query(
            "SELECT error_type, count() FROM events WHERE node = {node:UUID} GROUP BY error_type",
            {"node": str(self.node)},
        )
        assert dict(rows) == {name: count for name, count in said.items() if count}
        return said

    def dropped(self) -> dict[str, int]:
        """By reason, of all days."""
        found: Counter[str] = Counter()
        with self.state.read() as tx:
            for row in tx.execute(select(dropped)):
                found[row.reason] += row.count
        return dict(found)

    def set_aside(self) -> list[aside.Aside]:
        with self.state.read() as tx:
            return aside.listing(tx)

    def exclude(self, error_type: str, state: IssueState = IssueState.EXCLUDED) -> None:
        with self.state.read() as tx:
            issue_id = tx.scalar(select(issues.c.id).where(issues.c.error_type == error_type))
        IssueCommands(self.state, self.clock, random_id).set_state(issue_id, state, SYSTEM)

    def replay(self) -> None:
        with self.state.write() as tx:
            aside.request_replay(tx, None)
