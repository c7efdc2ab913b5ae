"""Calls of the operations on cases, for the tests of the API in memory."""

from __future__ import annotations

from typing import Any

CASES = "/api/v2/cases"
UNKNOWN = "67d80aa3-36ff-44b9-a694-c501a7591737"
STANDARD = "00000000-0000-0000-0000-000000000001"
JSON = "application/vnd.api+json"
NOW = "2026-03-01T12:00:00.123456Z"


def new_case(project: str, assignee: str | None = None, **attributes: object) -> dict[str, Any]:
    relationships = {"project": {"data": {"id": project, "type": "project"}}}
    if assignee:
        relationships["assignee"] = {"data": {"id": assignee, "type": "user"}}
    return {
        "data": {
            "type": "case",
            "attributes": {"title": "Checkout slow", "type_id": STANDARD} | attributes,
            "relationships": relationships,
        }
    }


def error(response) -> tuple[int, object]:
    """The status, and the one error of the answer."""
    assert response.headers["content-type"] == JSON
    assert list(response.json()) == ["errors"]
    [one] = response.json()["errors"]
    return response.status_code, one


def bad(detail: str) -> tuple[int, dict[str, str]]:
    return 400, {"status": "400", "title": "Bad Request", "detail": detail}


NO_CASE = (404, {"code": "resource_not_found", "title": "case not found"})
