"""A request's body, read within bounds."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from errata.base.errors import ErrataError, TooLarge

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class TooSlow(ErrataError):
    """The body did not arrive in time."""

    code = "too_slow"


class Disconnected(Exception):  # not an error: the client left, and nobody is there to answer
    """The client went away before its request was whole."""


async def read_body(
    receive: Receive,
    max_bytes: int,
    max_s: float,
    declared: int | None = None,
    note: Callable[[int], None] | None = None,
) -> bytes:
    """The whole body of an ASGI request, as sent (still encoded).

    `declared` is the Content-Length, so that a body too long is refused before it is read. `note` is told of every
    part that came, in bytes, and may raise to have no more of it. Raises what `note` raises, `TooLarge`,
    `TooSlow` when it took longer than `max_s` seconds, and `Disconnected`. A client that stalls altogether is the
    server's business (`protocol.py`): it disconnects it.
    """
    if declared is not None and declared > max_bytes:
        raise _too_large(max_bytes)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False):
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
        if note is not None:
            note(len(body))
        return body
    return await _read_on(message, receive, max_bytes, time.monotonic() + max_s, note)


async def _read_on(
    message: MutableMapping[str, Any],
    receive: Receive,
    max_bytes: int,
    deadline: float,
    note: Callable[[int], None] | None,
) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        part = message.get("body", b"")
        size += len(part)
        if size > max_bytes:
            raise _too_large(max_bytes)
        if note is not None:
            note(len(part))
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
        if time.monotonic() > deadline:
            raise TooSlow("The body did not arrive in time.")
        message = await receive()


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"The body is larger than {max_bytes} bytes.", where="body")
