"""syslog-ng with the configuration that its guide shows, fed as programs of a machine feed it."""

from __future__ import annotations

import json
import logging
import logging.handlers
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from guide_pages import USE, block

pytestmark = pytest.mark.needs("syslog-ng")
JSON_BODY = 'body("$MESSAGE")'


@pytest.fixture
def syslog_ng(live, tmp_path: Path) -> Iterator[Callable[[str, str], None]]:
    """Starts it with a source and the destination of the guide; ended after the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(source: str, destination: str) -> None:
        version = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True).stdout
        config = next(line.split()[-1] for line in version.splitlines() if line.startswith("Config version"))
        text = (
            f"@version: {config}\n{destination}\n"
            f"source s_app {{ {source} }};\nlog {{ source(s_app); destination(d_errata); }};\n"
        )
        (tmp_path / "syslog-ng.conf").write_text(text)
        files = [f"--{name}={tmp_path / name}" for name in ("persist-file", "pidfile", "control")]
        command = [
            _program(),
            "--foreground",
            "--no-caps",
            "--stderr",
            f"--cfgfile={tmp_path / 'syslog-ng.conf'}",
            *files,
        ]
        with (tmp_path / "syslog-ng.log").open("wb") as log:
            running.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    yield start
    for process in running:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def test_a_failure_in_the_system_log_becomes_an_issue(live, syslog_ng, tmp_path: Path):
    service = live.service("jobs")
    address = tmp_path / "log.sock"
    syslog_ng(f'unix-dgram("{address}");', destination(live))
    logger = logging.getLogger(service)
    handler = logging.handlers.SysLogHandler(str(_listening(address)), socktype=socket.SOCK_DGRAM)
    handler.ident = f"{service}[71]: "
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)

    logger.info("nightly run started")
    try:
        int("seven")
    except ValueError:
        logger.exception("customer %s: no total", 17)
    logger.removeHandler(handler)
    handler.close()

    issues = live.errors(service)
    assert [(one["error_type"], one["error_message"]) for one in issues] == [
        ("ValueError", "invalid literal for int() with base 10: 'seven'")
    ]
    assert issues[0]["function_name"] == "test_a_failure_in_the_system_log_becomes_an_issue"


def test_json_lines_of_a_program_are_sent_as_they_are(live, syslog_ng, tmp_path: Path):
    service = live.service("jobs")
    file = tmp_path / "jobs.log"
    stack = (
        'Traceback (most recent call last):\n  File "/srv/jobs/jobs.py", line 21, in rebuild\n    x\nKeyError: "net"'
    )
    entries = [
        {"service": service, "status": "INFO", "message": "nightly run started"},
        {
            "service": service,
            "status": "ERROR",
            "message": "no total",
            "exc_info": stack,
            "usr.id": "ann",
            "order": {"id": 7},
        },
    ]
    file.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    assert JSON_BODY in (USE / "log-shippers.md").read_text()
    whole = destination(live)
    body = next(line.strip() for line in whole.splitlines() if line.strip().startswith("body("))

    syslog_ng(f'file("{file}" flags(no-parse) follow-freq(0.2));', whole.replace(body, JSON_BODY))

    issues = live.errors(service)
    assert [(one["error_type"], one["function_name"]) for one in issues] == [("KeyError", "rebuild")]
    assert live.issues(service, "@order.id:7 @usr.id:ann")


def destination(live) -> str:
    """The guide's block, with the address and the key of the server of this test."""
    text = block("log-shippers.md", "syslog-ng").text
    for shown, ours in (("http://127.0.0.1:8200", live.server.url), ("<your API key>", live.server.api_key)):
        assert text.count(shown) == 1
        text = text.replace(shown, ours)
    return text


def _program() -> str:
    return str(shutil.which("syslog-ng"))


def _listening(address: Path) -> Path:
    deadline = time.monotonic() + 20
    while not address.exists():
        log = address.with_name("syslog-ng.log")
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return address
