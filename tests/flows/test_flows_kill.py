"""What was acknowledged is counted, and counted once, whatever was killed and when."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from sent_requests import PROTOCOLS, Sent

KILLS = 20
SENDERS = 4
SERVICE = "till"
LINE = "a line of text"
WAYS = (LINE, *PROTOCOLS)


class Sender(threading.Thread):
    """Sends errors of one person each, by every protocol in turn, and remembers whose were acknowledged.

    As SDKs do, it sends a request again that got no answer, and some that got one: errors with names count once.
    A line of text has none and is sent once.
    """

    def __init__(self, server, name: str) -> None:
        super().__init__()
        self.key = server.api_key
        self.prefix = name
        self.sent: list[str] = []
        self.acknowledged: list[str] = []
        self.stopped = threading.Event()
        self._connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)

    def run(self) -> None:
        for number in itertools.count():
            person = f"{self.prefix}-{number}"
            protocol = _way_of(person)
            self.sent.append(person)
            if protocol == LINE:
                self._send(_line_of(person, self.key), person)
            else:
                request = PROTOCOLS[protocol](SERVICE, int(time.time() * 1000), person, self.key)
                answers = 2 if number % 4 == 0 else 1
                while answers and not self.stopped.is_set():
                    answers -= self._send(request, person)
            if self.stopped.is_set():
                break
        self._connection.close()

    def _send(self, request: Sent, person: str) -> bool:
        """Whether it was acknowledged."""
        try:
            self._connection.request(request.method, request.path, request.body, request.headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            time.sleep(0.05)
            return False
        if answer.status not in (200, 202):
            return False
        self.acknowledged.append(person)
        return True


def _way_of(person: str) -> str:
    return WAYS[int(person.rpartition("-")[2]) % len(WAYS)]


def _line_of(person: str, key: str) -> Sent:
    request = PROTOCOLS["logs"](SERVICE, int(time.time() * 1000), person, key)
    return request._replace(headers={"DD-API-KEY": key})


def stored_people(data) -> Counter[str]:
    """How many rows the event store holds of each person, read by an engine of its own after the server stopped."""
    program = (
        "import sys; from chdb import session;"
        "s = session.Session(sys.argv[1]);"
        "print(s.query('SELECT usr_id, count() FROM errata.events GROUP BY usr_id', 'CSV').data())"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(data / "events")], check=True, capture_output=True, text=True, timeout=60
    )
    rows = (line.replace('"', "").split(",") for line in told.stdout.split())
    return Counter({person: int(count) for person, count in rows})


def counted(server) -> dict[str, int]:
    """The public API's counts of all issues together: nobody meets two of them."""
    now = int(time.time() * 1000)
    window = {"query": f"service:{SERVICE}", "from": now - 86_400_000, "to": now + 3_600_000, "persona": "ALL"}
    body = json.dumps({"data": {"type": "search_request", "attributes": window}}).encode()
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    try:
        connection.request("POST", "/api/v2/error-tracking/issues/search", body, server.headers())
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    found = [one["attributes"] for one in answer["data"]]
    return {name: sum(one[name] for one in found) for name in ("total_count", "impacted_users")}


@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_lost_or_doubled_by_twenty_kills_of_everything(fresh_server, tmp_path):
    rng = random.Random(20)  # noqa: S311 - any moment will do, the same ones each time
    sent: set[str] = set()
    acknowledged: set[str] = set()

    for round_ in range(KILLS):
        server = fresh_server()
        senders = [Sender(server, f"{round_}.{number}") for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        time.sleep(rng.uniform(0.3, 2.0))
        server.kill()
        for sender in senders:
            sender.stopped.set()
        for sender in senders:
            sender.join()
            sent |= set(sender.sent)
            acknowledged |= set(sender.acknowledged)

    server = fresh_server()
    deadline = time.monotonic() + 120
    steady = 0
    before = -1
    while steady < 3 and time.monotonic() < deadline:
        time.sleep(1)
        total = counted(server)["total_count"]
        steady = steady + 1 if total == before and total >= len(acknowledged) else 0
        before = total
    numbers = counted(server)
    server.stop()
    people = stored_people(server.data)

    assert {_way_of(person) for person in acknowledged} == set(WAYS)
    assert acknowledged - people.keys() == set()
    assert {person: count for person, count in people.items() if count > 1} == {}
    assert people.keys() - sent == set()
    assert numbers["total_count"] == len(people)
    # Distinct people are counted exactly up to some ten thousands; a fast machine acknowledges more.
    assert numbers["impacted_users"] == pytest.approx(len(people), rel=0.01)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", ["worker", "engine", "web"])
def test_a_process_that_is_killed_alone_comes_back_and_loses_nothing(fresh_server, role):
    import os
    import signal

    server = fresh_server()
    sender = Sender(server, role)
    sender.start()
    for _ in range(3):
        time.sleep(0.7)
        os.kill(server.pids()[role], signal.SIGKILL)
        server.wait_ready()
    sender.stopped.set()
    sender.join()
    deadline = time.monotonic() + 60
    while counted(server)["total_count"] < len(sender.acknowledged) and time.monotonic() < deadline:
        time.sleep(0.3)
    time.sleep(1)
    server.stop()
    people = stored_people(server.data)

    assert set(sender.acknowledged) - people.keys() == set()
    assert {person: count for person, count in people.items() if count > 1} == {}
