"""What is checked before a request is answered, and its way into the journal. Everything else is the digest's."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from errata.base.clock import Clock
from errata.base.errors import Forbidden, TooLarge, Unauthenticated, Unsupported
from errata.base.ids import KeyId
from errata.http.body import Receive, read_body
from errata.ingest.inflate import inflate
from errata.ingest.request import said_by
from errata.ingest.wire.split import count_of, is_text_type
from errata.storage.journal import JournalWriter, Meta


class IntakeKeys(Protocol):
    """Who may send."""

    def find(self, secret: str) -> KeyId | None:
        """The key's id; None when it may not send. May wait for the database; raises Unavailable."""

    def peek(self, secret: str) -> tuple[KeyId | None] | None:
        """The same without ever waiting, in a tuple of one; None when `find` must be asked."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """`max_body_bytes` bounds a body as sent and without its compression, `max_entries` the entries in it.

    `body_timeout_s` bounds the time in which a body may arrive, `max_requests` how many are in hand at once.
    """

    max_body_bytes: int = 5 << 20
    max_entries: int = 1000
    body_timeout_s: float = 30.0
    max_requests: int = 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """What was made durable: bytes as received, and entries."""

    bytes: int
    entries: int


class Receiver:
    """Takes requests into the journal."""

    def __init__(self, limits: IntakeLimits, journal: JournalWriter, keys: IntakeKeys, clock: Clock) -> None:
        self._limits, self._journal, self._keys, self._clock = limits, journal, keys, clock
        # Two at a time bound the memory and processor time that large bodies can take from small ones.
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="intake")

    async def take(self, intake: str, path: str, path_key: str, scope: Any, receive: Receive) -> Taken:
        """Check a request and make it durable. `path` is what the journal keeps, without any key.

        Returns after the journal's sync. Raises the errors of `base.errors` that `answers.py` knows, and
        `http.body.Disconnected`.
        """
        limits = self._limits
        said = said_by(scope["headers"], scope["query_string"], path_key)
        known = self._keys.peek(said.secret) if said.secret else None
        key = known[0] if known else await self._find(said.secret)
        if key is None:
            raise Forbidden("The API key is unknown or revoked.")
        body = await read_body(receive, limits.max_body_bytes, limits.body_timeout_s, said.declared)
        headers = said.headers
        entries = await self._checked(body, headers.get("content-encoding", ""), headers.get("content-type", ""))
        meta = Meta(self._clock.now_ms(), intake, key, path, said.query, headers)
        await self._journal.append(meta, body)
        return Taken(len(body), entries)

    def close(self) -> None:
        """End the threads for large bodies."""
        self._pool.shutdown()

    async def _find(self, secret: str) -> KeyId | None:
        if not secret:
            raise Unauthenticated("No API key was sent: it belongs in the header DD-API-KEY.")
        return await asyncio.to_thread(self._keys.find, secret)

    async def _checked(self, body: bytes, encoding: str, content_type: str) -> int:
        """How many entries a body has. Large ones go to a thread: decompression lets the others run meanwhile."""
        limits = self._limits
        small = min(_SMALL_BYTES, limits.max_body_bytes)
        if len(body) <= small:
            try:
                plain = inflate(body, encoding, small)
            except TooLarge:
                if small == limits.max_body_bytes:
                    raise
            else:
                return count_entries(plain, content_type, limits.max_entries)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._inflate_and_count, body, encoding, content_type)

    def _inflate_and_count(self, body: bytes, encoding: str, content_type: str) -> int:
        limits = self._limits
        return count_entries(inflate(body, encoding, limits.max_body_bytes), content_type, limits.max_entries)


def count_entries(plain: bytes, content_type: str, max_entries: int) -> int:
    """How many entries a body without its encoding has; none is a valid answer (`[]`).

    Raises `Unsupported` for a media type that is neither JSON nor text (a body that looks like JSON is taken under
    any), and what `entries_of` raises for more than `max_entries` and for what cannot be read.
    """
    if not is_text_type(content_type) and plain[:64].lstrip(_BLANK)[:1] not in _JSON_STARTS:
        media = content_type.partition(";")[0].strip().lower()
        if media and media not in _JSON_TYPES and not media.endswith("+json"):
            raise Unsupported(
                f"Content-Type {media[:60]!r} is not read here; allowed: application/json, text/plain, "
                "application/logplex-1.",
                where="content-type",
            )
    return count_of(plain, content_type, max_entries)


_SMALL_BYTES = 256 << 10
_BLANK = b" \t\r\n\xef\xbb\xbf"
_JSON_STARTS = (b"[", b"{")
_JSON_TYPES = frozenset({"application/json", "text/json", "application/x-ndjson", "application/jsonl"})
