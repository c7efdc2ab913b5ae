"""The whole product with its state on a PostgreSQL server, as an operator sets it up: over TCP, with a password."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v2.api.error_tracking_api import ErrorTrackingApi
from datadog_api_client.v2.model.issues_search_request import IssuesSearchRequest
from datadog_api_client.v2.model.issues_search_request_data import IssuesSearchRequestData
from datadog_api_client.v2.model.issues_search_request_data_attributes import IssuesSearchRequestDataAttributes
from datadog_api_client.v2.model.issues_search_request_data_attributes_track import (
    IssuesSearchRequestDataAttributesTrack,
)
from datadog_api_client.v2.model.issues_search_request_data_type import IssuesSearchRequestDataType
from sent_requests import STACK

from postgresql import PASSWORD, PostgreSQL
from running_server import Server, errata_environment, until

pytestmark = pytest.mark.needs("initdb")


@pytest.fixture
def state_server() -> Iterator[PostgreSQL]:
    """A server of the test's own, as careful with data as an operator's."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = PostgreSQL(port)
    yield running
    running.close()


@pytest.fixture
def database_url(state_server: PostgreSQL) -> str:
    return state_server.url(state_server.new_database())


def ask(server: Server, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    """Status and body of an answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = server.headers() | {"Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(server.url + path, data, headers, method=method), timeout=30
        ) as it:
            return it.status, it.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def send(server: Server, person: str) -> int:
    """Send one error; the status of the answer."""
    error = {"kind": "KeyError", "message": "1", "stack": STACK}
    entry = {"service": "till", "status": "error", "ddsource": "python", "error": error, "usr": {"id": person}}
    return ask(server, "POST", "/api/v2/logs", [entry])[0]


def counted(server: Server) -> int:
    """Errors of all issues, asked with the official client."""
    configuration = Configuration(host=server.url)
    configuration.api_key |= {"apiKeyAuth": server.api_key, "appKeyAuth": server.app_key}
    now = time.time_ns() // 10**6
    attributes = IssuesSearchRequestDataAttributes(
        query="service:till", _from=now - 86_400_000, to=now + 60_000, track=IssuesSearchRequestDataAttributesTrack.LOGS
    )
    data = IssuesSearchRequestData(attributes=attributes, type=IssuesSearchRequestDataType.SEARCH_REQUEST)
    with ApiClient(configuration) as client:
        found = ErrorTrackingApi(client).search_issues(body=IssuesSearchRequest(data=data)).data
    return sum(each.attributes.total_count for each in found)


def until_counted(server: Server, number: int) -> None:
    until(lambda: counted(server) == number, lambda: server.log.read_text()[-3000:])


def test_error_is_found_and_a_restart_keeps_all(fresh_server, database_url: str, tmp_path: Path) -> None:
    server = fresh_server(database_url=database_url)
    assert send(server, "ann") == 202
    until_counted(server, 1)
    assert server.stop() == 0

    server = fresh_server(database_url=database_url)
    assert send(server, "bob") == 202
    until_counted(server, 2)

    assert not (server.data / "state.db").exists()
    assert PASSWORD not in server.log.read_text()
    assert PASSWORD.replace(" ", "%20") not in server.log.read_text()


def test_server_that_goes_away_costs_no_error_that_was_acknowledged(
    fresh_server, state_server: PostgreSQL, database_url: str
) -> None:
    server = fresh_server(database_url=database_url)
    pids = server.pids()
    statuses = [send(server, "ann")]
    until_counted(server, 1)
    searched = {"data": {"type": "search_request", "attributes": {"query": "*", "from": 0, "to": 1, "track": "logs"}}}

    state_server.stop(signal.SIGQUIT)  # as it ends when its machine crashes
    statuses += [send(server, f"bob {number}") for number in range(20)]
    at_once = [ask(server, "GET", path)[0] for path in ("/api/v2/users", "/api/v2/current_user")]
    time.sleep(3)  # longer than keys and findings are remembered
    later = [
        ask(server, "GET", "/api/v2/users")[0],
        ask(server, "POST", "/api/v2/error-tracking/issues/search", searched)[0],
        ask(server, "GET", "/health/ready")[0],
    ]
    statuses += [send(server, f"cleo {number}") for number in range(5)]

    assert set(at_once) <= {200, 503}
    assert later == [503, 503, 503]
    assert set(statuses) == {202, 503}
    assert ask(server, "GET", "/health/live")[0] == 200
    state_server.start()
    server.wait_ready()
    statuses.append(send(server, "dan"))
    assert statuses[-1] == 202
    until_counted(server, statuses.count(202))
    assert server.pids() == pids


def test_start_without_the_server_ends_at_once_and_says_why(
    state_server: PostgreSQL, database_url: str, tmp_path: Path
) -> None:
    state_server.stop()

    for command in (["serve", "--port", "0"], ["check"]):
        ended = subprocess.run(
            [sys.executable, "-m", "errata", *command, "--data", str(tmp_path / "data")],
            env=errata_environment({"database_url": database_url}), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

        said = ended.stderr + ended.stdout
        assert ended.returncode == 1
        assert "The state database does not answer. (connection failed" in said
        assert "Traceback" not in said
        assert "kept" not in said
