"""The processes of a server: started, watched, stopped, and never two on one folder."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from running_server import errata_environment, is_alive, until


def rss_mib(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def run_serve(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "errata", "serve", "--data", str(data), *arguments],
        env=errata_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_server_runs_three_processes_under_a_light_supervisor(server):
    pids = server.pids()

    assert pids.keys() == {"engine", "worker", "web"}
    assert rss_mib(server.pid) < 25


def test_every_part_says_that_it_works(server):
    status, body = server.get("/health")

    parts = json.loads(body)["parts"]
    assert status == 200
    assert parts.keys() == {"intake", "state", "events", "worker"}
    assert all(part["ok"] for part in parts.values())


def test_a_second_server_on_the_folder_is_refused_with_its_owner(server):
    done = run_serve(server.data, "--port", "0")

    assert done.returncode == 1
    assert done.stderr == (
        f"errata: data folder {server.data} is in use by another Errata server (process {server.pid})\n"
    )


def test_a_port_in_use_is_refused_with_what_to_do(server, tmp_path):
    port = server.url.rsplit(":", 1)[1]

    done = run_serve(tmp_path / "data", "--port", port)

    assert done.returncode == 1
    assert done.stderr == f"errata: port {port} on 127.0.0.1 is in use; choose another with --port\n"
    assert not (tmp_path / "data" / "state.db").exists()


def test_the_first_start_prints_the_keys_and_a_later_one_does_not(fresh_server, tmp_path):
    fresh_server().stop()
    first = (tmp_path / "data.log").read_text()

    fresh_server().stop()

    later = (tmp_path / "data.log").read_text().removeprefix(first)
    assert first.count("Welcome to Errata") == 1
    assert "admin@errata.example" in first
    assert "Welcome" not in later


def test_nobody_else_may_look_into_the_data_folder(server):
    assert server.data.stat().st_mode & 0o077 == 0


def test_stopping_goes_from_web_to_worker_to_engine_and_leaves_nothing(fresh_server):
    server = fresh_server()
    pids = server.pids()

    assert server.stop() == 0

    stopped = re.findall(r"process stopped role=(\w+) ended=\"status 0\"", server.log.read_text())
    assert stopped == ["web", "worker", "engine"]
    assert not any(map(is_alive, pids.values()))
    assert server.get("/health/live")[0] == 0


@pytest.mark.parametrize("role", ["web", "worker", "engine"])
def test_a_process_that_is_killed_comes_back_and_the_log_says_so(fresh_server, role):
    server = fresh_server()
    before = server.pids()

    os.kill(before[role], signal.SIGKILL)
    until(lambda: server.pids()[role] != before[role], lambda: server.log.read_text()[-2000:])
    server.wait_ready()

    after = server.pids()
    assert {other: pid for other, pid in after.items() if other != role} == {
        other: pid for other, pid in before.items() if other != role
    }
    assert f'role={role} pid={before[role]} ended="signal SIGKILL"' in server.log.read_text()


def test_a_request_sent_while_the_web_process_is_down_waits_for_the_next_one(fresh_server):
    server = fresh_server()
    web = server.pids()["web"]
    host, port = server.url.removeprefix("http://").split(":")
    os.kill(web, signal.SIGKILL)
    until(lambda: not is_alive(web), lambda: "web lives")

    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: errata\r\nConnection: close\r\n\r\n")
        connection.settimeout(30)
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 200")


def test_without_the_engine_intake_goes_on_and_health_says_what_is_wrong(fresh_server):
    server = fresh_server()
    engine = server.pids()["engine"]
    os.kill(engine, signal.SIGSTOP)
    try:
        until(lambda: server.get("/health/ready")[0] == 503, lambda: "still ready")

        status, body = server.get("/health")

        parts = json.loads(body)["parts"]
        assert status == 503
        assert not parts["events"]["ok"]
        assert parts["intake"]["ok"]
        assert server.get("/health/intake")[0] == 200
        assert server.get("/health/live")[0] == 200
    finally:
        os.kill(engine, signal.SIGCONT)
    server.wait_ready()


def test_children_of_a_killed_supervisor_let_go_of_port_and_folder_at_once(fresh_server):
    server = fresh_server()
    pids = server.pids()
    port = int(server.url.rsplit(":", 1)[1])

    server.process.kill()
    server.process.wait()

    again = fresh_server(port=port)
    assert not any(map(is_alive, pids.values()))
    assert again.pids().keys() == {"web", "worker", "engine"}


def test_metrics_tell_what_each_process_does(server):
    def text() -> str:
        return server.get("/metrics")[1].decode()

    names = ["errata_journal_bytes", "errata_digest_stored_total", "errata_digest_batches_total", "process_cpu_seconds"]
    until(lambda: all(name in text() for name in names), text)


def test_a_server_answers_when_it_has_started(fresh_server):
    assert fresh_server().get("/health/live")[0] == 200


def test_no_secret_is_in_the_log(fresh_server):
    server = fresh_server(log_level="debug", admin_password="a-password-to-look-for")
    secrets = [f"ERRATA_ENGINE_{which}_SECRET=" for which in ("READ", "WRITE")]
    environment = Path(f"/proc/{server.pids()['engine']}/environ").read_text().split("\0")
    made = [line.split("=", 1)[1] for line in environment if line.startswith(tuple(secrets))]
    server.get("/api/v2/users")
    server.stop()

    _, _, log = server.log.read_text().partition("listening url=")  # what the first start showed stands before
    assert len(made) == 2
    assert not [secret for secret in [*made, server.api_key, server.app_key, "a-password-to-look-for"] if secret in log]
