"""`errata send-test` against a running server, by every protocol that it knows."""

from __future__ import annotations

import subprocess
import sys

import pytest

from errata.cli.test_errors import PROTOCOLS
from running_server import Server, errata_environment


def send_test(server: Server, *arguments: str, **keys: str) -> subprocess.CompletedProcess[str]:
    known = {"ERRATA_API_KEY": server.api_key, "ERRATA_APP_KEY": server.app_key} | keys
    return subprocess.run(
        [sys.executable, "-m", "errata", "send-test", "--url", server.url, *arguments],
        env=errata_environment() | known,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_error_by_every_protocol_is_found(server: Server) -> None:
    run = send_test(server, "--sdk", "all")

    assert run.returncode == 0, run.stdout + run.stderr
    lines = run.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(PROTOCOLS)
    assert all(" ok: answered after " in line and " in issue " in line for line in lines)


def test_a_wrong_key_is_told(server: Server) -> None:
    run = send_test(server, ERRATA_API_KEY="f" * 32)

    assert run.returncode == 1
    assert "refused: 403" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "keys", "says"),
    [
        (("--sdk", "pigeon"), {}, "there is no protocol pigeon: choose from all, logs"),
        (("--url", "localhost:8200"), {}, "the address begins with http://"),
        (("--url", "http://127.0.0.1:9"), {}, "no answer from http://127.0.0.1:9"),
        ((), {"ERRATA_APP_KEY": ""}, "set ERRATA_API_KEY and ERRATA_APP_KEY"),
    ],
)
def test_a_mistake_is_one_plain_line(
    server: Server, arguments: tuple[str, ...], keys: dict[str, str], says: str
) -> None:
    run = send_test(server, *arguments, **keys)

    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert says in run.stderr
