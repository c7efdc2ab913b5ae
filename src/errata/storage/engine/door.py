"""The engine's door: ClickHouse's HTTP interface as a plain ASGI application in front of the library."""

from __future__ import annotations

import asyncio
import base64
import binascii
import gzip
import hmac
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
import zstandard

from errata.storage.engine.call import Request, call_of
from errata.storage.engine.fault import (
    ACCESS_DENIED,
    AUTHENTICATION_FAILED,
    NOT_IMPLEMENTED,
    SHUTTING_DOWN,
    TOO_LARGE_SIZE,
    TOO_MANY_QUERIES,
    UNKNOWN_EXCEPTION,
    Fault,
)
from errata.storage.engine.library import Answer, Call, Library
from errata.storage.engine.limits import Limits

READER = "reader"
"""The user that may only read."""
WRITER = "writer"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = structlog.get_logger("errata.engine")
_READS = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
_IDLE_S = 2.0
_BUSY_PURGE_S = 15.0


class Door:
    """An ASGI application. Two users, each with its own threads and its own bounded queue."""

    def __init__(self, library: Library, limits: Limits, *, read_secret: str, write_secret: str) -> None:
        self._library = library
        self._limits = limits
        self._secrets = {READER: read_secret.encode(), WRITER: write_secret.encode()}
        self._lanes = {
            READER: _Lane(READER, limits.readers, limits.waiting),
            WRITER: _Lane(WRITER, limits.writers, limits.waiting),
        }
        self._control = ThreadPoolExecutor(1, "control")
        self._housekeeping: asyncio.Task[None] | None = None
        self._closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the process's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._housekeeping = asyncio.create_task(self._keep_house())
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _close(self) -> None:
        """End after the statements that run; uvicorn has answered every request by now."""
        self._closed = True
        if self._housekeeping is not None:
            self._housekeeping.cancel()
        for lane in self._lanes.values():
            await asyncio.to_thread(lane.threads.shutdown)
        await asyncio.to_thread(self._control.shutdown)
        await asyncio.to_thread(self._library.close)

    async def _keep_house(self) -> None:
        """Return memory soon after the work that took it, without slowing down work that goes on."""
        purged_at, seen = time.monotonic(), 0
        while True:
            await asyncio.sleep(_IDLE_S)
            done = sum(lane.entered for lane in self._lanes.values())
            running = any(lane.inside for lane in self._lanes.values())
            now = time.monotonic()
            if done == seen or (running and now - purged_at < _BUSY_PURGE_S):
                continue
            purged_at, seen = now, done
            try:
                await self._controlled(self._library.purge)
            except RuntimeError as error:
                _log.warning("purge_failed", reason=str(error))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        call_id = uuid.uuid4().hex
        try:
            if scope["path"] == "/ping" and scope["method"] in ("GET", "HEAD"):
                self._refuse_closed()
                await _send(send, 200, b"Ok.\n", {})
                return
            answer = await self._answer(scope, headers, receive, call_id)
            if answer is not None:
                await _send_answer(send, answer, headers, scope["query_string"], call_id)
        except Fault as fault:
            await _send_fault(send, fault, call_id)
        except Exception:  # noqa: BLE001 - a bug in the door is this request's misfortune, not the process's
            _log.exception("door_failed", call=call_id)
            await _send_fault(send, Fault(UNKNOWN_EXCEPTION, "the engine's door failed; its log says why"), call_id)

    async def _answer(self, scope: Scope, headers: Mapping[str, str], receive: Receive, call_id: str) -> Answer | None:
        user = self._user_of(headers)
        self._refuse_closed()
        if scope["path"] != "/" or scope["method"] not in ("GET", "POST"):
            raise Fault(NOT_IMPLEMENTED, "the door serves `/` by GET and POST, and `/ping`")
        body = await _body(receive, headers, self._limits.body_bytes)
        if body is None:
            return None
        request = Request(scope["query_string"].decode("latin-1"), headers, body)
        may_write = user == WRITER and scope["method"] == "POST"
        del body
        async with self._lanes[user]:
            call = call_of(request, call_id, may_write=may_write, max_bytes=self._limits.body_bytes)
            return await self._carry_out(self._lanes[user], call, receive)

    async def _carry_out(self, lane: _Lane, call: Call, receive: Receive) -> Answer | None:
        """Run the statement in the lane's threads; a reader that hangs up stops it. None when nobody waits."""
        running = asyncio.get_running_loop().run_in_executor(lane.threads, self._library.run, call)
        if not _READS.match(call.text):
            return await asyncio.shield(running)
        gone = asyncio.ensure_future(_hung_up(receive))
        await asyncio.wait((running, gone), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            gone.cancel()
            return running.result()
        while not running.done():
            # Again and again: a statement that is still being parsed can't be found yet.
            await self._controlled(self._library.cancel, call.id)
            await asyncio.wait((running,), timeout=0.1)
        _log.info("query_cancelled", call=call.id, failed=running.exception() is not None)
        return None

    async def _controlled(self, action: Callable[..., None], *arguments: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self._control, action, *arguments)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise Fault(SHUTTING_DOWN, "the engine is stopping")

    def _user_of(self, headers: Mapping[str, str]) -> str:
        """Who asks. Raises Fault: no page in a browser has business here, and no wrong secret gets in."""
        if "origin" in headers:
            raise Fault(ACCESS_DENIED, "requests from web pages are refused")
        user, secret = _credentials(headers)
        known = self._secrets.get(user, b"")
        if not hmac.compare_digest(known, secret) or not known:
            raise Fault(AUTHENTICATION_FAILED, "user or password is wrong")
        return user


class _Lane:
    """Threads of one user and the queue before them. Entering raises Fault when the queue is full."""

    def __init__(self, name: str, running: int, waiting: int) -> None:
        self.threads = ThreadPoolExecutor(running, name)
        self.inside = 0
        self.entered = 0
        self._bound = running + waiting
        self._places = asyncio.Semaphore(running)

    async def __aenter__(self) -> None:
        if self.inside >= self._bound:
            raise Fault(TOO_MANY_QUERIES, f"{self.inside} statements are running or waiting already")
        self.inside += 1
        try:
            await self._places.acquire()
        except BaseException:
            self.inside -= 1
            raise
        self.entered += 1

    async def __aexit__(self, *_: object) -> None:
        self.inside -= 1
        self._places.release()


def _credentials(headers: Mapping[str, str]) -> tuple[str, bytes]:
    if "x-clickhouse-user" in headers:
        return headers["x-clickhouse-user"], headers.get("x-clickhouse-key", "").encode()
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", b""
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", b""
    return user, secret.encode()


async def _body(receive: Receive, headers: Mapping[str, str], max_bytes: int) -> bytes | None:
    """The whole body, or None when the client left. Raises Fault beyond `max_bytes`."""
    announced = headers.get("content-length", "0")
    parts: list[bytes] = []
    size = int(announced) if announced.isdigit() else 0
    if size <= max_bytes:
        size = 0
    while size <= max_bytes:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body"):
            return b"".join(parts) if len(parts) > 1 else parts[0]
    raise Fault(TOO_LARGE_SIZE, f"the body is larger than {max_bytes} bytes")


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_answer(
    send: Send, answer: Answer, headers: Mapping[str, str], query_string: bytes, call_id: str
) -> None:
    figures = {
        "read_rows": answer.read_rows,
        "read_bytes": answer.read_bytes,
        "written_rows": answer.written_rows,
        "written_bytes": answer.written_bytes,
        "result_bytes": len(answer.body),
    }
    about = {
        "x-clickhouse-summary": json.dumps({name: str(value) for name, value in figures.items()}),
        "x-clickhouse-query-id": call_id,
        "x-clickhouse-timezone": "UTC",
        "x-clickhouse-server-display-name": "errata",
    }
    if answer.body:
        about["x-clickhouse-format"] = answer.format
    body, encoding = answer.body, ""
    if body and b"enable_http_compression=1" in query_string:
        body, encoding = _compressed(body, headers.get("accept-encoding", ""))
    if encoding:
        about["content-encoding"] = encoding
    await _send(send, 200, body, about)


def _compressed(body: bytes, accepted: str) -> tuple[bytes, str]:
    if "zstd" in accepted:
        return zstandard.ZstdCompressor(level=1).compress(body), "zstd"
    if "gzip" in accepted:
        return gzip.compress(body, 1), "gzip"
    return body, ""


async def _send_fault(send: Send, fault: Fault, call_id: str) -> None:
    about = {
        "x-clickhouse-exception-code": str(fault.code),
        "x-clickhouse-query-id": call_id,
        "content-type": "text/plain; charset=UTF-8",
    }
    if fault.status == 503:
        about["retry-after"] = "1"
    await _send(send, fault.status, fault.body.encode(), about)


async def _send(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    pairs = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
