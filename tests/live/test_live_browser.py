"""Pages with Datadog's browser SDKs in Chromium, written as docs/use/browser.md says, served from another origin."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "use" / "browser.md"
SHOP = Path(__file__).parent / "browser" / "shop.js"
FULL_BATCH = "shop.byHand({ basket: Array.from({ length: 4000 }, (_, n) => `${n * 7919}`) })"
"""An error with so much context that the SDK does not wait for more."""
BUNDLES = {"rum": "browser-rum/bundle/datadog-rum.js", "logs": "browser-logs/bundle/datadog-logs.js"}

pytestmark = pytest.mark.needs("chromium")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Shop:
    """A web server with the pages of a shop. `sent` are the SDK's requests, by their address inside.

    `told` are the statuses that each page's requests had, 0 where the page may not know.
    """

    folder: Path
    port: int
    open_page: Callable[[], object]
    sent: list[str] = field(default_factory=list)
    told: dict[object, list[int]] = field(default_factory=dict)

    def page(self, sdk: str, settings: dict[str, str], *, more: str = "", host: str = "127.0.0.1") -> object:
        """Open the guide's page with these values in place of its own; `more` are settings beside them."""
        head = re.findall(r"```html\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[sdk == "logs"]
        for name, value in settings.items():
            head, found = re.subn(rf"(\b{name}: )'[^']*'", rf"\g<1>'{value}'", head)
            assert found, f"the guide says nothing of {name}"
        head = head.replace(".init({", ".init({" + more, 1)
        html = f"<!doctype html><head>{head}</head><button>do</button><script src='/shop.js'></script>"
        (self.folder / "index.html").write_text(html)
        page = self.open_page()
        page.on("request", lambda request: self.sent.extend(inner_of(request)))
        told = self.told[page] = []
        page.on("response", lambda response: told.extend(response.status for _ in inner_of(response.request)))
        page.on("requestfailed", lambda request: told.extend(0 for _ in inner_of(request)))
        page.goto(f"http://{host}:{self.port}/")
        return page

    def leave(self, page: object) -> None:
        """Go elsewhere, at which the SDK sends what it still has."""
        page.goto(f"http://127.0.0.1:{self.port}/shop.js")

    def wait_for_answer(self, page: object) -> list[int]:
        """The statuses of what was sent meanwhile; playwright tells them only while it is asked to wait."""
        deadline = time.monotonic() + 10
        while not self.told[page] and time.monotonic() < deadline:
            page.wait_for_timeout(50)
        return self.told[page]


def inner_of(request: object) -> list[str]:
    """Where a request of an SDK goes; nothing for the page's own and for what browsers ask first."""
    if request.method != "POST":
        return []
    return [unquote(inner) for inner in parse_qs(urlsplit(request.url).query).get("ddforward", [])]


def do(page: object, fault: str) -> None:
    page.locator("button").evaluate("(button, name) => { button.name = name }", fault)
    page.locator("button").click()


@pytest.fixture
def shop(node_modules: Path, tmp_path: Path, in_page: Callable[[], object]) -> Iterator[Shop]:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.js").write_bytes(SHOP.read_bytes())
    for sdk, bundle in BUNDLES.items():
        packaged = node_modules / "node_modules" / "@datadog" / bundle
        (folder / f"datadog-{sdk}.js").write_bytes(packaged.read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Shop(folder, server.server_address[1], in_page)
    server.shutdown()
    server.server_close()
    thread.join()


def client_token(server: object) -> str:
    made = httpx.post(
        f"{server.url}/api/errata/v1/client-tokens",
        json={"data": {"type": "client_token", "attributes": {"name": "pages"}}},
        headers=server.headers(),
        trust_env=False,
    )
    assert made.status_code == 201, made.text
    return made.json()["data"]["attributes"]["token"]


def settings_for(server: object, service: str) -> dict[str, str]:
    return {"proxy": f"{server.url}/", "clientToken": client_token(server), "service": service}


def test_errors_of_a_page_become_issues_when_it_is_left(live, shop: Shop) -> None:
    service = live.service("shop-web")
    page = shop.page("rum", settings_for(live.server, service))
    for fault in ("uncaught", "rejected", "rejectedText", "console", "consoleText", "byHand"):
        do(page, fault)
    page.wait_for_timeout(100)

    shop.leave(page)

    issues = live.errors(service, 6)
    told = {(one["error_type"], one["error_message"]): one for one in issues}
    assert set(told) == {
        ("TypeError", "Cannot read properties of undefined (reading 'cents')"),
        ("CartError", "cart c-551 could not be reserved: stock changed"),
        ("Error", "Uncaught session expired"),
        ("CartError", "cart restore failed CartError: stored cart c-12 is damaged"),
        ("Error", "slow network"),
        ("CartError", "coupon 'SUMMER24' expired"),
    }
    for one in issues:
        assert (one["platform"], one["languages"], one["last_seen_version"]) == ("BROWSER", ["JAVASCRIPT"], "1.0.0")
        assert (one["total_count"], one["impacted_sessions"], one["impacted_users"]) == (1, 1, 1)
    functions = {type_and_words[1]: one["function_name"] for type_and_words, one in told.items()}
    assert functions["Cannot read properties of undefined (reading 'cents')"] == "lineTotal"
    assert functions["coupon 'SUMMER24' expired"] == "applyCoupon"
    assert told["TypeError", "Cannot read properties of undefined (reading 'cents')"]["file_path"].endswith("shop.js")


def test_an_error_right_before_the_page_is_left_arrives_as_a_beacon(live, shop: Shop) -> None:
    service = live.service("shop-web")
    page = shop.page("rum", settings_for(live.server, service))
    do(page, "uncaught")

    shop.leave(page)

    live.errors(service)
    assert [inner for inner in shop.sent if "/api/v2/rum" in inner and "_dd.api=beacon" in inner]


def test_a_full_batch_is_sent_at_once_and_compressed(live, shop: Shop) -> None:
    service = live.service("shop-web")
    page = shop.page("rum", settings_for(live.server, service), more="compressIntakeRequests: true,")
    page.evaluate(FULL_BATCH)

    assert set(shop.wait_for_answer(page)) == {202}
    live.errors(service)
    assert [inner for inner in shop.sent if "_dd.api=fetch" in inner and "dd-evp-encoding=deflate" in inner]


def test_errors_of_a_page_that_only_logs_become_issues(live, shop: Shop) -> None:
    service = live.service("shop-logs")
    page = shop.page("logs", settings_for(live.server, service))
    for fault in ("uncaught", "rejectedText", "logged", "consoleText"):
        do(page, fault)
    page.evaluate("DD_LOGS.logger.error('a line of text')")
    page.wait_for_timeout(100)

    shop.leave(page)

    issues = live.errors(service, 4)
    assert {(one["error_type"], one["error_message"], one["function_name"]) for one in issues} == {
        ("TypeError", "Cannot read properties of undefined (reading 'cents')", "lineTotal"),
        ("CartError", "coupon 'SUMMER24' expired", "applyCoupon"),
        ("Error", "Uncaught session expired", ""),
        ("Error", "slow network", ""),
    }
    assert {one["impacted_sessions"] for one in issues} == {1}


def test_only_pages_of_the_origins_named_may_send(live, shop: Shop, fresh_server: Callable[..., object]) -> None:
    allowed = f"http://127.0.0.1:{shop.port}"
    server = live.server = fresh_server(browser_origins=allowed)
    ours, theirs = live.service("ours"), live.service("theirs")
    seen: dict[str, list[int]] = {}
    for service, host in ((theirs, "localhost"), (ours, "127.0.0.1")):
        page = shop.page("rum", settings_for(server, service), host=host)
        page.evaluate(FULL_BATCH)
        seen[service] = shop.wait_for_answer(page)[:1]
        do(page, "uncaught")
        shop.leave(page)

    assert len(live.errors(ours, 2)) == 2
    live.no_errors(theirs, quiet_s=0.2)
    assert seen == {theirs: [0], ours: [202]}
