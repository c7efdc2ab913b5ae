"""Help for writers of queries, and issue facets, on errors that were just sent to the real server."""

from __future__ import annotations

pytest_plugins = ["official_client"]

EXPLAIN, COMPLETE = "/api/errata/v1/search/explain", "/api/errata/v1/search/complete"


def test_a_query_is_explained(raw, published, send_errors):
    sent = send_errors(3)
    query = f"service:{sent.service} issue.is_new:true -issue.state:RESOLVED @number:(1 OR 2)"

    answer = raw("POST", EXPLAIN, sent.search(query=query))

    published("POST", EXPLAIN, answer)
    told = answer.json()["data"]["attributes"]
    assert (told["events"], told["fingerprints"]) == (2, 1)
    service, _, _, number, _ = (clause["events"] for clause in told["clauses"])
    assert service == 3
    assert number >= 1, "each clause is counted alone, and other tests send errors with numbers, too"
    assert told["clauses"][0]["found_in"][0]["kind"] == "reserved"
    assert told["cost"]["read_rows"] > 0
    published("POST", EXPLAIN, raw("POST", EXPLAIN, sent.search(query="service:")))


def test_keys_and_values_are_offered(raw, published, send_errors):
    sent = send_errors(3, ddtags="env:production,flavour:mild")

    keys = raw("GET", f"{COMPLETE}?prefix=flav")
    values = raw("GET", f"{COMPLETE}?key=service&prefix={sent.service}")

    published("GET", COMPLETE, keys)
    published("GET", COMPLETE, values)
    assert [each["attributes"]["text"] for each in keys.json()["data"]] == ["flavour"]
    [value] = values.json()["data"]
    assert value["attributes"] == {"count": 3, "counted": "events", "text": sent.service}
    published("GET", COMPLETE, raw("GET", f"{COMPLETE}?limit=0"))
