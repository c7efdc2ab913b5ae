"""The API as one ASGI application: finds the operation, reads the body, runs the handler in a thread, answers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import anyio.to_thread
import msgspec
import structlog
from anyio import CapacityLimiter

from errata.api.auth import Doorkeeper, admit
from errata.api.errors import Refusal, refusal, refusal_of
from errata.api.explain import decode
from errata.api.operation import Call, Operation, Style
from errata.api.rooms import Rooms
from errata.api.routing import Found, Routes, WrongMethod
from errata.base.errors import ErrataError, Fault, Invalid, TooLarge, TooMany, Unavailable
from errata.base.ids import random_id

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = dict[str, str]
Observe = Callable[[str, int, float], None]
"""Told of every call: the operation's name (`none` for an unknown path), the status, and the seconds it took."""

MAX_QUERY_FIELDS = 200
_log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode
_FIXED_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


class _Left(Exception):
    """The client went away before its request was complete."""


class Api:
    """Answers every request for a path of the API.

    `documents` are answered to anybody, by path. `max_body_bytes` bounds a request's body. `threads` handlers run at
    a time and `max_waiting` requests wait for one of them; whoever comes then is told to come back (429).
    """

    def __init__(
        self,
        operations: Iterable[Operation[Any]],
        rooms: Rooms,
        doorkeeper: Doorkeeper,
        *,
        documents: Mapping[str, Document] | None = None,
        max_body_bytes: int = 1 << 20,
        threads: int = 16,
        max_waiting: int = 256,
        observe: Observe | None = None,
    ) -> None:
        operations = tuple(operations)
        self._routes = Routes(operations)
        self._decoders = {op.name: msgspec.json.Decoder(op.body) for op in operations if op.body is not None}
        self._documents = documents or {}
        self._rooms = rooms
        self._doorkeeper = doorkeeper
        self._max_body_bytes = max_body_bytes
        self._limiter = CapacityLimiter(threads)
        self._max_inside = threads + max_waiting
        self._inside = 0
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request; other kinds of scope are nobody's business here."""
        if scope["type"] != "http":
            raise RuntimeError(f"the API speaks HTTP only, not {scope['type']}")
        started = time.monotonic()
        head = scope["method"] == "HEAD"
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        document = self._documents.get(path)
        if document is not None:
            await _send(send, _published(document, scope["method"]), head=head)
            return
        found = self._routes.find(scope["method"], path)
        if not isinstance(found, Found):
            await _send(send, _refused(_nowhere(found), Style.PLAIN), head=head)
            self._tell("none", 404 if found is None else 405, started)
            return
        try:
            answer = await self._answer(found, scope, receive)
        except _Left:
            return
        await _send(send, answer, head=head)
        self._tell(found.operation.name, answer.status, started)

    async def _answer(self, found: Found, scope: Scope, receive: Receive) -> Answer:
        style = found.operation.style
        if self._inside >= self._max_inside:
            return self._refuse(TooMany("too many calls at once; try again in a moment"), style)
        self._inside += 1
        try:
            body = await read_body(scope, receive, self._max_body_bytes)
            run = partial(self._run, found, scope, body)
            return await anyio.to_thread.run_sync(run, limiter=self._limiter)
        except ErrataError as error:
            return self._refuse(error, style)
        finally:
            self._inside -= 1

    def _run(self, found: Found, scope: Scope, body: bytes) -> Answer:
        operation = found.operation
        try:
            caller = admit(self._doorkeeper, operation, scope["headers"])
            values = values_of(operation, found.values, scope["query_string"])
            decoder = self._decoders.get(operation.name)
            decoded = decode(decoder, body, operation.wording, operation.style) if decoder else None
            result = operation.handler(self._rooms, Call(caller, decoded, values))
            return Answer(operation.status, b"" if result is None else _encode(result), operation.style.content_type)
        except ErrataError as error:
            answer = self._refuse(error, operation.style)
            tell = _log.warning if isinstance(error, Unavailable) else _log.info
            tell("api_refused", operation=operation.name, status=answer.status, code=error.code)
            return answer
        except Exception:  # noqa: BLE001 - a bug in one handler is one answer, never the end of the server
            error_id = str(random_id())
            _log.exception("api_failed", operation=operation.name, error_id=error_id)
            return _refused(_bug(error_id, operation.style), operation.style)

    def _refuse(self, error: ErrataError, style: Style) -> Answer:
        return _refused(refusal_of(error, style, limit=self._max_inside), style)

    def _tell(self, operation: str, status: int, started: float) -> None:
        if self._observe is not None:
            self._observe(operation, status, time.monotonic() - started)


class Document(msgspec.Struct, frozen=True):
    """Something that is served as it is to anybody."""

    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """What goes out. An empty body has no content type."""

    status: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()


def values_of(operation: Operation[Any], path: dict[str, str], query_string: bytes) -> dict[str, object]:
    """All parameters of a call by name, defaults filled in; unknown ones are passed over.

    Raises what a parameter of the path raises at once, and `Invalid` with every fault of the query.
    """
    query = _query(query_string)
    values: dict[str, object] = {}
    faults: list[Fault] = []
    for parameter in operation.parameters:
        if parameter.in_path:
            values[parameter.name] = parameter.parse(path[parameter.name])
            continue
        given = query.get(parameter.name)
        try:
            values[parameter.name] = _parsed(parameter.parse, given, parameter.is_list) if given else parameter.default
        except Invalid as error:
            faults.extend(error.faults)
    if faults:
        raise Invalid(faults[0].message, where=faults[0].where, faults=tuple(faults))
    return values


def _parsed(parse: Callable[[str], object], given: list[str], is_list: bool) -> object:
    return parse(",".join(given) if is_list else given[-1])


def _query(query_string: bytes) -> dict[str, list[str]]:
    try:
        pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        raise Invalid(f"the query has more than {MAX_QUERY_FIELDS} parameters") from None
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if "\x00" in value:
            raise Invalid("a NUL character is not allowed", where=name)
        values.setdefault(name, []).append(value)
    return values


async def read_body(scope: Scope, receive: Receive, max_bytes: int) -> bytes:
    """The whole body. Raises TooLarge past the bound and Invalid for an encoding that is not plain."""
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise Invalid("the API takes bodies without Content-Encoding only", where="Content-Encoding")
        if name == b"content-length" and value.isdigit() and int(value[:20]) > max_bytes:
            raise _too_large(max_bytes)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Left
        part = message.get("body", b"")
        size += len(part)
        if size > max_bytes:
            raise _too_large(max_bytes)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"the body is larger than {max_bytes} bytes")


def _published(document: Document, method: str) -> Answer:
    if method not in ("GET", "HEAD"):
        return _refused(_nowhere(WrongMethod(("GET", "HEAD"))), Style.PLAIN)
    return Answer(HTTPStatus.OK, document.body, document.content_type, document.headers)


def _nowhere(found: WrongMethod | None) -> Refusal:
    if found is None:
        message = "Not Found: nothing is served at this path; /api/docs lists what there is"
        return refusal(HTTPStatus.NOT_FOUND, (Fault("", message),), Style.PLAIN)
    allowed = ", ".join(found.allowed)
    message = f"Method Not Allowed: this path takes {allowed}"
    return refusal(HTTPStatus.METHOD_NOT_ALLOWED, (Fault("", message),), Style.PLAIN, (("Allow", allowed),))


def _bug(error_id: str, style: Style) -> Refusal:
    message = f"something went wrong here; the log has the details under error id {error_id}"
    return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, (Fault("", message),), style)


def _refused(refused: Refusal, style: Style) -> Answer:
    return Answer(refused.status, _encode(refused.body), style.content_type, refused.headers)


async def _send(send: Send, answer: Answer, *, head: bool) -> None:
    headers = [*_FIXED_HEADERS, *((name.lower().encode(), value.encode()) for name, value in answer.headers)]
    if answer.body:
        headers.append((b"content-type", answer.content_type.encode()))
    if answer.status != HTTPStatus.NO_CONTENT:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body})
