from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request

from conftest import API_KEY, APP_KEY, errata_environment, until


def issues(url: str) -> list[dict]:
    now = int(time.time() * 1000)
    window = {"query": "*", "track": "logs", "from": now - 86_400_000, "to": now + 60_000}
    body = json.dumps({"data": {"type": "search_request", "attributes": window}}).encode()
    headers = {"DD-API-KEY": API_KEY, "DD-APPLICATION-KEY": APP_KEY, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v2/error-tracking/issues/search", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["data"]


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_the_demo_has_issues_of_today_to_look_at(tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "errata", "demo", "--data", str(tmp_path / "data"), "--port", "0"],
            env=errata_environment(),
            stdout=out,
            stderr=out,
        )
    try:
        until(lambda: "recorded log entries were sent" in log.read_text(), log.read_text, 60)
        url = re.search(r"listening url=(\S+)", log.read_text())[1]

        # Intake takes errors before the engine has started; a search is answered 503 until then.
        until(lambda: is_ready(url), log.read_text, 60)
        until(lambda: sum(hit["attributes"]["total_count"] for hit in issues(url)) == 600, log.read_text)

        assert len(issues(url)) >= 3
        assert all(hit["attributes"]["impacted_users"] > 1 for hit in issues(url))
    finally:
        demo.terminate()
        demo.wait(60)
