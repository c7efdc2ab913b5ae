"""A project whose deletion a crash stopped after the first of its transactions."""

from __future__ import annotations

import json
import sqlite3
import urllib.request

from running_server import until

STANDARD = "00000000-0000-0000-0000-000000000001"


def post(server, path: str, type_: str, attributes: dict, relationships: dict | None = None) -> dict:
    data = {"type": type_, "attributes": attributes} | ({"relationships": relationships} if relationships else {})
    request = urllib.request.Request(server.url + path, json.dumps({"data": data}).encode(), server.headers())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def test_the_worker_finishes_a_deletion_that_a_crash_stopped(fresh_server, tmp_path):
    server = fresh_server()
    project = post(server, "/api/v2/cases/projects", "project", {"key": "WEB", "name": "Web"})
    to_project = {"project": {"data": {"id": project["id"], "type": "project"}}}
    for i in range(3):
        post(server, "/api/v2/cases", "case", {"title": f"Case {i}", "type_id": STANDARD}, to_project)
    server.kill()
    state = sqlite3.connect(tmp_path / "data" / "state.db", isolation_level=None)
    state.execute("UPDATE case_projects SET deleted_at = 1 WHERE key = 'WEB'")

    server = fresh_server()
    gone = server.get("/api/v2/cases/WEB-1")[0]

    def left() -> int:
        return sum(
            state.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("cases", "case_contents", "case_cells", "case_values")
        )

    until(lambda: left() == 0, lambda: f"{left()} rows are left")
    until(
        lambda: state.execute("SELECT key FROM case_projects").fetchall() == [("GEN",)], lambda: "the project is left"
    )
    state.close()
    assert gone == 404
    assert (
        post(server, "/api/v2/cases/projects", "project", {"key": "WEB", "name": "Web"})["attributes"]["key"] == "WEB"
    )
