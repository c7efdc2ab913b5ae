"""`errata demo`: a server with something to show, because a week of recorded errors of small programs is sent to it.

As a module this is the sender, a process beside the server that ends when everything is sent.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.base.clock import SystemClock
from errata.base.errors import Unavailable
from errata.cli.complaint import plain_complaints
from errata.cli.demo_cases import open_cases
from errata.cli.demo_story import DAYS, of_the_next_release, of_the_week
from errata.cli.sending import Sending, answer_of, json_headers
from errata.cli.sockets import url_of
from errata.settings import Settings, load

_PATIENCE_S = 120.0
_DAY_MS = 86_400_000
_FIXED_FOR_MS = 24 * 3_600_000
_TEAMS = (("pay", "Payments"), ("web", "Web shop"))


def key_of(data: Path, name: str) -> str:
    """A key that the sender uses, made once for each folder and kept in it."""
    path = data / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16), encoding="ascii")
    return path.read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True)
class Shop:
    """The server of the demo as its programs and its people see it."""

    url: str
    api_key: str
    app_key: str

    def send(self, sending: Sending) -> bytes:
        """The body of the answer. Raises Unavailable for any but a good one."""
        try:
            status, answer = answer_of(self.url, sending)
        except OSError as error:
            raise Unavailable(f"the demo's errors could not be sent: {error}") from error
        if status >= 300:
            said = answer[:300].decode(errors="replace")
            raise Unavailable(f"the demo's {sending.path.partition('?')[0]} was answered {status}: {said}")
        return answer

    def call(self, method: str, path: str, body: object = None) -> Any:
        """An operation of the API."""
        headers = json_headers(self.api_key) | {"DD-APPLICATION-KEY": self.app_key}
        answer = self.send(Sending(method, path, headers, b"" if body is None else json.dumps(body).encode()))
        return json.loads(answer) if answer else None

    def wait_for(self, path: str) -> None:
        """Raises Unavailable when the server does not come up."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            with suppress(OSError):
                status, _ = answer_of(self.url, Sending("GET", path, {}), patience_s=5)
                if status == 200:
                    return
            time.sleep(0.1)
        raise Unavailable("the demo's server did not come up")

    def issues(self, now_ms: int) -> list[dict[str, Any]]:
        """The issues of the week, the most frequent ones first, with `total` beside their attributes."""
        asked = {"query": "*", "persona": "ALL", "from": now_ms - (DAYS + 1) * _DAY_MS, "to": now_ms + _DAY_MS}
        body = {"data": {"type": "search_request", "attributes": asked}}
        answer = self.call("POST", "/api/v2/error-tracking/issues/search?include=issue", body)
        attributes = {each["id"]: each["attributes"] for each in answer.get("included", ())}
        return [
            attributes[hit["id"]] | {"id": hit["id"], "total": hit["attributes"]["total_count"]}
            for hit in answer["data"]
        ]

    def set_state(self, issue_id: str, state: str) -> None:
        """As somebody would who looked at the issue."""
        body = {"data": {"id": issue_id, "type": "error_tracking_issue", "attributes": {"state": state}}}
        self.call("PUT", f"/api/v2/error-tracking/issues/{issue_id}/state", body)

    def assign(self, issue_id: str, user_id: str) -> None:
        """As above."""
        body = {"data": {"id": user_id, "type": "assignee"}}
        self.call("PUT", f"/api/v2/error-tracking/issues/{issue_id}/assignee", body)


def play(shop: Shop) -> int:
    """Send the week's errors, look after their issues, and release anew; returns how many errors were sent."""
    shop.wait_for("/health/intake")
    now_ms = SystemClock().now_ms()
    sent = _send(shop, of_the_week(now_ms, shop.api_key))
    shop.wait_for("/health/ready")
    _wait_until_counted(shop, now_ms, sent)
    _look_after(shop, now_ms)
    return sent + _send(shop, of_the_next_release(SystemClock().now_ms(), shop.api_key))


def _send(shop: Shop, requests: Iterable[tuple[int, Sending]]) -> int:
    sent = 0
    for errors, sending in requests:
        shop.send(sending)
        sent += errors
    return sent


def _wait_until_counted(shop: Shop, now_ms: int, sent: int) -> None:
    """Nobody can look after an issue before it is there."""
    until = time.monotonic() + _PATIENCE_S
    while sum(issue["total"] for issue in shop.issues(now_ms)) < sent:
        if time.monotonic() > until:
            raise Unavailable("the demo's errors were sent, but are not counted yet")
        time.sleep(0.3)


def _look_after(shop: Shop, now_ms: int) -> None:
    """What people did in the week: whatever did not occur for a day is fixed, some of the rest is somebody's."""
    for handle, name in _TEAMS:
        with suppress(Unavailable):  # it is there from the last time
            body = {"data": {"type": "team", "attributes": {"handle": handle, "name": name}}}
            shop.call("POST", "/api/v2/team", body)
    me = shop.call("GET", "/api/v2/current_user")["data"]["id"]
    issues = [issue for issue in shop.issues(now_ms) if issue["state"] == "OPEN"]
    quiet = [issue for issue in issues if issue["last_seen"] < now_ms - _FIXED_FOR_MS]
    for issue in quiet:
        shop.set_state(issue["id"], "RESOLVED")
    busy = [issue for issue in issues if issue not in quiet]
    for issue in busy[::6]:
        shop.assign(issue["id"], me)
        shop.set_state(issue["id"], "ACKNOWLEDGED")
    for issue in busy[4::12]:
        shop.set_state(issue["id"], "IGNORED")
    open_cases(shop.call, me)


def shop_of(settings: Settings) -> Shop:
    """The server of the settings."""
    return Shop(url_of(settings.host, settings.port), settings.api_key, settings.app_key)


if __name__ == "__main__":
    with plain_complaints():
        count = play(shop_of(load({}, os.environ)))
        sys.stdout.write(f"demo: {count} recorded errors were sent to http://127.0.0.1:{os.environ['ERRATA_PORT']}\n")
