"""Source maps and errors of minified code at a real server, in every order."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import time
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from running_server import until

PAYLOADS = Path(__file__).parents[1] / "payloads"
HOUR_MS = 3_600_000
BOUNDARY = "flowsBoundary"


def recorded(version: str) -> dict[str, bytes]:
    """The map and the minified file that datadog-ci sent of a version of the shop."""
    body = gzip.decompress((PAYLOADS / "datadog-ci" / f"sourcemap-rum-{version}.body.bin").read_bytes())
    mark = body.partition(b"\r\n")[0]
    parts = [part.split(b"\r\n\r\n", 1)[1][:-2] for part in body.split(mark)[1:4]]
    return {"source_map": parts[1], "minified_file": parts[2]}


def form(service: str, version: str, url: str, parts: dict[str, bytes]) -> bytes:
    event = {"type": "js_sourcemap", "service": service, "version": version, "minified_url": url}
    whole = {"event": json.dumps(event).encode()} | parts
    head = 'Content-Disposition: form-data; name="{0}"; filename="{0}"'
    pieces = [f"--{BOUNDARY}\r\n{head.format(name)}\r\n\r\n".encode() + part + b"\r\n" for name, part in whole.items()]
    return b"".join(pieces) + f"--{BOUNDARY}--\r\n".encode()


def upload(server, service: str, version: str, url: str = "") -> int:
    address = url or f"https://cdn.example/assets/{version}/rum.min.js"
    headers = {
        "DD-API-KEY": server.api_key,
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Encoding": "gzip",
    }
    body = gzip.compress(form(service, version, address, recorded(version)))
    return httpx.post(f"{server.url}/api/v2/srcmap", content=body, headers=headers, trust_env=False).status_code


def stack_of(case: str) -> tuple[str, str]:
    """Message and minified stack of a recorded error of the shop."""
    sent = json.loads((PAYLOADS / "browser-rum" / f"{case}.http.json").read_text())
    raw = sent.get("body_base64") or sent["body"]
    lines = base64.b64decode(raw).decode().splitlines()
    error = next(event["error"] for event in map(json.loads, lines) if event["type"] == "error")
    return error["message"], error["stack"]


def fail(server, service: str, version: str, case: str, count: int = 1) -> None:
    """Send errors as the browser's log SDK does."""
    message, stack = stack_of(case)
    entry = {
        "message": message,
        "status": "error",
        "service": service,
        "ddsource": "browser",
        "ddtags": f"env:prod,version:{version}",
        "error": {"kind": stack.partition(":")[0], "stack": stack, "message": message},
    }
    headers = {"DD-API-KEY": server.api_key}
    answer = httpx.post(f"{server.url}/api/v2/logs", json=[entry] * count, headers=headers, trust_env=False)
    assert answer.status_code == 202


def issues(server, service: str) -> dict[str, dict]:
    """The service's issues by id, with how often each was counted."""
    now = int(time.time() * 1000)
    asked = {"query": f"service:{service}", "track": "logs", "from": now - HOUR_MS, "to": now + HOUR_MS}
    answer = httpx.post(
        f"{server.url}/api/v2/error-tracking/issues/search?include=issue",
        json={"data": {"type": "search_request", "attributes": asked}},
        headers=server.headers(),
        trust_env=False,
    ).json()
    found = {one["id"]: one["attributes"] for one in answer.get("included", ())}
    return {hit["id"]: found[hit["id"]] | hit["attributes"] for hit in answer["data"]}


def counted(server, service: str, total: int) -> dict[str, dict]:
    """The issues once so many errors are counted in them."""
    until(
        lambda: sum(one["total_count"] for one in issues(server, service).values()) == total,
        lambda: f"{issues(server, service)}",
    )
    return issues(server, service)


def events(server, issue_id: str) -> list[dict]:
    answer = httpx.get(
        f"{server.url}/api/errata/v1/issues/{issue_id}/events", headers=server.headers(), trust_env=False
    )
    assert answer.status_code == 200, answer.text
    return [one["attributes"] for one in answer.json()["data"]]


def first_frame(event: dict) -> tuple[str, str, int]:
    frame = event["exceptions"][0]["frames"][0]
    return frame["function"], frame["file"], frame["line"]


def test_error_after_its_upload_is_known_by_its_source(server):
    service = f"maps-{uuid4().hex[:8]}"

    assert upload(server, service, "1.0.0") == 202
    fail(server, service, "1.0.0", "uncaught-a", 2)

    (issue,) = counted(server, service, 2).values()
    assert (issue["file_path"], issue["function_name"]) == ("src/cart.ts", "lineTotal")


def test_rebuilt_version_is_the_same_issue(server):
    service = f"maps-{uuid4().hex[:8]}"
    for version, case in (("1.0.0", "handled-a"), ("1.1.0", "v110-handled")):
        assert upload(server, service, version) == 202
        fail(server, service, version, case)

    (issue,) = counted(server, service, 2).values()
    assert (issue["function_name"], issue["first_seen_version"], issue["last_seen_version"]) == (
        "applyCoupon",
        "1.0.0",
        "1.1.0",
    )


def test_late_upload_maps_what_is_shown_and_keeps_one_issue(server):
    service = f"maps-{uuid4().hex[:8]}"
    fail(server, service, "1.0.0", "uncaught-a", 3)
    fail(server, service, "1.1.0", "v110-uncaught", 2)
    before = counted(server, service, 5)
    unmapped = [event for issue_id in before for event in events(server, issue_id)]

    assert upload(server, service, "1.0.0") == 202
    assert upload(server, service, "1.1.0") == 202
    shown = [event for issue_id in before for event in events(server, issue_id)]
    fail(server, service, "1.0.0", "uncaught-b")
    fail(server, service, "1.1.0", "v110-uncaught")

    until(lambda: len(counted(server, service, 7)) == 1, lambda: f"{issues(server, service)}")
    ((issue_id, issue),) = issues(server, service).items()
    assert {event["exceptions"][0]["frames"][0]["unmapped"]["reason"] for event in unmapped} == {
        "no_source_map_of_the_service"
    }
    assert {first_frame(event) for event in shown} == {
        ("lineTotal", "src/cart.ts", 12),
        ("lineTotal", "src/cart.ts", 17),
    }
    assert issue_id in before
    assert issue["total_count"] == 7
    assert (issue["file_path"], issue["function_name"]) == ("src/cart.ts", "lineTotal")
    # Old ids lead to the issue that stayed.
    for old in before:
        answer = httpx.get(
            f"{server.url}/api/v2/error-tracking/issues/{old}", headers=server.headers(), trust_env=False
        )
        assert answer.json()["data"]["id"] == issue_id
    assert len(events(server, issue_id)) == 7


def test_reason_why_a_call_is_not_mapped_is_told(server):
    service = f"maps-{uuid4().hex[:8]}"
    assert upload(server, service, "1.0.0", "https://cdn.example/other/rum.min.js") == 202
    fail(server, service, "1.0.0", "uncaught-a")
    fail(server, service, "9.9.9", "rejection-a")

    reasons = {
        event["version"]: event["exceptions"][0]["frames"][0]["unmapped"]
        for issue_id in counted(server, service, 2)
        for event in events(server, issue_id)
    }

    assert reasons["1.0.0"]["reason"] == "no_source_map_of_the_file"
    assert reasons["1.0.0"]["there"] == ["https://cdn.example/other/rum.min.js"]
    assert reasons["9.9.9"]["reason"] == "no_source_map_of_the_version"
    assert reasons["9.9.9"]["there"] == ["1.0.0"]


def test_what_a_removed_map_told_is_kept(server):
    service = f"maps-{uuid4().hex[:8]}"
    assert upload(server, service, "1.0.0") == 202
    fail(server, service, "1.0.0", "uncaught-a")
    ((issue_id, _),) = counted(server, service, 1).items()
    listed = httpx.get(
        f"{server.url}/api/errata/v1/source-maps?filter[service]={service}", headers=server.headers(), trust_env=False
    ).json()["data"]

    gone = httpx.delete(
        f"{server.url}/api/errata/v1/source-maps/{listed[0]['id']}", headers=server.headers(), trust_env=False
    )

    assert gone.status_code == 204
    assert first_frame(events(server, issue_id)[0]) == ("lineTotal", "src/cart.ts", 12)
    assert "lineTotal" in events(server, issue_id)[0]["error"]["stack"]


def test_client_tokens_upload_no_maps(server):
    asked = {"data": {"type": "client_token", "attributes": {"name": "pages"}}}
    made = httpx.post(
        f"{server.url}/api/errata/v1/client-tokens", json=asked, headers=server.headers(), trust_env=False
    )
    headers = {
        "DD-API-KEY": made.json()["data"]["attributes"]["token"],
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }

    answer = httpx.post(
        f"{server.url}/api/v2/srcmap", content=form("s", "1", "/m.js", {}), headers=headers, trust_env=False
    )

    assert answer.status_code == 403


def test_kill_in_the_middle_of_an_upload_leaves_nothing_and_an_answered_one_stays(fresh_server):
    first = fresh_server()
    assert upload(first, "kept", "1.0.0") == 202
    body = form("lost", "1.0.0", "/m.js", recorded("1.0.0"))
    connection = http.client.HTTPConnection(urlsplit(first.url).netloc, timeout=10)
    connection.putrequest("POST", "/api/v2/srcmap")
    connection.putheader("DD-API-KEY", first.api_key)
    connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[: len(body) // 2 + 300_000][: len(body) - 1000])
    drafts = first.data / "blobs" / "drafts"
    until(lambda: any(path.stat().st_size for path in drafts.iterdir()), lambda: "nothing was written")
    first.kill()
    connection.close()

    again = fresh_server(first.data)

    listed = httpx.get(f"{again.url}/api/errata/v1/source-maps", headers=again.headers(), trust_env=False).json()
    files = [path for path in (again.data / "blobs").rglob("*") if path.is_file() and path.parent.name != "drafts"]
    assert [one["attributes"]["service"] for one in listed["data"]] == ["kept"]
    assert len(files) == 2
    fail(again, "kept", "1.0.0", "uncaught-a")
    (issue,) = counted(again, "kept", 1).values()
    assert issue["function_name"] == "lineTotal"
