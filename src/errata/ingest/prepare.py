"""From the bytes of a request to the rows of its errors. No clock: a repetition comes out equal.

Only source maps come from outside: a repetition may know of one that was uploaded meanwhile. Rows that are stored
stay as they are, and both forms of an error are one issue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import msgspec
import structlog

from errata.base.errors import ErrataError, Unavailable
from errata.base.ids import Fingerprint, NodeId, event_id_at
from errata.events import batches
from errata.events.batches import Rules
from errata.events.clamp import event_time
from errata.events.limits import Limits, limit
from errata.events.model import Event, NotAnError
from errata.events.qualify import FindOf, Qualified, TraceOf, qualify, refusal
from errata.events.rows import NO_FINGERPRINT, EventRow, row_of
from errata.events.scrub import scrub
from errata.events.symbolicate import Places, symbolicated
from errata.grouping.versions import Grouping, group
from errata.ingest.aside import WHOLE
from errata.ingest.inflate import inflate
from errata.ingest.wire.model import Ignored, Reject, Retry, WireRecord
from errata.ingest.wire.retries import retry_of
from errata.ingest.wires import WIRES, Wire

_log = structlog.get_logger("errata.digest")


@dataclass(frozen=True, slots=True)
class Work:
    """One request to digest, from the journal or from what was set aside.

    `entry` is -1 for a whole request as it was received, else the index of the one entry that is meant: `body` holds
    it alone, or the whole request where its wire knows no single entries.
    `refused` is why it can't even be tried (a damaged stretch of the journal), or empty.
    """

    position: int
    entry: int
    received_at_ms: int
    intake: str
    key_id: UUID | None
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be digested: the whole request (`entry` -1) or one entry, with its bytes and the reason."""

    entry: int
    body: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """A request as events within their bounds. `inflated_bytes` is what it weighs in memory."""

    work: Work
    events: tuple[Event, ...]
    failures: tuple[Failure, ...]
    ignored: tuple[Ignored, ...]
    retry: Retry | None
    inflated_bytes: int


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """An event that is an error, ready but for its batch's number."""

    work: Work
    event: Event
    grouping: Grouping
    timestamp: int
    time_clamped: bool
    former: Fingerprint = NO_FINGERPRINT
    """What the event would be grouped under without source maps, where that differs."""

    @property
    def fingerprints(self) -> tuple[Fingerprint, Fingerprint]:
        """What the event is grouped under, and what it would be without source maps (zeros where the same)."""
        return self.grouping.fingerprint, self.former

    @property
    def identity(self) -> bytes | None:
        """The key under which the event counts once, where it has an identity."""
        if not self.event.identity:
            return None
        return batches.key_of("event", f"{self.event.service}\0{self.event.identity}")


class SourceMaps(Places, Protocol):
    """What is known of source maps; see `sourcemaps.symbolicator`."""

    def refresh(self) -> None:
        """Ask the database anew from now on."""


class Preparer:
    """Decodes requests and turns their errors into rows.

    `trace_of` and `find_of` parse stacks (with a cache behind them); `max_body_bytes` bounds an inflated request as
    it did when it was received. `places` looks up calls in source maps, where there are any;
    `project_names` tells what Sentry's projects are called, at once.
    """

    def __init__(
        self,
        *,
        trace_of: TraceOf,
        find_of: FindOf,
        limits: Limits,
        max_body_bytes: int,
        places: SourceMaps | None = None,
        project_names: Callable[[], Mapping[int, str]] = dict,
    ) -> None:
        self._project_names = project_names
        self._places = places
        self._trace_of = trace_of
        self._find_of = find_of
        self._limits = limits
        self._max_body_bytes = max_body_bytes

    def decode(self, work: Work) -> Decoded:
        """The events of a request. Raises nothing: what can't be decoded is among the failures."""
        if work.refused:
            return _failed(work, work.refused)
        wire = WIRES.get(work.intake)
        if wire is None:
            return _failed(work, f"no decoder for the intake {work.intake!r} in this version")
        try:
            return self._decode(work, wire)
        except ErrataError as error:
            return _failed(work, error.message)
        except Exception as error:  # noqa: BLE001 - a bug in a decoder must not stop the line: the record waits, the bug is told
            _log.exception("decoder_failed", intake=work.intake, position=work.position)
            return _failed(work, f"the decoder failed: {type(error).__name__}")

    def refresh(self) -> None:
        """A batch begins: source maps that were uploaded before are known from now on."""
        if self._places is not None:
            self._places.refresh()

    def candidates(self, decoded: Decoded, rules: Rules) -> list[Candidate | NotAnError | Failure]:
        """What becomes of each event, in order. Raises Unavailable where source maps cannot be asked for."""
        try:
            return [*self._verdicts(decoded.work, decoded.events, rules)]
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - which of the entries it was shows when each is tried alone
            return [self._verdict(decoded.work, event, rules) for event in decoded.events]

    def failure_of(self, candidate: Candidate, reason: str) -> Failure:
        """Why an error that was ready could not be stored, with the bytes of its entry."""
        return self._entry_failure(candidate.work, candidate.event, reason)

    def _decode(self, work: Work, wire: Wire) -> Decoded:
        record = self._record_of(work, wire)
        one = None if work.entry == WHOLE else work.entry
        events: list[Event] = []
        failures: list[Failure] = []
        ignored: list[Ignored] = []
        for found in wire.decode(record):
            if isinstance(found, Event):
                if wire.alone and one is not None:
                    events.append(self._bounded(msgspec.structs.replace(found, entry=one)))
                elif one is None or found.entry == one:
                    events.append(self._bounded(found))
            elif isinstance(found, Reject):
                if wire.alone or one is None or found.entry == one:
                    failures.append(Failure(found.entry if one is None else one, found.raw or work.body, found.reason))
            elif one is None:
                ignored.append(found)
        if wire.alone is None and len(failures) > 1:  # each would keep the whole request once more
            first = failures[0]
            failures = [Failure(first.entry, first.body, f"{first.reason} (And {len(failures) - 1} further pieces.)")]
        retry = retry_of(record) if one is None else None
        return Decoded(work, tuple(events), tuple(failures), tuple(ignored), retry, len(record.body))

    def _record_of(self, work: Work, wire: Wire) -> WireRecord:
        """The request as decoders see it. An entry that stands alone was inflated when it was set aside."""
        is_plain = work.entry != WHOLE and wire.alone is not None
        body = inflate(work.body, "" if is_plain else work.headers.get("content-encoding", ""), self._max_body_bytes)
        names = self._project_names()
        return WireRecord(work.received_at_ms, work.path, work.query, work.headers, body, names)

    def _bounded(self, event: Event) -> Event:
        """The event cut to its limits, or the husk of one that is no error.

        At once, not when the batch is judged: a body of a few MB can be a hundred times that as values in memory,
        and a batch holds many.
        """
        if refusal(event) is None:
            return limit(event, self._limits)
        return Event(
            entry=event.entry,
            received_at=event.received_at,
            track=event.track,
            intake=event.intake,
            status=event.status,
            service=event.service,
        )

    def _verdict(self, work: Work, event: Event, rules: Rules) -> Candidate | NotAnError | Failure:
        try:
            return self._verdicts(work, (event,), rules)[0]
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - as in `decode`, for one entry
            _log.exception("entry_failed", intake=work.intake, position=work.position)
            return self._entry_failure(work, event, f"digesting failed: {type(error).__name__}")

    def _verdicts(self, work: Work, events: Sequence[Event], rules: Rules) -> list[Candidate | NotAnError]:
        """What becomes of each event. Raises whatever a bug raises.

        Step by step over all of them: taking each event through all steps in turn costs a third more, because the
        steps drive one another out of the processor's caches.
        """
        judged = [qualify(event, self._trace_of, self._find_of) for event in events]
        # Scrubbed before it is grouped: what is stored explains the issue it is in, secrets or not.
        cleaned = [one if isinstance(one, NotAnError) else self._cleaned(one) for one in judged]
        return [one if isinstance(one, NotAnError) else self._grouped(work, one, rules) for one in cleaned]

    def _cleaned(self, found: Qualified) -> Qualified:
        event = scrub(found.event)
        if event is found.event:
            return found
        if event.error_stack == found.event.error_stack:
            return Qualified(event, found.trace)
        return Qualified(event, self._trace_of(event.error_stack, event.language))

    def _grouped(self, work: Work, found: Qualified, rules: Rules) -> Candidate:
        timestamp, clamped = event_time(found.event, rules.past_ms, rules.future_ms)
        mapped = symbolicated(found.event, found.trace, self._places) if self._places is not None else None
        grouping = group(found.event, found.trace, rules.grouping)
        if mapped is None:
            return Candidate(work, found.event, grouping, timestamp, clamped)
        former = grouping.fingerprint
        grouping = group(mapped.event, mapped.trace, rules.grouping)
        if grouping.fingerprint == former:
            former = NO_FINGERPRINT
        return Candidate(work, mapped.event, grouping, timestamp, clamped, former)

    def _entry_failure(self, work: Work, event: Event, reason: str) -> Failure:
        """The bytes of the one entry where they can be told apart again, so that a replay repeats no other."""
        wire = WIRES[work.intake]
        if work.entry != WHOLE or wire.alone is None:
            return Failure(event.entry, work.body, reason)
        return Failure(event.entry, wire.alone(self._record_of(work, wire), event.entry), reason)


def _failed(work: Work, reason: str) -> Decoded:
    return Decoded(work, (), (Failure(work.entry, work.body, reason),), (), None, len(work.body))


def row_for(candidate: Candidate, batch: int, node: NodeId) -> EventRow:
    """The row under which an error is stored in a batch."""
    event, work, grouping = candidate.event, candidate.work, candidate.grouping
    return row_of(
        event,
        batch=batch,
        node=node,
        position=work.position,
        event_id=event_id_at(node, work.position, event.entry),
        timestamp=candidate.timestamp,
        time_clamped=candidate.time_clamped,
        fingerprint=grouping.fingerprint,
        grouping_version=grouping.version,
        file_path=grouping.file_path,
        function_name=grouping.function_name,
        has_in_app=grouping.has_in_app,
        error_type=grouping.error_type,
        former_fingerprint=candidate.former,
    )
