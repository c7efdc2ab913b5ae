"""An error of minified JavaScript as its program's source tells it.

What came is kept beside (`Event.minified`), so that a map that is uploaded later, or in the place of a wrong one, can
be asked again whenever the error is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from errata.events.limits import DEFAULT_LIMITS, cut_middle
from errata.events.model import Cause, Event, Minified
from errata.sourcemaps.model import Spot
from errata.sourcemaps.symbolicator import Seen
from errata.stacks.javascript_text import text_of
from errata.stacks.model import ExceptionBlock, Frame, StackTrace
from errata.stacks.parse import parse

_LANGUAGES = frozenset(("javascript", "typescript"))


class Places(Protocol):
    """Who knows where calls stand; see `sourcemaps.symbolicator`."""

    def places(
        self, service: str, version: str, frames: Sequence[Frame], language: str, *, around: int = 0
    ) -> list[Seen]:
        """What became of each call."""


class Mapped(msgspec.Struct, frozen=True, gc=False):
    """An error whose calls were looked up, and the trace by which it is grouped."""

    event: Event
    trace: StackTrace | None


def is_javascript(event: Event, trace: StackTrace | None) -> bool:
    """Whether calls of an error may be minified."""
    language = trace.language if trace is not None and not event.frames else event.language
    return (language or event.language) in _LANGUAGES


def symbolicated(event: Event, trace: StackTrace | None, places: Places) -> Mapped | None:
    """The error with every call told by its source for which there is a map; None where there is none for any.

    `trace` is the event's parsed stack. Raises Unavailable when it cannot be known now whether there is a map.
    """
    if not is_javascript(event, trace):
        return None
    calls = _Calls(event, places)
    changes: dict[str, object] = {}
    text_trace = trace
    if event.frames:
        changes["frames"] = calls.mapped(event.frames)
        text_trace = parse(event.error_stack, event.language) if event.error_stack else None
    mapped_trace = calls.trace(text_trace) if text_trace is not None else None
    if mapped_trace is not None and mapped_trace is not text_trace and event.error_stack:
        changes["error_stack"] = _bounded(text_of(mapped_trace), DEFAULT_LIMITS.stack_bytes)
    if event.causes:
        changes["causes"] = tuple(calls.cause(cause) for cause in event.causes)
    if not calls.has_found:
        return None
    changes["minified"] = Minified(event.error_stack, event.frames, event.causes)
    new = msgspec.structs.replace(event, **changes)
    if not event.frames:
        return Mapped(new, mapped_trace)
    return Mapped(new, _of_frames(trace, new.frames))


def restored(event: Event) -> Event:
    """The error as it came, before any of its calls was looked up."""
    if event.minified is None:
        return event
    was = event.minified
    return msgspec.structs.replace(event, error_stack=was.stack, frames=was.frames, causes=was.causes, minified=None)


def mapped_frame(frame: Frame, spot: Spot) -> Frame:
    """The call as the source tells it. Whose code it is shows by its new file, so the sender's mark is dropped."""
    return Frame(
        function=spot.function or frame.function,
        file=spot.file,
        line=spot.line,
        column=spot.column,
        in_app=False if spot.is_ignored else None,
        context=spot.context,
        repeats=frame.repeats,
    )


class _Calls:
    """Looks up the calls of one event, and remembers whether any was found."""

    def __init__(self, event: Event, places: Places) -> None:
        self._event, self._places = event, places
        self.has_found = False

    def mapped(self, frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        """Calls with those replaced that were found; the very same object where none was."""
        event = self._event
        seen = self._places.places(event.service, event.version, frames, event.language or "javascript")
        if not any(isinstance(each, Spot) for each in seen):
            return frames
        self.has_found = True
        pairs: Iterator[tuple[Frame, Seen]] = zip(frames, seen, strict=True)
        return tuple(mapped_frame(frame, each) if isinstance(each, Spot) else frame for frame, each in pairs)

    def trace(self, trace: StackTrace) -> StackTrace:
        """A trace with its calls looked up; the very same object where none was found."""
        blocks = [self._block(block) for block in trace.blocks]
        if all(new is old for new, old in zip(blocks, trace.blocks, strict=True)):
            return trace
        return msgspec.structs.replace(trace, blocks=tuple(blocks))

    def cause(self, cause: Cause) -> Cause:
        """A further exception with its calls looked up."""
        frames = self.mapped(cause.frames) if cause.frames else cause.frames
        trace = parse(cause.stack, self._event.language) if cause.stack else None
        stack = cause.stack
        if trace is not None and (new := self.trace(trace)) is not trace:
            stack = _bounded(text_of(new), DEFAULT_LIMITS.cause_stack_bytes)
        if frames is cause.frames and stack is cause.stack:
            return cause
        return msgspec.structs.replace(cause, frames=frames, stack=stack)

    def _block(self, block: ExceptionBlock) -> ExceptionBlock:
        frames = self.mapped(block.frames)
        return block if frames is block.frames else msgspec.structs.replace(block, frames=frames)


def _of_frames(trace: StackTrace | None, frames: tuple[Frame, ...]) -> StackTrace | None:
    """The trace that `qualify` made of structured calls, with these in their place."""
    if trace is None or len(trace.blocks) != 1:
        return trace
    block = msgspec.structs.replace(trace.blocks[0], frames=frames)
    return msgspec.structs.replace(trace, blocks=(block,))


def _bounded(text: str, most: int) -> str:
    return cut_middle(text, most) if len(text) > most // 4 and len(text.encode("utf-8", "replace")) > most else text
