"""What is checked before a request is answered, and its way into the journal. Everything else is the digest's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from errata.base.clock import Clock
from errata.base.errors import Forbidden, TooLarge, TooMany, Unauthenticated
from errata.base.ids import NO_KEY, KeyId
from errata.http.body import Receive, read_body
from errata.ingest.answers import Answer
from errata.ingest.doors.door import Arrival, Checked, Door, Route, Sender
from errata.ingest.inflate import beginning, inflate
from errata.ingest.wire.model import Ignored
from errata.storage.journal import JournalWriter, Meta


class IntakeKeys(Protocol):
    """Who may send."""

    def find(self, secret: str) -> KeyId | None:
        """The key's id; None when it may not send. May wait for the database; raises Unavailable."""

    def peek(self, secret: str) -> tuple[KeyId | None] | None:
        """The same without ever waiting, in a tuple of one; None when `find` must be asked."""


KeylessAgent = Callable[[Any], bool]
"""Whether a request, by its ASGI scope, may use an agent's address without a key."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """Bounds over all doors: how long a body may take to arrive, and what may be in hand at once."""

    body_timeout_s: float = 30.0
    max_requests: int = 1000
    max_bytes_in_hand: int = 256 << 20


@dataclass(frozen=True, slots=True)
class Taken:
    """What was made durable: bytes as received and entries, none where nothing was worth keeping; and the answer."""

    bytes: int
    entries: int
    answer: Answer
    ignored: tuple[Ignored, ...] = ()


@dataclass(slots=True)
class Caller:
    """Who sent a request: the key's id once it is known, `NO_KEY` where none is needed; None before that."""

    key: KeyId | None = None


class Receiver:
    """Takes requests into the journal."""

    def __init__(
        self, limits: IntakeLimits, journal: JournalWriter, keys: IntakeKeys, keyless: KeylessAgent, clock: Clock
    ) -> None:
        self._limits, self._journal, self._keys, self._clock = limits, journal, keys, clock
        self._keyless = keyless
        self._held = 0
        # Two at a time bound the memory and processor time that large bodies can take from small ones.
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="intake")

    async def take(self, route: Route, scope: Any, receive: Receive, caller: Caller) -> Taken:
        """Check a request and make it durable. Who sent it is told to `caller`, also when it is refused later.

        Returns after the journal's sync. Raises the errors of `base.errors` that the door's `refusal` words, and
        `http.body.Disconnected`.
        """
        door = route.door
        said = door.said(scope, route.key)
        if said.secret or not door.has_key_in_body:
            caller.key = await self._key(door, said.secret, scope)
        hold = _Hold(self)
        try:
            most = door.limits.max_body_bytes
            body = await read_body(receive, most, self._limits.body_timeout_s, said.declared, hold.more)
            if door.fixed is not None:
                return Taken(0, 0, door.fixed)
            if caller.key is None:
                head = beginning(body, said.headers.get("content-encoding", ""), _HEAD_BYTES)
                caller.key = await self._key(door, door.key_in(head), scope)
            checked = await self._checked(door, Arrival(route.path, said.query, said.headers, body))
            if not checked.keep:
                return Taken(0, 0, checked.answer, checked.ignored)
            if checked.body is not None:
                body = checked.body
                said.headers.pop("content-encoding", None)
            meta = Meta(self._clock.now_ms(), door.intake, caller.key, route.path, said.query, said.headers)
            await self._journal.append(meta, body)
            return Taken(len(body), checked.entries, checked.answer, checked.ignored)
        finally:
            hold.release()

    def close(self) -> None:
        """End the threads for large bodies."""
        self._pool.shutdown()

    def hold(self, count: int) -> None:
        """Note bytes that came into memory (or, negative, left it). Raises TooMany when there is no room for them."""
        if count > 0 and self._held + count > self._limits.max_bytes_in_hand:
            raise TooMany("Too many bytes are in hand; try again soon.", retry_after_s=1)
        self._held += count

    async def _key(self, door: Door, secret: str, scope: Any) -> KeyId:
        """Raises Unauthenticated and Forbidden."""
        if not secret:
            if door.sender is Sender.AGENT and self._keyless(scope):
                return NO_KEY
            raise Unauthenticated("No API key was sent: it belongs in the header DD-API-KEY.")
        known = self._keys.peek(secret)
        key = known[0] if known else await asyncio.to_thread(self._keys.find, secret)
        if key is None:
            raise Forbidden("The API key is unknown or revoked.")
        return key

    async def _checked(self, door: Door, arrival: Arrival) -> Checked:
        """What the door finds. Large bodies go to a thread: decompression lets the others run meanwhile."""
        most = door.limits.max_body_bytes
        small = min(_SMALL_BYTES, most)
        if len(arrival.body) <= small:
            try:
                plain = inflate(arrival.body, arrival.headers.get("content-encoding", ""), small)
            except TooLarge:
                if small == most:
                    raise
            else:
                return door.check(Arrival(arrival.path, arrival.query, arrival.headers, plain))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _inflate_and_check, door, arrival)


class _Hold:
    """The bytes of one request in memory."""

    __slots__ = ("_count", "_receiver")

    def __init__(self, receiver: Receiver) -> None:
        self._receiver, self._count = receiver, 0

    def more(self, count: int) -> None:
        self._receiver.hold(count)
        self._count += count

    def release(self) -> None:
        self._receiver.hold(-self._count)


def _inflate_and_check(door: Door, arrival: Arrival) -> Checked:
    encoding = arrival.headers.get("content-encoding", "")
    plain = inflate(arrival.body, encoding, door.limits.max_body_bytes)
    return door.check(Arrival(arrival.path, arrival.query, arrival.headers, plain))


_SMALL_BYTES = 256 << 10
_HEAD_BYTES = 16 << 10
