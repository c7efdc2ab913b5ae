"""OTLP spans: which of them tell of an error, and each failure once however many spans it passed. Pure.

An event named `exception` is an error; a failed status alone is one only on the entry span of its service, and only
with a stack. `exception.escaped` is not read: it is deprecated, and Python sends the text "False" for exceptions that
do escape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from errata.events.model import Event, Intake, NotAnError, Status, Track
from errata.ingest.wire.model import Found, WireRecord
from errata.ingest.wire.otlp_errors import (
    NOBODY,
    Failure,
    Person,
    take_failure,
    take_person,
    with_datadog_names,
)
from errata.ingest.wire.otlp_model import (
    ENTRY_KINDS,
    MAX_EXCEPTIONS,
    STATUS_ERROR,
    Encoding,
    Noted,
    Piece,
    Span,
)
from errata.ingest.wire.otlp_request import MS_NS, Senders, Tally, identity_of
from errata.ingest.wire.otlp_resource import Sender


def decode_spans(pieces: Iterable[Piece], encoding: Encoding, record: WireRecord) -> list[Found]:
    """The errors of a request's spans, in order of the spans, then what was no error."""
    trees = _Forest(encoding, record.received_at_ms)
    for index, piece in enumerate(pieces):
        trees.add(index, piece)
    return [*trees.events(), *trees.tally.ignored()]


class _Node(msgspec.Struct, gc=False):
    """A span of the request. `person` and `asked` are read when first needed."""

    index: int
    piece: Piece
    span: Span
    sender: Sender
    attributes: dict[str, Any] | None = None
    person: Person | None = None


class _Told(msgspec.Struct, frozen=True, gc=False):
    """A failure as one span tells it."""

    node: _Node
    number: int
    noted: Noted
    failure: Failure
    is_cut: bool


class _Forest:
    """The spans of one request as trees, and the failures that they tell."""

    def __init__(self, encoding: Encoding, received_at_ms: int) -> None:
        self._encoding = encoding
        self._received_at_ms = received_at_ms
        self._senders = Senders(encoding)
        self._nodes: dict[tuple[str, str], _Node] = {}
        self._failing: list[_Node] = []
        self.tally = Tally()

    def add(self, index: int, piece: Piece) -> None:
        """Take a span of the request, `index` counting from 0."""
        span = self._encoding.span(piece.raw)
        if span is None:
            self.tally.add(NotAnError.UNREADABLE, index, f"span of {len(piece.raw)} bytes")
            return
        node = _Node(index, piece, span, self._senders.of(piece.resource))
        if span.span_id:
            self._nodes.setdefault((span.trace_id, span.span_id), node)
        if span.may_be_error:
            self._failing.append(node)
        else:
            self.tally.add(NotAnError.SPAN_OK, index, _words(node))

    def events(self) -> Iterator[Event]:
        """Every failure once, as its outermost span tells it."""
        told = [each for node in self._failing for each in self._told_by(node)]
        kept = self._one_each(told)
        for each in sorted(kept, key=lambda one: (one[0].node.index, one[0].number)):
            yield self._event(*each)

    def _told_by(self, node: _Node) -> list[_Told]:
        span = node.span
        if not span.exceptions and not self._is_entry(node):
            self.tally.add(NotAnError.NOT_ENTRY_SPAN, node.index, _words(node))
            return []
        details = self._encoding.span_details(node.piece.raw)
        node.attributes, node.person = details.attributes, take_person(details.attributes)
        language = node.sender.language
        if span.exceptions:
            return [
                _Told(node, number, noted, take_failure(noted.attributes, language), details.is_cut)
                for number, noted in enumerate(details.exceptions)
            ]
        failure = take_failure(node.attributes, language)
        if not failure.stack:
            self.tally.add(NotAnError.NO_STACK, node.index, _words(node))
            return []
        failure = msgspec.structs.replace(failure, message=failure.message or span.status_message)
        return [_Told(node, 0, Noted(span.end_ns, {}), failure, details.is_cut)]

    def _is_entry(self, node: _Node) -> bool:
        """Whether its service was entered by this span."""
        span = node.span
        if span.kind in ENTRY_KINDS or not span.parent_id or span.has_remote_parent:
            return True
        parent = self._parent(node)
        return parent is not None and parent.sender.service != node.sender.service

    def _one_each(self, told: list[_Told]) -> list[tuple[_Told, int]]:
        """Each failure as the outermost span tells it, with its number among equal ones of the request.

        A failure stands on the span that it began in and on those around it that it passed, up to where it was caught
        or turned into another one, which then names it as its cause.
        """
        by_name: dict[tuple[str, str, tuple[str, str]], dict[int, _Told]] = {}
        for each in told:
            key = (each.node.sender.service, each.node.span.trace_id, each.failure.name)
            spans = by_name.setdefault(key, {})
            if each.node.index in spans and each.node.span.trace_id:
                self._passed_on(each)
            else:
                spans[each.node.index if each.node.span.trace_id else -1 - len(spans)] = each
        behind = self._behind(told)
        kept: list[tuple[_Told, int]] = []
        for spans in by_name.values():
            for number, each in enumerate(self._outermost(spans)):
                if (each.node.index, each.failure.name) in behind:
                    self._passed_on(each)
                else:
                    kept.append((each, number))
        return kept

    def _outermost(self, spans: dict[int, _Told]) -> list[_Told]:
        """Of spans that tell of equal failures: one for each span below which none tells it, and that the highest."""
        if len(spans) == 1:
            return list(spans.values())
        above = {
            index: [up.index for up in self._ancestors(each.node) if up.index in spans] for index, each in spans.items()
        }
        passed = {index for ups in above.values() for index in ups}
        leaves = [index for index in spans if index not in passed] or list(spans)[:1]
        leaves.sort(key=lambda index: (spans[index].noted.time_ns, index))
        chosen: dict[int, _Told] = {}
        for leaf in leaves:
            highest = next((index for index in reversed(above[leaf]) if index not in chosen), leaf)
            chosen[highest] = spans[highest]
        for index, each in spans.items():
            if index not in chosen:
                self._passed_on(each)
        return list(chosen.values())

    def _behind(self, told: list[_Told]) -> set[tuple[int, tuple[str, str]]]:
        """Failures, by span and name, that a span around them tells as the cause of its own."""
        causes: dict[int, set[tuple[str, str]]] = {}
        for each in told:
            behind = each.failure.behind - {each.failure.name}  # an error raised from its like is not its own cause
            if behind:
                causes.setdefault(each.node.index, set()).update(behind)
        if not causes:
            return set()
        return {
            (each.node.index, each.failure.name)
            for each in told
            for up in (each.node, *self._ancestors(each.node))
            if each.failure.name in causes.get(up.index, ()) and up.sender.service == each.node.sender.service
        }

    def _parent(self, node: _Node) -> _Node | None:
        return self._nodes.get((node.span.trace_id, node.span.parent_id)) if node.span.parent_id else None

    def _ancestors(self, node: _Node) -> Iterator[_Node]:
        """The spans around a span, nearest first; a bounded number, because hostile parents go in circles."""
        up = self._parent(node)
        for _ in range(_MAX_DEPTH):
            if up is None or up is node:
                return
            yield up
            up = self._parent(up)

    def _passed_on(self, each: _Told) -> None:
        self.tally.add(NotAnError.PASSED_ON, each.node.index, f"{each.failure.type} on {_words(each.node)}")

    def _attributes_of(self, node: _Node) -> dict[str, Any]:
        if node.attributes is None:
            node.attributes = self._encoding.span_details(node.piece.raw).attributes
            node.person = take_person(node.attributes)
        return node.attributes

    def _surroundings(self, node: _Node) -> tuple[Person, dict[str, Any]]:
        """Whose request it was and which, where that stands on a span around this one in the same service."""
        person = NOBODY
        request: dict[str, Any] = {}
        for up in (node, *self._ancestors(node)):
            if up.sender.service != node.sender.service:
                break
            attributes = self._attributes_of(up)
            person = person if person != NOBODY else up.person or NOBODY
            request = request or {key: attributes[key] for key in attributes if key.startswith(_REQUEST)}
            if self._is_entry(up):
                break
        return person, request

    def _event(self, told: _Told, number: int) -> Event:
        node, failure, sender = told.node, told.failure, told.node.sender
        span = node.span
        person, request = self._surroundings(node)
        time_ns = told.noted.time_ns or span.end_ns
        attributes = with_datadog_names(sender.attributes | request | (node.attributes or {}) | told.noted.attributes)
        attributes |= _about(span, self._senders.scope(node.piece.scope))
        return Event(
            entry=node.index * MAX_EXCEPTIONS + told.number,
            received_at=self._received_at_ms,
            track=Track.TRACE,
            intake=Intake.OTLP,
            timestamp=time_ns // MS_NS or None,
            identity=identity_of(span.trace_id, failure.name, time_ns, number),
            service=sender.service,
            env=sender.env,
            version=sender.version,
            host=sender.host,
            source=sender.source,
            status=Status.ERROR,
            language=sender.language,
            platform=sender.platform,
            message=span.name,
            error_type=failure.type,
            error_message=failure.message,
            error_stack=failure.stack,
            error_fingerprint=failure.fingerprint,
            error_handling="unhandled" if span.status_code == STATUS_ERROR else "handled",
            usr_id=person.id,
            usr_email=person.email,
            usr_name=person.name,
            usr_anonymous_id=person.anonymous_id,
            session_id=person.session_id,
            trace_id=span.trace_id,
            span_id=span.span_id,
            team=sender.team,
            tags=sender.tags,
            attributes=attributes,
            cut=("attributes",) if told.is_cut else (),
        )


def _about(span: Span, scope: str) -> dict[str, Any]:
    kind = _KINDS.get(span.kind, "")
    said = {"resource_name": span.name, "span.kind": kind, "otel.scope.name": scope}
    return {name: value for name, value in said.items() if value}


def _words(node: _Node) -> str:
    return f"span {node.span.name[:80]} of {node.sender.service[:80]}"


_MAX_DEPTH = 64
_REQUEST = ("http.", "url.", "user_agent.")
_KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
