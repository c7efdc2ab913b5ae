"""Which events are errors, by one rule an intake. Pure: parsing stacks comes in as functions."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

import msgspec

from errata.events.model import ERROR_STATUSES, Event, Intake, NotAnError, Status
from errata.stacks.model import ExceptionBlock, StackTrace


class FoundTrace(Protocol):
    """A traceback inside a longer text."""

    @property
    def start(self) -> int:
        """Offset of its first character."""
        ...

    @property
    def end(self) -> int:
        """Offset behind its last character."""
        ...

    @property
    def trace(self) -> StackTrace:
        """What it says."""
        ...


TraceOf = Callable[[str, str], StackTrace | None]
"""Parses a stack text; the second argument is the language that the event names, or empty."""
FindOf = Callable[[str, str], FoundTrace | None]
"""Finds a traceback in a message; arguments as of `TraceOf`."""


class Qualified(msgspec.Struct, frozen=True, gc=False):
    """An event that is an error, its gaps filled from the stack; `trace` is None where only the type is known."""

    event: Event
    trace: StackTrace | None


class Evidence(Enum):
    """What an event must show, beside its status, to be an error."""

    TYPE_OR_STACK = auto()
    """A type, or a stack with a frame (its own, or inside the message)."""
    LOG = auto()
    """The same, or the sender's word on how the error was handled: browser SDKs say no more of a text."""
    WIRE = auto()
    """Nothing more: the decoder took only what the wire itself calls an error."""


class Rule(msgspec.Struct, frozen=True, gc=False):
    """What makes an event of one intake an error. `statuses` None: whatever its status."""

    statuses: frozenset[Status] | None
    evidence: Evidence


RULES: dict[Intake, Rule] = {
    Intake.DD_LOGS: Rule(ERROR_STATUSES, Evidence.LOG),
    Intake.DD_TRACE: Rule(None, Evidence.TYPE_OR_STACK),
    Intake.DD_ERRORS: Rule(None, Evidence.WIRE),
    Intake.DD_RUM: Rule(None, Evidence.WIRE),
    Intake.OTLP: Rule(ERROR_STATUSES, Evidence.TYPE_OR_STACK),
    Intake.SENTRY: Rule(None, Evidence.WIRE),
}
"""The product's rules for each track, and what the neutral protocols mean by an error."""


def refusal(event: Event) -> NotAnError | None:
    """Why an event is no error, as far as that shows without looking at its stack; None when it may be one.

    Cheap, so that the many events that are no errors need not be bounded, scrubbed or parsed.
    """
    statuses = RULES[event.intake].statuses
    if statuses is not None and event.status not in statuses:
        return NotAnError.STATUS
    return None if event.service else NotAnError.NO_SERVICE


def qualify(event: Event, trace_of: TraceOf, find_of: FindOf) -> Qualified | NotAnError:
    """Whether an event is an error, by the rule of its intake.

    All need a service. A backend log needs a status of error or worse, and a type or a valid stack: one with at least
    one frame, in `error_stack` or, where that holds none, inside the message. A stack text without any frame counts
    for nothing, but an event that names its type keeps it and qualifies by the type, and so does a log that says how
    its error was handled.

    The answer's event has type, message, stack and language filled where the client left them out. An error without
    a message of its own takes the stack's, then the first line of the log's message.
    """
    refused = refusal(event)
    if refused is not None:
        return refused
    evidence = RULES[event.intake].evidence
    trace = _own_trace(event, trace_of)
    if trace is not None and _has_frame(trace):
        return Qualified(_filled(event, trace, event.error_stack, event.message), trace)
    found = find_of(event.message, event.language) if event.message else None
    if found is not None and _has_frame(found.trace):
        stack = event.message[found.start : found.end]
        return Qualified(_filled(event, found.trace, stack, event.message[: found.start]), found.trace)
    is_told = evidence is Evidence.LOG and event.error_handling
    if evidence is Evidence.WIRE or event.error_type or is_told:
        return Qualified(_filled(event, trace, event.error_stack, event.message), trace)
    return NotAnError.NO_ERROR


def _own_trace(event: Event, trace_of: TraceOf) -> StackTrace | None:
    if event.frames:
        block = ExceptionBlock(event.error_type, event.error_message, event.frames)
        return StackTrace(event.language, (block,))
    return trace_of(event.error_stack, event.language) if event.error_stack else None


def _has_frame(trace: StackTrace) -> bool:
    return any(block.frames for block in trace.blocks)


def _filled(event: Event, trace: StackTrace | None, stack: str, before: str) -> Event:
    primary = trace.primary if trace else None
    error_type = event.error_type or (primary.type if primary else "")
    message = event.error_message or (primary.message if primary else "") or _first_line(before)
    language = event.language or (trace.language if trace else "")
    unchanged = (event.error_type, event.error_message, event.error_stack, event.language)
    if unchanged == (error_type, message, stack, language):
        return event
    return msgspec.structs.replace(
        event, error_type=error_type, error_message=message, error_stack=stack, language=language
    )


def _first_line(text: str) -> str:
    return text.lstrip()[:_MAX_LINE].split("\n", 1)[0].rstrip()


_MAX_LINE = 1000
