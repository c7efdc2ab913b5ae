"""What docs/use/cases.md shows works as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/use/cases.md"


@pytest.mark.needs("curl")
def test_the_samples_of_the_guide_run(fresh_server):
    server = fresh_server()
    python, shell = re.findall(r"```(?:python|sh)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    keys = {"ERRATA_URL": server.url, "DD_API_KEY": server.api_key, "DD_APP_KEY": server.app_key}

    def run(*command: str) -> str:
        return subprocess.run(command, env=os.environ | keys, check=True, capture_output=True, text=True).stdout

    assert run(sys.executable, "-c", python) == "SHOP-1 In Progress Checkout slow after deploy\n"

    cells = json.loads(run("bash", "-c", shell))["data"]
    types = [cell["attributes"]["type"] for cell in cells]
    assert types == ["CREATED", "ATTRIBUTES_CHANGED", "ATTRIBUTES_CHANGED", "COMMENT", "STATUS_CHANGED"]
