"""Exceptions and threads of a Sentry event: what was raised, why, and where. Pure.

`exception.values` is ordered cause first, the exception that was raised last. Source: the exception and stack trace
interfaces in Sentry's developer documentation, and what the SDKs send.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from errata.ingest.wire.sentry_frames import NO_STACK, Dialect, Stack, stack_of
from errata.ingest.wire.sentry_stack_text import stack_text
from errata.ingest.wire.sentry_values import Fields, any_text, fields, first_of, listed, text
from errata.stacks.model import Relation


class Raised(msgspec.Struct, frozen=True, gc=False):
    """One exception. `relation` is how it stands to the first of its list, which is the primary one."""

    type: str
    message: str
    mechanism: Fields
    stack: Stack
    relation: Relation = Relation.PRIMARY


class Thread(msgspec.Struct, frozen=True, gc=False):
    """A thread of the program: `is_failing` where it crashed or, if none did, is the one that reported."""

    shown: dict[str, Any]
    stack: Stack
    is_failing: bool


def exceptions_of(event: Fields, dialect: Dialect) -> list[Raised]:
    """The exceptions of an event, the one that was raised first, then what is behind it, nearest first."""
    given = first_of(event, "exception", "sentry.interfaces.Exception")
    raws = listed(given)
    if not raws and isinstance(given, dict) and any(given.get(name) for name in _SAY_SOMETHING):
        raws = [given]  # a lone exception, as early clients sent it
    raws = [raw for raw in raws if isinstance(raw, dict) and any(raw.get(name) for name in _SAY_SOMETHING)]
    raws = raws[-_MOST:][::-1]
    relations = _relations([fields(raw.get("mechanism")) for raw in raws], dialect.language)
    return [_raised(raw, relation, dialect) for raw, relation in zip(raws, relations, strict=True)]


def threads_of(event: Fields, dialect: Dialect) -> list[Thread]:
    """The threads that the event tells of, at most 50."""
    raws = [raw for raw in listed(event.get("threads")) if isinstance(raw, dict)][:_MOST]
    mark = "crashed" if any(raw.get("crashed") is True for raw in raws) else "current"
    return [_thread(raw, dialect, is_failing=raw.get(mark) is True) for raw in raws]


def lone_stack_of(event: Fields, threads: list[Thread], dialect: Dialect) -> Stack:
    """The stack of an event whose exception has none: its own, that of the failing thread, or of the only one."""
    own = stack_of(first_of(event, "stacktrace", "sentry.interfaces.Stacktrace"), dialect)
    if own.frames:
        return own
    failing = [thread.stack for thread in threads if thread.is_failing]
    if not failing and len(threads) == 1:
        failing = [threads[0].stack]
    return next((stack for stack in failing if stack.frames), NO_STACK)


def mechanism_of(exceptions: list[Raised]) -> Fields:
    """How the raised exception was caught; where it does not say, of the nearest one behind it that does."""
    stated = [raised.mechanism for raised in exceptions if isinstance(raised.mechanism.get("handled"), bool)]
    return stated[0] if stated else (exceptions[0].mechanism if exceptions else {})


def _raised(raw: Fields, relation: Relation, dialect: Dialect) -> Raised:
    kind, message = text(raw.get("type"), _MAX_TYPE), any_text(raw.get("value"))
    if not kind and (match := _TYPE_IN_VALUE.match(message)):
        kind, message = match[1], match[2]  # early clients sent `ValueError: text` as the value
    stack = stack_of(raw.get("stacktrace"), dialect)
    if not stack.frames:
        stack = stack_of(raw.get("raw_stacktrace"), dialect)
    mechanism = fields(raw.get("mechanism"))
    if mechanism.get("synthetic") is True and all(frame.in_app is False for frame in stack.frames):
        stack = NO_STACK  # where the SDK itself stood when it was told of something that is no exception
    return Raised(kind, message, mechanism, stack, relation)


def _relations(mechanisms: list[Fields], language: str) -> list[Relation]:
    """How each exception stands to the first one, by what the mechanisms tell of parents and sources."""
    by_id = {_id(m.get("exception_id")): m for m in reversed(mechanisms) if _id(m.get("exception_id")) is not None}
    relations = [Relation.PRIMARY]
    for mechanism in mechanisms[1:]:
        relation = _step(mechanism, by_id, language)
        above, steps = by_id.get(_id(mechanism.get("parent_id"))), 0
        while relation is Relation.CAUSE and above is not None and above is not mechanisms[0] and steps < _MOST:
            if _step(above, by_id, language) is not Relation.CAUSE:
                relation = Relation.SUPPRESSED  # the cause of a member or of a context tells nothing of the first
            above, steps = by_id.get(_id(above.get("parent_id"))), steps + 1
        relations.append(relation)
    return relations[: len(mechanisms)]


def _step(mechanism: Fields, by_id: dict[int | None, Fields], language: str) -> Relation:
    """How an exception stands to the one that its mechanism names as its parent."""
    source = text(mechanism.get("source"), _MAX_TYPE).lower()
    if source in _CAUSES or source.startswith("cause"):
        return Relation.CAUSE
    if source == "__context__":
        return Relation.CONTEXT
    if source.startswith("suppressed"):
        return Relation.SUPPRESSED
    parent = by_id.get(_id(mechanism.get("parent_id")), {}) if "parent_id" in mechanism else {}
    if parent.get("is_exception_group") is True or _INDEXED.search(source):
        return Relation.MEMBER
    # Python's SDK names no source in a plain chain, where the earlier exception may as well be one that was being
    # handled when something else failed.
    return Relation.CONTEXT if language == "python" else Relation.CAUSE


def _id(value: object) -> int | None:
    return value if type(value) is int else None


def _thread(raw: Fields, dialect: Dialect, *, is_failing: bool) -> Thread:
    stack = stack_of(raw.get("stacktrace"), dialect)
    shown: dict[str, Any] = {
        name: value for name in _THREAD_FIELDS if isinstance(value := raw.get(name), str | int) and value != ""
    }
    name = text(raw.get("name"), _MAX_TYPE) or text(raw.get("id"), _MAX_TYPE)
    if lines := stack_text(f"Thread {name}".strip(), "", stack.frames[:_THREAD_FRAMES], dialect.plain):
        shown["stack"] = lines
    return Thread(shown, stack, is_failing)


_SAY_SOMETHING = ("type", "value", "stacktrace", "raw_stacktrace")
_THREAD_FIELDS = ("id", "name", "crashed", "current", "main", "state")
_CAUSES = frozenset({"__cause__", "cause", "innerexception"})
_INDEXED = re.compile(r"\[\d+\]$")
_TYPE_IN_VALUE = re.compile(r"([A-Za-z_][\w.]{0,200}): (\S.*)", re.DOTALL)
_MOST, _MAX_TYPE, _THREAD_FRAMES = 50, 300, 100
