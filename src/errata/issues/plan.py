"""A search for issues in two halves: what the state is asked about issues, and what the events are asked then. Pure.

Every clause on an issue facet becomes a question to the state. Its answer, a set of fingerprints, takes the clause's
place in the tree, so that AND, OR and NOT around it stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from errata.issues.facets import FACETS, TEAM_ID
from errata.issues.model import IssueSearch
from errata.query.bind import BoundTree, FieldTest, InSet, OneOf, Present, Test
from errata.query.facets import Joined, Place
from errata.query.nodes import All, And, Field, Not, Or

FINGERPRINT = "fingerprint"
"""The column of the events by which they belong to issues."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which issues have a value of the facet that passes the test."""

    facet: str
    test: Test


class Whole(Enum):
    """An answer that needs no list."""

    NOBODY = "nobody"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Listed:
    """An answer that a table brings along: the fingerprints of the issues, or those of all others."""

    table: str
    is_others: bool = False


Answer: TypeAlias = Whole | Listed


def questions_of(tree: BoundTree) -> tuple[Question, ...]:
    """What the state has to be asked for this tree, each question once, in reading order."""
    match tree:
        case And(parts) | Or(parts):
            return tuple(dict.fromkeys(question for part in parts for question in questions_of(part)))
        case Not(part):
            return questions_of(part)
        case FieldTest(choices=choices):
            return tuple(Question(place.name, test) for place, test in choices if isinstance(place, Joined))
        case _:
            return ()


def answered(tree: BoundTree, answers: Mapping[Question, Answer]) -> BoundTree:
    """The tree with the answers in the places of the clauses that asked. What became constant is left out."""
    match tree:
        case And(parts):
            return all_of([answered(part, answers) for part in parts])
        case Or(parts):
            return any_of([answered(part, answers) for part in parts])
        case Not(part):
            return not_of(answered(part, answers))
        case FieldTest() if questions_of(tree):
            return _answered_field(tree, answers)
        case _:
            return tree


def filters_of(search: IssueSearch) -> BoundTree:
    """The filters that stand beside the query, as clauses: an OR inside each, an AND between them."""
    wanted: list[tuple[Joined, tuple[str, ...]]] = [
        (FACETS["issue.state"].place, tuple(str(state) for state in search.states)),
        (FACETS["issue.assignee"].place, tuple(str(id_) for id_ in search.assignee_ids)),
        (TEAM_ID, tuple(str(id_) for id_ in search.team_ids)),
    ]
    return all_of([FieldTest(Field(place.name), ((place, OneOf(values)),)) for place, values in wanted if values])


def all_of(parts: list[BoundTree]) -> BoundTree:
    """The AND of the parts, none among them that is always true."""
    kept = tuple(part for part in parts if part != All())
    if NOTHING in kept:
        return NOTHING
    return And(kept) if len(kept) > 1 else kept[0] if kept else All()


def any_of(parts: list[BoundTree]) -> BoundTree:
    """The OR of the parts, none among them that is never true."""
    kept = tuple(part for part in parts if part != NOTHING)
    if All() in kept:
        return All()
    return Or(kept) if len(kept) > 1 else kept[0] if kept else NOTHING


def not_of(part: BoundTree) -> BoundTree:
    """The part's opposite."""
    return part.part if isinstance(part, Not) else Not(part)


NOTHING: BoundTree = Not(All())
"""What nothing matches."""


def _answered_field(leaf: FieldTest, answers: Mapping[Question, Answer]) -> BoundTree:
    """A clause of which some place is joined: its places one by one, the first that has a value decides."""
    if all(isinstance(test, Present) for _, test in leaf.choices):
        return any_of([_at_place(leaf.field, place, test, answers) for place, test in leaf.choices])
    (place, test), *later = leaf.choices
    here = _at_place(leaf.field, place, test, answers)
    if not later:
        return here
    absent = not_of(_at_place(leaf.field, place, Present(), answers))
    return any_of([here, all_of([absent, answered(FieldTest(leaf.field, tuple(later)), answers)])])


def _at_place(field: Field, place: Place, test: Test, answers: Mapping[Question, Answer]) -> BoundTree:
    if not isinstance(place, Joined):
        return FieldTest(field, ((place, test),))
    match answers[Question(place.name, test)]:
        case Whole.NOBODY:
            return NOTHING
        case Whole.EVERYBODY:
            return All()
        case Listed(table, is_others):
            return Not(InSet(FINGERPRINT, table)) if is_others else InSet(FINGERPRINT, table)
