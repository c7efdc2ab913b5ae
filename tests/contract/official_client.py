"""The official client against the shared server, and errors that were really sent to it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import jsonschema_rs
import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v2.api.error_tracking_api import ErrorTrackingApi
from datadog_api_client.v2.api.logs_api import LogsApi
from datadog_api_client.v2.model.http_log import HTTPLog
from datadog_api_client.v2.model.http_log_item import HTTPLogItem

STACK = """Traceback (most recent call last):
  File "/srv/shop/checkout.py", line 41, in total_of
    return basket["total"]
KeyError: 'total'"""


def configuration_of(server, *, api_key: str | None = None, app_key: str | None = None) -> Configuration:
    configuration = Configuration(host=server.url)
    configuration.api_key["apiKeyAuth"] = server.api_key if api_key is None else api_key
    configuration.api_key["appKeyAuth"] = server.app_key if app_key is None else app_key
    return configuration


@pytest.fixture(scope="session")
def client(server) -> Iterator[ApiClient]:
    with ApiClient(configuration_of(server)) as made:
        yield made


@dataclass(frozen=True)
class Answer:
    """An answer as bytes and headers, before any client made something of it."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)


@pytest.fixture(scope="session")
def raw(server) -> Callable[..., Answer]:
    """Calls the server without a client: `raw("GET", "/api/v2/users")`; `headers` replaces both keys."""

    def call(method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        keys = {"DD-API-KEY": server.api_key, "DD-APPLICATION-KEY": server.app_key} if headers is None else headers
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(server.url + path, data, keys, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as it:
                return Answer(it.status, {name.lower(): value for name, value in it.headers.items()}, it.read())
        except urllib.error.HTTPError as refused:
            with refused:
                headers_ = {name.lower(): value for name, value in refused.headers.items()}
                return Answer(refused.code, headers_, refused.read())

    return call


@pytest.fixture(scope="session")
def published(raw) -> Callable[[str, str, Answer], None]:
    """Holds an answer against the document that the server itself publishes."""
    document = raw("GET", "/api/openapi.json", headers={}).json()

    def check(method: str, path: str, answer: Answer) -> None:
        responses = document["paths"][path][method.lower()]["responses"]
        assert str(answer.status) in responses, f"{answer.status} is not published for {method} {path}"
        content = responses[str(answer.status)].get("content")
        if content is None:
            assert not answer.body
            return
        [(kind, media)] = content.items()
        assert answer.headers["content-type"] == kind
        jsonschema_rs.validate({**media["schema"], "components": document["components"]}, answer.json())

    return check


@dataclass(frozen=True)
class Sent:
    """Errors of one service of its own, which is what searches look for."""

    service: str
    issue_id: str
    from_ms: int
    to_ms: int

    def search(self, **attributes: object) -> dict[str, object]:
        asked = {
            "query": f"service:{self.service}",
            "from": self.from_ms,
            "to": self.to_ms,
            "track": "logs",
        } | attributes
        kept = {name: value for name, value in asked.items() if value is not ...}
        return {"data": {"type": "search_request", "attributes": kept}}


@pytest.fixture
def send_errors(client: ApiClient) -> Callable[..., Sent]:
    """Sends errors by `submit_log` and waits until the search finds their issue."""

    def send(count: int = 1, **fields: object) -> Sent:
        now = int(time.time() * 1000)
        service = f"shop-{uuid4().hex[:12]}"
        error = {"kind": "KeyError", "message": "'total'", "stack": STACK}
        entry = {
            "message": "checkout failed",
            "service": service,
            "ddsource": "python",
            "status": "error",
            "error": error,
        }
        items = [HTTPLogItem(**(entry | fields | {"number": str(i)})) for i in range(count)]
        assert LogsApi(client).submit_log(body=HTTPLog(items)) == {}
        return _found(client, service, now, count)

    return send


def _found(client: ApiClient, service: str, now: int, count: int) -> Sent:
    asked = Sent(service, "", now - 3_600_000, now + 3_600_000)
    deadline = time.monotonic() + 30
    while True:
        hits = ErrorTrackingApi(client).search_issues(body=asked.search()).data
        if hits and hits[0].attributes.total_count == count:
            return Sent(service, hits[0].id, asked.from_ms, asked.to_ms)
        assert time.monotonic() < deadline, f"no issue with {count} errors of {service}: {hits}"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def parsed() -> Callable[[object], object]:
    """Holds that the client understood all of an answer, and hands it on."""

    def check(model: object) -> object:
        assert not getattr(model, "_unparsed", False), model
        return model

    return check
