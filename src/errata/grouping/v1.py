"""Version 1 of the method. Frozen: it and the modules it rests on answer the same for ever.

The fingerprint is over service, type, the steady words of the message, and the file and function of the place; or
over service and the value that the client gave as `error.fingerprint`. Tests hold recorded answers.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from errata.base.ids import Fingerprint
from errata.events.model import Event
from errata.grouping import frames, messages, paths
from errata.grouping.model import Dropped, Explanation, Grouping, Part
from errata.stacks.model import ExceptionBlock, StackTrace

VERSION = 1
_UNTYPED = "Error"
_QUALIFIED = re.compile(r"(?:[^\W\d]\w*\.)+([^\W\d][\w$]*)$")
_BUILT_IN = ("builtins.", "__main__.", "exceptions.")
_BARE_KEYS = ("KeyError",)

_PLACE_PARTS = ("file", "function", "inside", "about")

Fields = tuple[tuple[str, str], ...]


def group(event: Event, trace: StackTrace | None) -> Grouping:
    """Where the event belongs. Raises nothing: whatever is missing takes no part."""
    place = _place(event, trace)
    if event.error_fingerprint:
        fields: Fields = (("service", event.service), ("fingerprint", event.error_fingerprint))
        fingerprint = _hash("custom", fields)
    else:
        fields = _fields(event, trace, place)
        fingerprint = _hash(f"default {VERSION}", fields)
    return Grouping(
        version=VERSION,
        fingerprint=fingerprint,
        error_type=_type(event, trace),
        file_path=paths.shown_file(place.frame, place.family) if place else "",
        function_name=place.frame.function if place else "",
        has_in_app=place is not None and place.is_in_app,
        parts=fields,
    )


def explain(event: Event, trace: StackTrace | None) -> Explanation:
    """What went into the event's fingerprint, from what, and what was left out and why."""
    grouping = group(event, trace)
    if event.error_fingerprint:
        parts = tuple(Part(name, value, value) for name, value in grouping.parts)
    else:
        place = _place(event, trace)
        parts = tuple(
            _part(name, value, event, trace)
            if place is None or name not in _PLACE_PARTS
            else _place_part(name, value, event, trace, place)
            for name, value in grouping.parts
        )
    return Explanation(VERSION, grouping.fingerprint, bool(event.error_fingerprint), parts)


def _place(event: Event, trace: StackTrace | None) -> frames.Place | None:
    """Frames that came structured are used instead of a text's."""
    if event.frames:
        behind = (ExceptionBlock(one.type, "", one.frames, one.relation) for one in event.causes if one.frames)
        blocks = (ExceptionBlock(event.error_type, "", event.frames), *behind)
        return frames.place_of(blocks, _language(event, trace))
    return frames.place_of(trace.blocks, trace.language) if trace else None


def _language(event: Event, trace: StackTrace | None) -> str:
    """The language that the used frames are in."""
    if trace is not None and not event.frames:
        return trace.language
    return event.language or (trace.language if trace else "")


def _fields(event: Event, trace: StackTrace | None, place: frames.Place | None) -> Fields:
    error_type = _type(event, trace)
    fields = [
        ("service", event.service),
        ("type", _hashed_type(error_type, has_place=place is not None)),
        ("message", _hashed_message(error_type, _message(event, trace))),
    ]
    if place is not None:
        function = _function(place)
        fields.append(("file", paths.normalized_file(place.frame, place.family, event.service)))
        fields.append(("function", function))
        if frames.is_nameless(function):
            fields.append(("inside", frames.holder_of(place)))
            fields.append(("about", frames.code_in_message(_simple(error_type), _message(event, trace))))
    return tuple(fields)


def _type(event: Event, trace: StackTrace | None) -> str:
    return event.error_type.strip() or (trace.primary.type if trace else "") or _UNTYPED


def _message(event: Event, trace: StackTrace | None) -> str:
    """The error's own message; the log's where neither the client nor the stack gives one."""
    return event.error_message or (trace.primary.message if trace else "") or event.message


def _hashed_type(error_type: str, *, has_place: bool) -> str:
    """The class without its module where a place tells the rest: tracers send `payments.Declined`, loggers `Declined`.

    Without a place only the module of built-in classes is left out.
    """
    if has_place:
        return _simple(error_type)
    for prefix in _BUILT_IN:
        error_type = error_type.removeprefix(prefix)
    return error_type


def _simple(error_type: str) -> str:
    match = _QUALIFIED.match(error_type)
    return match[1] if match else error_type


def _hashed_message(error_type: str, message: str) -> str:
    """A KeyError's message is the key and nothing else, which some SDKs send without its quotes."""
    return "" if _simple(error_type) in _BARE_KEYS else messages.words_of(message)


def _function(place: frames.Place) -> str:
    """The normalized name; of a comprehension, which newer interpreters do not call, that of its holder."""
    name = frames.normalized_function(frames.function_in_class(place.frame, place.family), place.family)
    if frames.is_comprehension(name):
        return frames.holder_of(place) or name
    return name


@lru_cache(maxsize=2048)
def _hash(kind: str, fields: Fields) -> Fingerprint:
    """128 bits over kind, names and values, each with its length before it, so that no two lists read the same."""
    texts = [kind, *(text for field in fields for text in field)]
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    data = b"".join([b"%d:%s" % (len(text), text) for text in encoded])
    return Fingerprint(UUID(bytes=blake2b(data, digest_size=16, person=b"errata grouping").digest()))


def _part(name: str, value: str, event: Event, trace: StackTrace | None) -> Part:
    """What service, type and message were made from."""
    if name == "service":
        return Part(name, value, event.service)
    if name == "message":
        return _message_part(value, event, trace)
    raw = _type(event, trace)
    return Part(name, value, raw, _cut(raw, value, "module, where the place tells the rest"))


def _place_part(name: str, value: str, event: Event, trace: StackTrace | None, place: frames.Place) -> Part:
    """What file, function and the particulars of a nameless function were made from."""
    if name == "file":
        skipped = tuple(
            Dropped(
                f"call {call.number}: {call.frame.function} {call.frame.file or call.frame.module}", call.verdict.reason
            )
            for call in frames.skipped_before(place, _language(event, trace))
        )
        cut = paths.explained_file(place.frame, place.family, event.service)[1]
        return Part(name, value, paths.shown_file(place.frame, place.family), skipped + cut)
    if name == "about":
        return Part(name, value, _message(event, trace))
    raw = frames.function_in_class(place.frame, place.family)
    return Part(
        name, value, raw, _cut(raw, value, "address, generics, counter or receiver") if name == "function" else ()
    )


def _message_part(value: str, event: Event, trace: StackTrace | None) -> Part:
    raw = _message(event, trace)
    if _simple(_type(event, trace)) in _BARE_KEYS:
        return Part("message", value, raw, _cut(raw, value, "a KeyError's message is the key"))
    return Part("message", value, raw, messages.explained(raw)[1])


def _cut(raw: str, value: str, reason: str) -> tuple[Dropped, ...]:
    return () if raw == value else (Dropped(raw.replace(value, "", 1) if value else raw, reason),)
