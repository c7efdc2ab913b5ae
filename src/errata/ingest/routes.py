"""The intake's doors, as a plain ASGI application in front of everything else."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from urllib.parse import unquote, unquote_plus

import structlog

from errata.base.clock import Clock
from errata.base.errors import ErrataError, Forbidden, TooMany
from errata.base.ids import KeyId, random_id
from errata.http.body import Disconnected, Receive
from errata.ingest.answers import Answer, Send, WrongMethod
from errata.ingest.doors.agent import AgentRoutes
from errata.ingest.doors.browser import BrowserRoutes
from errata.ingest.doors.door import DoorLimits, Route
from errata.ingest.doors.logs import LogRoutes
from errata.ingest.doors.otlp import OtlpRoutes, says_otlp
from errata.ingest.doors.sentry import SentryRoutes
from errata.ingest.origins import Origins, origin_of
from errata.ingest.receive import Caller, IntakeKeys, IntakeLimits, KeylessAgent, Receiver
from errata.ingest.wire.model import Ignored
from errata.storage.journal import JournalWriter

_log = structlog.get_logger(__name__)


class IntakeCounts(Protocol):
    """What intake tells of its work; called once a request, so it must be quick."""

    def accepted(self, intake: str, received_bytes: int, entries: int) -> None:
        """A request is durable."""

    def ignored(self, intake: str, found: Sequence[Ignored]) -> None:
        """Pieces that the door itself saw to be no errors, and did not keep."""

    def refused(self, intake: str, reason: str) -> None:
        """A request was refused; `reason` is the error's code, `disconnected`, or `failed` for a bug of ours."""


class IntakeTelling(Protocol):
    """Where intake tells of single requests that never reach the journal; see `ingest.lately`.

    `key` is None where no key was sent, or none that is known.
    """

    def ignored(
        self, at: datetime, intake: str, path: str, client: str, key: KeyId | None, found: Sequence[Ignored]
    ) -> None:
        """A request held nothing to keep."""

    def refused(self, at: datetime, intake: str, path: str, client: str, key: KeyId | None, words: str) -> None:
        """A request was refused, in these words."""


class RouteTable(Protocol):
    """The addresses of one family of doors: most by their path, some by a pattern."""

    @property
    def exact(self) -> Mapping[str, Route]:
        """Routes by their whole path."""

    def find(self, path: str) -> Route | None:
        """The route of a path that is not among the exact ones, or None."""


class Routes:
    """All addresses of the intake. `elsewhere` takes what is forwarded to an address that is none of ours."""

    def __init__(self, tables: Sequence[RouteTable], elsewhere: Route | None = None) -> None:
        self._elsewhere = elsewhere
        self._exact: dict[str, Route] = {}
        for table in tables:
            self._exact |= table.exact
        self._finds: list[Callable[[str], Route | None]] = [table.find for table in tables]

    def at(self, path: str, query: bytes) -> Route | None:
        """Where a request belongs. One that was forwarded (`ddforward`) belongs where its inner address says."""
        if b"ddforward=" in query and (inner := _forwarded(query)):
            return self._of(inner) or self._elsewhere
        return self._of(path)

    def _of(self, path: str) -> Route | None:
        route = self._exact.get(path)
        if route is not None:
            return route
        return next((found for find in self._finds if (found := find(path))), None)


class IntakeApp:
    """Answers the intake's addresses."""

    def __init__(
        self,
        routes: Routes,
        limits: IntakeLimits,
        journal: JournalWriter,
        keys: IntakeKeys,
        keyless: KeylessAgent,
        clock: Clock,
        counts: IntakeCounts,
        lately: IntakeTelling,
        origins: Origins,
    ) -> None:
        self._routes = routes
        self._receiver = Receiver(limits, journal, keys, keyless, clock)
        self._max_requests = limits.max_requests
        self._counts = counts
        self._lately = lately
        self._origins = origins
        self._clock = clock
        self._in_hand = 0

    def answering(self, scope: Any) -> Callable[[Any, Receive, Send], Awaitable[None]] | None:
        """The ASGI application that answers a request, by its scope; None when it is none of the intake's."""
        # Only what is sent can be forwarded: a page that somebody looks at stays what it is, whatever its query says.
        route = self._routes.at(scope["path"], b"" if scope["method"] in _READS else scope["query_string"])
        return None if route is None else partial(self._answer, route)

    def close(self) -> None:
        """End the threads for large bodies; requests in hand are finished first."""
        self._receiver.close()

    async def _answer(self, route: Route, scope: Any, receive: Receive, send: Send) -> None:
        if route.otlp is not None and says_otlp(scope):
            route = route.otlp
        origin = origin_of(scope)
        if not self._origins.admits(origin):
            reply: Answer | None = self._refused(_OTHER_ORIGIN, route, scope, None)
        elif scope["method"] == "OPTIONS":
            await self._origins.preflight(origin, route.door.methods, scope).send(send)
            return
        elif scope["method"] not in route.door.methods:
            reply = route.door.refusal(WrongMethod(route.door.methods), scope)
        else:
            reply = await self._reply(route, scope, receive)
        if reply is not None:
            reply = self._origins.readable(reply, origin)
            await send(reply.start)
            await send(reply.body)

    async def _reply(self, route: Route, scope: Any, receive: Receive) -> Answer | None:
        """The answer, or None when nobody is there to hear it."""
        door = route.door
        if self._in_hand >= self._max_requests:
            self._counts.refused(door.intake, TooMany.code)
            return door.refusal(_TOO_MANY, scope)
        self._in_hand += 1
        caller = Caller()
        try:
            taken = await self._receiver.take(route, scope, receive, caller)
        except ErrataError as error:
            return self._refused(error, route, scope, caller.key)
        except Disconnected:
            self._counts.refused(door.intake, "disconnected")
            return None
        except Exception:  # noqa: BLE001 - a bug met by one request is one answer, in the form that clients read
            error_id = str(random_id())
            _log.exception("intake_failed", intake=door.intake, error_id=error_id)
            self._counts.refused(door.intake, "failed")
            words = f"Something went wrong here; the log has the details under error id {error_id}."
            return door.refusal(ErrataError(words), scope)
        finally:
            self._in_hand -= 1
        if taken.bytes:
            self._counts.accepted(door.intake, taken.bytes, taken.entries)
        if taken.ignored:
            self._counts.ignored(door.intake, taken.ignored)
            if not taken.bytes:
                at, client = self._clock.now(), _client(scope)
                self._lately.ignored(at, door.intake, route.path, client, caller.key, taken.ignored)
        return taken.answer

    def _refused(self, error: ErrataError, route: Route, scope: Any, key: KeyId | None) -> Answer:
        """Count and tell a refusal, in the door's words."""
        door = route.door
        self._counts.refused(door.intake, error.code)
        self._lately.refused(self._clock.now(), door.intake, route.path, _client(scope), key, error.message)
        return door.refusal(error, scope)


def routes_of(
    logs: DoorLimits, sentry: DoorLimits | None = None, agent: DoorLimits | None = None, otlp: DoorLimits | None = None
) -> Routes:
    """Every address that SDKs send to, each family within its own limits, or those of the logs."""
    browser = BrowserRoutes(logs)
    neutral = OtlpRoutes(otlp or logs)
    tables = (
        LogRoutes(logs, neutral.logs),
        browser,
        neutral,
        SentryRoutes(sentry or logs),
        AgentRoutes(agent or logs, logs, neutral.traces),
    )
    return Routes(tables, browser.elsewhere)


def _forwarded(query: bytes) -> str:
    """The path to which a browser SDK's proxy forwards, from the query of the request to the proxy; empty: none."""
    for pair in query.decode("latin-1").split("&"):
        name, _, value = pair.partition("=")
        if name == "ddforward":
            path = unquote(unquote_plus(value).partition("?")[0])
            return _HOST.sub("", path, count=1)
    return ""


def _client(scope: Any) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent"), "")


_READS = frozenset({"GET", "HEAD"})
_HOST = re.compile(r"https?://[^/]*", re.IGNORECASE)
"""Older SDKs name the host that a proxy should forward to."""
_OTHER_ORIGIN = Forbidden("Pages of this origin may not send here; the setting browser_origins says which may.")
_TOO_MANY = TooMany("Too many requests are in hand; try again soon.", retry_after_s=1)
