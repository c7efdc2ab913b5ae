"""Queries of as many clauses as are read at all: each is answered, on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from case_site import CaseSite, text

from errata.base.errors import Invalid
from errata.cases.search import CaseSearch
from errata.query.parse import MAX_CLAUSES
from states import migrated_state


@pytest.fixture(scope="module")
def site() -> CaseSite:
    site = CaseSite()
    site.add("both", "TST-1", title="slow shop", attributes={"service": ("web", "api")}, custom={"size": text("s")})
    site.add("one", "TST-2", title="slow", attributes={"service": ("web",)})
    site.add("none", "TST-3", title="shop")
    return site


@pytest.fixture(scope="module")
def search(site: CaseSite, states: str) -> Iterator[CaseSearch]:
    with migrated_state(states) as database:
        site.write(database)
        yield CaseSearch(database)


def alternating(*clauses: str) -> str:
    return " ".join(clauses[index % len(clauses)] for index in range(MAX_CLAUSES))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (alternating("service:web", "service:api"), ["both"]),
        (alternating("service:web", "-service:api"), ["one"]),
        (alternating("slow", "title:shop"), ["both"]),
        (alternating("slow", "-size:*", "service:w*"), ["one"]),
        (alternating("status:open", "-title:slow*", "project:TST"), ["none"]),
        (alternating("(size:s", "key:TST-*)"), ["both"]),
        (" ".join(f"q{index}:x" for index in range(MAX_CLAUSES)), []),
        (" OR ".join(f"q{index}:x" for index in range(MAX_CLAUSES - 1)) + " OR size:s", ["both"]),
        (" ".join(f"-w{index}" for index in range(MAX_CLAUSES)), ["both", "one", "none"]),
    ],
)
def test_a_query_of_most_clauses_is_answered(search, site, query, expected):
    assert site.found(search, query) == site.reference(query) == expected


def test_one_clause_more_is_refused(search, site):
    with pytest.raises(Invalid, match=f"no more than {MAX_CLAUSES} clauses"):
        site.found(search, f"x {alternating('a')}")
