"""Names for Sentry's projects, as the API lists, gives and takes them."""

from __future__ import annotations

import pytest

from errata.access.model import Scope

PROJECTS = "/api/errata/v1/sentry/projects"


def named(name: object) -> dict:
    return {"data": {"type": "sentry_project", "attributes": {"name": name}}}


def test_a_project_is_named_listed_and_forgotten(call):
    answer = call("PUT", f"{PROJECTS}/42", json=named("checkout"))

    assert answer.status_code == 200
    project = answer.json()["data"]
    assert (project["id"], project["type"]) == ("42", "sentry_project")
    assert project["attributes"]["name"] == "checkout"
    assert call("GET", PROJECTS).json() == {"data": [project]}
    assert call("DELETE", f"{PROJECTS}/42").status_code == 204
    assert call("GET", PROJECTS).json() == {"data": []}
    assert call("DELETE", f"{PROJECTS}/42").status_code == 404


@pytest.mark.parametrize("number", ["x", "-1", "1" * 19, "1.0", "٤"])
def test_a_number_that_no_dsn_ends_in_is_404(call, number):
    assert call("PUT", f"{PROJECTS}/{number}", json=named("checkout")).status_code == 404


@pytest.mark.parametrize("name", ["", "x" * 101, 7, None, "a\tb"])
def test_a_name_that_no_service_can_have_is_refused_with_its_place(call, name):
    answer = call("PUT", f"{PROJECTS}/42", json=named(name))

    assert answer.status_code == 400
    assert "data.attributes.name" in str(answer.json()) or "/data/attributes/name" in str(answer.json())


def test_naming_needs_the_right_to_change_errors(call):
    reader = call.app_key(Scope.ERROR_TRACKING_READ)

    headers = {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": reader}
    assert call("GET", PROJECTS, headers).status_code == 200
    assert call("PUT", f"{PROJECTS}/42", headers, json=named("checkout")).status_code == 403
