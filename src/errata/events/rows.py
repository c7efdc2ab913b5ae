"""What one event becomes in the event store: a row whose fields are the table's columns. Pure.

The table itself stands in `storage/migrations/events`; reading and writing rows is `events/store.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from errata.base.ids import Fingerprint
from errata.events.model import Cause, Event, Json, Minified
from errata.events.stack_texts import template_of, text_of
from errata.query.numbers import number_text
from errata.stacks.model import Frame

NO_FINGERPRINT = Fingerprint(UUID(int=0))


class EventRow(msgspec.Struct, frozen=True, gc=False, kw_only=True, array_like=True):
    """One stored error. Field order is column order, and an encoded row is an array.

    `timestamp` and `received_at` are epoch seconds, UTC, exact to the millisecond: the one number that every version
    of the engine reads as an instant. `usr_key` and `session_key` are hashes that make distinct counts cheap; 0 means
    nobody and no session.
    `payload` is a JSON text of `Payload`. `former_fingerprint` is what the error has without its source map, or by an
    older method of grouping; zeros where it has no other.
    """

    batch: int
    node: UUID
    position: int
    entry: int
    event_id: UUID
    timestamp: float
    received_at: float
    time_clamped: bool
    fingerprint: UUID
    grouping_version: int
    track: str
    intake: str
    status: str
    platform: str
    language: str
    service: str
    env: str
    version: str
    host: str
    source: str
    message: str
    error_type: str
    own_error_message: str
    has_own_error_message: bool
    stack_template: str
    stack_holds_message: bool
    error_fingerprint: str
    error_handling: str
    error_source: str
    error_category: str
    is_crash: bool
    has_in_app: bool
    file_path: str
    function_name: str
    usr_id: str
    usr_email: str
    usr_name: str
    usr_anonymous_id: str
    usr_key: int
    session_id: str
    session_key: int
    trace_id: str
    span_id: str
    team: tuple[str, ...]
    tags: tuple[str, ...]
    attributes: dict[str, list[str]]
    payload: str
    former_fingerprint: UUID = NO_FINGERPRINT

    @property
    def error_message(self) -> str:
        """The error's message, which is stored only where it is not the event's."""
        return self.own_error_message if self.has_own_error_message else self.message

    @property
    def error_stack(self) -> str:
        """The stack's text; `stack_template` is what is stored of it."""
        return text_of(self.stack_template, self.error_message, holds_message=self.stack_holds_message)


class Payload(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What is kept of an event beside its searchable columns.

    `frames` are those that came structured (a stack that came as text is kept as that text, and parsed again to be
    shown), `attributes` the JSON as it came, `details` what is shown but not searched, `cut` names what was shortened
    or left out. `minified` is what came where the row holds what source maps made of it. Stored: only ever add fields.
    """

    frames: tuple[Frame, ...] = ()
    causes: tuple[Cause, ...] = ()
    attributes: dict[str, Any] = {}  # JSON values; msgspec cannot decode a type that contains itself
    details: dict[str, Any] = {}
    cut: tuple[str, ...] = ()
    minified: Minified | None = None


@dataclass(frozen=True, slots=True)
class FlatBounds:
    """How far attributes are made searchable; what lies beyond stays readable in the payload only.

    Counts are per event: `max_keys` dotted paths, `max_values` elements of one path, `max_chars` of one value,
    `max_depth` levels of objects and arrays.
    """

    max_keys: int = 512
    max_values: int = 256
    max_chars: int = 4096
    max_depth: int = 32


DEFAULT_BOUNDS = FlatBounds()
SEARCH_CUT = "attributes.search"
"""The mark in `Payload.cut` of an event whose attributes passed a bound of `FlatBounds`."""


def row_of(
    event: Event,
    *,
    batch: int,
    node: UUID,
    position: int,
    event_id: UUID,
    timestamp: int,
    time_clamped: bool,
    fingerprint: UUID,
    grouping_version: int,
    file_path: str,
    function_name: str,
    has_in_app: bool,
    error_type: str | None = None,
    former_fingerprint: UUID = NO_FINGERPRINT,
    bounds: FlatBounds = DEFAULT_BOUNDS,
) -> EventRow:
    """The row of a qualified, scrubbed and grouped event.

    `timestamp` is the event time after clamping, in epoch milliseconds. `file_path` and `function_name` belong to
    the frame that the grouping chose. `error_type` is the name under which the event was grouped; without it the
    event's own stands. `former_fingerprint` is as in `EventRow`.
    """
    flat, cut_short = _flatten(event.attributes, bounds)
    has_own_message = event.error_message != event.message
    stack_template, stack_holds_message = template_of(event.error_stack, event.error_message)
    return EventRow(
        batch=batch,
        node=node,
        position=position,
        entry=event.entry,
        event_id=event_id,
        timestamp=timestamp / 1000,
        received_at=event.received_at / 1000,
        time_clamped=time_clamped,
        fingerprint=fingerprint,
        grouping_version=grouping_version,
        track=event.track,
        intake=event.intake,
        status=event.status,
        platform=event.platform,
        language=event.language,
        service=event.service,
        env=event.env,
        version=event.version,
        host=event.host,
        source=event.source,
        message=event.message,
        error_type=event.error_type if error_type is None else error_type,
        own_error_message=event.error_message if has_own_message else "",
        has_own_error_message=has_own_message,
        stack_template=stack_template,
        stack_holds_message=stack_holds_message,
        error_fingerprint=event.error_fingerprint,
        error_handling=event.error_handling,
        error_source=event.error_source,
        error_category=event.error_category,
        is_crash=event.is_crash,
        has_in_app=has_in_app,
        file_path=file_path,
        function_name=function_name,
        usr_id=event.usr_id,
        usr_email=event.usr_email,
        usr_name=event.usr_name,
        usr_anonymous_id=event.usr_anonymous_id,
        usr_key=0 if event.is_of_test else key_of(event.usr_id or event.usr_email or event.usr_anonymous_id),
        session_id=event.session_id,
        session_key=0 if event.is_of_test else key_of(event.session_id),
        trace_id=event.trace_id,
        span_id=event.span_id,
        team=event.team,
        tags=event.tags,
        attributes=flat,
        payload=_payload(event, cut_short=cut_short),
        former_fingerprint=former_fingerprint,
    )


def flatten(attributes: dict[str, Json], bounds: FlatBounds = DEFAULT_BOUNDS) -> dict[str, list[str]]:
    """Every leaf under its dotted path, as the texts that a search compares with.

    Arrays keep their elements and arrays of objects are walked into (`a.list.name` has one element an object). An
    absent key and `null` are not there, `[]` is a key without elements, `""` one empty element; `true` and `false`
    stand for booleans, numbers read as `number_text` writes them. Beyond the bounds values are left out.
    """
    return _flatten(attributes, bounds)[0]


def key_of(name: str) -> int:
    """A stable 64-bit number for a person or session, so that counting them reads no texts; 0 for the empty name."""
    if not name:
        return 0
    digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8, usedforsecurity=False).digest()
    return int.from_bytes(digest, "little") or 1


def without_surrogates(row: EventRow) -> EventRow:
    """The same row with every lone surrogate replaced by a question mark, so that it can be written as UTF-8."""
    return msgspec.convert([_clean(value) for value in msgspec.structs.astuple(row)], EventRow)


_encode = msgspec.json.Encoder().encode


def _payload(event: Event, *, cut_short: bool) -> str:
    payload = Payload(
        frames=event.frames,
        causes=event.causes,
        attributes=event.attributes,
        details=event.details,
        cut=(*event.cut, SEARCH_CUT) if cut_short else event.cut,
        minified=event.minified,
    )
    try:
        return _encode(payload).decode()
    except UnicodeEncodeError:
        return _encode(_clean(msgspec.to_builtins(payload))).decode()


def _clean(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_clean(key): _clean(item) for key, item in value.items()}
        case list() | tuple():
            return [_clean(item) for item in value]
        case _:
            return value


def _flatten(attributes: dict[str, Json], bounds: FlatBounds) -> tuple[dict[str, list[str]], bool]:
    flat = _Flat(bounds)
    for key, value in attributes.items():
        flat.add(key, value, 1)
    return flat.values, flat.cut


class _Flat:
    """The paths gathered so far, and whether a bound left something out."""

    __slots__ = ("_bounds", "cut", "values")

    def __init__(self, bounds: FlatBounds) -> None:
        self.values: dict[str, list[str]] = {}
        self.cut = False
        self._bounds = bounds

    def add(self, path: str, value: Json, depth: int) -> None:
        if isinstance(value, str):
            self._leaf(path, value)
        elif value is True or value is False:
            self._leaf(path, "true" if value else "false")
        elif isinstance(value, int | float):
            self._leaf(path, number_text(value))
        elif value is None:
            return
        elif depth > self._bounds.max_depth:
            self.cut = True
        elif isinstance(value, dict):
            for key, item in value.items():
                self.add(f"{path}.{key}", item, depth + 1)
        else:
            self._array(path, value, depth)

    def _array(self, path: str, elements: list[Json], depth: int) -> None:
        if all(element is None for element in elements):
            self._slot(path)
        for element in elements:
            self.add(path, element, depth + 1)

    def _leaf(self, path: str, text: str) -> None:
        values, bounds = self.values, self._bounds
        if path not in values and len(values) < bounds.max_keys and len(text) <= bounds.max_chars:
            values[path] = [text]
            return
        slot = self._slot(path)
        if slot is None:
            return
        if len(slot) >= self._bounds.max_values:
            self.cut = True
            return
        if len(text) > self._bounds.max_chars:
            self.cut = True
            text = text[: self._bounds.max_chars]
        slot.append(text)

    def _slot(self, path: str) -> list[str] | None:
        slot = self.values.get(path)
        if slot is None:
            if len(self.values) >= self._bounds.max_keys:
                self.cut = True
                return None
            slot = self.values[path] = []
        return slot
