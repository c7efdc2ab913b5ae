"""The addresses of Sentry's protocol: `/api/<project>/envelope/` and `/api/<project>/store/`.

Source: the pages on authentication, envelopes and rate limits in Sentry's developer documentation. The project's
number chooses a name for the service at most; who may send is told by the key alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import msgspec

from errata.base.errors import ErrataError, Forbidden, Invalid, TooMany, Unavailable
from errata.events.model import Intake
from errata.ingest.answers import Answer, answer, answer_of
from errata.ingest.doors.door import Arrival, Checked, Door, DoorLimits, Route
from errata.ingest.request import Said, kept_headers, said_by
from errata.ingest.wire.json_text import decode_json
from errata.ingest.wire.sentry import (
    ADDRESS,
    MAX_EVENT_BYTES,
    SENT_AT_HEADER,
    ignored_in,
    is_store,
    store_json,
    too_large,
)
from errata.ingest.wire.sentry_envelope import EVENT, event_id_of, read_envelope, trimmed


class SentryDoor(Door):
    """Envelopes and single events. An envelope without any event is answered and not kept."""

    intake = Intake.SENTRY.value
    has_key_in_body = True

    def said(self, scope: Any, path_key: str) -> Said:
        """The key of the query or of a header; several must be the same. Raises `Invalid`, `Forbidden`."""
        keys, kept_query = _split_query(scope["query_string"])
        said = said_by(scope["headers"], kept_query, path_key, _KEPT)
        for name, value in scope["headers"]:
            if name in _AUTH_HEADERS:
                auth = _auth(value.decode("latin-1"))
                keys.append(auth.get("sentry_key", ""))
                if sent_at := auth.get("sentry_timestamp"):
                    said.headers[SENT_AT_HEADER] = sent_at
        said.secret = _one([*keys, said.secret])
        return said

    def key_in(self, beginning: bytes) -> str:
        """The key of the DSN in an envelope's first line."""
        try:
            return _key_in_dsn(_read_dsn(beginning.partition(b"\n")[0]).dsn)
        except (msgspec.MsgspecError, RecursionError):
            return ""

    def check(self, arrival: Arrival) -> Checked:
        """Look at an envelope's framing, and whether its events are JSON objects that are not too large."""
        if is_store(arrival.path):
            return Checked(1, _accepted(_event_id(store_json(arrival.body))))
        envelope = read_envelope(arrival.body)
        events = [item.payload for item in envelope.items if item.type == EVENT]
        ids = [_event_id(payload) for payload in events]
        accepted = _accepted(envelope.event_id or next(iter(ids), ""))
        if not events:
            return Checked(0, accepted, keep=False, ignored=tuple(ignored_in(envelope)))
        body = trimmed(arrival.body, envelope)
        return Checked(len(events), accepted, body=None if body is arrival.body else body)

    def refusal(self, error: ErrataError, scope: Any) -> Answer:  # noqa: ARG002 - the same for all of them
        """In Sentry's form: `{"detail": ...}`, the same words in a header, and how long its SDKs are to hold back."""
        words = error.message
        if error.code == "unauthenticated":
            words = "No key was sent: it belongs in the query as sentry_key, or in the header X-Sentry-Auth."
        headers = [(b"x-sentry-error", words[:_MAX_HEADER].encode("ascii", "replace").replace(b"\n", b" ")), _EXPOSED]
        if isinstance(error, TooMany | Unavailable):
            seconds = str(error.retry_after_s).encode()
            headers += [(b"retry-after", seconds), (b"x-sentry-rate-limits", seconds + b"::organization")]
        plain = answer_of(error).start
        headers += [pair for pair in plain["headers"] if pair[0] == b"allow"]
        status = plain["status"]
        status = _FORBIDDEN if status == _UNAUTHENTICATED else status
        return answer(status, msgspec.json.encode({"detail": words, "causes": []}), tuple(headers))


class SentryRoutes:
    """`/api/<number>/envelope/` and `/api/<number>/store/`, with or without the last slash."""

    def __init__(self, limits: DoorLimits) -> None:
        self._door = SentryDoor(limits)
        self.exact: dict[str, Route] = {}

    def find(self, path: str) -> Route | None:
        """The route of a project's address; None for other paths."""
        match = ADDRESS.match(path)
        return Route(self._door, f"/api/{match[1]}/{match[2]}/") if match else None


class _Id(msgspec.Struct, gc=False):
    event_id: Any = None


class _Dsn(msgspec.Struct, gc=False):
    dsn: Any = None


def _event_id(payload: bytes) -> str:
    """The id in an event's payload. Raises `Invalid` for what is no JSON object, `TooLarge`."""
    if len(payload) > MAX_EVENT_BYTES:
        raise too_large()
    try:
        return event_id_of(_read_id(payload).event_id)
    except (msgspec.MsgspecError, RecursionError):
        value, _ = decode_json(payload)  # what a patient reader can save, the digest will
    if type(value) is not dict:
        raise Invalid("The event is no JSON object.", where="body")
    return event_id_of(value.get("event_id"))


def _accepted(event_id: str) -> Answer:
    return answer(200, msgspec.json.encode({"id": event_id} if event_id else {}), (_EXPOSED,))


def _split_query(query: bytes) -> tuple[list[str], bytes]:
    """The keys in a query, and the query without them."""
    keys: list[str] = []
    kept: list[str] = []
    for pair in query.decode("latin-1").split("&") if query else ():
        name, _, value = pair.partition("=")
        known = unquote_plus(name).strip().lower()
        if known == "sentry_key":
            keys.append(unquote_plus(value).strip())
        elif known != "sentry_secret":
            kept.append(pair)
    return keys, "&".join(kept).encode("latin-1")


def _auth(value: str) -> dict[str, str]:
    """The pairs of `Sentry sentry_key=..., sentry_version=7`; none of another scheme."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "sentry":
        return {}
    pairs = (part.partition("=") for part in rest[:_MAX_AUTH].split(","))
    return {name.strip().lower(): inner.strip().strip('"') for name, _, inner in pairs}


def _one(keys: Iterable[str]) -> str:
    given = {key for key in keys if key}
    if len(given) > 1:
        raise Forbidden("Two different keys were sent.")
    return given.pop() if given else ""


def _key_in_dsn(dsn: object) -> str:
    """The key in `https://<key>@<host>/<project>`; empty for what is no address."""
    try:
        return urlsplit(dsn).username or "" if isinstance(dsn, str) else ""
    except ValueError:
        return ""


_read_id = msgspec.json.Decoder(_Id).decode
_read_dsn = msgspec.json.Decoder(_Dsn).decode
_KEPT = kept_headers(())
_AUTH_HEADERS = (b"x-sentry-auth", b"authorization")
_EXPOSED = (b"access-control-expose-headers", b"x-sentry-error, x-sentry-rate-limits, retry-after")
_UNAUTHENTICATED, _FORBIDDEN = 401, 403
_MAX_AUTH, _MAX_HEADER = 4096, 400
