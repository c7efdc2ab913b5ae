"""The README's commands, run as they stand there."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"


def run(command: str, server) -> str:
    done = subprocess.run(
        ["bash", "-c", command.replace("http://127.0.0.1:8200", server.url)],
        env={"PATH": "/usr/bin:/bin", "API_KEY": server.api_key, "APP_KEY": server.app_key},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout


@pytest.mark.needs("curl")
def test_the_readme_sends_an_error_and_finds_its_issue(fresh_server):
    server = fresh_server()
    send, search = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)

    assert run(send, server) == "{}"

    deadline = time.monotonic() + 20
    while not (found := json.loads(run(search, server)))["data"] and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [hit["attributes"]["total_count"] for hit in found["data"]] == [1]
    issue = found["included"][0]["attributes"]
    assert (issue["error_type"], issue["error_message"]) == ("ValueError", "card expired")
    assert (issue["function_name"], issue["last_seen_version"]) == ("pay", "1.4.2")
