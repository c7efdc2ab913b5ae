"""Which spans of a request are errors. Pure.

An error is what a service failed with: the error of an entry span, counted once however many spans it passed. An
exception that was noted in a span (`exception` event) is an error of its own, which the program dealt with. The rules
and their reasons stand in the reference, "Which spans are errors".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from errata.events.model import NotAnError
from errata.ingest.wire.own_calls import holds_own_calls
from errata.ingest.wire.spans import EXCEPTION, Span, SpanEvent

HANDLED, UNHANDLED = "handled", "unhandled"


@dataclass(frozen=True, slots=True)
class SpanError:
    """One error of a trace.

    `span` is the span that counts, `source` the one that type, message and stack are taken from, `entry` the span with
    which the service began its work, as far as the request holds it. `event` is the noted exception with `number`, its
    place among those of the span; both are empty for a span's own error.
    """

    span: Span
    source: Span
    entry: Span
    handling: str
    event: SpanEvent | None = None
    number: int = -1


@dataclass(slots=True)
class Verdicts:
    """The errors among spans, and how many of the others are none for which reason, with the first of each."""

    errors: list[SpanError] = field(default_factory=list)
    ignored: Counter[NotAnError] = field(default_factory=Counter)
    first: dict[NotAnError, Span] = field(default_factory=dict)

    def ignore(self, reason: NotAnError, span: Span) -> None:
        """Count a span, or an exception noted in it, that is no error."""
        self.ignored[reason] += 1
        self.first.setdefault(reason, span)


def judge(traces: Sequence[Sequence[Span]], exceptions: dict[int, tuple[SpanEvent, ...]], *, marked: bool) -> Verdicts:
    """The errors of a request's traces. Linear in the spans.

    `exceptions` are the exceptions noted in spans, by the span's index. `marked` says that the client marks its entry
    spans (`_dd.top_level`), so that one without the mark is none; it is also taken from the spans themselves.
    """
    verdicts = Verdicts()
    marked = marked or any(_is_marked(span) for trace in traces for span in trace)
    for spans in _by_trace_id(traces):
        if any(span.is_error or span.index in exceptions for span in spans):
            _Trace(spans, exceptions, verdicts, marked=marked).judge()
        else:
            verdicts.ignored[NotAnError.SPAN_OK] += len(spans)
            verdicts.first.setdefault(NotAnError.SPAN_OK, spans[0])
    return verdicts


def is_outgoing(span: Span) -> bool:
    """Whether a span is a call to something else (database, another service), not the program's own work."""
    return span.kind in {"client", "producer"}


def own_service(span: Span) -> str:
    """The service that did the work: a driver's span has a name of its own and tells whose process it ran in."""
    return (span.meta.get("_dd.base_service", "") if is_outgoing(span) else "") or span.service


def _by_trace_id(traces: Sequence[Sequence[Span]]) -> Iterator[list[Span]]:
    """A trace that was flushed in parts may come in several pieces of one request."""
    found: dict[int, list[Span]] = {}
    for trace in traces:
        for span in trace:
            found.setdefault(span.trace_id, []).append(span)
    yield from found.values()


def _is_marked(span: Span) -> bool:
    return span.metrics.get("_dd.top_level") == 1


Key = tuple[str, str]


class _Trace:
    """The spans of one trace that came in one request."""

    def __init__(
        self, spans: list[Span], exceptions: dict[int, tuple[SpanEvent, ...]], verdicts: Verdicts, *, marked: bool
    ) -> None:
        self._spans = spans
        self._exceptions = exceptions
        self._verdicts = verdicts
        self._marked = marked
        self._by_id = {span.span_id: span for span in reversed(spans)}
        self._entry_of = self._entries()
        self._failed: dict[int, Key] = {}
        """The failure that each entry span counts for, by index."""

    def judge(self) -> None:
        noting = [span for span in self._spans if span.index in self._exceptions]
        failing = [span for span in self._spans if span.is_error]
        quiet = [span for span in self._spans if not span.is_error and span.index not in self._exceptions]
        if quiet:
            self._verdicts.ignored[NotAnError.SPAN_OK] += len(quiet)
            self._verdicts.first.setdefault(NotAnError.SPAN_OK, quiet[0])
        self._judge_failing(failing)
        self._judge_noting(noting)

    def _entries(self) -> dict[int, Span]:
        """For each span the entry span that it works for; where that is in no span of the request, the topmost one."""
        found: dict[int, Span] = {}
        for span in self._spans:
            path = []
            at = span
            while at.index not in found and not self._is_entry(at):
                path.append(at)
                found[at.index] = at  # so that a ring of parents ends
                parent = self._parent(at)
                if parent is None:
                    break
                at = parent
            top = found.get(at.index, at)
            found[at.index] = top
            for below in path:
                found[below.index] = top
        return found

    def _is_entry(self, span: Span) -> bool:
        """Whether a service began its work with this span.

        Calls to databases and other services are entries of none, whatever their mark says (tracers name them as
        services of their own), unless nothing is above them. A program that calls itself begins anew behind the call,
        which tracers do not mark because both ends are of one service; the calling end may come in another request.
        """
        if span.parent_id and is_outgoing(span):
            return False
        parent = self._parent(span)
        if span.kind in {"server", "consumer"} and (parent is None or is_outgoing(parent)):
            return True
        if self._marked:
            return _is_marked(span)
        return parent is None or parent.service != span.service

    def _parent(self, span: Span) -> Span | None:
        return self._by_id.get(span.parent_id) if span.parent_id and span.parent_id != span.span_id else None

    def _judge_failing(self, failing: list[Span]) -> None:
        carriers: dict[int, list[Span]] = {}
        for span in failing:
            entry = self._entry_of[span.index]
            if span is not entry and _may_tell_of(span, entry):
                carriers.setdefault(entry.index, []).append(span)
        entries = [span for span in failing if self._entry_of[span.index] is span and self._is_entry(span)]
        entries.sort(key=self._depth)  # what passed through several services belongs to the outermost
        for entry in entries:
            self._judge_entry(entry, carriers.get(entry.index, []))
        for span in failing:
            if not self._is_entry(span):
                passed = self._failed.get(self._entry_of[span.index].index) == _key(span)
                self._verdicts.ignore(NotAnError.PASSED_ON if passed else NotAnError.NOT_ENTRY_SPAN, span)

    def _judge_entry(self, entry: Span, carriers: list[Span]) -> None:
        source = _fullest(entry, carriers) if _is_told(entry) else self._failure(carriers)
        if source is None:
            self._verdicts.ignore(NotAnError.NO_STACK, entry)
            return
        if is_outgoing(entry) and not holds_own_calls(source.error_stack, source.meta.get("language", "")):
            self._verdicts.ignore(NotAnError.NOT_ENTRY_SPAN, entry)
            return
        key = _key(source)
        above = [one for one in self._above(entry) if one.index in self._failed]
        if any(self._failed[one.index] == key for one in above):
            self._verdicts.ignore(NotAnError.PASSED_ON, entry)
        else:
            self._verdicts.errors.append(SpanError(entry, source, entry, self._handling(entry)))
        self._failed[entry.index] = key

    def _failure(self, carriers: list[Span]) -> Span | None:
        """The failure that made an entry span fail which does not name it itself.

        An exception that nobody caught is on every span that was open around it, so the topmost ones tell; among
        equally high ones the last to end. Of the spans that carry it the one with the longest stack is taken: stacks
        grow outwards, so it holds all frames of the others, the program's own among them.
        """
        if not carriers:
            return None
        highest = min(map(self._depth, carriers))
        last = max((span for span in carriers if self._depth(span) == highest), key=_end)
        return _fullest(last, carriers)

    def _judge_noting(self, noting: list[Span]) -> None:
        passed = self._passed_on(noting)
        for span in noting:
            entry = self._entry_of[span.index]
            for number, event in enumerate(self._exceptions[span.index]):
                key = _event_key(event)
                if not event.text(TYPE) or not event.text(STACK).strip():
                    self._verdicts.ignore(NotAnError.NO_STACK, span)
                elif self._is_told_by(entry, span, key) or key in passed.get(span.index, ()):
                    self._verdicts.ignore(NotAnError.PASSED_ON, span)
                else:
                    self._verdicts.errors.append(SpanError(span, span, entry, HANDLED, event, number))

    def _is_told_by(self, entry: Span, span: Span, key: Key) -> bool:
        """Whether an exception noted in a span is what the entry span failed with, maybe by the name of its wrapper."""
        failed = self._failed.get(entry.index)
        return failed is not None and (failed == key or (failed == _key(span) and span.error_message == key[1]))

    def _passed_on(self, noting: list[Span]) -> dict[int, set[Key]]:
        """By index of a span the exceptions that a span below it noted already: the same one on its way out."""
        passed: dict[int, set[Key]] = {}
        if len(noting) > 1:
            indices = {span.index for span in noting}
            for span in noting:
                keys = {_event_key(event) for event in self._exceptions[span.index]}
                for above in self._above(span):
                    if above.index in indices:
                        passed.setdefault(above.index, set()).update(keys)
        return passed

    def _handling(self, entry: Span) -> str:
        """Handled where the entry span or one above it answered with success or with the client's mistake."""
        return HANDLED if any(_is_dealt_with(span) for span in (entry, *self._above(entry))) else UNHANDLED

    def _above(self, span: Span) -> list[Span]:
        """The spans above one, nearest first; of a very long line the nearest ones."""
        line: list[Span] = []
        parent = self._parent(span)
        while parent is not None and len(line) < _LONGEST_LINE:
            line.append(parent)
            parent = self._parent(parent)
        return line

    def _depth(self, span: Span) -> int:
        return len(self._above(span))


def exceptions_in(events: Sequence[SpanEvent]) -> tuple[SpanEvent, ...]:
    """The exceptions among a span's events, each once though it may be told in two ways, the first ones only."""
    found = {(event.time_ns, _event_key(event)): event for event in reversed(events) if event.name.lower() == EXCEPTION}
    return tuple(reversed(found.values()))[:_MOST_EXCEPTIONS]


def _is_told(span: Span) -> bool:
    """Whether a span says what it failed with: a stack, and a type unless the stack's own lines name it."""
    return bool(span.error_stack and (span.error_type or "\n" in span.error_stack.strip()))


def _may_tell_of(span: Span, entry: Span) -> bool:
    """Whether what a span failed with may be what made the entry span above it fail."""
    return span.service == entry.service and _is_told(span) and not is_outgoing(span) and not is_outgoing(entry)


def _fullest(span: Span, others: Sequence[Span]) -> Span:
    key = _key(span)
    return max((span, *(one for one in others if _key(one) == key)), key=lambda one: len(one.error_stack))


def _end(span: Span) -> int:
    return span.start + span.duration


def _key(span: Span) -> Key:
    if not span.error_type:
        return "", span.error_stack.strip()
    return span.error_type.rpartition(".")[2], span.error_message


def _event_key(event: SpanEvent) -> Key:
    return event.text(TYPE).rpartition(".")[2], event.text(MESSAGE)


def _is_dealt_with(span: Span) -> bool:
    code = _said_code(span, ("http.status_code", "http.response.status_code"))
    if code:
        return code.isdecimal() and len(code) == _HTTP_DIGITS and code < "500"
    answer = _said_code(span, _GRPC_CODES)
    if not answer and span.error_type.startswith("StatusCode."):
        answer = span.error_type  # as Python's servers say it
    return answer.rpartition(".")[2].upper() in _GRPC_DEALT_WITH


def _said_code(span: Span, names: tuple[str, ...]) -> str:
    """The code under the first of the names, as text or as number; `5.0` is `5`."""
    for name in names:
        if text := span.meta.get(name, "").strip():
            return text
        if name in span.metrics:
            number = span.metrics[name]
            return str(int(number)) if abs(number) < _LARGEST_CODE else ""
    return ""


TYPE, MESSAGE, STACK = "exception.type", "exception.message", "exception.stacktrace"
_GRPC_CODES = ("grpc.status.code", "rpc.grpc.status_code", "grpc.status_code", "grpc.code")
_GRPC_DEALT_WITH = frozenset((
    "OK", "CANCELLED", "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "FAILED_PRECONDITION",
    "OUT_OF_RANGE", "UNAUTHENTICATED", "0", "1", "3", "5", "6", "7", "9", "11", "16",
))  # fmt: skip
_LARGEST_CODE = 1e6
_HTTP_DIGITS = 3
_LONGEST_LINE = 100
_MOST_EXCEPTIONS = 100
