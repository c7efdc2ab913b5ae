"""An intake as clients meet it: a real server on loopback with a real journal behind it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from errata.base.clock import FixedClock
from errata.base.ids import KeyId, NodeId
from errata.events.model import Intake
from errata.http.protocol import ProtocolLimits
from errata.http.server import server_of
from errata.ingest.doors.door import DoorLimits
from errata.ingest.lately import Lately
from errata.ingest.origins import ANY, Origins
from errata.ingest.receive import IntakeLimits
from errata.ingest.routes import IntakeApp, routes_of
from errata.ingest.wire.model import Ignored
from errata.storage.journal import JournalBounds, JournalReader, JournalWriter, Record

SECRET = "0123456789abcdef0123456789abcdef"
KEY = KeyId(UUID(int=3))
LOGS = "/api/v2/logs"
ONE = b'[{"message":"hello","service":"pay"}]'
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_LOGS, _LIMITS, _BOUNDS = DoorLimits(), IntakeLimits(), JournalBounds(segment_bytes=8 << 20, max_bytes=1 << 30)
BROKEN = "broken-broken-broken"
"""A secret that cannot be looked up without a bug coming to light."""


INTAKES = frozenset(Intake)


class OneKey:
    """Knows one secret, and says so without waiting only from the second time on."""

    def __init__(self) -> None:
        self._asked: set[str] = set()

    def find(self, secret: str) -> KeyId | None:
        if secret == BROKEN:
            raise RuntimeError(f"no luck with {secret}")
        self._asked.add(secret)
        return KEY if secret == SECRET else None

    def peek(self, secret: str) -> tuple[KeyId | None] | None:
        return (self.find(secret),) if secret in self._asked else None


@dataclass
class Counted:
    """What the intake told of its work."""

    taken: list[tuple[str, int, int]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    left_out: list[Ignored] = field(default_factory=list)

    def accepted(self, intake: str, received_bytes: int, entries: int) -> None:
        self.taken.append((intake, received_bytes, entries))

    def ignored(self, intake: str, found: Sequence[Ignored]) -> None:
        assert intake in INTAKES
        self.left_out += found

    def refused(self, intake: str, reason: str) -> None:
        assert intake in INTAKES
        self.reasons.append(reason)


@dataclass
class Site:
    """A running intake, and what became of what was sent to it."""

    port: int
    folder: Path
    counts: Counted
    app: IntakeApp
    lately: Lately

    def post(
        self, body: bytes, headers: dict[str, str] | None = None, path: str = LOGS, method: str = "POST"
    ) -> tuple[int, object, dict[str, str]]:
        status, answered, said = self._answer(body, headers, path, method)
        assert said["content-type"] == "application/json"
        return status, json.loads(answered), said

    def status(self, body: bytes, headers: dict[str, str] | None = None, path: str = LOGS, method: str = "POST") -> int:
        return self._answer(body, headers, path, method)[0]

    def _answer(
        self, body: bytes, headers: dict[str, str] | None, path: str, method: str
    ) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {"DD-API-KEY": SECRET, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}
        finally:
            connection.close()

    def raw(self, data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), 10) as client:
            client.sendall(data)
            return client.recv(65536)

    def last(self) -> Record:
        with JournalReader(self.folder) as reader:
            item = list(reader.records())[-1]
        assert isinstance(item, Record)
        return item

    def records(self) -> int:
        with JournalReader(self.folder) as reader:
            return len(list(reader.records()))


def _only(intake: IntakeApp) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """The intake where nothing else answers."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        answering = intake.answering(scope)
        assert answering is not None, scope["path"]
        await answering(scope, receive, send)

    return application


@contextmanager
def served(
    folder: Path,
    *,
    bounds: JournalBounds = _BOUNDS,
    logs: DoorLimits = _LOGS,
    limits: IntakeLimits = _LIMITS,
    origins: Sequence[str] = (ANY,),
) -> Iterator[Site]:
    """A server with its journal in the folder."""
    clock = FixedClock(NOW)
    writer = JournalWriter(folder, NodeId(UUID(int=1)), clock, bounds)
    writer.open()
    counts, lately = Counted(), Lately()
    app = IntakeApp(
        routes_of(logs, DoorLimits(20 << 20), otlp=DoorLimits(16 << 20)),
        limits,
        writer,
        OneKey(),
        lambda _scope: False,
        clock,
        counts,
        lately,
        Origins(origins),
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = server_of(_only(app), ProtocolLimits(body_timeout_s=1), graceful_s=2)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield Site(listener.getsockname()[1], folder, counts, app, lately)
    finally:
        server.should_exit = True
        thread.join()
        app.close()
        writer.close()
