from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request

from running_server import errata_environment, until


def issues(url: str, keys: dict[str, str], query: str = "*") -> list[dict]:
    now = int(time.time() * 1000)
    window = {"query": query, "persona": "ALL", "from": now - 9 * 86_400_000, "to": now + 60_000}
    body = json.dumps({"data": {"type": "search_request", "attributes": window}}).encode()
    request = urllib.request.Request(
        f"{url}/api/v2/error-tracking/issues/search", body, keys | {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["data"]


def statuses_of_cases(url: str, keys: dict[str, str]) -> set[str]:
    with urllib.request.urlopen(urllib.request.Request(f"{url}/api/v2/cases", headers=keys), timeout=10) as answer:
        return {case["attributes"]["status_name"] for case in json.load(answer)["data"]}


def test_the_demo_has_a_week_of_issues_to_look_at(tmp_path):
    log, data = tmp_path / "log", tmp_path / "data"
    with log.open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "errata", "demo", "--data", str(data), "--port", "0"],
            env={name: value for name, value in errata_environment().items() if not name.startswith("ERRATA_A")},
            stdout=out,
            stderr=out,
        )
    try:
        until(lambda: "recorded errors were sent" in log.read_text(), log.read_text, 90)
        url = re.search(r"listening url=(\S+)", log.read_text())[1]
        keys = {
            "DD-API-KEY": (data / "demo-key").read_text(),
            "DD-APPLICATION-KEY": (data / "demo-app-key").read_text(),
        }
        sent = int(re.search(r"demo: (\d+) recorded errors were sent", log.read_text())[1])
        until(lambda: sum(hit["attributes"]["total_count"] for hit in issues(url, keys)) == sent, log.read_text)

        assert len(issues(url, keys)) > 40
        assert len(issues(url, keys, "issue.is_regression:true")) >= 3, "a release brought fixed errors back"
        assert len(issues(url, keys, "issue.is_new:true")) >= 3
        for state in ("OPEN", "ACKNOWLEDGED", "RESOLVED", "IGNORED"):
            assert issues(url, keys, f"issue.state:{state}"), state
        assert issues(url, keys, "service:shop-web -@session.id:*") == []
        assert statuses_of_cases(url, keys) == {"Open", "In Progress", "Pending Approval", "Completed", "Closed"}
        assert max(hit["attributes"].get("impacted_users", 0) for hit in issues(url, keys)) > 10
    finally:
        demo.terminate()
        demo.wait(60)
