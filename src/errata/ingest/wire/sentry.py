"""Sentry's protocol: envelopes and single events, each event an error and everything else told by its kind. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from typing import Any

from errata.base.errors import Invalid, TooLarge
from errata.events.model import Event, NotAnError
from errata.ingest.inflate import inflate
from errata.ingest.wire.json_text import decode_json
from errata.ingest.wire.model import Found, Ignored, Reject, WireRecord
from errata.ingest.wire.sentry_envelope import EVENT, Envelope, Item, envelope_of, event_id_of, read_envelope
from errata.ingest.wire.sentry_events import Circumstances, event_of
from errata.ingest.wire.times import epoch_ms_of

MAX_EVENT_BYTES = 4 << 20
"""Of one event without its compression. Sentry itself takes 1 MB."""
SENT_AT_HEADER = "sentry-timestamp"
"""Where the door keeps the time that old clients say in `X-Sentry-Auth`."""
ADDRESS = re.compile(r"/api/([0-9]{1,18})/(envelope|store)/?$")
"""The addresses of the protocol: the project's number and what is sent there."""


def decode(record: WireRecord) -> list[Found]:
    """The events of a request, and how many items of other kinds it has.

    An envelope should hold one event; each of several is read. Raises `Invalid` for a body that is no envelope (or,
    at `/store/`, no event) at all.
    """
    if is_store(record.path):
        return [_found(0, _event_in_store(record.body), "", record, has_dump=False)]
    envelope = read_envelope(record.body)
    has_dump = any(_is_dump(item) for item in envelope.items)
    found: list[Found] = []
    envelope_id = envelope.event_id
    for entry, item in enumerate(envelope.items):
        if item.type == EVENT:
            found.append(_read(entry, item, envelope, envelope_id, record, has_dump=has_dump))
            envelope_id = ""  # it names one event only
    return [*found, *ignored_in(envelope)]


def ignored_in(envelope: Envelope) -> list[Ignored]:
    """What is in an envelope beside events, by kind."""
    return _told(Counter(item.type for item in envelope.items if item.type != EVENT))


def alone(record: WireRecord, entry: int) -> bytes:
    """A body that holds nothing but one event."""
    if is_store(record.path):
        return record.body
    envelope = read_envelope(record.body)
    return envelope_of(envelope.headers, envelope.items[entry])


def is_store(path: str) -> bool:
    """Whether an address is the older one, which takes a single event."""
    return path.rstrip("/").endswith("/store")


def store_json(body: bytes) -> bytes:
    """The JSON text of a body sent to `/store/`: itself, or what clients of old packed as zlib and base64.

    Raises `Invalid`, or `TooLarge` for more than `MAX_EVENT_BYTES`.
    """
    start = body[:64].lstrip()[:1]
    if start == b"{":
        packed = body
    elif start and (body[0] << 8 | body[1] if len(body) > 1 else 0) % 31 == 0 and body[0] & 0x0F == _ZLIB:
        packed = inflate(body, "deflate", MAX_EVENT_BYTES)
    else:
        packed = _unpacked(body)
    if len(packed) > MAX_EVENT_BYTES:
        raise too_large()
    return packed


def too_large() -> TooLarge:
    """What is said of an event that is too large."""
    return TooLarge(f"The event is larger than {MAX_EVENT_BYTES} bytes without its compression.", where="body")


def _unpacked(body: bytes) -> bytes:
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("The body is neither a JSON object nor one in zlib and base64.", where="body") from None
    return raw if raw.lstrip()[:1] == b"{" else inflate(raw, "deflate", MAX_EVENT_BYTES)


def _event_in_store(body: bytes) -> dict[str, Any]:
    value, _ = decode_json(store_json(body))
    if type(value) is not dict:
        raise Invalid("The body is no JSON object.", where="body")
    return value


def _read(entry: int, item: Item, envelope: Envelope, envelope_id: str, record: WireRecord, *, has_dump: bool) -> Found:
    """One event item. `envelope_id` wins over the payload's own id."""
    if len(item.payload) > MAX_EVENT_BYTES:
        return Reject(entry, too_large().message, envelope_of(envelope.headers, item))
    try:
        said, _ = decode_json(item.payload)
    except Invalid as error:
        return Reject(entry, error.message, envelope_of(envelope.headers, item))
    if type(said) is not dict:
        return Reject(entry, "The event is no JSON object.", envelope_of(envelope.headers, item))
    sent_at = envelope.headers.get("sent_at")
    return _found(entry, said, envelope_id, record, sent_at=sent_at, has_dump=has_dump)


def _found(
    entry: int, said: dict[str, Any], envelope_id: str, record: WireRecord, *, sent_at: Any = None, has_dump: bool
) -> Event | Ignored:
    if said.get("type") == _TRANSACTION:
        return Ignored(NotAnError.SENTRY_TRANSACTION, entry=entry, what="a transaction sent as an event")
    address = ADDRESS.search(record.path)
    project = int(address[1]) if address else 0
    around = Circumstances(
        entry=entry,
        received_at_ms=record.received_at_ms,
        event_id=envelope_id or event_id_of(said.get("event_id")),
        project=project,
        project_name=record.project_names.get(project, ""),
        shift_ms=_shift(sent_at or record.headers.get(SENT_AT_HEADER), record.received_at_ms),
        has_dump=has_dump,
    )
    return event_of(said, around)


def _shift(sent_at: object, received_at_ms: int) -> int:
    """How far the client's clock is behind ours: arrival minus sending, where that is more than a request takes."""
    at = epoch_ms_of(sent_at, received_at_ms)
    if at is None or abs(received_at_ms - at) <= _TOLERANCE_MS:
        return 0
    return received_at_ms - at


def _is_dump(item: Item) -> bool:
    return item.type == "attachment" and item.headers.get("attachment_type") in _DUMPS


def _told(others: Counter[str]) -> list[Ignored]:
    """The other items by reason, in the order of the reasons' names."""
    by_reason: dict[NotAnError, Counter[str]] = {}
    for kind, count in others.items():
        by_reason.setdefault(KINDS.get(kind, NotAnError.SENTRY_OTHER), Counter())[kind] += count
    return [
        Ignored(reason, sum(kinds.values()), what=", ".join(f"{kind[:40]} item" for kind in sorted(kinds)[:4]))
        for reason, kinds in sorted(by_reason.items())
    ]


KINDS = {
    "session": NotAnError.SENTRY_SESSION,
    "sessions": NotAnError.SENTRY_SESSION,
    "transaction": NotAnError.SENTRY_TRANSACTION,
    "span": NotAnError.SENTRY_SPAN,
    "otel_span": NotAnError.SENTRY_SPAN,
    "log": NotAnError.SENTRY_LOG,
    "otel_log": NotAnError.SENTRY_LOG,
    "client_report": NotAnError.SENTRY_CLIENT_REPORT,
    "profile": NotAnError.SENTRY_PROFILE,
    "profile_chunk": NotAnError.SENTRY_PROFILE,
    "replay_event": NotAnError.SENTRY_REPLAY,
    "replay_recording": NotAnError.SENTRY_REPLAY,
    "replay_video": NotAnError.SENTRY_REPLAY,
    "check_in": NotAnError.SENTRY_CHECK_IN,
    "attachment": NotAnError.SENTRY_ATTACHMENT,
    "feedback": NotAnError.SENTRY_FEEDBACK,
    "user_report": NotAnError.SENTRY_FEEDBACK,
    "user_report_v2": NotAnError.SENTRY_FEEDBACK,
    "statsd": NotAnError.SENTRY_METRIC,
    "metric_buckets": NotAnError.SENTRY_METRIC,
    "trace_metric": NotAnError.SENTRY_METRIC,
}
"""Item types that are no errors, and how they are counted."""
_TRANSACTION = "transaction"
_DUMPS = frozenset({"event.minidump", "event.applecrashreport"})
_TOLERANCE_MS = 60_000
_ZLIB = 8
