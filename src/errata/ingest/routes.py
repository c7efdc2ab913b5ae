"""The intake's doors, as a plain ASGI application in front of everything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from errata.base.clock import Clock
from errata.base.errors import ErrataError, TooMany
from errata.base.ids import random_id
from errata.events.model import Intake
from errata.http.body import Disconnected, Receive
from errata.ingest.answers import PREFLIGHT, Answer, Send, answer, answer_of, refusal
from errata.ingest.receive import IntakeKeys, IntakeLimits, Receiver
from errata.storage.journal import JournalWriter


class IntakeCounts(Protocol):
    """What intake tells of its work; called once a request, so it must be quick."""

    def accepted(self, intake: str, received_bytes: int, entries: int) -> None:
        """A request is durable."""

    def refused(self, intake: str, reason: str) -> None:
        """A request was refused; `reason` is the error's code, `disconnected`, or `failed` for a bug of ours."""


@dataclass(frozen=True, slots=True)
class Door:
    """One address: which decoder its requests are for, and what success looks like."""

    intake: str
    path: str
    accepted: Answer


class IntakeApp:
    """Answers the intake's addresses; the caller asks `matches` first."""

    def __init__(
        self, limits: IntakeLimits, journal: JournalWriter, keys: IntakeKeys, clock: Clock, counts: IntakeCounts
    ) -> None:
        self._receiver = Receiver(limits, journal, keys, clock)
        self._max_requests = limits.max_requests
        self._counts = counts
        self._in_hand = 0

    def matches(self, path: str) -> bool:
        """Whether a path is one of the intake's."""
        return path in _DOORS or _key_in(path) is not None

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path: str = scope["path"]
        door, path_key = _DOORS.get(path), ""
        if door is None:
            path_key = _key_in(path) or ""
            door = _V1 if path_key else None
        if door is None:
            await refusal(404, "There is no intake at this address.").send(send)
        elif scope["method"] == "OPTIONS":
            await PREFLIGHT.send(send)
        elif scope["method"] != "POST":
            await _NOT_ALLOWED.send(send)
        else:
            reply = await self._reply(door, path_key, scope, receive)
            if reply is not None:
                await send(reply.start)
                await send(reply.body)

    def close(self) -> None:
        """End the threads for large bodies; requests in hand are finished first."""
        self._receiver.close()

    async def _reply(self, door: Door, path_key: str, scope: Any, receive: Receive) -> Answer | None:
        """The answer, or None when nobody is there to hear it."""
        if self._in_hand >= self._max_requests:
            self._counts.refused(door.intake, TooMany.code)
            return _TOO_MANY
        self._in_hand += 1
        try:
            taken = await self._receiver.take(door.intake, door.path, path_key, scope, receive)
        except ErrataError as error:
            self._counts.refused(door.intake, error.code)
            return answer_of(error)
        except Disconnected:
            self._counts.refused(door.intake, "disconnected")
            return None
        except Exception:  # noqa: BLE001 - a bug met by one request is one answer, in the form that clients read
            error_id = str(random_id())
            _log.exception("intake_failed", intake=door.intake, error_id=error_id)
            self._counts.refused(door.intake, "failed")
            return refusal(500, f"Something went wrong here; the log has the details under error id {error_id}.")
        finally:
            self._in_hand -= 1
        self._counts.accepted(door.intake, taken.bytes, taken.entries)
        return door.accepted


def _key_in(path: str) -> str | None:
    """The key in `/v1/input/<key>`; None for other paths."""
    if not path.startswith(_V1_PREFIX):
        return None
    key = path[len(_V1_PREFIX) :]
    return key if key and "/" not in key else None


_log = structlog.get_logger(__name__)
_V1_PREFIX = "/v1/input/"
_V1 = Door(Intake.DD_LOGS, "/v1/input", answer(200, b"{}"))
_DOORS = {
    "/api/v2/logs": Door(Intake.DD_LOGS, "/api/v2/logs", answer(202, b"{}")),
    "/v1/input": _V1,
    "/v1/input/": _V1,
}
_NOT_ALLOWED = refusal(405, "Only POST is answered here.", ((b"allow", b"OPTIONS, POST"),))
_TOO_MANY = answer_of(TooMany("Too many requests are in hand; try again soon.", retry_after_s=1))
