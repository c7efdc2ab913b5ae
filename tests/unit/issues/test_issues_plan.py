from __future__ import annotations

from uuid import UUID

import pytest

from errata.base.errors import Invalid
from errata.base.ids import TeamId, UserId
from errata.issues.facets import FACETS, ISSUES
from errata.issues.model import IssueSearch, IssueState
from errata.issues.plan import (
    NOTHING,
    Listed,
    Question,
    Whole,
    all_of,
    answered,
    any_of,
    filters_of,
    not_of,
    questions_of,
)
from errata.query.bind import Between, FieldTest, InSet, Limit, OneOf, Present, bind
from errata.query.nodes import All, And, Not, Or
from errata.query.parse import parse

OPEN = Question("issue.state", OneOf(("OPEN",)))


def bound(query):
    return bind(parse(query), ISSUES)


def test_every_clause_on_an_issue_is_asked_once_in_reading_order():
    tree = bound("issue.state:open OR (env:prod -@issue.age:>1h issue.state:OPEN)")

    assert questions_of(tree) == (OPEN, Question("issue.age", Between(Limit(3_600_000.0, included=False), None)))


def test_an_answer_takes_the_place_of_its_clause():
    tree = bound("env:prod OR -issue.state:open")
    prod = bound("env:prod")

    assert answered(tree, {OPEN: Listed("t")}) == Or((prod, Not(InSet("fingerprint", "t"))))
    assert answered(tree, {OPEN: Listed("t", is_others=True)}) == Or((prod, InSet("fingerprint", "t")))
    assert answered(tree, {OPEN: Whole.NOBODY}) == All()
    assert answered(tree, {OPEN: Whole.EVERYBODY}) == prod


def test_answers_that_are_known_beforehand_leave_no_clause():
    assert answered(bound("env:prod issue.state:open"), {OPEN: Whole.NOBODY}) == NOTHING
    assert answered(bound("env:prod issue.state:open"), {OPEN: Whole.EVERYBODY}) == bound("env:prod")
    assert answered(bound("issue.state:open"), {OPEN: Whole.EVERYBODY}) == All()
    assert answered(bound("-(env:prod OR issue.state:open)"), {OPEN: Whole.EVERYBODY}) == NOTHING


def test_a_tag_of_a_team_and_a_team_that_owns_the_issue_count_alike():
    tree = bound("team:payments")
    [question] = questions_of(tree)

    assert question == Question("issue.team", OneOf(("payments",)))
    tag, owned = answered(tree, {question: Listed("t")}).parts
    assert isinstance(tag, FieldTest)
    assert owned == InSet("fingerprint", "t")
    assert [test for _, test in bound("team:*").choices] == [Present(), Present()]
    assert questions_of(bound("@team:payments")) == ()


def test_a_facet_above_others_exists_where_one_of_them_does():
    assert questions_of(bound("issue.regression:*")) == (Question("issue.regression.age", Present()),)


@pytest.mark.parametrize("query", ["issue.stat:OPEN", "@issue.stat:OPEN", "@issue.team_id:x"])
def test_a_name_that_is_no_facet_is_missing_or_a_tag(query):
    assert questions_of(bound(query)) == ()


@pytest.mark.parametrize(
    ("query", "bounds"),
    [
        ("issue.age:<=300000", (None, 300_000)),
        ("issue.age:<=5m", (None, 300_000)),
        ("issue.age:[90s TO 1.5h]", (90_000, 5_400_000)),
        ("issue.regression.age:{1d TO 2w}", (86_400_000, 1_209_600_000)),
        ("issue.age:>250us", (0.25, None)),
        ("issue.first_seen:>=2023-11-15T00\\:00\\:00Z", (1_700_006_400_000, None)),
    ],
)
def test_times_may_be_written_in_several_ways(query, bounds):
    [question] = questions_of(bound(query))

    assert tuple(end.bound if end else None for end in (question.test.low, question.test.high)) == bounds


@pytest.mark.parametrize(
    "query", ["issue.age:>soon", "issue.age:>5y", "issue.regression.age:[1h TO x]", "issue.last_seen:>yesterday"]
)
def test_a_time_that_is_none_is_refused_with_what_would_be_right(query):
    with pytest.raises(Invalid, match=r'^query: found "\w+", expected .* for issue\.'):
        bound(query)


def test_an_attribute_for_lengths_of_time_takes_suffixes_and_any_text():
    (_, test), *_ = bound("@duration:>20ms").choices

    assert test == Between(Limit(20_000_000.0, included=False), None)
    assert bound("@duration:>slow").choices[0][1] == Between(Limit("slow", included=False), None)
    assert "20ms" in bound("@duration:20ms").choices[0][1].texts


def test_filters_beside_the_query_are_clauses_like_others():
    user, team = UserId(UUID(int=5)), TeamId(UUID(int=6))
    search = IssueSearch("", 0, 1, states=(IssueState.OPEN, IssueState.IGNORED), assignee_ids=(user,), team_ids=(team,))

    assert questions_of(filters_of(search)) == (
        Question("issue.state", OneOf(("OPEN", "IGNORED"))),
        Question("issue.assignee", OneOf((str(user),))),
        Question("issue.team_id", OneOf((str(team),))),
    )
    assert filters_of(IssueSearch("", 0, 1)) == All()


def test_trees_without_parts_are_what_their_operator_begins_with():
    assert (all_of([]), any_of([])) == (All(), NOTHING)
    assert not_of(not_of(bound("env:prod"))) == bound("env:prod")
    assert all_of([bound("env:prod"), bound("env:dev")]) == And((bound("env:prod"), bound("env:dev")))


def test_every_facet_of_the_specification_is_there():
    assert set(FACETS) == {
        f"issue.{name}"
        for name in (
            "id", "state", "first_seen", "last_seen", "age", "regression.age", "is_crash", "is_new", "is_regression",
            "platform", "language", "first_seen_version", "last_seen_version", "file_path", "function_name", "assignee",
            "team", "suspected_cause", "case",
        )
    }  # fmt: skip
