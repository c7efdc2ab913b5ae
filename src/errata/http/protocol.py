"""uvicorn's HTTP/1.1 protocol with the limits it lacks: bytes of the headers, time for headers and body, connections.

Reads internals of uvicorn's httptools protocol (`cycle`, `flow`, `pipeline`), which is why its version is pinned to
one minor release and `tests/unit/http` drives a real server.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState


@dataclass(frozen=True, slots=True)
class ProtocolLimits:
    """What a connection may take. Times in seconds, `max_header_bytes` counts request line and headers.

    `header_timeout_s` runs from the connection or a request's first byte to the end of its headers,
    `body_timeout_s` from there to the end of its body; `idle_timeout_s` is for a connection between two requests.
    """

    max_connections: int = 2000
    max_header_bytes: int = 32 << 10
    header_timeout_s: float = 10.0
    body_timeout_s: float = 30.0
    idle_timeout_s: float = 60.0


class LimitedConfig(uvicorn.Config):
    """uvicorn's configuration, carrying our limits to the protocol."""

    limits: ProtocolLimits = ProtocolLimits()


class LimitedProtocol(HttpToolsProtocol):
    """One connection. A refusal is a JSON answer in the form of the intake's errors, and the end of the connection."""

    def __init__(
        self,
        config: LimitedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = config.limits
        self._phase, self._since = _HEADERS, self.loop.time()
        self._requests = 0
        self._header_bytes = self._raw_bytes = 0
        self._is_refused = self._is_surplus = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take or turn away a connection."""
        super().connection_made(transport)
        count, most = len(self.connections), self._limits.max_connections
        if count > 2 * most:
            transport.abort()
            return
        self._is_surplus = count > most
        # One timer at a time, not one for every request: it looks at the phase whenever it fires.
        self._timer = self.loop.call_later(self._tick_s, self._look_at_clock)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, within limits."""
        if self._is_refused:
            return
        if self._is_surplus:
            self._refuse(503, "Too many connections are open; try again soon.")
            return
        try:
            self._feed(data)
        except _Refusal as refusal:
            self._refuse(refusal.status, refusal.sentence)
        except httptools.HttpParserUpgrade:
            # CONNECT, or an offer not found: the request is answered, what follows it would be another protocol.
            self.cycle.keep_alive = False
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, _Refusal):
                self._refuse(cause.status, cause.sentence)
            else:
                self._refuse(400, "This is not a valid HTTP request.")

    def on_message_begin(self) -> None:
        """A request's first byte came."""
        super().on_message_begin()
        self._phase, self._since = _HEADERS, self.loop.time()
        self._requests += 1
        self._header_bytes = self._raw_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Count and keep a part of the request's target."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count and keep a header."""
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request can begin to be answered."""
        self._phase, self._since = _BODY, self.loop.time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._phase = _WHOLE
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request. Leaves out uvicorn's timer for each answer: `_look_at_clock` sees to it."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self._phase == _WHOLE:
            self._since = self.loop.time()
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)

    def _feed(self, data: bytes) -> None:
        most = self._limits.max_header_bytes
        while data:
            # Headers in pieces, so that the parser never holds much of a header that does not end.
            if self._phase == _BODY:
                piece, data = data, b""
            else:
                piece, data = _not_upgrading(data[:most]), data[most:]
            requests = self._requests
            self.parser.feed_data(piece)
            if self._phase == _HEADERS:
                self._raw_bytes = len(piece) + (self._raw_bytes if self._requests == requests else 0)
                if self._raw_bytes > 2 * most:  # may count the end of the request before; the exact bound is below
                    raise _Refusal(431, _TOO_LARGE.format(most))

    def _count(self, more: int) -> None:
        self._header_bytes += more
        if self._header_bytes > self._limits.max_header_bytes:
            raise _Refusal(431, _TOO_LARGE.format(self._limits.max_header_bytes))

    @property
    def _tick_s(self) -> float:
        limits = self._limits
        return max(0.02, min(limits.header_timeout_s, limits.body_timeout_s, limits.idle_timeout_s) / 4)

    def _look_at_clock(self) -> None:
        """Close the connection whose time is up, else come again; late by a quarter of the shortest time at most."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        cycle: RequestResponseCycle | None = self.cycle
        is_answered = cycle is None or cycle.response_complete
        if self._is_refused and (is_answered or (cycle is not None and cycle.disconnected)):
            self.transport.close()
            return
        if self.flow.read_paused or (self._phase == _WHOLE and not is_answered):
            self._since = now  # it is us who are slow
        if self._is_refused or now - self._since < self._allowed_s():
            self._timer = self.loop.call_later(self._tick_s, self._look_at_clock)
        elif self._phase == _WHOLE or self._requests == 0 or (self._phase == _BODY and is_answered):
            self.transport.close()
        else:
            self._refuse(408, "The request did not arrive in time.")

    def _allowed_s(self) -> float:
        limits = self._limits
        if self._phase == _HEADERS:
            return limits.header_timeout_s
        return limits.body_timeout_s if self._phase == _BODY else limits.idle_timeout_s

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer for the application and end the connection."""
        self._is_refused = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            if self._phase != _BODY or self.pipeline:
                # A request before this one is being answered: its answer comes first, and is the last.
                cycle.keep_alive = False
                if self._phase == _BODY:
                    _disconnect(cycle)
                return
            _disconnect(cycle)
            if cycle.response_started:
                self.transport.close()
                return
        self.flow.resume_reading()
        self.transport.write(_answer(status, sentence))
        # Closing at once would reset the connection while the client still sends, and the answer would be lost.
        self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self.transport.close)


class _Refusal(Exception):  # an answer, not an error of ours
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def _not_upgrading(piece: bytes) -> bytes:
    """Bytes that begin among headers, without an offer to speak another protocol.

    Java's own HTTP client offers HTTP/2 with whatever it sends first, and the parser takes the body behind such
    headers for the other protocol's. An offer that two packets share, or that was pipelined, is not found.
    """
    end = piece.find(b"\r\n\r\n")
    found = _UPGRADE.search(piece, 0, len(piece) if end < 0 else end)
    return piece if found is None else piece[: found.start()] + _IGNORED + piece[found.end() :]


def _disconnect(cycle: RequestResponseCycle) -> None:
    cycle.disconnected = True
    cycle.message_event.set()


def _answer(status: int, sentence: str) -> bytes:
    title = HTTPStatus(status).phrase
    body = json.dumps({"errors": [{"status": str(status), "title": title, "detail": sentence}]})
    retry = "retry-after: 1\r\nx-ratelimit-reset: 1\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
    return (
        f"HTTP/1.1 {status} {title}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        f"{retry}connection: close\r\n\r\n{body}"
    ).encode()


_UPGRADE = re.compile(rb"\nupgrade:", re.IGNORECASE)
_IGNORED = b"\nx-offer:"
_HEADERS, _BODY, _WHOLE = "headers", "body", "whole"
_TOO_LARGE = "Request line and headers are larger than {} bytes."
_LINGER_S = 2.0
