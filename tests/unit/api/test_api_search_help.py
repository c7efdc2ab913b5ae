"""What the rim makes of calls for help with queries."""

from __future__ import annotations

import pytest

from errata.events.model import Track
from errata.issues.model import Persona

EXPLAIN, COMPLETE = "/api/errata/v1/search/explain", "/api/errata/v1/search/complete"
NOW_MS = 1772366400123


def asked(**changes: object) -> dict[str, object]:
    return {"data": {"type": "search_request", "attributes": {"query": "a:b", "from": 5, "to": 10} | changes}}


def test_an_explanation_has_the_query_in_three_spellings(call):
    response = call("POST", EXPLAIN, json=asked(query="a:(b OR c)", track="rum", persona="MOBILE"))

    data = response.json()["data"]
    assert response.headers["content-type"] == "application/vnd.api+json"
    assert data["type"] == "search_explanation"
    assert data["attributes"] == {
        "clauses": [],
        "cost": {"events_ms": 0.0, "read_bytes": 0, "read_rows": 0, "state_ms": 0.1},
        "events": 0,
        "fingerprints": 0,
        "query": "a:b OR a:c",
        "tree": '(or (eq a "b") (eq a "c"))',
        "words": 'one or more of these:\n  a is "b"\n  a is "c"',
    }
    search = call.rooms.search_help.asked
    assert (search.from_ms, search.to_ms, search.track, search.persona) == (5, 10, Track.RUM, Persona.MOBILE)
    assert call("POST", EXPLAIN, json=asked(query="a:b OR a:c")).json()["data"]["id"] == data["id"]


def test_a_query_that_cannot_be_read_is_refused_with_its_place(call):
    response = call("POST", EXPLAIN, json=asked(query="a:b OR"))

    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error == {
        "status": "400",
        "title": "Bad Request",
        "detail": "query: at offset 6: found end of query, expected a word, a phrase, a field or a group",
    }


def test_a_window_that_is_none_is_refused(call):
    assert call("POST", EXPLAIN, json=asked(to=5)).json()["errors"][0]["detail"].endswith("from must be before to")
    late = call("GET", f"{COMPLETE}?from=10&to=5")
    assert (late.status_code, late.json()["errors"][0]["detail"][:6]) == (400, "from: ")


def test_keys_are_offered_for_the_last_day_unless_told_otherwise(call):
    response = call("GET", f"{COMPLETE}?prefix=@http&limit=2")

    assert response.json()["data"][1] == {
        "id": "@http1",
        "type": "search_suggestion",
        "attributes": {"count": 1, "counted": "events", "kind": "tag", "text": "@http1"},
    }
    assert (call.rooms.search_help.asked.from_ms, call.rooms.search_help.asked.to_ms) == (
        NOW_MS + 1 - 86_400_000,
        NOW_MS + 1,
    )
    call("GET", f"{COMPLETE}?from=100&to=200&track=logs")
    search = call.rooms.search_help.asked
    assert (search.from_ms, search.to_ms, search.track) == (100, 200, Track.LOGS)


def test_values_are_offered_for_a_key_as_a_query_writes_it(call):
    response = call("GET", f"{COMPLETE}?key=@a%5C:b&prefix=x")

    assert [each["attributes"] for each in response.json()["data"]] == [{"counted": "events", "text": "a:b.x"}]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("key=@", "key"),
        ("key=a*", "key"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("track=xy", "track"),
        (f"prefix={'a' * 257}", "prefix"),
        (f"key={'a' * 257}", "key"),
        (f"from=0&to={NOW_MS}&from=1", "from"),
    ],
)
def test_a_wrong_parameter_is_named(call, query, where):
    response = call("GET", f"{COMPLETE}?{query}")

    assert response.status_code == 400
    assert response.json()["errors"][0]["detail"].startswith(f"{where}: ")
