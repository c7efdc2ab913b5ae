"""Thirty-two clients work on cases at once over HTTP, with the state on each engine."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import quote

import pytest

from running_server import Server

CLIENTS = 32
CASES = "/api/v2/cases"
STANDARD = "00000000-0000-0000-0000-000000000001"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("initdb"))])
def running(request: pytest.FixtureRequest, fresh_server) -> Iterator[Server]:
    if request.param == "sqlite":
        yield fresh_server()
        return
    engine = request.getfixturevalue("postgresql")
    name = engine.new_database()
    yield fresh_server(database_url=engine.url(name))


class Client:
    """One connection that is kept, as client libraries keep theirs; notes the status of every answer."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
        self._headers = server.headers() | {"Content-Type": "application/json"}
        self.statuses: Counter[int] = Counter()

    def ask(self, method: str, path: str, attributes: object = None, *, type_: str = "case", **more: object) -> dict:
        body = None if method == "GET" else json.dumps({"data": {"type": type_, "attributes": attributes} | more})
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        read = answer.read()
        self.statuses[answer.status] += 1
        return json.loads(read) if read else {}

    def close(self) -> None:
        self._connection.close()

    def create(self, project: str, title: str) -> dict:
        place = {"project": {"data": {"id": project, "type": "project"}}}
        made = self.ask("POST", CASES, {"title": title, "type_id": STANDARD}, relationships=place)
        return made["data"]["attributes"]

    def change(self, ref: str, action: str, **attributes: object) -> None:
        self.ask("POST", f"{CASES}/{ref}/{action}", attributes)


def test_clients_that_create_and_change_at_once_are_all_served(running: Server) -> None:
    first = Client(running)
    projects = [
        first.ask("POST", f"{CASES}/projects", {"key": key, "name": key}, type_="project")["data"]["id"]
        for key in ("OPS", "WEB")
    ]
    shared = first.create(projects[0], "shared")["key"]
    start = Barrier(CLIENTS)

    def work(number: int) -> tuple[Counter[int], list[str]]:
        client = Client(running)
        start.wait(60)
        made = [client.create(projects[(number + turn) % 2], f"case {number} {turn}") for turn in range(5)]
        for case in made[:2]:
            client.change(case["key"], "title", title=f"changed by {number}")
            client.change(case["key"], "priority", priority="P2")
        client.change(shared, "attributes", attributes={f"of_{number}": [str(number)]})
        for turn in range(3):
            client.change(shared, "comment", comment=f"{number} says {turn}")
        client.ask("GET", f"{CASES}?page[size]=10")
        client.ask("GET", f"{CASES}/{shared}")
        client.close()
        return client.statuses, [case["key"] for case in made]

    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(work, range(CLIENTS)))

    statuses = sum((each for each, _ in done), Counter())
    assert statuses.keys() == {200, 201}
    keys = {key for _, some in done for key in some} | {shared}
    ops, web = CLIENTS * 5 // 2 + 1, CLIENTS * 5 // 2
    assert keys == {f"OPS-{number}" for number in range(1, ops + 1)} | {f"WEB-{number}" for number in range(1, web + 1)}
    found = first.ask("GET", f"{CASES}/{shared}")["data"]["attributes"]
    assert found["attributes"] == {f"of_{number}": [str(number)] for number in range(CLIENTS)}
    assert found["comment_count"] == CLIENTS * 3
    changed = first.ask("GET", f"{CASES}?page[size]=100&filter={quote('title:changed*')}")["data"]
    assert len(changed) == CLIENTS * 2
    first.close()
