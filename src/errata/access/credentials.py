"""From the secrets of a request to who makes it.

What a key opens is remembered for two seconds, so that a busy intake asks the database twice a second per key, and a
revoked key, a disabled owner or a changed role takes effect within them in every process.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from errata.access import key_store
from errata.access.decide import MAX_SECRET_CHARS, MIN_SECRET_CHARS
from errata.access.key_store import Held, digest_of, load_held
from errata.access.model import Caller, KeyKind, KeyRecord
from errata.base.clock import Clock
from errata.base.errors import Forbidden, Unauthenticated
from errata.base.ids import KeyId
from errata.storage.sql import Database

REMEMBERED_S = 2.0
_LAST_USED_STEP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Found:
    """The answer about one secret: what it opens, None for nothing."""

    held: Held | None


class KeyRing:
    """Keys by their secrets, remembered for a moment, known and unknown ones apart.

    Apart, because anybody can send unknown ones without end: those displace each other and never a key in use. Secrets
    are not kept, only their digests. Thread-safe.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        remembered_s: float = REMEMBERED_S,
        max_entries: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._remembered_s = remembered_s
        self._max_entries = max_entries
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, Found]] = OrderedDict()
        self._unknown: OrderedDict[str, tuple[float, Found]] = OrderedDict()
        self._used: set[KeyId] = set()

    def find(self, secret: str) -> Held | None:
        """What the secret opens now. Asks the database unless it was asked a moment ago; raises Unavailable."""
        if not MIN_SECRET_CHARS <= len(secret) <= MAX_SECRET_CHARS:
            return None
        digest = digest_of(secret)
        found = self._remembered(digest)
        if found is None:
            asked_at = self._monotonic()
            with self._database.read() as tx:
                found = Found(load_held(tx, digest))
            self._remember(digest, asked_at, found)
        return found.held

    def peek(self, secret: str) -> Found | None:
        """What is remembered of the secret, without waiting for anything; None when the database must be asked."""
        if not MIN_SECRET_CHARS <= len(secret) <= MAX_SECRET_CHARS:
            return Found(None)
        return self._remembered(digest_of(secret))

    def save_used(self) -> None:
        """Write which keys were used since the last call; to be called every minute or so, and before the end.

        At most once an hour for one key. Raises Unavailable, and keeps what it could not write.
        """
        with self._lock:
            used, self._used = self._used, set()
        if not used:
            return
        now = self._clock.now()
        try:
            with self._database.write() as tx:
                key_store.save_used(tx, used, now, now - _LAST_USED_STEP)
        except BaseException:
            with self._lock:
                self._used |= used
            raise

    def _remembered(self, digest: str) -> Found | None:
        with self._lock:
            entry = self._known.get(digest) or self._unknown.get(digest)
            if entry is None or self._monotonic() - entry[0] >= self._remembered_s:
                return None
            self._note_use(entry[1])
            return entry[1]

    def _remember(self, digest: str, asked_at: float, found: Found) -> None:
        here, other = (self._known, self._unknown) if found.held else (self._unknown, self._known)
        with self._lock:
            other.pop(digest, None)
            here[digest] = (asked_at, found)
            here.move_to_end(digest)
            if len(here) > self._max_entries:
                here.popitem(last=False)
            self._note_use(found)

    def _note_use(self, found: Found) -> None:
        if found.held:
            self._used.add(found.held.record.id)


class IntakeKeys:
    """Keys that may send: API keys and client tokens."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def find(self, secret: str) -> KeyId | None:
        """The key's id; None when it may not send. May ask the database; raises Unavailable."""
        return _sender(self._ring.find(secret))

    def peek(self, secret: str) -> tuple[KeyId | None] | None:
        """The same in a tuple of one when it is remembered, None when `find` must be called; never waits."""
        found = self._ring.peek(secret)
        return None if found is None else (_sender(found.held),)


class Credentials:
    """Keys and tokens that open the API. All methods raise Unavailable when the database does not answer."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def api_key(self, secret: str) -> KeyRecord | None:
        """The API key of this secret; None when there is none or it was revoked."""
        held = self._ring.find(secret)
        return held.record if held and held.record.kind is KeyKind.API else None

    def sender(self, api_key: str | None) -> Caller:
        """Who calls with an API key alone. Raises Unauthenticated without one, Forbidden for a wrong one."""
        if not api_key:
            raise Unauthenticated("An API key is needed in the header DD-API-KEY.", where="DD-API-KEY")
        record = self.api_key(api_key)
        if record is None:
            raise _refused()
        return Caller(key_id=record.id, api_key_id=record.id)

    def principal(self, api_key: str | None, app_key: str | None) -> Caller:
        """The user who calls with an API key and an application key.

        Raises Unauthenticated when one is absent, Forbidden when one is unknown, revoked, of another kind or its owner
        disabled. Which of the two it was is not said, and both are always looked up: nobody can try them one by one.
        """
        if not api_key or not app_key:
            absent = "DD-APPLICATION-KEY" if api_key else "DD-API-KEY"
            raise Unauthenticated(f"A key is needed in the header {absent}.", where=absent)
        record = self.api_key(api_key)
        held = self._ring.find(app_key)
        if record is None or held is None or held.record.kind is not KeyKind.APPLICATION:
            raise _refused()
        return Caller(key_id=held.record.id, api_key_id=record.id, user=held.owner, scopes=held.scopes)

    def bearer(self, token: str) -> Caller:
        """The user who calls with `Authorization: Bearer`. Raises Unauthenticated when empty, Forbidden as above."""
        if not token:
            raise Unauthenticated("A token is needed in the header Authorization.", where="Authorization")
        held = self._ring.find(token)
        if held is None or held.record.kind is not KeyKind.TOKEN:
            raise _refused()
        return Caller(key_id=held.record.id, user=held.owner, scopes=held.scopes)


def _sender(held: Held | None) -> KeyId | None:
    return held.record.id if held and held.record.kind in {KeyKind.API, KeyKind.CLIENT} else None


def _refused() -> Forbidden:
    return Forbidden("Forbidden")
