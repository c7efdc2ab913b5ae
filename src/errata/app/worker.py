"""The worker's process: the digest of this node's journal, and its signs of life."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

from errata.app.case_upkeep import CaseUpkeep
from errata.app.logs import configure_logs
from errata.app.node import node_of
from errata.app.source_maps import symbolicator_of
from errata.app.state import open_current_database
from errata.app.traces import Remembered, RememberedCalls
from errata.base.clock import Clock, SystemClock
from errata.base.errors import Invalid, Unavailable
from errata.base.ids import random_id
from errata.events.batches import Rules
from errata.events.limits import DEFAULT_LIMITS
from errata.events.sentry_projects import ProjectNames
from errata.events.store import EventStore
from errata.grouping.versions import CURRENT
from errata.ingest.digest import Bounds, Digest, DigestCounts
from errata.ingest.prepare import Preparer
from errata.jobs.backoff import Backoff
from errata.jobs.heartbeat import Figures, Heart
from errata.jobs.locks import PATIENCE_S, hold
from errata.jobs.loop import Loop, Turns
from errata.settings import Settings
from errata.stacks.find import find_in_text
from errata.stacks.parse import parse
from errata.storage import event_migrations
from errata.storage.clickhouse import ClickHouse
from errata.storage.journal import JournalReader
from errata.storage.sql import Database

BEAT_EVERY_S = 2.0
CASE_UPKEEP_EVERY_S = 60.0
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_REMEMBERED_CHARS = 8 << 20


def run_worker(settings: Settings) -> None:
    """Digest until SIGTERM or SIGINT, then finish the batch in hand. Raises Invalid, Conflict, Unavailable."""
    clock = SystemClock()
    log = configure_logs("worker", level=settings.log_level, form=settings.log_format, clock=clock)
    if not settings.events_url:
        raise Invalid("set ERRATA_EVENTS_URL to the event store, or start all with `errata serve`")
    with ExitStack() as at_end:  # closed in the reverse order
        at_end.callback(hold(settings.data, "worker", patience_s=PATIENCE_S).release)
        database = at_end.enter_context(closing(open_current_database(settings)))
        store = at_end.enter_context(closing(ClickHouse(settings.events_url)))
        journal = at_end.enter_context(JournalReader(settings.data / "journal"))
        digest = build_digest(settings, database, store, journal, clock)
        loop = Loop("digest", _after_migrations(store, digest.run_once), log, backoff=Backoff(0.2, 10.0))
        beat = settings.data / "run" / "worker.json"
        heart = Heart(beat, lambda: figures_of(digest.counts, loop.turns), clock, log, every_s=BEAT_EVERY_S)
        # A batch is tens of thousands of objects that live until it is stored: looking through them again and again
        # for cycles that are not there costs a fifth of the digest.
        gc.freeze()
        gc.set_threshold(200_000, 20, 20)
        heart.start()
        at_end.callback(heart.stop)
        upkeep = Loop("cases", CaseUpkeep(database, clock).turn, log, idle_s=CASE_UPKEEP_EVERY_S)
        at_end.enter_context(_beside(upkeep))
        log.info("worker starts")
        _run(loop)
    log.info("worker ended", batches=digest.counts.batches, stored=digest.counts.stored)


def _run(loop: Loop) -> None:
    """Until SIGTERM or SIGINT, and the turn in hand is done. Raises Unavailable when the loop ends by itself.

    The loop has a thread of its own: a signal's handler runs in the main one, and would wait for ever for a lock that
    the loop holds there.
    """
    asked: list[int] = []

    def stop(number: int, _frame: object) -> None:
        asked.append(number)
        loop.stop()

    thread = threading.Thread(target=loop.run, name="digest")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    thread.start()
    thread.join()
    if not asked:
        raise Unavailable("the digest ended by itself, see above")


@contextmanager
def _beside(loop: Loop) -> Iterator[None]:
    """The loop in a thread of its own; its turn in hand is finished at the end."""
    thread = threading.Thread(target=loop.run, name="upkeep")
    thread.start()
    try:
        yield
    finally:
        loop.stop()
        thread.join()


def build_digest(
    settings: Settings, database: Database, store: ClickHouse, journal: JournalReader, clock: Clock
) -> Digest:
    """The digest of the data folder's journal, as the settings bound it."""
    return Digest(
        node=node_of(settings.data / "journal"),
        journal=journal,
        db=database,
        events=EventStore(store, max_insert_bytes=min(128, settings.engine_memory_mb // 8) << 20),
        preparer=Preparer(
            trace_of=RememberedCalls(parse, max_chars=_REMEMBERED_CHARS),
            find_of=Remembered(find_in_text, max_chars=_REMEMBERED_CHARS),
            limits=DEFAULT_LIMITS,
            project_names=ProjectNames(database),
            places=symbolicator_of(settings, database, clock),
            max_body_bytes=max(
                settings.intake_max_body_bytes,
                settings.sentry_max_body_bytes,
                settings.otlp_max_body_bytes,
                settings.agent_max_body_bytes,
            ),
        ),
        rules=Rules(CURRENT, settings.event_past_days * _DAY_MS, settings.event_future_hours * _HOUR_MS),
        bounds=Bounds(events=settings.digest_batch_events, inflated_bytes=settings.digest_batch_bytes),
        clock=clock,
        new_id=random_id,
    )


def figures_of(counts: DigestCounts, turns: Turns) -> Figures:
    """What the other processes are told: the digest's counts since this process began, and how its loop fares."""
    dropped = {f"dropped.{reason}": count for reason, count in counts.dropped.items()}
    return {
        "batches": counts.batches,
        "events": counts.events,
        "stored": counts.stored,
        "opened": counts.opened,
        "set_aside": counts.set_aside,
        "position": counts.position,
        "last_batch_ms": counts.last_batch_ms,
        "failed": turns.failed,
        "failed_in_a_row": turns.failed_in_a_row,
        "last_error": turns.last_error,
        **dropped,
    }


def _after_migrations(store: ClickHouse, work: Callable[[], bool]) -> Callable[[], bool]:
    """The work, preceded once by bringing the event store up to date; the engine may still be starting then."""
    is_current = False

    def turn() -> bool:
        nonlocal is_current
        if not is_current:
            event_migrations.upgrade(store)
            is_current = True
        return work()

    return turn
