"""A kill cannot show a missing sync, since the page cache survives it; the system calls can."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

SENDS = ("sendto", "send(", "write(", "writev", "sendmsg")
CALLS = "pwrite64,pwritev,fdatasync,fsync,sendto,write,writev,sendmsg"


@dataclass
class Seen:
    """What a trace shows: requests whose bytes were written and synced, and answers sent, at their worst moment."""

    answers: int = 0
    syncs: int = 0
    too_early: int = 0


def _traced(server, path, load) -> Seen:
    command = ["strace", "-f", "-qq", "-y", "-s", "65536", "-e", f"trace={CALLS}", "-o", str(path)]
    tracer = subprocess.Popen([*command, "-p", str(server.pids()["web"])])
    time.sleep(1.5)
    load()
    tracer.send_signal(signal.SIGINT)
    tracer.wait(30)
    return _read(path)


def _read(path) -> Seen:
    """Follow the calls in the order in which they returned; an answer counts from the moment its call began."""
    seen = Seen()
    written = synced = 0
    begun: dict[str, str] = {}
    for line in path.read_text(errors="replace").splitlines():
        thread, call = line.split(None, 1)
        if call.endswith("<unfinished ...>"):
            begun[thread] = call
        resumed = call.startswith("<...")
        whole = begun.pop(thread, "") + call if resumed else call
        if not resumed and call.startswith(SENDS) and "/journal/" not in call:
            seen.answers += call.count("HTTP/1.1 202")
            seen.too_early += seen.answers > synced
        elif whole.endswith("<unfinished ...>"):
            continue
        elif whole.startswith("pwrite") and "/journal/" in whole and re.search(r"= \d+$", whole):
            written += whole.count("marker-")
        elif whole.startswith("fdatasync") and "/journal/" in whole and re.search(r"= 0$", whole):
            synced = written
            seen.syncs += 1
    return seen


def _send(server, count: int) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    for _ in range(count):
        body = b'{"message": "marker-", "service": "till"}'
        connection.request("POST", "/api/v2/logs", body, {"DD-API-KEY": server.api_key})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (202, b"{}")
    connection.close()


@pytest.mark.needs("strace")
def test_an_answer_is_sent_after_fdatasync_of_its_bytes_has_returned(fresh_server, tmp_path):
    server = fresh_server()

    seen = _traced(server, tmp_path / "trace", lambda: _send(server, 40))

    assert (seen.answers, seen.too_early) == (40, 0)
    assert seen.syncs >= 40


@pytest.mark.needs("strace")
def test_requests_that_share_a_sync_all_wait_for_it(fresh_server, tmp_path):
    server = fresh_server()

    def load() -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: _send(server, 25), range(8)))

    seen = _traced(server, tmp_path / "trace", load)

    assert (seen.answers, seen.too_early) == (200, 0)
    assert 0 < seen.syncs <= 200
