"""`errata demo`: a server that has something to show, because recorded errors of small programs are sent to it.

As a module this is the sender, a process beside the server that ends when everything is sent.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any

from errata.base.clock import SystemClock
from errata.base.errors import Unavailable
from errata.cli.complaint import plain_complaints
from errata.cli.sockets import url_of
from errata.settings import Settings, load

ERRORS = 600
_SPREAD_MS = 6 * 3_600_000
_PEOPLE = 40
_A_REQUEST = 100
_PATIENCE_S = 60.0


def key_of(data: Path) -> str:
    """The API key that the sender uses, made once for each folder and kept in it."""
    path = data / "demo-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def entries(count: int, now_ms: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Recorded log entries, some more often than others, spread over the last hours and over a few people."""
    text = resources.files("errata.cli").joinpath("demo_errors.jsonl").read_text(encoding="utf-8")
    recorded = [json.loads(line) for line in text.splitlines()]
    chance = random.Random(seed)  # noqa: S311 - the same show every time
    weights = [1 / (place + 1) for place in range(len(recorded))]
    for entry in chance.choices(recorded, weights, k=count):
        person = f"person-{chance.randrange(_PEOPLE)}"
        yield entry | {"timestamp": now_ms - chance.randrange(_SPREAD_MS), "usr": {"id": person}}


def send(settings: Settings) -> int:
    """Send the recorded errors to the server of the settings; returns how many. Raises Unavailable."""
    url = url_of(settings.host, settings.port)
    _wait_for(url)
    waiting = list(entries(ERRORS, SystemClock().now_ms()))
    for start in range(0, len(waiting), _A_REQUEST):
        body = json.dumps(waiting[start : start + _A_REQUEST]).encode()
        headers = {"DD-API-KEY": settings.api_key, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{url}/api/v2/logs", body, headers)  # noqa: S310 - our own address
        try:
            urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - as above
        except OSError as error:
            raise Unavailable(f"the demo's errors could not be sent: {error}") from error
    return len(waiting)


def _wait_for(url: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/health/intake", timeout=5):  # noqa: S310 - our own address
            return
        time.sleep(0.1)
    raise Unavailable("the demo's server did not come up")


if __name__ == "__main__":
    with plain_complaints():
        sent = send(load({}, os.environ))
        sys.stdout.write(
            f"demo: {sent} recorded log entries were sent to http://127.0.0.1:{os.environ['ERRATA_PORT']}\n"
        )
