"""What the first page tells people to type works as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from html import unescape

import pytest

pytest_plugins = ["official_client"]


def sample(page: str, id_: str) -> str:
    return unescape(re.search(rf'<code id="{id_}">(.*?)</code>', page, re.DOTALL)[1])


@pytest.mark.needs("curl")
def test_the_samples_send_an_error_and_find_its_issue(server, raw):
    page = raw("GET", "/", headers={}).body.decode()
    keys = {"DD_API_KEY": server.api_key, "DD_APP_KEY": server.app_key}
    send = re.sub(r"^export .*\n", "", sample(page, "curl-send"), flags=re.MULTILINE)

    def run(*command: str) -> str:
        return subprocess.run(command, env=os.environ | keys, check=True, capture_output=True, text=True).stdout

    assert run("bash", "-c", send) == "{}"

    find = ("bash", "-c", sample(page, "curl-find"))
    deadline = time.monotonic() + 30
    while not json.loads(run(*find))["data"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    [issue] = json.loads(run(*find))["included"]
    assert issue["attributes"]["error_type"] == "KeyError"
    assert issue["attributes"]["function_name"] == "total_of"
    assert run(sys.executable, "-c", sample(page, "python-find")).startswith(issue["id"])
