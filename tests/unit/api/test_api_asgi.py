"""The rim itself: unknown paths, methods, bodies of every kind, bounds, bugs."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from errata.api.asgi import Api
from errata.base.errors import TooMany

SEARCH = "/api/v2/error-tracking/issues/search"


def test_a_path_that_nobody_serves(call):
    response = call("GET", "/api/v2/nothing")

    assert response.status_code == 404
    assert response.json()["errors"][0].startswith("Not Found: ")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PATCH", "/api/v2/users", "GET, HEAD, POST"),
        ("OPTIONS", SEARCH, "POST"),
        ("GET", SEARCH, "POST"),
        ("POST", "/api/openapi.json", "GET, HEAD"),
    ],
)
def test_a_method_that_a_path_does_not_take(call, method, path, allow):
    response = call(method, path)

    assert (response.status_code, response.headers["allow"]) == (405, allow)


def test_head_answers_as_get_without_the_body(call):
    response = call("HEAD", "/api/v2/current_user")

    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["content-length"]) > 100


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"\x00", b'{"data":"\\ud800"}', b"[" * 200_000, b'{"a":' * 90_000 + b"1" + b"}" * 90_000,
     b"\xff\xfe", b'{"data":{"type":"search_request","attributes":{"query":"' + b"x" * 900_000 + b'"}}}',
     b"{" + b",".join(b'"k%d":1' % i for i in range(60_000)) + b"}", b"NaN", b"1e400", b"-0"],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_no_body_is_worse_than_400(call, body):
    for method, path in (("POST", SEARCH), ("POST", "/api/v2/users"), ("POST", "/api/v2/team")):
        response = call(method, path, content=body)

        assert response.status_code == 400
        assert response.json()["errors"]


def test_any_content_type_will_do(call):
    body = b'{"data":{"type":"users","attributes":{"email":"x@errata.example"}}}'
    sent = {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": "b" * 40, "content-type": "application/x-www-form-urlencoded"}

    assert call("POST", "/api/v2/users", sent, content=body).status_code == 201


def test_a_compressed_body_is_refused_by_name(call):
    sent = {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": "b" * 40, "content-encoding": "gzip"}

    response = call("POST", SEARCH, sent, content=b"\x1f\x8b")

    assert response.status_code == 400
    assert response.json()["errors"][0]["detail"].startswith("Content-Encoding: ")


def test_a_body_past_the_bound_is_refused(make_call):
    call = make_call(max_body_bytes=1000)

    async def in_parts():
        for _ in range(20):
            yield b"x" * 100

    for content in (b"x" * 1001, in_parts()):
        response = call("POST", SEARCH, content=content)

        assert response.status_code == 413
        assert response.json()["errors"][0]["detail"] == "the body is larger than 1000 bytes"


def test_a_rate_that_is_passed_names_the_seconds_to_wait(call):
    call.issues.fault = TooMany("too many searches", retry_after_s=7)
    attributes = {"query": "*", "from": 1, "to": 2, "track": "logs"}

    response = call("POST", SEARCH, json={"data": {"type": "search_request", "attributes": attributes}})

    assert (response.status_code, response.json()) == (429, {"errors": ["too many searches"]})
    assert response.headers["content-type"] == "application/vnd.api+json"
    expected = {"reset": "7", "limit": "272", "period": "1", "remaining": "0", "name": "concurrent_calls"}
    assert {name: response.headers[f"x-ratelimit-{name}"] for name in expected} == expected
    assert response.headers["retry-after"] == "7"


def test_callers_beyond_those_that_may_wait_are_sent_away(make_call):
    call = make_call(threads=1, max_waiting=1)
    call.issues.delay_s = 0.2

    answers = call.at_once(5, "GET", "/api/v2/error-tracking/issues/5f8ebd5c-6dd9-11f0-8a28-da7ad0900002")

    assert sorted(answer.status_code for answer in answers) == [404, 404, 429, 429, 429]
    sent_away = next(answer for answer in answers if answer.status_code == 429)
    assert sent_away.headers["x-ratelimit-name"] == "concurrent_calls"


def test_a_bug_is_one_answer_with_an_id_and_leaks_nothing(call):
    call.issues.fault = ZeroDivisionError("secret detail")
    attributes = {"query": "*", "from": 1, "to": 2, "track": "logs"}

    with capture_logs() as logs:
        response = call("POST", SEARCH, json={"data": {"type": "search_request", "attributes": attributes}})

    assert response.status_code == 500
    [error] = response.json()["errors"]
    assert (error["status"], error["title"]) == ("500", "Internal Server Error")
    assert "secret" not in response.text
    [line] = [line for line in logs if line["event"] == "api_failed"]
    assert line["error_id"] in error["detail"]
    assert line["exc_info"]


def test_a_client_that_leaves_in_the_middle_is_not_answered(call):
    sent = []
    waiting = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": SEARCH,
        "raw_path": SEARCH.encode(),
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(call.app(scope, receive, send))

    assert sent == []


def test_every_call_is_told_to_the_observer(make_call):
    seen = []
    call = make_call(observe=lambda name, status, seconds: seen.append((name, status, seconds >= 0)))

    call("GET", "/api/v2/current_user")
    call("GET", "/api/v2/users/me")
    call("GET", "/api/nothing")

    assert seen == [("GetCurrentUser", 200, True), ("GetUser", 404, True), ("none", 404, True)]


def test_answers_are_not_kept_and_not_guessed_at(call):
    headers = call("GET", "/api/v2/current_user").headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_the_application_speaks_http_only(call):
    assert isinstance(call.app, Api)
    with pytest.raises(RuntimeError, match="HTTP only"):
        asyncio.run(call.app({"type": "websocket"}, None, None))
