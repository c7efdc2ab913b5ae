"""Which application answers a request. Intake comes first: it is asked a thousand times more often than all others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from errata.ingest.source_maps import PATH as SOURCE_MAPS
from errata.ops.routes import PATHS as OPS_PATHS

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]


class Front:
    """The web process as one ASGI application.

    `intake` gives what answers a request that SDKs send, and None for any other; `uploads` takes source maps.
    """

    def __init__(
        self,
        *,
        intake: Callable[[Scope], Application | None],
        uploads: Application,
        api: Application,
        ops: Application,
        pages: Application,
    ) -> None:
        self._intake = intake
        self._uploads = uploads
        self._api = api
        self._ops = ops
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        await self._for(scope)(scope, receive, send)

    def _for(self, scope: Scope) -> Application:
        answering = self._intake(scope)
        if answering is not None:
            return answering
        path: str = scope["path"]
        if path == SOURCE_MAPS:
            return self._uploads
        if path.startswith("/api/"):
            return self._api
        return self._ops if path in OPS_PATHS else self._pages
