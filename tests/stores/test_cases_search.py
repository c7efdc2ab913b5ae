"""Searches for cases beside what queries find: counts, what is hidden, refusals, bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from case_site import LONG_AGO, CaseSite, number, project_id, text, user_id
from sqlalchemy import select, update

from errata.base.errors import Invalid, Unavailable
from errata.cases import index, store
from errata.cases.groups import MOST_GROUPS
from errata.cases.model import CaseQuery, Counted, Priority, StatusGroup
from errata.cases.search import CaseSearch
from errata.cases.tables import case_projects, case_values
from errata.cases.types import CHANGE_REQUEST
from errata.storage.patience import at_most
from errata.storage.text_index import Asked


@pytest.fixture
def site() -> CaseSite:
    site = CaseSite(people={"mira@shop.example": "mira", "jonas@shop.example": "jonas"})
    site.add(
        "one", "ET-1", priority=Priority.P1, assignee_id=user_id("mira@shop.example"), title="one and",
        attributes={"service": ("Shop", "pay"), "x.y": ("1",)}, custom={"region": text("EU", "us"), "impact": number(5.0)},
    )  # fmt: skip
    site.add(
        "two", "ET-2", priority=Priority.P2, assignee_id=user_id("mira@shop.example"), title="two",
        attributes={"service": ("shop",)}, custom={"impact": number(0.5)}, type_id=CHANGE_REQUEST.id,
        status_name="Approved", status_group=StatusGroup.IN_PROGRESS,
    )  # fmt: skip
    site.add(
        "three", "OPS-1", title="three and", assignee_id=user_id("jonas@shop.example"),
        status_name="Done", status_group=StatusGroup.CLOSED,
    )  # fmt: skip
    site.add("four", "OPS-2", archived_at=LONG_AGO, attributes={"service": ("shop",)}, priority=Priority.P1)
    return site


@pytest.fixture
def search(state, site) -> CaseSearch:
    site.write(state)
    return CaseSearch(state)


def counted(*values: tuple[str, int]) -> list[Counted]:
    return [Counted((value,), count) for value, count in values]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("status", counted(("CLOSED", 1), ("IN_PROGRESS", 1), ("OPEN", 1))),
        ("status_name", counted(("Approved", 1), ("Done", 1), ("Open", 1))),
        ("status_group", counted(("SG_CLOSED", 1), ("SG_IN_PROGRESS", 1), ("SG_OPEN", 1))),
        ("priority", counted(("NOT_DEFINED", 1), ("P1", 1), ("P2", 1))),
        ("type", counted(("Standard", 2), ("Change Request", 1))),
        ("project", counted(("ET", 2), ("OPS", 1))),
        ("assignee", counted(("mira", 2), ("jonas", 1))),
        ("created_by", []),
        ("creation_source", counted(("MANUAL", 3))),
        ("service", counted(("Shop", 2), ("pay", 1))),
        ("team", []),
        ("x.y", counted(("1", 1))),
        ("@x.y", counted(("1", 1))),
        ("region", counted(("EU", 1), ("us", 1))),
        ("impact", counted(("0.5", 1), ("5", 1))),
    ],
)
@pytest.mark.parametrize("query", ["", "-nowhere"])
def test_cases_are_counted_by_a_field(search, query, field, expected):
    assert search.count(query, [field], 10) == ({field: expected}, 3)


@pytest.mark.parametrize("query", ["", "-nowhere"])
def test_several_fields_are_counted_as_each_alone(search, query):
    fields = ["priority", "service", "status", "region", "status_group", "assignee", "team"]

    groups, total = search.count(query, fields, 10)

    assert groups == {field: search.count("", [field], 10)[0][field] for field in fields}
    assert total == 3


def test_hits_of_a_word_are_counted_by_fields_of_one_column(search):
    groups, total = search.aggregate("two", ["status", "status_group", "status"], 10)

    assert groups == [Counted(("IN_PROGRESS", "SG_IN_PROGRESS", "IN_PROGRESS"), 1)]
    assert total == 1
    assert search.aggregate("nowhere", ["status"], 10) == ([], 0)


def test_only_the_most_frequent_values_are_told(search):
    groups, total = search.count("project:ET", ["service", "assignee"], 1)

    assert groups == {"service": counted(("Shop", 2)), "assignee": counted(("mira", 2))}
    assert total == 2


def test_archived_cases_are_counted_on_request_only(search):
    assert search.count("archived:true", ["priority"], 5) == ({"priority": counted(("P1", 1))}, 1)
    assert search.count("archived:*", ["priority"], 1) == ({"priority": counted(("P1", 2))}, 4)


def test_fields_are_counted_together(search):
    groups, total = search.aggregate("", ["assignee", "service"], 10)

    assert groups == [Counted(("mira", "Shop"), 2), Counted(("mira", "pay"), 1)]
    assert total == 3
    assert search.aggregate("", [], 10) == ([], 3)


def test_most_frequent_of_very_many_combinations_are_told_all_the_same(state):
    many = tuple(f"{number:03}" for number in range(48))
    site = CaseSite()
    site.add("all", "ET-1", attributes={"env": many, "team": many, "service": many})
    site.add("one", "ET-2", attributes={"env": ("047",), "team": ("047",), "service": ("047",)})
    site.write(state)
    assert len(many) ** 3 > MOST_GROUPS

    groups, total = CaseSearch(state).aggregate("", ["env", "team", "service"], 3)

    assert groups[0] == Counted(("047", "047", "047"), 2)
    assert [group.count for group in groups] == [2, 1, 1]
    assert total == 2


@pytest.mark.parametrize("field", ["nothing", "title", "", "@", "status ", "created_at", "no\0"])
def test_counting_by_anything_else_names_what_there_is(search, field):
    with pytest.raises(
        Invalid, match=r"cannot be counted by .* status, status_name, .* team, service, .* impact, region"
    ):
        search.count("", [field], 10)
    with pytest.raises(Invalid, match="cannot be counted by"):
        search.aggregate("", ["status", field], 10)


def test_cases_of_a_project_that_is_being_deleted_are_not_found(search, site, state):
    with state.write() as tx:
        gone = case_projects.c.id == project_id("ET")
        tx.execute(update(case_projects).where(gone).values(deleted_at=LONG_AGO))

    assert site.found(search, "") == ["three"]
    assert site.found(search, "project:ET OR one") == []
    assert search.count("", ["project"], 5) == ({"project": counted(("OPS", 1))}, 1)


def test_a_changed_case_is_found_by_its_new_words_only(search, site, state):
    with state.write() as tx:
        (case,) = store.load_many(tx, [1])
        index.put(tx, replace(case, title="renamed"), {})

    assert site.found(search, "renamed") == ["one"]
    assert site.found(search, "one") == []
    assert site.found(search, "*:EU") == []
    assert site.found(search, "service:pay") == ["one"]


def test_a_removed_case_leaves_nothing_behind(search, site, state):
    with state.write() as tx:
        store.purge(tx, [1])
        left = tx.execute(select(case_values).where(case_values.c.public_id == 1)).all()
        words = tx.execute(
            index.WORDS.rows(tx.dialect.name, ["title"], Asked(phrases=(("one",),), is_exact=True))
        ).all()

    assert (left, words) == ([], [])
    assert site.found(search, "one") == []


def test_values_of_a_deleted_definition_are_hidden(state, site):
    site.hide("region")
    site.write(state)
    search = CaseSearch(state)

    assert [site.found(search, query) for query in ("region:eu", "region:*", "*:eu")] == [[], [], []]
    with pytest.raises(Invalid, match="cannot be counted by 'region'"):
        search.count("", ["region"], 5)


def test_more_words_than_an_index_holds_are_found_all_the_same(state):
    """PostgreSQL's index takes a megabyte of words a case."""
    site = CaseSite()
    values = {f"k{key}": tuple(f"v{key}x{item}" + "ü" * 240 for item in range(100)) for key in range(50)}
    site.add("huge", "ET-1", title="huge", attributes=values)
    site.add("small", "ET-2", title="small", attributes={"k1": ("v1x1",)})
    site.write(state)
    search = CaseSearch(state)

    assert site.found(search, "huge") == ["huge"]
    assert site.found(search, "*:v49x99ü*") == ["huge"]
    assert site.found(search, f"*:v49x99{'Ü' * 240}") == ["huge"]
    assert site.found(search, f"*:v49x99{'Ü' * 239}") == []
    assert site.found(search, "*:v1x1") == ["small"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("created_at:>soon", 'found "soon", expected epoch milliseconds or a time'),
        ("due_date:[a TO b]", 'found "a", expected epoch milliseconds or a time'),
        ("closed_at:*05*", 'found "*05*", expected a time such as 2023-11-15T09:30:00Z or the beginning of one'),
        ("closed_at:2024-13*", 'found "2024-13*", expected a time'),
    ],
)
def test_what_names_no_time_is_refused(search, query, said):
    with pytest.raises(Invalid) as refused:
        search.search(CaseQuery(query))
    assert said in refused.value.message


def test_a_page_beyond_the_last_is_empty_and_knows_the_total(search):
    page = search.search(CaseQuery("", page=10**6, page_size=100))

    assert (page.cases, page.total) == ((), 3)


def test_statements_that_take_too_long_are_given_up(state):
    with pytest.raises(Unavailable, match="too long"), state.read() as tx, at_most(tx, 0.2):
        tx.exec_driver_sql(ENDLESS[state.dialect]).all()

    with state.read() as tx:
        assert tx.exec_driver_sql("SELECT 1").scalar_one() == 1


ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


@pytest.mark.parametrize("clause", ["*a*b*c*d*e*", "title:*a*b*c*d*e*", "a?b*", "*:x*y*z", "x.y:*1*1*1*1*1*"])
def test_queries_of_the_longest_kind_are_answered(search, clause):
    count = min(256, 4096 // (len(clause) + 4))

    assert search.search(CaseQuery(" OR ".join([clause] * count))).total == 0


@pytest.mark.parametrize("clause", ["w{}", "w{}*", "x-y-{}", "*:w{}", '"a b{}"', "-w{}"])
def test_as_many_words_as_a_query_holds_are_looked_for_together(search, clause):
    words = [clause.format(number) for number in range(256)]

    found = search.search(CaseQuery(" ".join(words))).total

    assert found == (3 if clause.startswith("-") else 0)


def test_the_longest_phrase_is_found(state):
    site = CaseSite()
    site.add("long", "ET-1", description="ab " * 1300)
    site.write(state)
    search = CaseSearch(state)

    assert site.found(search, f'"{"ab " * 1300}"') == ["long"]
    assert site.found(search, f'"{"ab " * 1301}"') == []
    assert site.found(search, "-".join(["ab"] * 1300)) == []


@pytest.mark.parametrize("pattern", ["a?" * 33, "*:" + "a*" * 33, "?" * 33])
def test_a_word_of_too_many_wildcards_is_refused(search, pattern):
    with pytest.raises(Invalid, match="a word has at most 32 wildcards"):
        search.search(CaseQuery(pattern))


@pytest.mark.parametrize("pattern", ["*" + "a?" * 31 + "b", "a*" * 32, "?" * 32, "*" + "ab?" * 31])
def test_the_worst_patterns_are_answered_on_the_longest_text(state, pattern):
    site = CaseSite()
    site.add("long", "ET-1", description="a" * 100_000)
    site.write(state)

    assert site.found(CaseSearch(state), pattern) == site.reference(pattern)


def test_equal_texts_of_any_length_are_told_apart(state):
    site = CaseSite()
    for name, end in {"x": "x", "y": "y"}.items():
        site.add(name, f"ET-{len(site.cases) + 1}", attributes={"service": ("é" * 300 + end,)})
    site.write(state)

    assert site.found(CaseSearch(state), f"service:{'É' * 300}x") == ["x"]
    assert site.found(CaseSearch(state), f"service:{'É' * 300}*") == ["x", "y"]
    assert site.found(CaseSearch(state), f"service:{'É' * 300}") == []
