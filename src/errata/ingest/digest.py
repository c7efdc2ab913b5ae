"""The digest: journal -> events -> stored rows -> issues, in batches that may be repeated from any point.

Each batch goes through the same steps, and a crash between any two of them changes nothing in the end:
plan (fixed stretch and rules, written down) -> decode -> claim identities -> insert under the batch's number ->
fold the stored rows into issues and finish, in one transaction. Why: `docs/decisions`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import structlog

from errata.base.clock import Clock, from_ms, to_ms
from errata.base.errors import Unavailable
from errata.base.ids import NewId, NodeId
from errata.events import batches, recent
from errata.events.batches import Batch, Claim, Rules, Source
from errata.events.model import Event, NotAnError
from errata.events.rows import EventRow
from errata.events.store import EventStore
from errata.ingest import aside
from errata.ingest.aside import WHOLE, Aside
from errata.ingest.prepare import Candidate, Decoded, Failure, Preparer, Work, row_for
from errata.ingest.stories import Stories
from errata.ingest.wire.model import Ignored
from errata.issues.attach import attach
from errata.issues.former import excluded
from errata.issues.store import issues_of
from errata.storage.journal import Damaged, JournalReader, Record
from errata.storage.sql import Database

_log = structlog.get_logger("errata.digest")
_ASIDE_AT_ONCE = 20
DAMAGED = "damaged"
"""Intake name of set-aside stretches of a journal that failed their checksum."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one batch may hold, and how often one is begun.

    `events` and `inflated_bytes` bound a batch from above (the record that passes the bound is its last);
    `pause_s` is the least time between the starts of two batches that are not full, so that a trickle of errors
    does not become thousands of tiny inserts. `aside_records` and `aside_bytes` bound everything set aside.
    """

    events: int = 20_000
    inflated_bytes: int = 64 << 20
    read_bytes: int = 16 << 20
    pause_s: float = 0.5
    aside_records: int = 10_000
    aside_bytes: int = 1 << 30
    retry_window: timedelta = timedelta(minutes=10)
    identity_window: timedelta = timedelta(hours=24)


@dataclass(slots=True)
class DigestCounts:
    """What this process has done since it began; shown by `/metrics` and `/health`."""

    batches: int = 0
    events: int = 0
    stored: int = 0
    opened: int = 0
    set_aside: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    position: int = 0
    last_batch_ms: float = 0.0


@dataclass(slots=True)
class _Outcome:
    """What became of a batch's entries: to be stored, left out (by day, intake and reason), or set aside.

    `released` are the places of those that were set aside after they had claimed their identities; `stories` tell of
    a sample of the requests.
    """

    stories: Stories

    candidates: list[Candidate] = field(default_factory=list)
    dropped: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    failures: list[tuple[Work, Failure]] = field(default_factory=list)
    released: list[tuple[int, int]] = field(default_factory=list)

    def drop(self, work: Work, reason: str, count: int = 1, event: Event | None = None) -> None:
        self.dropped[from_ms(work.received_at_ms).date(), work.intake, reason] += count
        self.stories.dropped(work, reason, count, event)

    def ignore(self, work: Work, found: Ignored) -> None:
        self.dropped[from_ms(work.received_at_ms).date(), work.intake, found.reason] += found.count
        self.stories.ignored(work, found)


class Digest:
    """Digests one node's journal. One instance a node: the batches of a node follow each other."""

    def __init__(
        self,
        *,
        node: NodeId,
        journal: JournalReader,
        db: Database,
        events: EventStore,
        preparer: Preparer,
        rules: Rules,
        bounds: Bounds,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._node = node
        self._journal = journal
        self._db = db
        self._events = events
        self._preparer = preparer
        self._rules = rules
        self._bounds = bounds
        self._clock = clock
        self._new_id = new_id
        self._begun_at = -bounds.pause_s
        self._full = False
        self._is_numbered = False
        self.counts = DigestCounts()

    def run_once(self) -> bool:
        """Finish the batch that was left, or begin and finish the next; False when there was nothing to do.

        Raises Unavailable when the engine or the state does not answer: the batch stays planned, and the next call
        takes it up again.
        """
        resumed = self._resume()
        work = resumed or self._begin()
        if work is None:
            return False
        started = time.monotonic()
        self._carry_out(*work, again=resumed is not None)
        self.counts.last_batch_ms = (time.monotonic() - started) * 1000
        return True

    def _resume(self) -> tuple[Batch, list[Decoded]] | None:
        with self._db.read() as tx:
            batch = batches.unfinished(tx, self._node)
            taken = aside.by_ids(tx, batch.aside) if batch else []
        if batch is None:
            return None
        _log.info("batch_resumed", batch=batch.id, source=str(batch.source), start=batch.start, end=batch.end)
        if batch.source is Source.ASIDE:
            return batch, [self._preparer.decode(_work_aside(record)) for record in taken]
        decoded: list[Decoded] = []
        position = batch.start
        while position < batch.end:
            records, after = self._journal.read(position, max_bytes=self._bounds.read_bytes, until=batch.end)
            decoded += [self._preparer.decode(_work_of(each)) for each in records]
            if after == position:
                # After a power loss the journal may say less of itself than was durable, until its writer begins anew.
                raise Unavailable("The journal does not show yet all that the planned batch holds.", where="journal")
            position = after
        return batch, decoded

    def _begin(self) -> tuple[Batch, list[Decoded]] | None:
        if not self._full and time.monotonic() - self._begun_at < self._bounds.pause_s:
            return None
        with self._db.read() as tx:
            start = batches.position_of(tx, self._node)
            marked = aside.marked(tx, self._node, limit=_ASIDE_AT_ONCE)
        self._begun_at = time.monotonic()
        if marked:
            decoded = self._take_aside(marked)
            batch = self._plan(Source.ASIDE, start, start, tuple(record.id for record in marked[: len(decoded)]))
            return batch, decoded
        decoded, end = self._take(start)
        if end == start:
            self._begun_at = -self._bounds.pause_s  # nothing there: the next error need not wait
            return None
        return self._plan(Source.JOURNAL, start, end, ()), decoded

    def _take_aside(self, marked: Sequence[Aside]) -> list[Decoded]:
        """As many of the records, from the first on, as one batch may hold."""
        taken: list[Decoded] = []
        inflated = 0
        for record in marked:
            taken.append(self._preparer.decode(_work_aside(record)))
            inflated += _weight(taken[-1])
            if inflated >= self._bounds.inflated_bytes:
                break
        return taken

    def _take(self, start: int) -> tuple[list[Decoded], int]:
        """Requests from `start` on until a bound is reached; what is read beyond it is read again by the next batch."""
        taken: list[Decoded] = []
        entries = inflated = 0
        position = start
        self._full = False
        while True:
            records, after = self._journal.read(position, max_bytes=self._bounds.read_bytes)
            for record in records:
                taken.append(self._preparer.decode(_work_of(record)))
                entries += len(taken[-1].events)
                inflated += _weight(taken[-1])
                if entries >= self._bounds.events or inflated >= self._bounds.inflated_bytes:
                    self._full = True
                    return taken, record.next_position
            if after == position:
                return taken, position
            position = after

    def _plan(self, source: Source, start: int, end: int, marked: tuple[int, ...]) -> Batch:
        newest = 0 if self._is_numbered else self._events.newest_batch()
        with self._db.write() as tx:
            if newest:
                batches.number_above(tx, newest)
            batch = batches.plan(tx, self._node, source, start, end, marked, self._rules, self._clock.now())
        self._is_numbered = True
        return batch

    def _carry_out(self, batch: Batch, decoded: Sequence[Decoded], *, again: bool) -> None:
        """Take a planned batch through all further steps; `again` after an attempt that may have come any way.

        What is stored already stays, whatever is decided now: an issue may have been excluded meanwhile.
        """
        self._preparer.refresh()
        stored = self._events.stored(batch.id) if again else {}
        outcome = self._sort_out(batch, [_without(one, stored) for one in decoded] if stored else decoded)
        outcome.stories.stored(stored)
        rows = self._rows_of(batch, outcome)
        refused = self._events.insert(batch.id, rows, stored_weeks=frozenset(stored.values()))
        if refused:
            _log.error("rows_refused", batch=batch.id, rows=len(refused))
            places = {(row.position, row.entry) for row in refused}
            for candidate in [each for each in outcome.candidates if _place(each) in places]:
                self._set_aside(outcome, candidate, "the event store refused it")
        opened = self._finish(batch, outcome, stored=again or bool(rows))
        self._count(batch, decoded, outcome, opened)
        self.counts.stored += len(stored)
        if batch.source is Source.JOURNAL:
            self._journal.drop_before(batch.end)

    def _sort_out(self, batch: Batch, decoded: Sequence[Decoded]) -> _Outcome:
        outcome = _Outcome(Stories(decoded))
        repeated = self._claim_requests(batch, decoded)
        for one in decoded:
            outcome.failures += [(one.work, failure) for failure in one.failures]
            if (one.work.position, one.work.entry) in repeated:
                outcome.drop(one.work, NotAnError.REPEATED, len(one.events))
                continue
            for ignored in one.ignored:
                outcome.ignore(one.work, ignored)
            for event, verdict in zip(one.events, self._preparer.candidates(one, batch.rules), strict=True):
                if isinstance(verdict, Candidate):
                    outcome.candidates.append(verdict)
                elif isinstance(verdict, Failure):
                    outcome.failures.append((one.work, verdict))
                else:
                    outcome.drop(one.work, verdict, event=event)
        self._leave_out(batch, outcome)
        return outcome

    def _claim_requests(self, batch: Batch, decoded: Sequence[Decoded]) -> set[tuple[int, int]]:
        """The requests that their clients sent before and marked as sent again."""
        named = {
            (one.work.position, one.work.entry): (
                batches.key_of("request", f"{one.work.key_id}\0{one.retry.key}"),
                one,
            )
            for one in decoded
            if one.retry is not None
        }
        if not named:
            return set()
        claims = [self._claim_of(key, one.work, WHOLE, self._bounds.retry_window) for key, one in named.values()]
        repeated: set[tuple[int, int]] = set()
        with self._db.write() as tx:
            owners = batches.claim(tx, batch.id, claims)
        for place, (key, one) in named.items():
            mine = owners[key] == (batch.id, one.work.position, WHOLE)
            if not mine and one.retry is not None and one.retry.is_retry:
                repeated.add(place)
        return repeated

    def _leave_out(self, batch: Batch, outcome: _Outcome) -> None:
        """Drop what counts already and what belongs to an excluded issue."""
        keyed = [(candidate, candidate.identity) for candidate in outcome.candidates]
        claims = [
            self._claim_of(key, candidate.work, candidate.event.entry, self._bounds.identity_window)
            for candidate, key in keyed
            if key is not None
        ]
        owners = {}
        if claims:
            with self._db.write() as tx:
                owners = batches.claim(tx, batch.id, claims)
        with self._db.read() as tx:
            shut = excluded(tx, {each.fingerprints for each in outcome.candidates})
        if not claims and not shut:
            return
        kept: list[Candidate] = []
        for candidate, key in keyed:
            if key is not None and owners[key] != (batch.id, candidate.work.position, candidate.event.entry):
                outcome.drop(candidate.work, NotAnError.REPEATED, event=candidate.event)
            elif candidate.fingerprints in shut:
                outcome.drop(candidate.work, NotAnError.EXCLUDED, event=candidate.event)
            else:
                kept.append(candidate)
        outcome.candidates = kept

    def _rows_of(self, batch: Batch, outcome: _Outcome) -> list[EventRow]:
        """The candidates' rows; a candidate of which none can be made is set aside."""
        try:
            return [row_for(candidate, batch.id, self._node) for candidate in outcome.candidates]
        except Exception:  # noqa: BLE001 - which of the candidates it was shows when each is tried alone
            rows: list[EventRow] = []
        for candidate in list(outcome.candidates):
            try:
                rows.append(row_for(candidate, batch.id, self._node))
            except Exception as error:  # noqa: BLE001 - a bug must not stop the line: the entry waits, the bug is told
                _log.exception("row_failed", position=candidate.work.position, entry=candidate.event.entry)
                self._set_aside(outcome, candidate, f"digesting failed: {type(error).__name__}")
        return rows

    def _set_aside(self, outcome: _Outcome, candidate: Candidate, reason: str) -> None:
        outcome.candidates.remove(candidate)
        outcome.released.append(_place(candidate))
        outcome.failures.append((candidate.work, self._preparer.failure_of(candidate, reason)))

    @staticmethod
    def _claim_of(key: bytes, work: Work, entry: int, window: timedelta) -> Claim:
        at = from_ms(work.received_at_ms)
        return Claim(key, work.position, entry, at, at + window)

    def _finish(self, batch: Batch, outcome: _Outcome, *, stored: bool) -> int:
        """Fold what is stored of the batch into its issues and take it off the list; returns the issues opened."""
        folds = self._events.fold(batch.id) if stored else []
        now = self._clock.now()
        records = [_aside_of(self._node, work, failure) for work, failure in outcome.failures]
        with self._db.write() as tx:
            opened = attach(tx, batch.id, folds, now, self._new_id)
            aside.remove(tx, batch.aside)
            bounds = self._bounds
            lost = aside.put(tx, records, now, max_records=bounds.aside_records, max_bytes=bounds.aside_bytes)
            if lost:
                _log.error("aside_full", not_kept=lost, records=bounds.aside_records, bytes=bounds.aside_bytes)
                for work, _ in outcome.failures[-lost:]:
                    outcome.drop(work, "aside_full")
            batches.release(tx, batch.id, outcome.released)
            batches.add_dropped(tx, outcome.dropped)
            named = issues_of(tx, outcome.stories.fingerprints(outcome.candidates))
            ids = {fingerprint: issue.id for fingerprint, issue in named.items()}
            recent.put(tx, outcome.stories.requests(outcome.candidates, outcome.failures, ids))
            batches.sweep(tx, now)
            batches.finish(tx, batch)
        return opened

    def _count(self, batch: Batch, decoded: Sequence[Decoded], outcome: _Outcome, opened: int) -> None:
        counts = self.counts
        counts.batches += 1
        counts.events += sum(len(one.events) for one in decoded)
        counts.stored += len(outcome.candidates)
        counts.opened += opened
        counts.set_aside += len(outcome.failures)
        for (_, _, reason), count in outcome.dropped.items():
            counts.dropped[reason] += count
        counts.position = max(counts.position, batch.end)


def _weight(one: Decoded) -> int:
    """What a request takes in memory: its body, and for each event what the request says of all, tags above all."""
    work = one.work
    return one.inflated_bytes + len(one.events) * (len(work.query) + sum(map(len, work.headers.values())))


def _place(candidate: Candidate) -> tuple[int, int]:
    return candidate.work.position, candidate.event.entry


def _without(one: Decoded, stored: Container[tuple[int, int]]) -> Decoded:
    """A request without the entries that are stored."""
    position = one.work.position
    return replace(
        one,
        events=tuple(event for event in one.events if (position, event.entry) not in stored),
        failures=tuple(failure for failure in one.failures if (position, failure.entry) not in stored),
    )


def _work_of(record: Record | Damaged) -> Work:
    if isinstance(record, Damaged):
        return Work(record.position, WHOLE, 0, DAMAGED, None, "", "", {}, b"", refused=record.reason)
    return Work(
        record.position,
        WHOLE,
        record.received_at_ms,
        record.intake,
        record.key_id,
        record.path,
        record.query,
        record.headers,
        record.body,
    )


def _work_aside(record: Aside) -> Work:
    return Work(
        record.position,
        record.entry,
        to_ms(record.received_at),
        record.intake,
        record.key_id,
        record.path,
        record.query,
        record.headers,
        record.body,
    )


def _aside_of(node: NodeId, work: Work, failure: Failure) -> Aside:
    return Aside(
        node,
        work.position,
        failure.entry,
        from_ms(work.received_at_ms),
        work.intake,
        work.key_id,
        work.path,
        work.query,
        work.headers,
        failure.body,
        failure.reason,
    )
