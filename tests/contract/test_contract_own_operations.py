"""Errata's own operations on the running server, each answer held against the document that the server publishes."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from uuid import uuid4

import pytest

from running_server import until

pytest_plugins = ["official_client"]

V1 = "/api/errata/v1"
UPLOAD = Path(__file__).parents[1] / "payloads/datadog-ci/sourcemap-rum-1.0.0.http.json"


@pytest.fixture
def own(raw, published):
    """Calls an operation by its published path: `own("GET", "/events/{event_id}", event_id=...)`."""

    def call(method: str, template: str, body: object = None, query: str = "", **values: object):
        path = V1 + template.format(**values)
        answer = raw(method, path + query, body)
        published(method, V1 + template, answer)
        return answer

    return call


def test_single_errors_are_listed_and_read(own, send_errors):
    sent = send_errors(3)

    listed = own("GET", "/issues/{issue_id}/events", issue_id=sent.issue_id).json()["data"]
    one = own("GET", "/events/{event_id}", event_id=listed[0]["id"]).json()["data"]

    assert len(listed) == 3
    assert one["attributes"]["error"]["type"] == "KeyError"
    assert own("GET", "/events/{event_id}", event_id=uuid4()).status == 404
    assert own("GET", "/issues/{issue_id}/events", issue_id=uuid4()).status == 404
    assert own("GET", "/issues/{issue_id}/events", issue_id="x").status == 400


def test_what_came_in_lately_is_told(own, send_errors):
    sent = send_errors(1)

    def mine() -> list[dict]:
        recent = own("GET", "/intake/recent").json()["data"]
        pieces = [piece for each in recent for piece in each["attributes"]["pieces"]]
        return [piece for piece in pieces if piece.get("issue_id") == sent.issue_id]

    until(mine, lambda: "not told")
    assert mine()[0]["verdict"] == "error"
    assert own("GET", "/intake/recent", query="?page[limit]=0").status == 400


def test_sentry_projects_are_named_and_forgotten(own):
    number = uuid4().int % 10**9
    body = {"data": {"type": "sentry_project", "attributes": {"name": f"shop {number}"}}}

    assert own("PUT", "/sentry/projects/{number}", body, number=number).status == 200
    listed = own("GET", "/sentry/projects").json()["data"]
    assert f"shop {number}" in [each["attributes"]["name"] for each in listed]
    assert own("DELETE", "/sentry/projects/{number}", number=number).status == 204
    assert own("DELETE", "/sentry/projects/{number}", number=number).status == 404
    assert own("PUT", "/sentry/projects/{number}", {"data": 1}, number=number).status == 400


def test_client_tokens_are_made_and_revoked(own):
    body = {"data": {"type": "client_token", "attributes": {"name": f"pages {uuid4().hex}"}}}

    made = own("POST", "/client-tokens", body)
    assert made.status == 201, made.body
    token = made.json()["data"]
    assert token["attributes"]["token"]
    listed = own("GET", "/client-tokens", query="?page[size]=100").json()["data"]
    assert token["id"] in [each["id"] for each in listed]
    assert "token" not in listed[0]["attributes"], "a secret is shown once"
    assert own("DELETE", "/client-tokens/{token_id}", token_id=token["id"]).status == 204
    assert own("DELETE", "/client-tokens/{token_id}", token_id=uuid4()).status == 404


def test_source_maps_are_listed_and_removed(own, raw, server):
    upload = json.loads(UPLOAD.read_text())
    body = (
        (UPLOAD.parent / upload["body_file"]).read_bytes()
        if "body_file" in upload
        else base64.b64decode(upload["body_base64"])
    )
    kept = {name: upload["headers"][name] for name in upload["headers"] if name.lower().startswith("content-")}
    kept = {name: value for name, value in kept.items() if name.lower() != "content-length"}
    assert gzip.decompress(body)
    answer = raw("POST", upload["path"], body, headers=kept | {"DD-API-KEY": server.api_key})
    assert answer.status == 202, answer.body

    # The server is shared: other tests upload maps, and a page has ten.
    mine = own("GET", "/source-maps", query="?filter[service]=shop-web&filter[version]=1.0.0").json()["data"]
    assert mine[0]["attributes"]["version"] == "1.0.0"
    assert own("DELETE", "/source-maps/{source_map_id}", source_map_id=mine[0]["id"]).status == 204
    assert own("DELETE", "/source-maps/{source_map_id}", source_map_id=mine[0]["id"]).status == 404


def test_every_own_operation_is_called_in_this_folder(raw):
    document = raw("GET", "/api/openapi.json", headers={}).json()
    own = {
        operation["operationId"]
        for path, methods in document["paths"].items()
        for operation in methods.values()
        if path.startswith("/api/errata/")
    }

    assert own == CALLED


CALLED = {
    "ListIssueEvents", "GetEvent", "ListRecentIntakeRequests",
    "ListSentryProjects", "PutSentryProject", "DeleteSentryProject",
    "ListClientTokens", "CreateClientToken", "RevokeClientToken",
    "ListSourceMaps", "DeleteSourceMap",
    "ExplainSearch", "CompleteSearch",
}  # fmt: skip
"""Own operations that a test of this folder calls; a new one is added here together with its test."""
