"""RUM from a client token to an issue, over HTTP, as a browser's SDK would send it."""

from __future__ import annotations

import json
import time
import zlib
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

HOUR_MS = 3_600_000


@pytest.fixture
def token(server) -> str:
    """A client token made by `errata`'s own API."""
    asked = {"data": {"type": "client_token", "attributes": {"name": "pages"}}}
    made = call(server, "POST", "/api/errata/v1/client-tokens", asked)
    assert made.status_code == 201, made.text
    return made.json()["data"]["attributes"]["token"]


def call(server, method: str, path: str, body: object = None, headers: dict | None = None) -> httpx.Response:
    sent = server.headers() if headers is None else headers
    return httpx.request(method, server.url + path, json=body, headers=sent, timeout=20, trust_env=False)


def send(server, token: str, events: list[dict], *, deflate: bool = True, **query: object) -> int:
    body = "\n".join(map(json.dumps, events)).encode()
    asked = {
        "ddsource": "browser",
        "dd-api-key": token,
        "dd-evp-origin": "browser",
        "dd-request-id": str(uuid4()),
        **query,
    }
    if deflate:
        asked["dd-evp-encoding"] = "deflate"
        body = zlib.compress(body)
    inner = "/api/v2/rum?" + "&".join(f"{name}={value}" for name, value in asked.items())
    answer = httpx.post(
        f"{server.url}/rum-proxy?ddforward={quote(inner, safe='')}",
        content=body,
        headers={"Content-Type": "text/plain;charset=UTF-8", "Origin": "https://shop.example"},
        trust_env=False,
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    return answer.status_code


def an_error(service: str, session: str, user: str, *, kind: str = "user", number: int = 0, **error: object) -> dict:
    stack = "TypeError: no price\n  at lineTotal @ https://shop.example/a.js:1:20\n  at total @ https://shop.example/a.js:1:90"
    told = {"id": str(uuid4()), "message": "no price", "type": "TypeError", "source": "source", "stack": stack}
    return {
        "type": "error",
        "date": int(time.time() * 1000) - number,
        "service": service,
        "version": "1.0.0",
        "ddtags": f"env:prod,service:{service}",
        "application": {"id": "11111111-2222-4333-8444-555555555555"},
        "session": {"id": session, "type": kind},
        "view": {"id": f"view-of-{session}", "url": "https://shop.example/cart?step=2"},
        "usr": {"id": user} if user else {},
        "context": {"coupon": "SUMMER24"},
        "error": told | error,
    }


def issues(server, query: str, **how: str) -> list[dict]:
    now = int(time.time() * 1000)
    window = {"query": query, "from": now - HOUR_MS, "to": now + HOUR_MS, **(how or {"track": "rum"})}
    body = {"data": {"type": "search_request", "attributes": window}}
    found = call(server, "POST", "/api/v2/error-tracking/issues/search?include=issue", body)
    assert found.status_code == 200, found.text
    return [one["attributes"] for one in found.json()["data"]]


def counted(server, query: str, count: int, **how: str) -> dict:
    """The one issue that a query finds, once so many errors are counted in it."""
    deadline = time.monotonic() + 20
    while (found := issues(server, query, **how)) != [] or time.monotonic() < deadline:
        if found and found[0]["total_count"] >= count:
            break
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    time.sleep(0.8)  # anything counted twice shows up now
    (only,) = issues(server, query, **how)
    assert only["total_count"] == count
    return only


def test_people_and_sessions_of_an_issue_are_counted_and_robots_are_not(server, token):
    service = f"shop-{uuid4().hex[:8]}"
    errors = [
        an_error(service, "s-1", "ann"),
        an_error(service, "s-1", "ann", number=1),
        an_error(service, "s-2", "bob"),
        an_error(service, "s-3", "robot", kind="synthetics"),
    ]
    view = {"type": "view", "session": {"id": "s-4"}, "view": {"id": "v"}, "usr": {"id": "cem"}}

    assert send(server, token, [*errors, view, an_error(service, "s-4", "")]) == 202

    issue = counted(server, f"service:{service}", 5)
    assert (issue["impacted_sessions"], issue["impacted_users"]) == (3, 3)
    assert counted(server, f"service:{service} session_type:synthetics", 1).get("impacted_users", 0) == 0
    for query in ("@view.url_path:/cart", "@context.coupon:SUMMER24", "@view.url_query.step:2", "env:prod"):
        assert counted(server, f"service:{service} {query}", 5)
    assert counted(server, f"service:{service} @usr.id:cem", 1)
    assert counted(server, f"service:{service}", 5, persona="BROWSER")
    assert issues(server, f"service:{service}", track="logs") == []


def test_an_error_that_is_sent_again_counts_once(server, token):
    service = f"shop-{uuid4().hex[:8]}"
    first, second = an_error(service, "s-1", "ann"), an_error(service, "s-1", "ann", number=1)

    sendings = [
        send(server, token, [first]),
        send(server, token, [first], **{"_dd.retry_count": 1}),
        send(server, token, [first, second], deflate=False),
    ]

    assert sendings == [202] * 3
    assert counted(server, f"service:{service}", 2)["impacted_sessions"] == 1


def test_what_came_in_says_why_a_piece_is_no_error(server, token):
    service = f"shop-{uuid4().hex[:8]}"
    assert (
        send(server, token, [an_error(service, "s-1", "ann", source="logger"), an_error(service, "s-1", "ann")]) == 202
    )
    counted(server, f"service:{service}", 1)

    recent = call(server, "GET", "/api/errata/v1/intake/recent?filter[intake]=dd_rum").json()["data"]

    said = [piece["reason"] for one in recent for piece in one["attributes"]["pieces"]]
    assert "error_source" in said


def test_a_client_token_sends_and_opens_nothing(server, token):
    body = {"data": {"type": "search_request", "attributes": {"query": "*", "from": 0, "to": 1, "persona": "ALL"}}}
    for headers in (
        {"DD-API-KEY": token, "DD-APPLICATION-KEY": server.app_key},
        {"DD-API-KEY": server.api_key, "DD-APPLICATION-KEY": token},
        {"Authorization": f"Bearer {token}"},
    ):
        assert call(server, "POST", "/api/v2/error-tracking/issues/search", body, headers).status_code == 403
    upload = httpx.post(f"{server.url}/api/v2/srcmap", content=b"x", headers={"DD-API-KEY": token}, trust_env=False)
    assert upload.status_code == 403
    assert send(server, "pub" + "0" * 32, []) == 403
