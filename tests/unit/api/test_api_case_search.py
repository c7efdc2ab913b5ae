"""Searching, counting and aggregating cases by the API: pages, groups, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from errata.access.model import Scope

CASES = "/api/v2/cases"
STANDARD = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def create(call) -> Callable[..., str]:
    """Creates a case and answers its key."""
    project = call("GET", f"{CASES}/projects").json()["data"][0]["id"]

    def new(**attributes: object) -> str:
        data = {
            "type": "case",
            "attributes": {"title": "Checkout slow", "type_id": STANDARD} | attributes,
            "relationships": {"project": {"data": {"id": project, "type": "project"}}},
        }
        made = call("POST", CASES, json={"data": data})
        assert made.status_code == 201, made.text
        return made.json()["data"]["attributes"]["key"]

    return new


@pytest.fixture
def three(create, call) -> list[str]:
    """A pressing case of `prod`, a closed one, and one that was put away."""
    keys = [create(priority="P1", attributes={"env": ["prod", "eu"]}), create(title="Broken image"), create()]
    for key, action, attributes in ((keys[1], "status", {"status": "CLOSED"}), (keys[2], "archive", {})):
        body = {"data": {"type": "case"} | ({"attributes": attributes} if attributes else {})}
        assert call("POST", f"{CASES}/{key}/{action}", json=body).status_code == 200
    return keys


@pytest.fixture
def found(call) -> Callable[..., list[str]]:
    """The keys of the cases on a page."""

    def search(**params: object) -> list[str]:
        data = call("GET", CASES, params=params).json()["data"]
        return [case["attributes"]["key"] for case in data]

    return search


def aggregation(*groups: str, query: str = "", limit: int = 10) -> dict[str, Any]:
    attributes = {"group_by": {"groups": list(groups), "limit": limit}, "query_filter": query}
    return {"data": {"type": "aggregate", "attributes": attributes}}


def detail(response) -> str:
    [one] = response.json()["errors"]
    assert (response.status_code, one["status"], one["title"]) == (400, "400", "Bad Request")
    return one["detail"]


def test_pages_count_from_one_and_tell_where_they_stand(call, create, found):
    keys = [create() for _ in range(3)]

    first = call("GET", CASES, params={"page[size]": 2}).json()
    last = call("GET", CASES, params={"page[size]": 2, "page[number]": 2}).json()

    assert first["meta"] == {"total_cases": 3, "page": {"current": 1, "size": 2, "total": 2}}
    assert last["meta"] == {"total_cases": 3, "page": {"current": 2, "size": 1, "total": 2}}
    assert [case["attributes"]["key"] for case in first["data"] + last["data"]] == keys[::-1]
    for number, page in ((0, keys[:0:-1]), (1, keys[:0:-1]), (3, []), (1_000_000, [])):
        assert found(**{"page[size]": 2, "page[number]": number}) == page
    assert call("GET", CASES, params={"page[number]": 9}).json()["meta"]["page"] == {
        "current": 9,
        "size": 0,
        "total": 1,
    }


def test_without_cases_there_are_no_pages_and_nobody_is_included(call):
    empty = {"total_cases": 0, "page": {"current": 1, "size": 0, "total": 0}}

    assert call("GET", CASES).json() == {"data": [], "meta": empty}


def test_a_hit_shows_its_author_and_not_who_changed_it(call, three):
    [hit] = call("GET", CASES, params={"filter": "status:closed"}).json()["data"]

    assert hit["attributes"]["created_by_author"]["content"]["email"] == "mira@errata.example"
    assert hit["attributes"]["key"] == three[1]
    assert "modified_at" in hit["attributes"]
    assert hit["relationships"].keys() == {"created_by", "project"}
    assert list(hit["attributes"]) == sorted(hit["attributes"])


def test_filter_and_order(found, three):
    pressing, closed, away = three

    assert found() == [closed, pressing]
    assert found(filter="archived:true") == [away]
    assert found(filter="env:prod") == [pressing]
    assert found(filter='"broken image"') == [closed]
    assert found(**{"sort[field]": "priority", "sort[asc]": "true"}) == [pressing, closed]
    assert found(**{"sort[field]": "status"}) == [closed, pressing]


def test_counts_by_each_field(call, three):
    assert three
    params = {"group_bys": "status, priority,env,status", "limit": 1}

    data = call("GET", f"{CASES}/count", params=params).json()["data"]

    assert data["type"] == "count"
    assert data["attributes"] == {
        "groups": [
            {"group": "status", "group_values": [{"value": "CLOSED", "count": 1}]},
            {"group": "priority", "group_values": [{"value": "NOT_DEFINED", "count": 1}]},
            {"group": "env", "group_values": [{"value": "eu", "count": 1}]},
        ],
        "total": 2,
    }
    assert call("GET", f"{CASES}/count").json()["data"]["attributes"] == {"groups": [], "total": 2}


def test_combinations_are_joined_by_commas(call, three):
    assert three

    data = call("POST", f"{CASES}/aggregate", json=aggregation("status", "priority")).json()["data"]

    assert data["type"] == "aggregate"
    assert data["attributes"] == {
        "groups": [{"group": "CLOSED, NOT_DEFINED", "value": [1.0]}, {"group": "OPEN, P1", "value": [1.0]}],
        "total": 2.0,
    }
    alone = call("POST", f"{CASES}/aggregate", json=aggregation(query="env:prod")).json()["data"]
    assert alone["attributes"] == {"groups": [], "total": 1.0}


@pytest.mark.parametrize(
    ("query", "begins"),
    [
        ("?filter=status:(", "filter: at offset 8: "),
        ("?filter=created_at:>nix", 'filter: found "nix", expected '),
        ("?sort[field]=title", 'sort[field]: invalid value "title", expected one of created_at, priority, status'),
        ("?sort[asc]=1", "sort[asc]: expected true or false"),
        ("?page[size]=101", "page[size]: expected a whole number from 1 to 100"),
        ("?page[number]=-1", "page[number]: expected a whole number from 0 "),
        ("/count?query_filter=(", "query_filter: at offset 1: "),
        ("/count?group_bys=nothing", "group_bys: cases cannot be counted by 'nothing'. Must be one of status, "),
        ("/count?group_bys=a,b,c,d,e,f,g,h,i,j,k", "group_bys: at most 10 fields, got 11"),
        ("/count?limit=0", "limit: expected a whole number from 1 to 1000"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(call, query, begins):
    assert detail(call("GET", CASES + query)).startswith(begins)


def test_an_aggregation_that_cannot_be_read_is_refused(call):
    def refused(body: dict[str, Any]) -> str:
        return detail(call("POST", f"{CASES}/aggregate", json=body))

    assert refused(aggregation("nothing")).startswith(
        "data.attributes.group_by.groups: cases cannot be counted by 'nothing'"
    )
    assert refused(aggregation("status", query="(")).startswith("data.attributes.query_filter: at offset 1: ")
    assert refused(aggregation("status", limit=1001)).startswith("data.attributes.group_by.limit: ")
    assert refused(aggregation(*"abcdefghijk")).startswith("data.attributes.group_by.groups: ")


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/count"), ("POST", "/aggregate")])
def test_reading_needs_the_scope_to_read(call, method, path):
    key = call.app_key(Scope.CASES_WRITE)

    response = call(method, CASES + path, {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": key})

    assert response.status_code == 403
    assert "cases_read" in response.json()["errors"][0]
