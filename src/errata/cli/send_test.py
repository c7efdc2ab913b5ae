"""`errata send-test`: one error by the protocol of an SDK, and how long until a search finds it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from errata.base.errors import Invalid, Unavailable
from errata.cli.options import settings_of
from errata.cli.sending import Sending, answer_of, json_headers
from errata.cli.sockets import url_of

CLIENT = "errata-send-test"
_EVERY_S = 0.1
_WINDOW_MS = 3_600_000


def send_test(
    sdk: Annotated[
        str,
        typer.Option(help="logs, browser-logs, rum, ddtrace, otlp-traces, otlp-logs, sentry; or all of them."),
    ] = "logs",
    url: Annotated[str, typer.Option(help="Address of the server.", show_default="http://127.0.0.1:8200")] = "",
    patience: Annotated[float, typer.Option(help="Seconds to wait until the error is found.")] = 30.0,
) -> None:
    """Send one test error as an SDK would, wait until a search finds it, and say how long it took.

    Keys are read from ERRATA_API_KEY and ERRATA_APP_KEY: those that the first start showed, or others.
    """
    from errata.cli.test_errors import PROTOCOLS

    settings = settings_of()
    if sdk != "all" and sdk not in PROTOCOLS:
        raise Invalid(f"there is no protocol {sdk}: choose from all, {', '.join(PROTOCOLS)}")
    if not settings.api_key or not settings.app_key:
        raise Invalid("set ERRATA_API_KEY and ERRATA_APP_KEY to the keys that the first start showed")
    server = _Server(url or url_of(settings.host, settings.port), settings.api_key, settings.app_key)
    failed = [name for name in (PROTOCOLS if sdk == "all" else [sdk]) if not _try(server, name, patience)]
    if failed:
        raise Unavailable(f"not found: {', '.join(failed)}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(send_test)


class _Server:
    """A server as its clients see it."""

    def __init__(self, url: str, api_key: str, app_key: str) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise Invalid(f"the address begins with http:// or https://, not {url[:80]!r}", where="--url")
        self.url, self.api_key, self._app_key = url.rstrip("/"), api_key, app_key

    def send(self, sending: Sending) -> tuple[int, bytes]:
        """Status and body of the answer. Raises Unavailable when there is none."""
        try:
            return answer_of(self.url, replace(sending, headers={**sending.headers, "User-Agent": CLIENT}))
        except OSError as error:
            raise Unavailable(f"no answer from {self.url}: {error}") from error

    def issue_with(self, marker: str, at_ms: int) -> str | None:
        """The id of the issue with an error whose text holds the marker; None when there is none yet."""
        asked = {"query": marker, "from": at_ms - _WINDOW_MS, "to": at_ms + _WINDOW_MS, "persona": "ALL"}
        body = {"data": {"type": "search_request", "attributes": asked}}
        found = self._api("POST", "/api/v2/error-tracking/issues/search", body)
        return str(found[0]["id"]) if found else None

    def what_became(self) -> list[str]:
        """What intake says of the newest request of this command."""
        recent = self._api("GET", "/api/errata/v1/intake/recent?page[limit]=200", None)
        mine = [each["attributes"] for each in recent if each["attributes"]["client"] == CLIENT]
        return [piece["says"] for piece in mine[0]["pieces"]] if mine else []

    def _api(self, method: str, path: str, body: object) -> list[Any]:
        keys = json_headers(self.api_key) | {"DD-APPLICATION-KEY": self._app_key}
        status, answer = self.send(Sending(method, path, keys, json.dumps(body).encode() if body else b""))
        if status == 503:
            return []  # the event store is starting
        if status != 200:
            raise Unavailable(f"{path.partition('?')[0]} answered {status}: {answer[:300].decode(errors='replace')}")
        return list(json.loads(answer)["data"])


def _try(server: _Server, name: str, patience_s: float) -> bool:
    """Send by one protocol and wait; says what happened."""
    from errata.base.clock import SystemClock
    from errata.base.ids import random_id
    from errata.cli.test_errors import PROTOCOLS, TestError

    protocol, at_ms = PROTOCOLS[name], SystemClock().now_ms()
    error = TestError(f"errata{random_id().hex[:12]}", at_ms)
    started = time.monotonic()
    status, answer = server.send(protocol.sending(error, server.api_key))
    if status != protocol.accepted:
        typer.echo(f"{name:<12} refused: {status} {answer[:300].decode(errors='replace')}")
        return False
    answered = time.monotonic() - started
    while time.monotonic() - started < patience_s:
        issue = server.issue_with(error.marker, at_ms)
        if issue is not None:
            took = time.monotonic() - started
            typer.echo(
                f"{name:<12} ok: answered after {answered * 1000:.0f} ms, found after {took:.2f} s in issue {issue}"
            )
            return True
        time.sleep(_EVERY_S)
    typer.echo(f"{name:<12} accepted, but not found within {patience_s:g} s. {' '.join(server.what_became())}".rstrip())
    return False
