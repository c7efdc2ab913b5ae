"""What operators are shown: a check for each part and the figures of all processes, as the web process sees them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, true

from errata.base.clock import Clock
from errata.base.errors import ErrataError, Unavailable
from errata.base.ids import NodeId
from errata.events import batches
from errata.ingest import aside
from errata.jobs.heartbeat import Beat, read_beat
from errata.ops.health import Check, Detail
from errata.ops.metrics import Figure, Value
from errata.storage import event_migrations
from errata.storage.clickhouse import ClickHouse
from errata.storage.journal import JournalReader, JournalWriter
from errata.storage.sql import Database

_log = logging.getLogger(__name__)
_STALE_MS = 15_000
_FAILING = 3
"""Failures of the digest in a row from which on the worker counts as not working."""

_DIGEST = {
    "batches": Figure("errata_digest_batches_total", "counter", "Batches that the worker finished since it started."),
    "events": Figure("errata_digest_events_total", "counter", "Entries that the worker looked at."),
    "stored": Figure("errata_digest_stored_total", "counter", "Errors that the worker stored."),
    "opened": Figure("errata_digest_issues_opened_total", "counter", "Issues that the worker opened."),
    "set_aside": Figure("errata_digest_set_aside_total", "counter", "Requests and entries that were set aside."),
    "failed": Figure("errata_digest_failures_total", "counter", "Attempts at a batch that failed."),
    "last_batch_ms": Figure("errata_digest_last_batch_milliseconds", "gauge", "Time that the last batch took."),
}
_DROPPED = Figure("errata_digest_dropped_total", "counter", "Entries that are no errors or were not kept.", "reason")
_BEAT_AGE = Figure("errata_worker_beat_age_seconds", "gauge", "Time since the worker's last sign of life.")
_BYTES = Figure("errata_journal_bytes", "gauge", "Bytes that the journal takes on disk.")
_WAITING = Figure("errata_journal_waiting_bytes", "gauge", "Bytes of the journal that the worker has not digested.")
_SEGMENTS = Figure("errata_journal_segments", "gauge", "Files of the journal.")
_ASIDE = Figure("errata_aside_records", "gauge", "Requests and entries that are set aside.")
_ASIDE_BYTES = Figure("errata_aside_bytes", "gauge", "Bytes that are set aside.")


@dataclass(frozen=True, slots=True)
class Watched:
    """The parts that are looked at. `store` is a client of its own, with a short patience."""

    writer: JournalWriter
    database: Database
    store: ClickHouse
    journal: Path
    beat: Path
    node: NodeId
    clock: Clock


def checks_of(watched: Watched) -> Mapping[str, Check]:
    """A check by the name of its part."""
    return {
        "intake": lambda: _intake(watched),
        "state": lambda: _state(watched),
        "events": lambda: _events(watched),
        "worker": lambda: _worker(watched),
    }


def figures_of(watched: Watched) -> Iterator[tuple[Figure, Value]]:
    """The figures of journal and worker; what cannot be had now is left out."""
    beat = read_beat(watched.beat, watched.clock)
    if beat is not None:
        yield from _digest_figures(beat)
    try:
        with watched.database.read() as tx:
            position = batches.position_of(tx, watched.node)
            kept = aside.size(tx)
        sizes = JournalReader(watched.journal).sizes(position)
    except (ErrataError, OSError) as error:
        _log.warning("figures of the journal cannot be had: %s", error)
        return
    yield _BYTES, sizes.bytes_on_disk
    yield _WAITING, sizes.bytes_waiting
    yield _SEGMENTS, sizes.segments
    yield _ASIDE, kept.records
    yield _ASIDE_BYTES, kept.bytes


def _digest_figures(beat: Beat) -> Iterator[tuple[Figure, Value]]:
    yield _BEAT_AGE, beat.age_ms / 1000
    for name, figure in _DIGEST.items():
        yield figure, _number(beat, name)
    yield (
        _DROPPED,
        {name.partition(".")[2]: _number(beat, name) for name in beat.figures if name.startswith("dropped.")},
    )


def _number(beat: Beat, name: str) -> float:
    value = beat.figures.get(name, 0)
    return float(value) if isinstance(value, int | float) else 0.0


def _intake(watched: Watched) -> Detail:
    if not watched.writer.healthy():
        raise Unavailable(watched.writer.trouble)
    return {}


def _state(watched: Watched) -> Detail:
    with watched.database.read() as tx:
        tx.execute(select(true())).one()
    return {"kind": watched.database.dialect}


def _events(watched: Watched) -> Detail:
    missing = event_migrations.pending(watched.store)
    if missing:
        raise Unavailable(f"the event store lacks {', '.join(missing)}; the worker applies it")
    return {}


def _worker(watched: Watched) -> Detail:
    beat = read_beat(watched.beat, watched.clock)
    if beat is None or beat.age_ms > _STALE_MS:
        age = "yet" if beat is None else f"for {beat.age_ms // 1000} s"
        raise Unavailable(f"the worker has given no sign of life {age}")
    failures = int(_number(beat, "failed_in_a_row"))
    if failures >= _FAILING:
        raise Unavailable(f"the digest has failed {failures} times in a row: {beat.figures.get('last_error', '')}")
    with watched.database.read() as tx:
        position = batches.position_of(tx, watched.node)
    waiting = JournalReader(watched.journal).sizes(position).bytes_waiting
    return {"pid": beat.pid, "waiting_bytes": waiting, "failed_in_a_row": failures}
