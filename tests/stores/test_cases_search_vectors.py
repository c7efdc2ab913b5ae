"""Every case vector of the search syntax, by the evaluator in Python and on each state engine."""

from __future__ import annotations

import pytest
from case_site import documented

from errata.base.errors import Invalid
from errata.cases.search import CaseSearch
from states import migrated_state
from vectors.search_vectors import CASE_VECTORS, VECTORS

SITE = documented(VECTORS["cases"])
VALID = [
    pytest.param(each["query"], each["matches"], each["among"], id=each["id"]) for each in CASE_VECTORS if each["valid"]
]
INVALID = [pytest.param(each["query"], id=each["id"]) for each in CASE_VECTORS if not each["valid"]]


@pytest.fixture(scope="module")
def search(states):
    with migrated_state(states) as database:
        SITE.write(database)
        yield CaseSearch(database)


@pytest.mark.parametrize(("query", "expected", "among"), VALID)
def test_search_finds_the_cases_that_the_vector_names(search, query, expected, among):
    assert [name for name in SITE.found(search, query) if name in among] == expected


@pytest.mark.parametrize(("query", "expected", "among"), VALID)
def test_reference_finds_the_cases_that_the_vector_names(query, expected, among):
    assert [name for name in SITE.reference(query) if name in among] == expected


@pytest.mark.parametrize("query", INVALID)
def test_invalid_vector_searches_nothing(search, query):
    with pytest.raises(Invalid, match=r"^query: at offset \d+: found "):
        SITE.found(search, query)
