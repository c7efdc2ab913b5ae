"""Datadog's trace intake, as agents offer it: the errors among a request's spans become events. Pure.

Encodings are read in `trace_payloads.py`, and which spans are errors is decided in `span_errors.py`; here an error
becomes an event. Rule: intake specification, section 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain

import msgspec

from errata.base.errors import Invalid
from errata.events.model import Event, Intake, Json, Platform, Status, Track
from errata.ingest.wire.json_text import decode_json
from errata.ingest.wire.languages import language_of_source
from errata.ingest.wire.model import Found, Ignored, Reject, WireRecord
from errata.ingest.wire.query_errors import QUERY_ERROR, with_query_errors
from errata.ingest.wire.span_errors import (
    HANDLED,
    MESSAGE,
    STACK,
    TYPE,
    UNHANDLED,
    SpanError,
    Verdicts,
    exceptions_in,
    judge,
    own_service,
)
from errata.ingest.wire.spans import Span, SpanEvent, TracePayload, events_of
from errata.ingest.wire.trace_payloads import read_traces, version_of

HEADERS_NEEDED = ("datadog-meta-lang", "datadog-client-computed-top-level")
"""The request headers that reading a request asks for, beside those of every request."""


def decode(record: WireRecord) -> list[Found]:
    """The errors of a request of traces, and what its other spans are.

    An error span is the entry of its index among the request's spans; exceptions noted in spans are numbered behind
    all spans. Raises `Invalid` when the body as a whole cannot be read.
    """
    payload = read_traces(record.body, version_of(record.path) or "v0.4", is_json=is_json(record.headers, record.body))
    noted = {span.index: _noted(span) for span in chain(*payload.traces) if span.events or "events" in span.meta}
    noted = {index: found for index, found in noted.items() if found}
    marked = record.headers.get("datadog-client-computed-top-level", "") not in ("", "0", "false")
    verdicts = judge(payload.traces, noted, marked=marked)
    numbers = _numbers(payload, noted)
    context = _Context(record, payload)
    found: list[Found] = [context.event(error, numbers) for error in verdicts.errors]
    found.sort(key=lambda event: event.entry if isinstance(event, Event) else -1)
    return [*found, *_rejects(payload), *_ignored(verdicts)]


def is_json(headers: dict[str, str], body: bytes) -> bool:
    """Whether a body is JSON, by its media type or because it begins as an array does; all else is MessagePack."""
    return "json" in headers.get("content-type", "").lower() or body[:64].lstrip()[:1] == b"["


def _noted(span: Span) -> tuple[SpanEvent, ...]:
    """The exceptions noted in a span, as its own events or as JSON text among its tags."""
    text = span.meta.get("events", "")
    told: tuple[SpanEvent, ...] = ()
    if ("exception" in text or QUERY_ERROR in text) and len(text) <= _MOST_NOTED:
        with suppress(Invalid):
            told = events_of(decode_json(text)[0])
    return exceptions_in(with_query_errors((*span.events, *told), span.meta.get("language", "")))


def _numbers(payload: TracePayload, noted: dict[int, tuple[SpanEvent, ...]]) -> dict[int, int]:
    """The entry number of the first exception of each span."""
    after = 1 + max((span.index for span in chain(*payload.traces)), default=-1)
    after = max(after, 1 + max((index for index, _ in payload.bad), default=-1))
    numbers = {}
    for index in sorted(noted):
        numbers[index] = after
        after += len(noted[index])
    return numbers


def _rejects(payload: TracePayload) -> list[Reject]:
    """One for all pieces that are no spans, under the index of the first."""
    if not payload.bad:
        return []
    kinds = sorted({_KINDS.get(type(value), "a number") for _, value in payload.bad})
    reason = f"{len(payload.bad)} spans are of another kind than a span of this encoding ({', '.join(kinds)})."
    return [Reject(payload.bad[0][0], reason)]


def _ignored(verdicts: Verdicts) -> list[Ignored]:
    found = []
    for reason, count in verdicts.ignored.items():
        span = verdicts.first[reason]
        what = f"span {span.name[:80]} of {span.service[:80]}"
        found.append(Ignored(reason, count, span.index if count == 1 else -1, what))
    return found


class _Context:
    """What a request says of all its spans."""

    def __init__(self, record: WireRecord, payload: TracePayload) -> None:
        self._received_at_ms = record.received_at_ms
        self._payload = payload
        self._language = language_of(payload.language or record.headers.get("datadog-meta-lang", ""))
        self._upper: dict[int, str] = {}
        self._versions: dict[tuple[str, str], str] = {}
        for trace in payload.traces:
            for span in trace:
                meta = span.meta
                if "_dd.p.tid" in meta:
                    self._upper.setdefault(span.trace_id, meta["_dd.p.tid"])
                if meta.get("version"):
                    self._versions.setdefault(("", ""), meta["version"])
                    self._versions.setdefault((span.service, meta.get("env", "")), meta["version"])

    def event(self, error: SpanError, numbers: dict[int, int]) -> Event:
        span, source, said = error.span, error.source, _Said(error)
        env = said.of("env") or self._payload.env
        noted = error.event
        team = said.of("team")
        return Event(
            entry=span.index if noted is None else numbers[span.index] + error.number,
            received_at=self._received_at_ms,
            track=Track.TRACE,
            intake=Intake.DD_TRACE,
            timestamp=_time_of(span, noted),
            identity=_identity(span, error.number),
            service=_text(own_service(span)),
            env=env,
            version=said.of("version") or self._version(span.service, env),
            host=said.of("_dd.hostname") or self._payload.host,
            status=Status.ERROR,
            language=language_of(said.of("language")) or self._language,
            platform=Platform.BACKEND,
            message=_text(span.resource or span.name),
            error_type=_text(source.error_type if noted is None else noted.text(TYPE).strip()),
            error_message=_text(source.error_message if noted is None else noted.text(MESSAGE)),
            error_stack=_text(source.error_stack if noted is None else noted.text(STACK)),
            error_fingerprint=_fingerprint(error),
            error_handling=_handling(error, said.of("error.handling")),
            usr_id=said.of("usr.id"),
            usr_email=said.of("usr.email"),
            usr_name=said.of("usr.name"),
            usr_anonymous_id=said.of("usr.anonymous_id"),
            session_id=said.of("usr.session_id") or said.of("session.id"),
            trace_id=self._trace_id(span),
            span_id=f"{span.span_id:016x}" if span.span_id else "",
            team=(team,) if team else (),
            attributes=_attributes(error),
        )

    def _version(self, service: str, env: str) -> str:
        """Of a span that names none: that of the same service, else of the request's program, which is one."""
        versions = self._versions
        return _text(versions.get((service, env)) or self._payload.version or versions.get(("", ""), ""))

    def _trace_id(self, span: Span) -> str:
        """All 128 bits; tracers send the upper half once a trace, as hex."""
        upper = self._upper.get(span.trace_id, "").lower()
        if len(upper) != _HEX_DIGITS or upper.strip("0123456789abcdef"):
            upper = "0" * _HEX_DIGITS
        return f"{upper}{span.trace_id:016x}" if span.trace_id else ""


class _Said:
    """What the spans of an error say: the one that its details come from, the one that counts, the entry."""

    def __init__(self, error: SpanError) -> None:
        self._metas = (error.source.meta, error.span.meta, error.entry.meta)

    def of(self, name: str) -> str:
        return next((_text(text) for meta in self._metas if (text := meta.get(name, "").strip())), "")


def language_of(name: str) -> str:
    """The language that a tracer names: `nodejs` is `javascript`; one that is not known stays as it is."""
    return language_of_source(name) or name.strip().lower()


def _time_of(span: Span, noted: SpanEvent | None) -> int | None:
    """Epoch milliseconds: when the span ended, or when the exception was noted."""
    ns = (noted.time_ns if noted is not None else 0) or (span.start + max(0, span.duration) if span.start else 0)
    return ns // 1_000_000 if 0 < ns < _LAST_NS else None


def _identity(span: Span, number: int) -> str:
    """A span sent again is the same error. The lower half of the trace id is on every span, the upper is not."""
    if not span.span_id or not span.trace_id:
        return ""
    name = f"span:{span.trace_id:016x}:{span.span_id:016x}"
    return name if number < 0 else f"{name}:{number}"


def _fingerprint(error: SpanError) -> str:
    """As the program set it, whatever is in it."""
    own = error.event.text("error.fingerprint") if error.event is not None else ""
    metas = (error.source.meta, error.span.meta, error.entry.meta) if error.event is None else (error.span.meta,)
    return _text(own or next((text for meta in metas if (text := meta.get("error.fingerprint", ""))), ""))


def _handling(error: SpanError, said: str) -> str:
    said = said.lower()
    return said if error.event is None and said in {HANDLED, UNHANDLED} else error.handling


def _attributes(error: SpanError) -> dict[str, Json]:
    """Tags and numbers of the spans that tell of the error, those nearest to it last, and the span's own fields."""
    span, source = error.span, error.source
    found: dict[str, Json] = {}
    for one in _each_once(error.entry, span, source):
        found.update((_text(name), _text(text)) for name, text in one.meta.items() if not _is_left_out(name))
        found.update((_text(name), _number(value)) for name, value in one.metrics.items() if not _is_left_out(name))
    for name in ("git.commit.sha", "git.repository_url"):
        if name not in found and (text := error.entry.meta.get(f"_dd.{name}") or span.meta.get(f"_dd.{name}")):
            found[name] = _text(text)
    if error.event is not None:
        found.update(
            (_text(name), _clean(value)) for name, value in error.event.attributes.items() if name not in _EVENT
        )
    found.update((name, _text(text)) for name, text in _span_fields(span) if text)
    if span.duration > 0:
        found["duration"] = span.duration
    if source is not span:
        found["failing_span"] = {"span_id": f"{source.span_id:016x}", **{n: _text(t) for n, t in _span_fields(source)}}
    return found


def _each_once(*spans: Span) -> Iterable[Span]:
    return {span.index: span for span in spans}.values()


def _span_fields(span: Span) -> tuple[tuple[str, str], ...]:
    return ("resource", span.resource), ("name", span.name), ("type", span.type)


def _is_left_out(name: str) -> bool:
    return name in _TAKEN or name.startswith(("_dd.", "_sampling", "_top_level"))


def _number(value: float) -> Json:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        if value.is_integer() and abs(value) < _EXACT:
            return int(value)
    return value


def _clean(value: object) -> Json:
    """A JSON value whose texts can be stored."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_text(str(name)): _clean(item) for name, item in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    return value if value is None or isinstance(value, bool) else None


def _text(text: str) -> str:
    """A text without what no text may hold."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        msgspec.json.encode(text)
    except UnicodeEncodeError:  # half a surrogate pair
        return text.encode("utf-8", "replace").decode()
    return text


_KINDS = {
    type(None): "null or unreadable",
    bool: "a boolean",
    bytes: "bytes",
    str: "a text",
    list: "a list",
    dict: "a map",
}
_HEX_DIGITS = 16
_MOST_NOTED = 2 << 20
"""Characters of noted exceptions that are read; small objects take fifty times as much memory."""
_LAST_NS = 253_402_214_400_000_000_000  # the last day that a date can name
_EXACT = 2.0**53
_EVENT = (TYPE, MESSAGE, STACK, "exception.escaped", "error.fingerprint")
_TAKEN = frozenset((
    "service", "env", "version", "language", "team", "events", "usr.id", "usr.email", "usr.name", "usr.anonymous_id",
    "usr.session_id", "session.id", "error.type", "error.message", "error.msg", "error.stack", "error.fingerprint",
    "error.handling",
))  # fmt: skip
"""Tags that are fields of the event."""
