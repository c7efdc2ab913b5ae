"""What was acknowledged is counted, and counted once, whatever was killed and when."""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

KILLS = 20
SENDERS = 4


class Sender(threading.Thread):
    """Sends errors of one person each, one after the other, and remembers whose were acknowledged."""

    def __init__(self, server, name: str) -> None:
        super().__init__()
        self.address = server.url.removeprefix("http://")
        self.key = server.api_key
        self.prefix = name
        self.sent: list[str] = []
        self.acknowledged: list[str] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stopped.is_set():
            connection = http.client.HTTPConnection(self.address, timeout=5)
            try:
                while not self.stopped.is_set():
                    person = f"{self.prefix}-{number}"
                    number += 1
                    self.sent.append(person)
                    connection.request("POST", "/api/v2/logs", _error_of(person), {"DD-API-KEY": self.key})
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status == 202:
                        self.acknowledged.append(person)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
            finally:
                connection.close()


def _error_of(person: str) -> bytes:
    stack = (
        'Traceback (most recent call last):\n  File "/srv/till/pay.py", line 3, in pay\n    charge(card)\nKeyError: 1'
    )
    entry = {
        "service": "till",
        "status": "error",
        "error": {"stack": stack},
        "usr": {"id": person},
        "ddsource": "python",
    }
    return json.dumps([entry]).encode()


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
    """The public API's counts of the one issue."""
    now = int(time.time() * 1000)
    window = {"query": "service:till", "from": now - 86_400_000, "to": now + 3_600_000, "track": "logs"}
    body = json.dumps({"data": {"type": "search_request", "attributes": window}}).encode()
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    try:
        connection.request("POST", "/api/v2/error-tracking/issues/search", body, server.headers())
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer["data"][0]["attributes"] if answer["data"] else {"total_count": 0}


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

    assert len(acknowledged) > KILLS
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
