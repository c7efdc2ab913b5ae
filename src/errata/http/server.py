"""A uvicorn server that keeps our limits and believes no proxy."""

from __future__ import annotations

from typing import Any, Literal

import uvicorn

from errata.http.protocol import LimitedConfig, LimitedProtocol, ProtocolLimits


def server_of(
    app: Any, limits: ProtocolLimits, *, graceful_s: int = 10, lifespan: Literal["on", "off"] = "off"
) -> uvicorn.Server:
    """A server for an ASGI application, to be run with `serve(sockets=[...])` on listening sockets.

    No access log, no `server` header, no proxy headers. After `should_exit` it stops accepting, answers what it has
    for at most `graceful_s` seconds, and returns. In the main thread it stops so on SIGTERM and SIGINT.
    """
    config = LimitedConfig(
        app,
        http=LimitedProtocol,
        ws="none",
        loop="uvloop",
        interface="asgi3",
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=graceful_s,
    )
    config.limits = limits
    return uvicorn.Server(config)
