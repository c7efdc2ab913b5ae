"""Explanations and suggestions over the sample documents, events in the engine and issues in the state."""

from __future__ import annotations

import json

import pytest
from search_documents import documents, searchable

from errata.base.clock import FixedClock, from_ms, to_ms
from errata.base.errors import Invalid
from errata.events.help import EventHelp, Match
from errata.issues.help import MAX_COUNTED, PlaceKind, SearchHelp
from errata.issues.model import IssueSearch
from errata.query.nodes import Field
from vectors.search_vectors import SPECIFIED

SAMPLES = json.loads(SPECIFIED.read_text())
DOCUMENTS = documents(SAMPLES)
NOW = from_ms(SAMPLES["now_ms"])


@pytest.fixture(scope="module")
def help_(engine_url, states):
    with searchable(engine_url, states, DOCUMENTS) as (database, clickhouse):
        yield SearchHelp(database, EventHelp(clickhouse), FixedClock(NOW))


def a_search(query: str = "") -> IssueSearch:
    return IssueSearch(query, 1_700_000_000_000, to_ms(NOW) + 1)


def test_an_explanation_says_what_each_clause_finds_and_where_it_looked(help_):
    told = help_.explain(a_search("(env:prod OR @retry:3) -issue.state:RESOLVED hello"))

    assert told.canonical == "(env:prod OR @retry:3) -issue.state:RESOLVED hello"
    assert told.words.splitlines() == [
        "all of these:",
        "  one or more of these:",
        '    env is "prod"',
        '    @retry is "3"',
        "  not this:",
        '    issue.state is "RESOLVED"',
        '  the message, the error\'s message, stack, type or title has the word "hello"',
    ]
    assert told.match == Match(0, 0)
    assert [(clause.text, clause.match) for clause in told.clauses] == [
        ("env:prod", Match(6, 6)),
        ("@retry:3", Match(1, 1)),
        ("issue.state:RESOLVED", Match(1, 1)),
        ("hello", Match(2, 2)),
    ]
    assert [[(place.kind, place.events) for place in clause.places] for clause in told.clauses] == [
        [(PlaceKind.RESERVED, 9)],
        [(PlaceKind.ATTRIBUTE, 2)],
        [(PlaceKind.ISSUE, 10)],
        [],
    ]
    assert told.cost.read_rows > 0
    assert told.cost.read_bytes > 0


def test_a_key_without_mark_is_looked_for_among_tags(help_):
    told = help_.explain(a_search("retry:3 error.type:KeyError team:payments"))

    assert [[(place.kind, place.events) for place in clause.places] for clause in told.clauses] == [
        [(PlaceKind.TAG, 0)],
        [(PlaceKind.TAG, 0), (PlaceKind.ATTRIBUTE, 10)],
        [(PlaceKind.TAG, 6), (PlaceKind.ISSUE, 0)],
    ]
    assert [clause.match.events for clause in told.clauses] == [0, 1, 3]


def test_of_many_clauses_the_first_are_counted(help_):
    told = help_.explain(a_search(" OR ".join(f"@k{number}:1" for number in range(MAX_COUNTED + 5))))

    assert len(told.clauses) == MAX_COUNTED + 5
    assert [clause.match is None for clause in told.clauses] == [False] * MAX_COUNTED + [True] * 5


def test_everything_and_nothing_are_explained_too(help_):
    assert (help_.explain(a_search("")).words, help_.explain(a_search("")).match) == ("everything", Match(10, 10))
    assert (help_.explain(a_search("-*")).words, help_.explain(a_search("-*")).match) == ("nothing", Match(0, 0))


def test_a_query_that_cannot_be_read_is_not_explained(help_):
    with pytest.raises(Invalid, match="at offset 4"):
        help_.explain(a_search("env:"))


def texts(suggestions) -> dict[str, int | None]:
    return {each.text: each.count for each in suggestions}


def test_keys_are_found_by_their_beginning_the_most_frequent_first(help_):
    assert texts(help_.keys(a_search(), "@http.", 10)) == {
        "@http.status_code": 3,
        "@http.url": 3,
        "@http.method": 2,
        "@http.url_details.path": 2,
    }
    assert texts(help_.keys(a_search(), "@error.ha", 10)) == {"@error.handling": 4}
    assert texts(help_.keys(a_search(), "te", 10)) == {"team": 6}
    assert texts(help_.keys(a_search(), "ser", 10)) == {"service": 10}
    assert list(texts(help_.keys(a_search(), "", 3))) == ["@error.kind", "@error.message", "@error.type"]


def test_facets_of_issues_are_offered_with_what_they_are(help_):
    found = help_.keys(a_search(), "issue.first", 10)

    assert texts(found) == {"issue.first_seen": None, "issue.first_seen_version": None}
    assert found[0].summary.startswith("time of the issue's first event")
    assert texts(help_.keys(a_search(), "@issue.ag", 10)) == {"@issue.age": None}


def test_keys_that_need_it_are_offered_escaped(help_):
    assert texts(help_.keys(a_search(), "@user.", 10)) == {r"@user.first\ name": 1}


def test_values_are_found_by_their_beginning_as_a_query_writes_them(help_):
    assert texts(help_.values(a_search(), Field("env"), "", 10)) == {"prod": 6, "dev": 1, "staging": 1, "test": 1}
    assert texts(help_.values(a_search(), Field("team"), "p", 10)) == {"payments": 3}
    assert texts(help_.values(a_search(), Field("note", is_attribute=True), "say", 10)) == {'"say \\"hi\\""': 1}
    assert texts(help_.values(a_search(), Field("issue.state"), "re", 10)) == {"RESOLVED": None, "REVIEWED": None}
    assert texts(help_.values(a_search(), Field("issue.language"), "p", 10)) == {"PYTHON": 3}
    assert texts(help_.values(a_search(), Field("timestamp"), "", 10)) == {}
    assert texts(help_.values(a_search(), Field("nothing"), "", 10)) == {}
