"""The single errors of an issue, as they are shown: calls by what is known of them now, with why and why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from errata.base.clock import from_ms, to_ms
from errata.base.errors import NotFound
from errata.base.ids import EventId, Fingerprint, IssueId
from errata.events import batches
from errata.events.model import Cause, Event
from errata.events.pages import Before, EventPages
from errata.events.search import StoredEvent
from errata.events.sources import lines_around
from errata.events.stored import event_of
from errata.events.symbolicate import is_javascript, mapped_frame, restored, symbolicated
from errata.grouping.explain import Explanation, explain
from errata.grouping.in_app import Kind, family_of, verdict_on
from errata.issues import former, store
from errata.sourcemaps.model import Spot, Unmapped
from errata.sourcemaps.symbolicator import Seen, Symbolicator
from errata.stacks.model import ExceptionBlock, Frame, Relation, StackTrace
from errata.stacks.parse import parse
from errata.storage.sql import Database

AROUND = 3
"""Lines of the source before and after a call."""


class ShownFrame(msgspec.Struct, frozen=True, gc=False):
    """A call. `whose` says in words whose code it is; `before` and `after` are lines around `frame.context`.

    `sent` is the call as it came where a source map told another; `unmapped` says why none did.
    """

    frame: Frame
    is_in_app: bool
    whose: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    sent: Frame | None = None
    unmapped: Unmapped | None = None


class ShownException(msgspec.Struct, frozen=True, gc=False):
    """An exception of the error with its calls, crash side first."""

    type: str
    message: str
    relation: Relation
    frames: tuple[ShownFrame, ...]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One error. `event` has stack, calls and causes as they are known now; the primary exception comes first.

    `grouped` explains the fingerprint that it is stored under.
    """

    id: EventId
    issue_id: IssueId | None
    timestamp: datetime
    received_at: datetime
    time_clamped: bool
    fingerprint: Fingerprint
    event: Event
    exceptions: tuple[ShownException, ...]
    grouped: Explanation


class Occurrences:
    """Reads errors. Raises NotFound, and Unavailable when event store or database do not answer."""

    def __init__(self, db: Database, pages: EventPages, places: Symbolicator) -> None:
        self._db, self._pages, self._places = db, pages, places

    def of_issue(
        self,
        issue_id: IssueId,
        limit: int,
        *,
        from_at: datetime | None = None,
        to_at: datetime | None = None,
        before: Before | None = None,
    ) -> list[Occurrence]:
        """An issue's errors, newest first, from `from_at` on and before `to_at`; without these all that are kept."""
        with self._db.read() as tx:
            issue = store.load(tx, issue_id)
            if issue is None:
                raise NotFound("issue not found")
            fingerprints = [fingerprint for fingerprint, _, _ in former.fingerprints_of(tx, [issue.id])]
            pending = batches.pending(tx)
        stored = self._pages.page(
            fingerprints,
            limit,
            from_ms=to_ms(from_at or issue.first_seen),
            to_ms=to_ms(to_at) if to_at else to_ms(issue.last_seen) + 1,
            pending=pending,
            before=before,
        )
        self._places.refresh()
        return [self._shown(one, issue.id) for one in stored]

    def one(self, event_id: EventId) -> Occurrence:
        """An error by its id."""
        with self._db.read() as tx:
            pending = batches.pending(tx)
        stored = self._pages.one(event_id, pending=pending)
        if stored is None:
            raise NotFound("event not found")
        fingerprint = Fingerprint(stored.row.fingerprint)
        with self._db.read() as tx:
            issue = store.issues_of(tx, [fingerprint]).get(fingerprint)
        self._places.refresh()
        return self._shown(stored, issue.id if issue else None)

    def _shown(self, stored: StoredEvent, issue_id: IssueId | None) -> Occurrence:
        grouped = event_of(stored)
        event = restored(grouped)
        mapped = symbolicated(event, _trace_of(event), self._places)
        if mapped is None and grouped.minified is not None:
            shown, sent = grouped, grouped  # its map is gone: what it told is kept
        else:
            shown, sent = (mapped.event if mapped else event), event
        row = stored.row
        return Occurrence(
            id=EventId(row.event_id),
            issue_id=issue_id,
            timestamp=from_ms(stored.timestamp_ms),
            received_at=from_ms(stored.received_at_ms),
            time_clamped=row.time_clamped,
            fingerprint=Fingerprint(row.fingerprint),
            event=shown,
            exceptions=self._exceptions(sent, shown),
            grouped=explain(grouped, _trace_of(grouped), row.grouping_version),
        )

    def _exceptions(self, sent: Event, shown: Event) -> tuple[ShownException, ...]:
        """All exceptions with their calls, looked up anew with the lines around them."""
        language = _language(shown)
        is_mappable = is_javascript(sent, _trace_of(sent))
        return tuple(
            ShownException(
                block.type,
                block.message,
                block.relation,
                _with_sources(sent, block, self._frames(sent, block.frames, language, is_mappable)),
            )
            for block in _blocks(sent)
        )

    def _frames(
        self, event: Event, frames: tuple[Frame, ...], language: str, is_mappable: bool
    ) -> tuple[ShownFrame, ...]:
        if not is_mappable:
            return tuple(_shown_frame(frame, None, None, language) for frame in frames)
        seen = self._places.places(event.service, event.version, frames, language, around=AROUND)
        reasons = self._places.reasons(event.service, event.version, frames, language)
        return tuple(
            _shown_frame(frame, each, reason, language)
            for frame, each, reason in zip(frames, seen, reasons, strict=True)
        )


def _with_sources(sent: Event, block: ExceptionBlock, shown: tuple[ShownFrame, ...]) -> tuple[ShownFrame, ...]:
    """The calls with the lines around them that came with the error, where no source map told others."""
    known = lines_around(sent) if sent.frames and block.relation is Relation.PRIMARY else {}
    return tuple(
        msgspec.structs.replace(call, before=known[index][0], after=known[index][1])
        if index in known and call.sent is None
        else call
        for index, call in enumerate(shown)
    )


def _shown_frame(sent: Frame, seen: Seen, reason: Unmapped | None, language: str) -> ShownFrame:
    spot = seen if isinstance(seen, Spot) else None
    frame = mapped_frame(sent, spot) if spot else sent
    verdict = verdict_on(frame, family_of(language, frame))
    unmapped = None if spot else seen if isinstance(seen, Unmapped) else reason
    return ShownFrame(
        frame=frame,
        is_in_app=verdict.kind is Kind.OWN,
        whose=verdict.reason,
        before=spot.before if spot else (),
        after=spot.after if spot else (),
        sent=sent if spot else None,
        unmapped=unmapped,
    )


def _trace_of(event: Event) -> StackTrace | None:
    """The trace by which an event is grouped, as when it came."""
    if event.frames:
        block = ExceptionBlock(event.error_type, event.error_message, event.frames)
        return StackTrace(event.language, (block,))
    return parse(event.error_stack, event.language) if event.error_stack else None


def _language(event: Event) -> str:
    trace = _trace_of(event)
    return event.language or (trace.language if trace else "")


def _blocks(event: Event) -> list[ExceptionBlock]:
    """The exceptions of an event, the primary first: of its stack, and those that came beside it."""
    trace = _trace_of(event)
    blocks = list(trace.blocks) if trace else [ExceptionBlock(event.error_type, event.error_message, ())]
    blocks.sort(key=lambda block: block.relation is not Relation.PRIMARY)
    primary = blocks[0]
    blocks[0] = msgspec.structs.replace(
        primary, type=event.error_type or primary.type, message=event.error_message or primary.message
    )
    known = {(block.type, block.message) for block in blocks}
    return blocks + [_block_of(cause, event) for cause in event.causes if (cause.type, cause.message) not in known]


def _block_of(cause: Cause, event: Event) -> ExceptionBlock:
    frames = cause.frames
    if not frames and cause.stack:
        trace = parse(cause.stack, event.language)
        frames = trace.primary.frames if trace else ()
    return ExceptionBlock(cause.type, cause.message, frames, cause.relation)
