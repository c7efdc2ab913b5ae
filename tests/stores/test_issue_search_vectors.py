"""Every event vector of the search syntax: events as the digest stores them, issues in the state, both back ends."""

from __future__ import annotations

import pytest
from search_documents import NOW, documents, searchable

from errata.base.clock import FixedClock, to_ms
from errata.base.errors import Invalid
from errata.events.store import EventStore
from errata.issues.facets import ISSUES
from errata.issues.model import IssueSearch, OrderBy, Persona
from errata.issues.reads import IssueReads
from errata.query.bind import bind
from errata.query.match import matches
from errata.query.parse import parse
from vectors.search_vectors import EVENT_VECTORS

DOCUMENTS = documents()
VALID = [
    pytest.param(each["query"], each["matches"], each["among"], id=each["id"])
    for each in EVENT_VECTORS
    if each["valid"]
]
INVALID = [pytest.param(each["query"], id=each["id"]) for each in EVENT_VECTORS if not each["valid"]]


@pytest.fixture(scope="module")
def issues(engine_url, states):
    with searchable(engine_url, states, DOCUMENTS) as (database, clickhouse):
        yield IssueReads(database, EventStore(clickhouse), FixedClock(NOW))


def found_by(issues: IssueReads, query: str, **changes: object) -> list[str]:
    first = min(round(document.row.timestamp * 1000) for document in DOCUMENTS)
    window = {"from_ms": first, "to_ms": to_ms(NOW) + 1, "persona": Persona.ALL}
    hits = issues.search(IssueSearch(query, **(window | changes)))
    found = {hit.issue.id: hit.total_count for hit in hits}
    assert set(found.values()) <= {1}
    return [document.id for document in DOCUMENTS if document.issue.id in found]


@pytest.mark.parametrize(("query", "expected", "among"), VALID)
def test_search_finds_the_issues_whose_events_the_vector_names(issues, query, expected, among):
    assert [id_ for id_ in found_by(issues, query) if id_ in among] == expected


@pytest.mark.parametrize(("query", "expected", "among"), VALID)
def test_reference_finds_the_documents_of_the_vector(query, expected, among):
    tree = bind(parse(query), ISSUES)

    own = [document for document in DOCUMENTS if document.id in among]
    assert [document.id for document in own if matches(tree, document.joined())] == expected


@pytest.mark.parametrize("query", INVALID)
def test_invalid_vector_searches_nothing(issues, query):
    with pytest.raises(Invalid, match=r"^query: at offset \d+: found "):
        found_by(issues, query)


@pytest.mark.parametrize("order", OrderBy)
def test_every_order_finds_the_same_issues(issues, order):
    assert found_by(issues, "env:prod OR issue.state:OPEN", order_by=order) == found_by(
        issues, "env:prod OR issue.state:OPEN"
    )
