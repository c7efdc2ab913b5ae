"""Random mixes of clauses on issues and on events: the planned search finds what the reference finds row by row."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_documents import NAMES, NOW, Document, row_for, searchable

from errata.base.clock import FixedClock, to_ms
from errata.base.ids import Fingerprint, IssueId, UserId, issue_id_of
from errata.events.model import Platform, Track
from errata.events.store import EventStore
from errata.issues import store
from errata.issues.causes import Cause
from errata.issues.facets import FACETS, ISSUES, Owners
from errata.issues.model import Issue, IssueSearch, IssueState, OrderBy, Persona, Regression
from errata.issues.reads import IssueReads
from errata.query.bind import bind
from errata.query.match import matches
from errata.query.nodes import And, Cidr, Cmp, Eq, Exists, Field, FieldGlob, Not, Operator, Or, Range, Term
from errata.query.parse import parse
from errata.query.render import render

PEOPLE = ["mira@shop.example", "jonas@shop.example", "500@shop.example"]
HANDLES = ["payments", "web", "a"]
PATHS = ["", "shop/pay.py", "a", "500", "10.1.2.3", "é*?%_"]
AGES_MS = [0, 1, 999, 60_000, 2 * 86_400_000 - 1, 2 * 86_400_000, 2 * 86_400_000 + 1, 10 * 86_400_000]


def _issues() -> list[tuple[Issue, Owners]]:
    """Issues with every facet set and unset, at the edges of times that matter."""
    pick = random.Random(20231115)  # noqa: S311 - the same issues at every run
    found = []
    for number in range(32):
        first_seen = NOW - timedelta(milliseconds=pick.choice(AGES_MS))
        assignee = pick.choice([*PEOPLE, "", ""])
        regressed_at = NOW - timedelta(milliseconds=pick.choice(AGES_MS), microseconds=pick.randrange(1000))
        regression = Regression(first_seen, regressed_at, "2") if number % 3 else None
        issue = Issue(
            id=issue_id_of(Fingerprint(UUID(int=100 + number))),
            state=pick.choice(list(IssueState)), service="shop", error_type="", error_message="",
            file_path=pick.choice(PATHS), function_name=pick.choice(PATHS), first_seen=first_seen, last_seen=NOW,
            first_seen_version=pick.choice(["", "1.0", "1", "a*"]), last_seen_version=pick.choice(["", "2", "10"]),
            is_crash=bool(number % 2), has_in_app=True,
            languages=tuple(sorted(pick.sample(["PYTHON", "GO", "JAVA", "C_SHARP"], 2))),
            platform=pick.choice(list(Platform)), tracks=(Track.LOGS,), grouping_version=1, event_count=1,
            opened_at=NOW, assignee_id=UserId(uuid5(NAMES, assignee)) if assignee else None, regression=regression,
            suspected_cause=pick.choice(list(Cause)),
        )  # fmt: skip
        teams = tuple(pick.sample(HANDLES, pick.randrange(3)))
        # One of the people is assigned, yet is no user here.
        known = assignee and assignee != PEOPLE[2]
        found.append((issue, Owners((assignee, assignee) if known else (), teams)))
    return found


def _documents() -> list[Document]:
    pick = random.Random(4)  # noqa: S311
    documents = []
    for number in range(160):
        at = number % 32
        issue, owners = _issues()[at]
        # Every fourth issue has a second fingerprint, under which some of its events are stored.
        fingerprint = Fingerprint(UUID(int=(1000 if at % 4 == 0 and number % 2 else 100) + at))
        row = row_for(
            number, fingerprint, to_ms(NOW) - pick.choice([1, 5000, 86_400_000]), service="shop",
            env=pick.choice(["prod", "dev", ""]), message=pick.choice(["hello a", "a b", "b"]),
            tags=tuple(pick.sample(["team:payments", "team:a", "issue.foo:x", "env2:500", "plain"], 2)),
            attributes={"n": pick.choice([1, 5, 500, "500", None, "a"]), "issue": {"state": "OPEN"}},
        )  # fmt: skip
        documents.append(Document(str(number), fingerprint, row, issue, owners))
    return documents


ISSUES_STORED, DOCUMENTS = _issues(), _documents()


@pytest.fixture(scope="module")
def issues(engine_url, states):
    with searchable(engine_url, states, DOCUMENTS) as (database, clickhouse):
        with database.write() as tx:
            aliases = {(doc.fingerprint, doc.issue.id, 1) for doc in DOCUMENTS if doc.fingerprint.int >= 1000}
            store.add_aliases(tx, sorted(aliases), NOW)
        yield IssueReads(database, EventStore(clickhouse), FixedClock(NOW))


TEXTS = st.sampled_from([
    *PEOPLE, *HANDLES, *PATHS, *IssueState, "open", "For_Review", "reviewed", *Cause, "python", "GO", "true", "false",
    *Platform, "ios", "1.0", "1", "2", "10", "a*", "500", "500.0", "2d", "1m", "999ms", "0", str(to_ms(NOW)), str(ISSUES_STORED[0][0].id),
    str(ISSUES_STORED[0][0].id).upper(), str(uuid5(NAMES, PEOPLE[0])), "nul\0", "x",
])  # fmt: skip
PATTERNS = st.sampled_from(
    ["*", "**", "?", "a*", "*E*", "*e*", "re*", "RE*", "*@shop.example", "1*", "*0", "??", "web*", "é\\*\\?*", "*-*"]
)
NUMBERS = st.one_of(
    st.sampled_from(
        [*AGES_MS, 0.5, -1, 5, 10**30, float("inf"), -float("inf"), *(to_ms(NOW) - age for age in AGES_MS)]
    ),
    st.integers(-(10**20), 10**20),
)
TIMES = [name for name in FACETS if name.endswith(("age", "_seen"))]
ON_ISSUE = st.sampled_from([name for name in FACETS if name not in TIMES]).map(Field)
ON_TIME = st.sampled_from(TIMES).map(Field)
ON_EVENT = st.sampled_from([
    Field("env"), Field("team"), Field("issue.foo"), Field("n", is_attribute=True), Field("issue.state", is_attribute=True),
    Field("issue.foo", is_attribute=True), Field("issue.regression"), Field("env2"), Field("tags"),
])  # fmt: skip
FIELD = st.one_of(ON_ISSUE, ON_TIME, ON_EVENT)
ENDS = st.one_of(st.none(), st.sampled_from(["a", "b", "O", "é"]), NUMBERS)


def _ordered(fields, ends):
    bound = ends.filter(lambda end: end is not None)
    return st.one_of(
        st.builds(Cmp, fields, st.sampled_from(Operator), bound),
        st.builds(Range, fields, ends, ends, st.booleans(), st.booleans()),
    )


FLAGS = st.sampled_from(["issue.is_crash", "issue.is_new", "issue.is_regression"]).map(Field)
LEAF = st.one_of(
    st.builds(Eq, FIELD, TEXTS),
    st.builds(Eq, FLAGS, st.sampled_from(["true", "false"])),
    st.builds(Eq, st.just(Field("issue.assignee")), st.sampled_from([*PEOPLE, str(uuid5(NAMES, PEOPLE[2]))])),
    st.builds(Eq, st.just(Field("team")), st.sampled_from(HANDLES)),
    st.builds(FieldGlob, FIELD, PATTERNS.filter(lambda pattern: pattern != "*")),
    st.builds(Exists, FIELD),
    _ordered(st.one_of(ON_ISSUE, ON_EVENT), ENDS),
    _ordered(ON_TIME, st.one_of(st.none(), NUMBERS, st.sampled_from(["2d", "1.5m", "0ns"]))).filter(
        lambda leaf: (
            leaf.field.name.endswith("age") or not isinstance(getattr(leaf, "bound", getattr(leaf, "low", 0)), str)
        )
    ),
    st.builds(Cidr, FIELD, st.sampled_from([("10.0.0.0/8",), ("::/0", "0.0.0.0/0")])),
    st.builds(Term, st.sampled_from(["hello", "a"])),
)
TREE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(And),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or),
    ),
    max_leaves=7,
)


def _readable(tree) -> bool:
    """Whether the tree holds no text where only a time can stand: such a query is refused."""
    try:
        bind(tree, ISSUES)
    except Exception:  # noqa: BLE001 - which ones are refused is tested elsewhere
        return False
    return True


@given(tree=TREE.filter(_readable), order=st.sampled_from(OrderBy))
@settings(max_examples=400, deadline=None)
def test_planned_search_finds_what_the_reference_finds(issues, tree, order):
    query = render(tree)
    bound = bind(parse(query), ISSUES)

    hits = issues.search(IssueSearch(query, 0, to_ms(NOW) + 1, persona=Persona.ALL, order_by=order))

    expected = Counter(document.issue.id for document in DOCUMENTS if matches(bound, document.joined()))
    assert {hit.issue.id: hit.total_count for hit in hits} == dict(expected)


@given(
    states=st.lists(st.sampled_from(IssueState), max_size=3, unique=True),
    people=st.lists(st.sampled_from([UserId(uuid5(NAMES, person)) for person in PEOPLE]), max_size=2, unique=True),
    tree=LEAF.filter(_readable),
)
@settings(max_examples=60, deadline=None)
def test_filters_beside_the_query_narrow_it(issues, states, people, tree):
    search = IssueSearch(render(tree), 0, to_ms(NOW) + 1, persona=Persona.ALL)

    found = {hit.issue.id for hit in issues.search(replace(search, states=tuple(states), assignee_ids=tuple(people)))}

    def lets_through(issue: Issue) -> bool:
        return (not states or issue.state in states) and (not people or issue.assignee_id in people)

    all_: set[IssueId] = {hit.issue.id for hit in issues.search(search)}
    assert found == {issue.id for issue, _ in ISSUES_STORED if issue.id in all_ and lets_through(issue)}
