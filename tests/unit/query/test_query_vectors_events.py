from __future__ import annotations

import pytest

from errata.base.errors import Invalid
from errata.events.facets import EVENTS
from errata.issues.facets import ISSUES
from errata.query import to_clickhouse
from errata.query.bind import bind, joined_names
from errata.query.match import matches
from errata.query.parse import parse
from vectors.search_vectors import EVENT_VECTORS, VECTORS

IDS = [document["_id"] for document in VECTORS["documents"]]


def _bound(query):
    return bind(parse(query), EVENTS)


VALID = [v for v in EVENT_VECTORS if v["valid"]]
ON_EVENTS = [
    pytest.param(v["query"], v["matches"], v["among"], id=v["id"])
    for v in VALID
    if not joined_names(bind(parse(v["query"]), ISSUES))
]
"""Those that events answer alone; the others are searched with their issues in the store tests."""
ON_ISSUES = [pytest.param(v["query"], id=v["id"]) for v in VALID if joined_names(_bound(v["query"]))]


@pytest.mark.parametrize(("query", "expected", "among"), ON_EVENTS)
def test_engine_finds_the_events_of_the_vector(query, expected, among, engine, documents):
    found = engine.select("documents", to_clickhouse.compile(_bound(query)))

    assert [IDS[n] for n in found if IDS[n] in among] == expected


@pytest.mark.parametrize(("query", "expected", "among"), ON_EVENTS)
def test_reference_finds_the_events_of_the_vector(query, expected, among, documents):
    found = [IDS[n] for n, row in enumerate(documents) if IDS[n] in among and matches(_bound(query), row)]

    assert found == expected


@pytest.mark.parametrize("query", ON_ISSUES)
def test_question_about_issues_is_refused_where_there_are_events_only(query, documents):
    with pytest.raises(
        Invalid, match=r"^query: issue\.\S+ belongs to issues, which cannot be asked for here$"
    ) as refused:
        to_clickhouse.compile(_bound(query))

    assert refused.value.where == "query"


def test_only_issue_facets_are_left_out():
    assert len(ON_EVENTS) > len(ON_ISSUES)
    assert all("issue." in case.values[0] for case in ON_ISSUES)
