"""The same uvicorn with a route that reads the body and answers 202: what intake is compared with."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

from bench.harness import free_port


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


@contextlib.contextmanager
def bare_server() -> Iterator[str]:
    port = free_port()
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--lifespan", "off", "--ws", "none"]
    command = [sys.executable, "-m", "uvicorn", "bench.bare:app", "--port", str(port), "--log-level", "error", *options]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), urllib.request.urlopen(url):
                break
            time.sleep(0.02)
        yield url
    finally:
        process.terminate()
        process.wait()
