"""Bounds of a stored event: what is longer is cut, and the event says what was cut. Pure.

With every bound used up an event stays below 600 kB, so that the 1 MB which a log entry may have is cut by its parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import compress
from operator import attrgetter, gt

import msgspec

from errata.events.model import Cause, Event, Json


class Limits(msgspec.Struct, frozen=True, gc=False):
    """Sizes are bytes of UTF-8, counts are per event; `max_depth` counts objects and arrays inside each other."""

    message_bytes: int = 64 * 1024
    stack_bytes: int = 64 * 1024
    error_message_bytes: int = 16 * 1024
    attributes_bytes: int = 64 * 1024
    max_keys: int = 256
    max_depth: int = 10
    max_tags: int = 100
    max_teams: int = 20
    max_causes: int = 10
    cause_stack_bytes: int = 16 * 1024
    max_frames: int = 500
    max_cause_frames: int = 50
    details_bytes: int = 128 * 1024
    max_detail_keys: int = 5000


DEFAULT_LIMITS = Limits()
_SHORT = (
    ("service", "service", 100),
    ("env", "env", 200),
    ("version", "version", 200),
    ("host", "host", 255),
    ("source", "source", 100),
    ("language", "language", 50),
    ("error_type", "error.type", 300),
    ("error_fingerprint", "error.fingerprint", 4096),
    ("error_handling", "error.handling", 50),
    ("error_source", "error.source", 100),
    ("error_category", "error.category", 100),
    ("usr_id", "usr.id", 300),
    ("usr_email", "usr.email", 320),
    ("usr_name", "usr.name", 300),
    ("usr_anonymous_id", "usr.anonymous_id", 300),
    ("session_id", "session.id", 200),
    ("trace_id", "trace_id", 64),
    ("span_id", "span_id", 64),
    ("identity", "identity", 300),
)
"""Field, its name in `cut`, most bytes. A fingerprint is cut late, because the cut would join what differs behind."""
_TAG_BYTES = 200
_texts_of = attrgetter(*(field for field, _, _ in _SHORT), "message", "error_message")


def limit(event: Event, limits: Limits = DEFAULT_LIMITS) -> Event:
    """The event within its bounds; the very same object when nothing had to be cut.

    Texts lose their end, a stack its middle (either end may be the crash side), attributes the keys that come last.
    """
    changes: dict[str, object] = {}
    cut: list[str] = []
    bounds, quarters = _text_bounds(limits)
    for field, name, most in compress(bounds, map(gt, map(len, _texts_of(event)), quarters)):
        text = getattr(event, field)
        if _size(text) > most:
            changes[field] = _head(text, most)
            cut.append(name)
    if _too_long(event.error_stack, limits.stack_bytes):
        changes["error_stack"] = cut_middle(event.error_stack, limits.stack_bytes)
        cut.append("error.stack")
    _limit_lists(event, limits, changes, cut)
    attributes = _limited_object_of(event.attributes, limits.max_keys, limits.attributes_bytes, limits.max_depth)
    if attributes is not event.attributes:
        changes["attributes"] = attributes
        cut.append("attributes")
    details = _limited_object_of(event.details, limits.max_detail_keys, limits.details_bytes, limits.max_depth)
    if details is not event.details:
        changes["details"] = details
        cut.append("details")
    if not changes:
        return event
    changes["cut"] = tuple(dict.fromkeys((*event.cut, *cut)))
    return msgspec.structs.replace(event, **changes)


def cut_middle(text: str, max_bytes: int) -> str:
    """A text of at most `max_bytes`: its first and last lines, and between them a line that says how much is missing.

    A line longer than half the bound is itself cut. A long line in the cut keeps its beginning: it is an exception's,
    which names the type.
    """
    half = max(0, (max_bytes - _NOTE_BYTES) // 2)
    data = text.encode("utf-8", "replace")
    head, tail = data[:half], data[len(data) - half :]
    whole = head.rfind(b"\n")
    head = head[:whole] if whole >= 0 and len(head) - whole < _LONG_LINE else head
    tail = tail[tail.find(b"\n") + 1 :] if b"\n" in tail else tail
    note = f"    [{len(data) - len(head) - len(tail)} bytes left out]"
    return "\n".join((head.decode("utf-8", "ignore"), note, tail.decode("utf-8", "ignore")))


@lru_cache(maxsize=8)
def _text_bounds(limits: Limits) -> tuple[tuple[tuple[str, str, int], ...], tuple[int, ...]]:
    """The bound of each of `_texts_of`, and how many characters are below it whatever they are."""
    bounds = (
        *_SHORT,
        ("message", "message", limits.message_bytes),
        ("error_message", "error.message", limits.error_message_bytes),
    )
    return bounds, tuple(most // 4 for _, _, most in bounds)


def _limit_lists(event: Event, limits: Limits, changes: dict[str, object], cut: list[str]) -> None:
    for field, values, most in (("tags", event.tags, limits.max_tags), ("team", event.team, limits.max_teams)):
        if values and (len(values) > most or _has_long(values)):
            changes[field] = tuple(dict.fromkeys(_head(value, _TAG_BYTES) for value in values[:most]))
            cut.append(field)
    if len(event.frames) > limits.max_frames:
        half = limits.max_frames // 2
        changes["frames"] = event.frames[:half] + event.frames[-half:]
        cut.append("error.frames")
    if event.causes:
        causes = tuple(_limited_cause(cause, limits) for cause in event.causes[: limits.max_causes])
        if causes != event.causes:
            changes["causes"] = causes
            cut.append("error.causes")


def _limited_cause(cause: Cause, limits: Limits) -> Cause:
    stack = cause.stack
    return Cause(
        type=_head(cause.type, 300),
        message=_head(cause.message, 4096),
        stack=cut_middle(stack, limits.cause_stack_bytes) if _too_long(stack, limits.cause_stack_bytes) else stack,
        frames=cause.frames[: limits.max_cause_frames],
        relation=cause.relation,
    )


def _too_long(text: str, most: int) -> bool:
    return len(text) * 4 > most and _size(text) > most


def _has_long(values: tuple[str, ...]) -> bool:
    return max(map(len, values)) * 4 > _TAG_BYTES and any(_too_long(value, _TAG_BYTES) for value in values)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _head(text: str, most: int) -> str:
    """The longest beginning of at most `most` bytes."""
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore") if _too_long(text, most) else text


def _limited_object_of(whole: dict[str, Json], max_keys: int, max_bytes: int, max_depth: int) -> dict[str, Json]:
    if not whole or _surely_fits(whole, max_keys, max_bytes, max_depth):
        return whole
    budget = _Budget(max_keys, max_bytes)
    limited = _limited_object(whole, budget, max_depth)
    return limited if budget.cut else whole


def _surely_fits(whole: dict[str, Json], max_keys: int, max_bytes: int, max_depth: int) -> bool:
    """A quick look at the JSON text: it may count too much (what looks like a key inside texts), never too little."""
    try:
        text = _encode(whole)
    except (ValueError, RecursionError):
        return False
    return len(text) <= max_bytes and text.count(b'":') <= max_keys and _is_shallow(text, max_depth)


def _is_shallow(text: bytes, most: int) -> bool:
    """Whether at most so many objects and arrays stand inside each other: each round takes the innermost ones away."""
    if text.count(b"{") + text.count(b"[") <= most:
        return True
    brackets = _STRING.sub(b"", text).translate(_ALIKE, _NO_BRACKETS)
    for _ in range(most):
        if not brackets:
            return True
        brackets = brackets.replace(b"{}", b"")
    return not brackets


class _Budget:
    """What may still be kept of an event's attributes, and whether something was cut."""

    def __init__(self, keys: int, size: int) -> None:
        self.keys = keys
        self.size = size
        self.longest = size // 4  # so that one long text does not push all others out
        self.cut = False

    def is_spent(self) -> bool:
        if self.size > 0:
            return False
        self.cut = True
        return True


def _limited_object(value: Mapping[str, Json], budget: _Budget, depth: int) -> dict[str, Json]:
    kept: dict[str, Json] = {}
    for key, inner in value.items():
        if budget.keys <= 0:
            budget.cut = True
        if budget.keys <= 0 or budget.is_spent():
            break
        budget.keys -= 1
        short = _head(key, _TAG_BYTES)
        budget.cut = budget.cut or short is not key
        budget.size -= len(short) + _PUNCTUATION
        kept[short] = _limited_value(inner, budget, depth - 1)
    return kept


def _limited_value(value: Json, budget: _Budget, depth: int) -> Json:
    if isinstance(value, str):
        short = _head(value, max(0, min(budget.longest, budget.size)))
        budget.cut = budget.cut or len(short) != len(value)
        budget.size -= _size(short) + _PUNCTUATION
        return short
    if isinstance(value, dict | list):
        if depth <= 0:
            budget.cut = True
            budget.size -= len(TOO_DEEP)
            return TOO_DEEP
        budget.size -= _PUNCTUATION  # an empty one takes memory, too
        return _limited_object(value, budget, depth) if isinstance(value, dict) else _limited_list(value, budget, depth)
    budget.size -= value.bit_length() // 3 + 1 if isinstance(value, int) else 8
    return value


def _limited_list(values: list[Json], budget: _Budget, depth: int) -> list[Json]:
    kept: list[Json] = []
    for value in values:
        if budget.is_spent():
            break
        budget.size -= 1
        kept.append(_limited_value(value, budget, depth - 1))
    return kept


TOO_DEEP = "[cut: nested too deep]"
"""Stands where objects or arrays were nested deeper than the bound."""
_encode = msgspec.json.Encoder().encode
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ALIKE = bytes.maketrans(b"[]", b"{}")
_NOTE_BYTES = 64
_LONG_LINE = 1024
_PUNCTUATION = 4
