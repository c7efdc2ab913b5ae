"""`/health...` and `/metrics` as one ASGI application."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import anyio.to_thread

from errata.ops.health import Health, State
from errata.ops.metrics import Metrics

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATHS = frozenset({"/health", "/health/live", "/health/ready", "/health/intake", "/metrics"})
_JSON = "application/json"


class Ops:
    """Answers GET and HEAD on `PATHS`; nothing else is sent here.

    `/health/live`: this process answers. `/health/intake`: errors are taken (`intake_part` works), whatever else is
    down, so that a load balancer keeps sending them here. `/health/ready`: every part works; 503 with the parts that
    do not. `/health`: the same status with all parts.
    """

    def __init__(self, health: Health, metrics: Metrics, *, version: str, intake_part: str = "intake") -> None:
        self._health = health
        self._metrics = metrics
        self._version = version
        self._intake_part = intake_part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        del receive  # whatever body comes with a GET is not read
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(
                send, scope, 405, _JSON, b'{"errors":["this path takes GET, HEAD"]}', ((b"allow", b"GET, HEAD"),)
            )
        elif scope["path"] == "/metrics":
            accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
            body, content_type = await anyio.to_thread.run_sync(self._metrics.exposition, accept)
            await _answer(send, scope, 200, content_type, body)
        else:
            status, content = await self._health_of(scope["path"])
            await _answer(send, scope, status, _JSON, json.dumps(content, default=str).encode())

    async def _health_of(self, path: str) -> tuple[int, Mapping[str, object]]:
        if path == "/health/live":
            return 200, {"status": "alive", "version": self._version}
        states = await self._health.of(*([self._intake_part] if path == "/health/intake" else []))
        is_ready = all(state.is_ok for state in states.values())
        content: dict[str, object] = {"status": "ready" if is_ready else "not ready", "version": self._version}
        shown = {name: _part(state) for name, state in states.items() if path == "/health" or not state.is_ok}
        if shown:
            content["parts"] = shown
        return 200 if is_ready else 503, content


def _part(state: State) -> Mapping[str, object]:
    found: dict[str, object] = {"ok": state.is_ok, "took_ms": state.took_ms}
    return found | ({"detail": state.detail} if state.is_ok else {"problem": state.problem})


async def _answer(
    send: Send,
    scope: Scope,
    status: int,
    content_type: str,
    body: bytes,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    fixed = (
        (b"content-type", content_type.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    )
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
