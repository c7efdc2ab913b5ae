"""Programs under Sentry's SDKs for Python and node: a DSN with an API key in it is all that they are given."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

PAGE = Path(__file__).parent / "browser" / "sentry_shop.js"


def dsn(live, project: int = 42) -> str:
    return f"http://{live.server.api_key}@{urlsplit(live.server.url).netloc}/{project}"


def by_type(issues: list[dict]) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for issue in issues:
        found.setdefault(issue["error_type"], []).append(issue)
    return found


def newest_event(live, issue: dict) -> dict:
    events = f"{live.server.url}/api/errata/v1/issues/{issue['id']}/events"
    answer = httpx.get(events, headers=live.server.headers(), trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"][0]["attributes"]


def test_a_flask_program_reports_each_failure_once(live):
    service = live.service()

    done = live.python("sentry_flask.py", DSN=dsn(live), SERVICE=service, RELEASE=f"{service}@1.2.3")

    assert (done.status, done.output.splitlines()[-1]) == (0, "done"), done.output
    issues = by_type(live.errors(service, 8))
    assert {kind: sorted(one["total_count"] for one in those) for kind, those in issues.items()} == {
        "KeyError": [2],
        "NoCarrier": [2],
        "ValueError": [1, 1],  # the program's fingerprint keeps its tenants apart
        "Message": [2],
    }
    (looked_up,) = issues["KeyError"]
    assert (looked_up["function_name"], looked_up["languages"]) == ("look_up", ["PYTHON"])
    assert looked_up["file_path"].endswith("/sentry_flask.py")
    assert looked_up["last_seen_version"] == f"{service}@1.2.3"
    assert looked_up["impacted_users"] == 2
    assert issues["NoCarrier"][0]["function_name"] == "ship"
    event = newest_event(live, looked_up)
    assert event["details"]["breadcrumbs"][-1]["message"] == "asked for plum"
    assert "s3cret" not in str(event)
    assert live.server.api_key not in str(event)
    (raised,) = event["exceptions"]
    assert raised["frames"][0]["context"].strip() == "return PRICES[name]"
    assert "def look_up(name):" in raised["frames"][0]["before"]
    shipped = newest_event(live, issues["NoCarrier"][0])
    assert [one["type"] for one in shipped["exceptions"]] == ["NoCarrier", "ZeroDivisionError"]


def test_an_express_program_reports_each_failure_once_and_the_one_that_ends_it(live, node_modules):
    service = live.service("gateway")

    done = live.node("sentry_express.js", DSN=dsn(live), SERVICE=service, RELEASE=f"{service}@5.0.1", CRASH="1")

    assert done.status != 0
    assert "done" in done.output, done.output
    issues = {issue["error_type"]: issue for issue in live.errors(service, 4)}
    assert {kind: issue["total_count"] for kind, issue in issues.items()} == {
        "TypeError": 2,
        "Error": 1,
        "RangeError": 1,
    }
    assert issues["TypeError"]["function_name"] == "upstreamOf"
    assert issues["TypeError"]["file_path"].endswith("/sentry_express.js")
    assert (issues["TypeError"]["platform"], issues["TypeError"]["languages"]) == ("BACKEND", ["JAVASCRIPT"])
    assert issues["TypeError"]["impacted_users"] == 2
    assert (issues["RangeError"]["is_crash"], issues["TypeError"]["is_crash"]) == (True, False)


def test_a_project_that_has_a_name_is_the_service_of_its_errors(live):
    service = live.service("named")
    project = f"{live.server.url}/api/errata/v1/sentry/projects/77"
    body = {"data": {"type": "sentry_project", "attributes": {"name": service}}}
    named = httpx.put(project, json=body, headers=live.server.headers(), trust_env=False)
    assert named.status_code == 200, named.text
    listed = [sys.executable, "-m", "errata", "sentry-project", "list", "--data", str(live.server.data)]
    assert f"77  {service}" in subprocess.run(listed, capture_output=True, text=True, check=True).stdout
    live.no_errors(service, quiet_s=3.5)  # the digest reads names every three seconds

    live.python("sentry_flask.py", DSN=dsn(live, 77), RELEASE="other@1")

    assert len(live.errors(service, 8)) == 5


def test_a_revoked_key_is_told_to_the_program_and_nothing_arrives(live):
    service = live.service()
    wrong = dsn(live).replace(live.server.api_key, "f" * 32)

    done = live.python("sentry_flask.py", DSN=wrong, SERVICE=service)

    assert done.status == 0, done.output
    live.no_errors(service)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which its files are: another origin than the server's."""
    folder = tmp_path / "pages"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def bundle(node_modules: Path, into: Path, **values: str) -> None:
    """The page's program, minified, with its source map beside it."""
    defined = [f"--define:{name}={json.dumps(value)}" for name, value in values.items()]
    tool = node_modules / "node_modules" / ".bin" / "esbuild"
    options = ["--bundle", "--minify", "--sourcemap=external", f"--outfile={into}"]
    environment = {"NODE_PATH": str(node_modules / "node_modules"), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    subprocess.run([str(tool), str(PAGE), *options, *defined], check=True, capture_output=True, env=environment)


@pytest.mark.needs("chromium")
def test_a_page_reports_what_it_throws_and_source_maps_tell_where(
    live, node_modules: Path, pages: tuple[Path, str], in_page: Callable[[], object]
):
    folder, address = pages
    service = live.service("web")
    release = f"{service}@1.0.0"
    bundle(node_modules, folder / "shop.min.js", DSN=dsn(live, 55), SERVICE=service, RELEASE=release)
    (folder / "index.html").write_text(
        "<!doctype html><button id='uncaught'>a</button><button id='engine'>b</button><script src='/shop.min.js'></script>"
    )
    event = {"type": "js_sourcemap", "service": service, "version": release, "minified_url": f"{address}/shop.min.js"}
    files = {name: (name, value) for name, value in (
        ("event", json.dumps(event).encode()),
        ("source_map", (folder / "shop.min.js.map").read_bytes()),
        ("minified_file", (folder / "shop.min.js").read_bytes()),
    )}  # fmt: skip
    sent = httpx.post(f"{live.server.url}/api/v2/srcmap", files=files, headers=live.server.headers(), trust_env=False)
    assert sent.status_code == 202, sent.text

    page = in_page()
    page.goto(f"{address}/index.html")
    for fault in ("uncaught", "engine"):
        page.locator(f"#{fault}").click()
    page.wait_for_timeout(1500)

    issues = {issue["error_type"]: issue for issue in live.errors(service, 2)}
    assert {issue["platform"] for issue in issues.values()} == {"BROWSER"}
    assert issues["TypeError"]["function_name"] == "lineTotal"
    assert issues["SyntaxError"]["function_name"] == "restoreCart"  # and not the engine's JSON.parse
    assert all(issue["file_path"].endswith("sentry_shop.js") for issue in issues.values())
    assert issues["TypeError"]["last_seen_version"] == release
