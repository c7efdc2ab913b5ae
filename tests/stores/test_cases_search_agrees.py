"""Random queries on hostile cases: both engines find what the evaluator in plain Python finds, in the order asked."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from case_site import CaseSite, number, text, user_id
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.base.clock import to_ms
from errata.base.errors import Invalid
from errata.cases.facets import FACETS
from errata.cases.model import CaseQuery, Priority, SortField, StatusGroup
from errata.cases.plan import planned
from errata.cases.search import CaseSearch
from errata.cases.store import GROUP_NUMBERS, PRIORITY_NUMBERS
from errata.cases.types import CHANGE_REQUEST, ERROR_TRACKING, STANDARD
from errata.query.nodes import (
    And,
    Cidr,
    Cmp,
    Eq,
    Exists,
    Field,
    FieldGlob,
    FullText,
    FullTextGlob,
    FullTextPhrase,
    Glob,
    Not,
    Operator,
    Or,
    Phrase,
    Range,
    Term,
)
from errata.query.render import render
from states import migrated_state

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
WORDS = [
    "pay", "PAY", "payment", "Payment", "pay-ment", "pay_ment", "ΣΊΣΥΦΟΣ", "σίσυφος", "Straße", "İstanbul", "\u0131l\u0131k", "\u212a",
    "字", "é", "e\u0301", "a", "b", "1", "x1", "%", "_", "\\", "'", '"', "*", "?", "--", "AND", "500", "5e2", "10.1.2.3", "::1",
    "\x1c", "—", "\ufffd", "foo.bar", "(a)", ":*", "|", "&", "!", "{title}", "NEAR", "😀", "a" * 120, "é" * 101,
]  # fmt: skip
GAPS = [" ", "  ", "\n", "\t ", "\u3000", "\u00a0", "", "-", "—", "."]
PEOPLE = {"mira@shop.example": "mira", "Jonas@shop.example": "JONAS", "500@shop.example": "500"}
KEYS = ["service", "team", "a.b", "a", "priority", "n", "ünknown"]
STATUSES = [("Open", 0), ("open", 0), ("In Progress", 1), ("IN_PROGRESS", 1), ("Closed", 2), ("Won't fix", 2)]
AGES = [timedelta(0), timedelta(microseconds=1), timedelta(milliseconds=1), timedelta(hours=12), timedelta(days=400)]


def _site() -> CaseSite:
    pick = random.Random(20231115)  # noqa: S311 - the same cases at every run
    groups = list(StatusGroup)

    def words(most: int) -> str:
        return "".join(pick.choice(WORDS) + pick.choice(GAPS) for _ in range(pick.randrange(most)))

    def some(*values: object) -> object:
        return pick.choice([None, *values])

    site = CaseSite(people=dict(PEOPLE))
    for index in range(60):
        name, group = pick.choice(STATUSES)
        type_ = pick.choice([STANDARD, CHANGE_REQUEST, ERROR_TRACKING])
        attributes = {key: tuple({words(3) or "a" for _ in range(2)}) for key in pick.sample(KEYS[:5], 2)}
        custom = {
            "n": number(*pick.sample([0.0, -0.0, 5.0, 500.0, -1.5, 1e22, 2.0**53, 0.1], 2)),
            "size": text(*pick.sample(["5", "500.0", "big", "Big", "1e400", "::1", "10.1.2.3", "0500"], 2)),
            "hidden": text("secret"),
        }
        site.add(
            str(index), f"{pick.choice(['GE', 'ET', 'X2'])}-{index + 1}", type_id=type_.id,
            title=pick.choice([words(6), "5", "500.0", "10.1.2.3", "GEN-1"]) or "a",
            description=pick.choice([words(12), words(3), "", "\n", "7"]),
            status_name=name, status_group=groups[group], priority=pick.choice(list(Priority)),
            creation_source=pick.choice(["MANUAL", "Event Management", "Event", "event"]),
            assignee_id=some(*map(user_id, [*PEOPLE, "nobody"])), created_by=some(*map(user_id, PEOPLE)),
            created_at=AT - pick.choice(AGES), modified_at=some(AT, AT - AGES[2]), closed_at=some(AT),
            archived_at=pick.choice([None, None, AT]), due_date=some(date(2026, 3, 1), date(1969, 12, 31)),
            attributes=attributes, custom={key: custom[key] for key in pick.sample(list(custom), 2)},
        )  # fmt: skip
    site.hide("hidden")
    return site


SITE = _site()
TEXT = st.one_of(
    st.sampled_from(WORDS),
    st.lists(st.sampled_from([*WORDS, *GAPS]), min_size=1, max_size=4).map("".join),
    st.sampled_from(["nul\0", "\x01pay\x02", "\ud800", "x\x03"]),
)
VALUES = st.one_of(
    TEXT,
    st.sampled_from([
        "open", "OPEN", "in progress", "IN_PROGRESS", "in_progress", "wontfix", "won't_fix", "SG_OPEN", "p1", "NOT_DEFINED",
        "ge", "ET", "manual", "Event", "event management", *PEOPLE, *PEOPLE.values(), str(user_id("nobody")),
        str(user_id("mira@shop.example")).upper(), "standard", "TUNKNOWN", "ERROR_TRACKING_ISSUE", "change_request",
        "true", "False", "GEN-1", "et-2", "500", "500.0", "0.1", "-0", "1e22", "9007199254740992", "secret", "big", "",
    ]),
)  # fmt: skip
PATTERN = st.lists(
    st.one_of(st.sampled_from(["*", "*", "?"]), st.sampled_from(["p", "pay", "-", "Σ", "é", "_", "%", r"\*", "0", "a", "E", "\0"])),
    min_size=1, max_size=5,
).map("".join).filter(lambda each: ("*" in each.replace(r"\*", "") or "?" in each) and each != "*")  # fmt: skip
TIMES = [name for name, place in FACETS.items() if name.endswith(("_at", "_date"))]
ON_TIME = st.sampled_from(TIMES).map(Field)
ON_TEXT = st.one_of(
    st.sampled_from([*(name for name in FACETS if name not in TIMES), "title", "key", "description", *KEYS, "size", "hidden"]).map(Field),
    st.sampled_from([*KEYS, "size", "title", "priority", "status", "a\0b"]).map(lambda name: Field(name, is_attribute=True)),
)  # fmt: skip
FIELD = st.one_of(ON_TEXT, ON_TIME)
NUMBERS = st.sampled_from([0, 5, 500, -1.5, 0.1, 10**30, float("inf"), 2**53, 499.5])
INSTANTS = st.one_of(
    st.sampled_from([to_ms(AT - age) for age in AGES]).flatmap(lambda ms: st.sampled_from([ms - 1, ms, ms + 1, ms + 0.5])),
    st.sampled_from(["2026-03-01", "2026-03-01T12:00:00.123Z", "2026-03-01T13:00:00+01:00", "1969-12-31", "0001-01-01"]),
    st.sampled_from([0, -(10**20), 10**20, float("inf"), -86_400_000]),
)  # fmt: skip


def _ordered(fields, bounds):
    ends = st.one_of(st.none(), bounds)
    return st.one_of(
        st.builds(Cmp, fields, st.sampled_from(Operator), bounds),
        st.builds(Range, fields, ends, ends, st.booleans(), st.booleans()),
    )


STORED = st.sampled_from(list(SITE.cases.values()))
LEAF = st.one_of(
    st.builds(Term, TEXT), st.builds(Phrase, TEXT), st.builds(Glob, PATTERN),
    st.builds(FullText, TEXT), st.builds(FullTextPhrase, TEXT), st.builds(FullTextGlob, PATTERN),
    STORED.map(lambda case: Phrase(case.description[:20])), STORED.map(lambda case: FullTextPhrase(case.title)),
    STORED.map(lambda case: Eq(Field("key"), case.key.lower())), STORED.map(lambda case: Eq(Field("title"), case.title)),
    st.builds(Eq, FIELD, VALUES), st.builds(FieldGlob, ON_TEXT, PATTERN), st.builds(Exists, FIELD),
    st.builds(FieldGlob, ON_TIME, st.sampled_from(["2026*", "2026-03*", "2026-02-28*", "1969-12*", "2026-03-01T12:*"])),
    _ordered(ON_TEXT, st.one_of(NUMBERS, st.sampled_from(["a", "pay", "ΣΊ", "é", "字", "p_"]))), _ordered(ON_TIME, INSTANTS),
    st.builds(Cidr, ON_TEXT, st.sampled_from([("10.0.0.0/8",), ("::/0", "0.0.0.0/0")])),
).filter(lambda leaf: getattr(leaf, "text", "x") != "")  # fmt: skip
TREE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(And),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def search(states):
    with migrated_state(states) as database:
        SITE.write(database)
        yield CaseSearch(database)


def _readable(tree) -> bool:
    """Whether the tree can be written as a query; not, for instance, a range on times with a text that names none."""
    try:
        planned(render(tree))
    except Invalid:
        return False
    return True


@given(tree=TREE.filter(_readable))
@settings(max_examples=250, deadline=None)
def test_search_finds_what_the_reference_finds(search, tree):
    query = render(tree)

    assert SITE.found(search, query) == SITE.reference(query)


@given(tree=LEAF.filter(_readable), sort=st.sampled_from(SortField), ascending=st.booleans(), size=st.integers(1, 7))
@settings(max_examples=40, deadline=None)
def test_pages_hold_all_hits_once_in_the_order_asked(search, tree, sort, ascending, size):
    query = render(tree)
    expected = [SITE.cases[name] for name in SITE.reference(query)]
    keys = {
        SortField.CREATED_AT: lambda _: (),
        SortField.PRIORITY: lambda case: (PRIORITY_NUMBERS[case.priority],),
        SortField.STATUS: lambda case: (GROUP_NUMBERS[case.status_group],),
    }
    expected.sort(key=lambda case: (*keys[sort](case), case.created_at, case.public_id), reverse=not ascending)

    pages = [
        search.search(CaseQuery(query, sort, ascending=ascending, page=page, page_size=size))
        for page in range(len(expected) // size + 2)
    ]

    assert [case for page in pages for case in page.cases] == expected
    assert {page.total for page in pages} == {len(expected)}
