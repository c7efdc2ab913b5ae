"""Datadog's RUM intake: events of browser and mobile SDKs, one a line; errors become events. Pure.

A request mixes views, actions, resources and errors. Which errors count and what they say stands in `rum_events.py`.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from errata.base.errors import Invalid
from errata.events.model import Event, NotAnError
from errata.ingest.wire.json_text import decode_json, has_nul
from errata.ingest.wire.model import Found, Ignored, Reject, WireRecord
from errata.ingest.wire.reserved import Fields
from errata.ingest.wire.retries import IDEMPOTENCY_HEADER
from errata.ingest.wire.rum_events import error_of
from errata.ingest.wire.rum_views import Viewers
from errata.ingest.wire.split import Entry, entries_of
from errata.ingest.wire.tags import DEFAULT_HEADERS, Defaults, defaults_of

HEADERS_NEEDED = frozenset({"content-encoding", IDEMPOTENCY_HEADER, *DEFAULT_HEADERS})
"""The request headers that reading a request asks for: what a journal has to keep of them."""


def split(body: bytes, most: int = sys.maxsize) -> list[Entry]:
    """The entries of an inflated body: events one a line, or an array of them. The content type says nothing here.

    Raises `Invalid` when nothing in the body is an object, `TooLarge` for more than `most` entries.
    """
    try:
        return entries_of(body, "application/json", most)
    except Invalid:
        # A line that is no JSON makes a whole of JSON unreadable, but none of the other lines.
        lines = entries_of(body, "text/plain", most) if body.strip() else []
        if all(line.is_text for line in lines):
            raise
        return lines


@dataclass(frozen=True, slots=True)
class Look:
    """A request at a glance: how many entries, whether any may be an error, and what the others are."""

    entries: int
    keep: bool
    ignored: tuple[Ignored, ...]


def look(body: bytes, most: int) -> Look:
    """What a request holds, without reading what is inside its events. Raises as `split`."""
    sorted_ = _sorted(split(body, most), Viewers())
    count = len(sorted_.errors) + len(sorted_.refused) + sorted_.others.total()
    return Look(count, bool(sorted_.errors or sorted_.refused), tuple(_counted(sorted_.others)))


def decode(record: WireRecord) -> list[Found]:
    """A request's errors as events, and how many of its entries are of other kinds.

    An error that names no user has the one whom the request's views name. Raises `Invalid` when nothing in the body
    is an object.
    """
    defaults, viewers = defaults_of(record), Viewers()
    sorted_ = _sorted(split(record.body), viewers)
    outcomes: list[Found] = [*sorted_.refused]
    not_counted: Counter[tuple[NotAnError, str]] = Counter()
    for entry in sorted_.errors:
        outcome = _error(entry, record.received_at_ms, defaults, viewers)
        if isinstance(outcome, Event):
            outcomes.append(outcome)
        else:
            not_counted[outcome] += 1
    outcomes += _counted(sorted_.others)
    outcomes += [Ignored(reason, count, what=what) for (reason, what), count in not_counted.items()]
    return outcomes


def alone(record: WireRecord, index: int) -> bytes:
    """A body that holds one entry of a request that could be decoded, and nothing else."""
    return split(record.body)[index].raw


class _Named(msgspec.Struct, gc=False):
    id: Any = None


class _Peek(msgspec.Struct, gc=False):
    """What has to be known of every event; most are no errors, and the rest of those is passed over unread."""

    type: Any = None
    session: _Named | None = None
    view: _Named | None = None
    usr: Any = None


@dataclass(slots=True)
class _Sorted:
    """A request's entries: errors, what is no event, and how many there are of each other kind."""

    errors: list[Entry] = field(default_factory=list)
    refused: list[Reject] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)


def _sorted(entries: list[Entry], viewers: Viewers) -> _Sorted:
    found = _Sorted()
    for entry in entries:
        kind = _note(entry, viewers)
        if isinstance(kind, Reject):
            found.refused.append(kind)
        elif kind == "error":
            found.errors.append(entry)
        else:
            found.others[kind if kind in _KINDS else _UNKNOWN] += 1
    return found


def _counted(others: Counter[str]) -> list[Ignored]:
    return [Ignored(_reason(kind), count, what=f"RUM events: {kind}") for kind, count in others.items()]


def _note(entry: Entry, viewers: Viewers) -> str | Reject:
    """The kind of an event, empty where it has none, or why it is no event; a view's user is noted."""
    raw = entry.raw
    if raw.lstrip()[:1] != b"{":
        return Reject(entry.index, "A RUM event is a JSON object.", raw)
    try:
        if has_nul(raw):
            raise msgspec.ValidationError
        seen = _peek(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _note_patiently(entry, viewers)
    if seen.type == "view":
        viewers.note(seen.view and seen.view.id, seen.session and seen.session.id, seen.usr)
    return seen.type if type(seen.type) is str else ""


def _note_patiently(entry: Entry, viewers: Viewers) -> str | Reject:
    """The same for an event that the quick reader does not take."""
    try:
        value, _ = decode_json(entry.raw)
    except Invalid as error:
        return Reject(entry.index, error.message, entry.raw)
    kind = value.get("type")
    if kind == "view":
        view, session = (value.get(name) for name in ("view", "session"))
        view_id, session_id = (each.get("id") if type(each) is dict else None for each in (view, session))
        viewers.note(view_id, session_id, value.get("usr"))
    return kind if type(kind) is str else ""


def _error(entry: Entry, received_at_ms: int, defaults: Defaults, viewers: Viewers) -> Event | tuple[NotAnError, str]:
    value: Fields
    value, marks = decode_json(entry.raw)
    outcome = error_of(value, entry.index, received_at_ms, defaults, viewers, marks)
    if isinstance(outcome, Event):
        return outcome
    said = value.get("error")
    source = said.get("source") if type(said) is dict else None
    return outcome, f"RUM errors of the source {source if type(source) is str and source in _SOURCES else _UNKNOWN}"


def _reason(kind: str) -> NotAnError:
    return NotAnError.TELEMETRY if kind == "telemetry" else NotAnError.RUM_KIND


_peek = msgspec.json.Decoder(_Peek).decode
_UNKNOWN = "unknown"
_KINDS = frozenset(
    {"view", "view_update", "action", "resource", "long_task", "vital", "session", "transition", "telemetry"}
)
_SOURCES = frozenset({"network", "source", "console", "logger", "agent", "webview", "custom", "report"})
