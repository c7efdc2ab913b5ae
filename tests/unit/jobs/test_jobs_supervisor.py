"""The supervisor in a process of its own, with small real children that write down what happens to them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

SUPERVISE = """
import sys
from pathlib import Path
from errata.base.clock import SystemClock
from errata.jobs.backoff import Backoff
from errata.jobs.lines import Lines
from errata.jobs.supervisor import Plan, Supervisor

here = Path(sys.argv[1])
sockets = tuple(int(n) for n in sys.argv[3:])
plans = [Plan(role, (sys.executable, str(here / "child.py"), role, *map(str, sockets)), {"HOME": "/"}, sockets, float(sys.argv[2]))
         for role in ("engine", "worker", "web")]
Supervisor(plans, Lines(sys.stdout, SystemClock(), process="serve"), backoff=Backoff(0.05, 0.2), healthy_s=5).run()
print("all ended", flush=True)
"""

CHILD = """
import signal, sys, time, os
from errata.jobs.children import die_with_parent
role, lifeline = sys.argv[1], int(sys.argv[-1])
die_with_parent(lifeline)
def stop(*_):
    print(role, "asked to stop", flush=True)
    if os.environ.get("STUBBORN") != role and not os.path.exists("stubborn." + role):
        sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print(role, "runs", os.getpid(), flush=True)
if os.path.exists("broken." + role):
    sys.exit(3)
while True:
    time.sleep(0.05)
"""


class Running:
    def __init__(self, folder: Path, grace_s: float, sockets: tuple[int, ...] = ()) -> None:
        (folder / "child.py").write_text(CHILD)
        self._out = folder / "out.txt"
        with self._out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISE, str(folder), str(grace_s), *map(str, sockets)],
                cwd=folder,
                stdout=out,
                stderr=out,
                pass_fds=sockets,
            )

    def text(self) -> str:
        return self._out.read_text()

    def wait_for(self, pattern: str, times: int = 1) -> list[str]:
        def found() -> list[str] | None:
            hits = re.findall(pattern, self.text())
            return hits if len(hits) >= times else None

        return until(found, lambda: f"{pattern} not seen {times} times in:\n{self.text()}")

    def pids(self) -> list[int]:
        return [int(pid) for pid in re.findall(r"runs (\d+)", self.text())]


def until(condition: Callable[[], T | None], complaint: Callable[[], str], seconds: float = 15) -> T:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (value := condition()) is not None:
            return value
        time.sleep(0.02)
    raise AssertionError(complaint())


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(grace_s: float = 5, sockets: tuple[int, ...] = ()) -> Running:
        started.append(Running(tmp_path, grace_s, sockets))
        return started[-1]

    yield begin
    for one in started:
        one.process.kill()
        one.process.wait()


def test_children_start_in_order_and_stop_in_the_reverse_order(start):
    running = start()
    running.wait_for(r"runs \d+", 3)

    running.process.terminate()

    assert running.process.wait(10) == 0
    lines = running.text()
    assert re.findall(r"process started role=(\w+)", lines) == ["engine", "worker", "web"]
    assert re.findall(r"(\w+) asked to stop", lines) == ["web", "worker", "engine"]
    assert lines.endswith("all ended\n")


def test_a_child_that_dies_is_started_again_and_the_log_says_so(start):
    running = start()
    running.wait_for(r"runs \d+", 3)
    pid = int(running.wait_for(r"worker runs (\d+)")[0])

    os.kill(pid, signal.SIGKILL)

    assert int(running.wait_for(r"worker runs (\d+)", 2)[1]) != pid
    assert f'role=worker pid={pid} ended="signal SIGKILL"' in running.text()


def test_a_child_that_dies_again_and_again_is_started_ever_more_slowly(start, tmp_path):
    (tmp_path / "broken.web").touch()
    running = start()

    waits = running.wait_for(r'role=web .*ended="status 3".*next_in_s=([\d.]+)', 4)

    assert [float(wait) for wait in waits[:4]] == [0.05, 0.1, 0.2, 0.2]


def test_a_child_that_does_not_stop_in_time_is_killed(start, tmp_path):
    (tmp_path / "stubborn.worker").touch()
    running = start(grace_s=0.3)
    running.wait_for(r"runs \d+", 3)

    running.process.terminate()

    assert running.process.wait(10) == 0
    assert "did not stop in time and is killed role=worker" in running.text()


def test_a_second_interrupt_kills_without_waiting(start, tmp_path):
    (tmp_path / "stubborn.web").touch()
    running = start(grace_s=60)
    running.wait_for(r"runs \d+", 3)

    running.process.send_signal(signal.SIGINT)
    running.wait_for(r"web asked to stop")
    running.process.send_signal(signal.SIGINT)

    assert running.process.wait(10) == 0


def test_children_do_not_outlive_a_supervisor_that_is_killed(start):
    running = start()
    running.wait_for(r"runs \d+", 3)
    pids = running.pids()

    running.process.kill()
    running.process.wait()

    until(lambda: None if any(map(is_alive, pids)) else True, lambda: f"{pids} live on")


def test_a_connection_made_while_the_child_is_down_waits_for_the_next_one(start):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        os.set_inheritable(listening.fileno(), True)
        running = start(sockets=(listening.fileno(),))
        running.wait_for(r"runs \d+", 3)
        pid = int(running.wait_for(r"web runs (\d+)")[0])

        os.kill(pid, signal.SIGKILL)
        with socket.create_connection(listening.getsockname(), 5):
            running.wait_for(r"web runs (\d+)", 2)
            listening.settimeout(5)
            accepted, _ = listening.accept()
            accepted.close()
