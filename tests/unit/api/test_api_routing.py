"""Paths lead to operations."""

from __future__ import annotations

import pytest

from errata.api.operation import Operation, Style
from errata.api.routing import Found, Routes, WrongMethod


def an_operation(method: str, path: str) -> Operation[None]:
    return Operation(
        method=method,
        path=path,
        name=f"{method} {path}",
        summary="",
        tag="",
        handler=lambda *_: None,
        style=Style.PLAIN,
    )


ROUTES = Routes(
    an_operation(*row.split())
    for row in (
        "GET /api/v2/cases/{case_id}",
        "PUT /api/v2/cases/{case_id}",
        "GET /api/v2/cases/types",
        "POST /api/v2/cases/{case_id}/archive",
        "GET /api/v2/cases/types/custom_attributes",
        "DELETE /api/v2/cases/types/{type_id}",
    )
)


@pytest.mark.parametrize(
    ("method", "path", "name", "values"),
    [
        ("GET", "/api/v2/cases/types", "GET /api/v2/cases/types", {}),
        ("GET", "/api/v2/cases/ABC-1", "GET /api/v2/cases/{case_id}", {"case_id": "ABC-1"}),
        ("HEAD", "/api/v2/cases/ABC-1", "GET /api/v2/cases/{case_id}", {"case_id": "ABC-1"}),
        ("DELETE", "/api/v2/cases/types/7", "DELETE /api/v2/cases/types/{type_id}", {"type_id": "7"}),
        ("GET", "/api/v2/cases/a%2Fb%20c", "GET /api/v2/cases/{case_id}", {"case_id": "a/b c"}),
    ],
)
def test_a_written_out_segment_wins_over_a_parameter(method, path, name, values):
    found = ROUTES.find(method, path)

    assert isinstance(found, Found)
    assert found.operation.name == name
    assert found.values == values


def test_a_written_out_segment_that_leads_nowhere_gives_way():
    routes = Routes([an_operation("GET", "/cases/types"), an_operation("GET", "/cases/{case_id}/timelines")])

    found = routes.find("GET", "/cases/types/timelines")

    assert isinstance(found, Found)
    assert found.values == {"case_id": "types"}


@pytest.mark.parametrize(
    "path", ["/", "", "/api", "/api/v2/cases/", "/api/v2/cases", "/api/v2//types", "/api/v2/cases/1/2/3"]
)
def test_a_path_that_nobody_serves_is_not_found(path):
    assert ROUTES.find("GET", path) is None


def test_a_method_that_the_path_does_not_take_names_those_that_it_takes():
    assert ROUTES.find("PATCH", "/api/v2/cases/1") == WrongMethod(("GET", "HEAD", "PUT"))


def test_two_operations_in_one_place_are_refused():
    with pytest.raises(ValueError, match="two operations"):
        Routes([an_operation("GET", "/a/{b}"), an_operation("GET", "/a/{c}")])
