"""The search syntax's vectors on errors that came in by the real intake, asked by the official client."""

from __future__ import annotations

import json
import time
import urllib.request
from uuid import uuid4

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.error_tracking_api import ErrorTrackingApi

from vectors.search_vectors import EVENT_VECTORS, VECTORS

pytest_plugins = ["official_client"]

NOT_AS_SENT = (
    # Times are those of the sending; ids, first and last sightings follow from it.
    "issue.id", "issue.age", "issue.first_seen", "issue.last_seen", "issue.regression", "issue.is_new", "timestamp",
    # Where a log comes from says nothing of the device.
    "issue.platform",
    # An issue's place in the code and its cause are read from the stack; people and teams are given by others.
    "issue.file_path", "issue.function_name", "issue.suspected_cause", "issue.assignee", "issue.team",
    # Correlated ids have their own place in a log.
    "trace_id",
)  # fmt: skip
"""What a vector asks for that a log cannot bring along."""
USABLE = [each for each in EVENT_VECTORS if not any(word in each["query"] for word in NOT_AS_SENT)]
VALID = [
    pytest.param(each["query"], each["matches"], each["among"], id=each["id"])
    for each in USABLE
    # The run's own clause is put around each query, for which there must be room.
    if each["valid"] and len(each["query"]) < 1000 and each["query"].count("(") < 30
]
INVALID = [pytest.param(each["query"], id=each["id"]) for each in USABLE if not each["valid"]]


def log_of(document: dict[str, object], run: str) -> dict[str, object]:
    """The document as a program sends it: what identifies the run is one more attribute."""
    log = json.loads(json.dumps(document["attributes"]))
    named = {"hostname": "host", "ddsource": "source"}
    named |= {name: name for name in ("message", "service", "status", "env", "version")}
    log |= {name: document[own] for name, own in named.items() if own in document}
    return log | {"ddtags": ",".join(document["tags"]), "run": run}


@pytest.fixture(scope="module")
def run(server, client: ApiClient) -> tuple[str, dict[str, str]]:
    """The run's name, and the document of each issue; the issues are in the states that the documents name."""
    name = f"r{uuid4().hex}"
    body = json.dumps([log_of(document, name) for document in VECTORS["documents"]]).encode()
    headers = {"DD-API-KEY": server.api_key, "Content-Type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{server.url}/api/v2/logs", body, headers), timeout=30
    ) as answer:
        assert answer.status == 202
    api, deadline = ErrorTrackingApi(client), time.monotonic() + 30
    while len(found(client, f"@run:{name}")) < len(VECTORS["documents"]):
        assert time.monotonic() < deadline, f"found {len(found(client, f'@run:{name}'))} of the documents"
        time.sleep(0.1)
    home = {}
    for document in VECTORS["documents"]:
        error = document["attributes"]["error"]
        query = f'@run:{name} service:"{document["service"]}" @error.type:{json.dumps(error["type"])}'
        [issue_id] = found(client, query)
        home[issue_id] = document["_id"]
        state = {"attributes": {"state": document["issue"]["state"]}, "id": issue_id, "type": "error_tracking_issue"}
        api.update_issue_state(issue_id=issue_id, body={"data": state})
    return name, home


def found(client: ApiClient, query: str) -> list[str]:
    now = int(time.time() * 1000)
    asked = {"query": query, "from": now - 86_400_000, "to": now + 3_600_000, "track": "logs"}
    body = {"data": {"type": "search_request", "attributes": asked}}
    return [hit.id for hit in ErrorTrackingApi(client).search_issues(body=body).data]


def test_there_are_vectors_of_every_kind():
    assert len(VALID) + len(INVALID) >= 30


@pytest.mark.parametrize(("query", "expected", "among"), VALID)
def test_client_finds_the_issues_of_the_vector(client, run, query, expected, among):
    name, home = run

    ids = found(client, f"({query}) @run:{name}" if query.strip() else f"@run:{name}")

    assert sorted(home[id_] for id_ in ids if home[id_] in among) == sorted(expected)


@pytest.mark.parametrize("query", INVALID)
def test_client_is_told_where_an_invalid_vector_is_wrong(client, query):
    with pytest.raises(ApiException) as refused:
        found(client, query)

    assert refused.value.status == 400
    [error] = refused.value.body["errors"]
    assert error["title"] == "Bad Request"
    assert error["detail"].startswith("query: at offset ")
    assert ": found " in error["detail"]
    assert ", expected " in error["detail"]
