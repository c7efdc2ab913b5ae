"""Tree and catalogue to a checked tree: which stored places every clause looks at, and with what test.

All that depends on how a place stores its values is settled here (case, spelling of numbers, times), so that back
ends only say a place and a test in their own language. Rule: search syntax, sections 4 to 6.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import TypeAlias

from errata.query.durations import length_of
from errata.query.facets import Case, Catalogue, Column, Entry, Joined, Kind, Place, Tagged, Text, Unit
from errata.query.faults import quoted, unsupported
from errata.query.nodes import (
    All,
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
    Leaf,
    Node,
    Not,
    Operator,
    Or,
    Phrase,
    Range,
    Term,
    Tree,
)
from errata.query.numbers import as_float, number_told_apart, spellings
from errata.query.words import Search, WordPattern, Words


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of the texts, or reads as the number where one is given."""

    texts: tuple[str, ...]
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Fits:
    """The whole value fits the pattern; pattern as in `nodes.Glob`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Present:
    """There is a value, or the field holds others below it."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One end of an interval. A float compares with values that read as numbers, a text by code points."""

    bound: float | str
    included: bool


@dataclass(frozen=True, slots=True)
class Between:
    """One value lies within both ends; at least one end is given."""

    low: Limit | None
    high: Limit | None


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses from `first` to `last` of one family. IPv4 ones are written as IPv4."""

    first: str
    last: str
    is_v6: bool


@dataclass(frozen=True, slots=True)
class Inside:
    """The value is an address in one of the blocks."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Holds:
    """The value holds the words."""

    search: Search


Test: TypeAlias = OneOf | Fits | Present | Between | Inside | Holds


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A clause on a field: the first place that has a value decides by its own test; without one it does not match.

    For `Present` any of the places will do.
    """

    field: Field
    choices: tuple[tuple[Place, Test], ...]


@dataclass(frozen=True, slots=True)
class TextTest:
    """A clause of free or full text: any of the places holds the words."""

    search: Search
    places: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class InSet:
    """The row's value of a column is one of those in a table of one column of that name, which goes with the question.

    What planning puts in the place of a clause on joined values; both names are the planner's, never a user's.
    """

    column: str
    table: str


BoundLeaf: TypeAlias = FieldTest | TextTest | InSet
BoundTree: TypeAlias = "Tree[BoundLeaf]"


def bind(tree: Node, catalogue: Catalogue) -> BoundTree:
    """The tree with every clause settled.

    Raises Invalid for a clause that cannot be read for the field it names (a time that is none).
    """
    match tree:
        case All():
            return tree
        case And(parts):
            return And(tuple(bind(part, catalogue) for part in parts))
        case Or(parts):
            return Or(tuple(bind(part, catalogue) for part in parts))
        case Not(part):
            return Not(bind(part, catalogue))
        case _:
            return _bind_leaf(tree, catalogue)


def joined_names(tree: BoundTree) -> tuple[str, ...]:
    """The names of fields that rows do not hold, in order of appearance, each once."""
    match tree:
        case All() | TextTest() | InSet():
            return ()
        case And(parts) | Or(parts):
            return tuple(dict.fromkeys(name for part in parts for name in joined_names(part)))
        case Not(part):
            return joined_names(part)
        case FieldTest(choices=choices):
            return tuple(place.name for place, _ in choices if isinstance(place, Joined))


_OnField: TypeAlias = Eq | FieldGlob | Cmp | Range | Cidr


def _bind_leaf(leaf: Leaf, catalogue: Catalogue) -> BoundTree:
    match leaf:
        case Term(text) | Phrase(text):
            return TextTest(Words(text), catalogue.free_text)
        case Glob(pattern):
            return TextTest(WordPattern(pattern), catalogue.free_text)
        case FullText(text) | FullTextPhrase(text):
            return TextTest(Words(text), catalogue.full_text)
        case FullTextGlob(pattern):
            return TextTest(WordPattern(pattern), catalogue.full_text)
        case Exists(field):
            places = (*catalogue.places_of(field), *catalogue.places_beside(field), *catalogue.places_within(field))
            return FieldTest(field, tuple((place, Present()) for place in dict.fromkeys(places)))
        case _:
            found = _field_test(leaf, catalogue.places_of(leaf.field))
            beside = catalogue.places_beside(leaf.field)
            return Or((found, _field_test(leaf, beside))) if beside else found


def _field_test(leaf: _OnField, places: tuple[Place, ...]) -> FieldTest:
    test = _test_of(leaf)
    return FieldTest(leaf.field, tuple((place, _adapted(test, place, leaf.field)) for place in places))


def _test_of(leaf: _OnField) -> Test:
    match leaf:
        case Eq(_, value):
            return OneOf((value,))
        case FieldGlob(_, pattern):
            return Fits(pattern)
        case Cmp(_, operator, bound):
            limit = _limit(bound, operator in {Operator.AT_LEAST, Operator.AT_MOST})
            is_low = operator in {Operator.GREATER, Operator.AT_LEAST}
            return Between(limit, None) if is_low else Between(None, limit)
        case Range(_, None, None):
            return Present()
        case Range(_, low, high, includes_low, includes_high):
            return Between(
                None if low is None else _limit(low, includes_low),
                None if high is None else _limit(high, includes_high),
            )
        case Cidr(_, blocks):
            return Inside(tuple(map(_block, blocks)))


def _limit(bound: float | str, included: bool) -> Limit:
    if isinstance(bound, str):
        return Limit(bound, included)
    number = as_float(bound)
    # No stored number is infinite; leaving the end out keeps out texts that name an infinity.
    return Limit(number, included and math.isfinite(number))


def _block(text: str) -> Block:
    network = ip_network(text, strict=False)
    first, last = network[0], network[-1]
    if first.version == 6 and last.version == 6 and first.ipv4_mapped and last.ipv4_mapped:
        return Block(str(first.ipv4_mapped), str(last.ipv4_mapped), is_v6=False)
    return Block(str(first), str(last), is_v6=first.version == 6)


def _adapted(test: Test, place: Place, field: Field) -> Test:
    """The test as it has to be put to one place."""
    match place:
        case Column(kind=Kind.INSTANT) | Joined(kind=Kind.INSTANT):
            return _on_instant(test, field)
        case Column(by_words=True) if isinstance(test, OneOf) and test.texts[0]:
            return Holds(Words(test.texts[0]))
        case Entry(unit=Unit.MILLISECOND | Unit.NANOSECOND) | Joined(unit=Unit.MILLISECOND | Unit.NANOSECOND):
            test = _on_length(test, place.unit, field)
        case Entry() if isinstance(test, OneOf):
            test = OneOf(spellings(test.texts[0]), number_told_apart(test.texts[0]))
    case_of = place.case if isinstance(place, Column | Entry | Tagged | Joined) else Case.EXACT
    return _folded(test, case_of)


def fold(text: str, case: Case) -> str:
    """A text in the case in which values of that case are compared. ASCII only, as enumerated values are."""
    if case is Case.EXACT:
        return text
    return text.translate(_TO_UPPER if case is Case.UPPER else _TO_LOWER)


_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_TO_UPPER = str.maketrans(_LOWER, _UPPER)
_TO_LOWER = str.maketrans(_UPPER, _LOWER)


def _folded(test: Test, case: Case) -> Test:
    match test:
        case OneOf(texts):
            return OneOf(tuple(dict.fromkeys(fold(text, case) for text in texts)), test.number)
        case Fits(pattern):
            return Fits(fold(pattern, case))
        case Between(low, high):
            return Between(_folded_limit(low, case), _folded_limit(high, case))
        case _:
            return test


def _folded_limit(limit: Limit | None, case: Case) -> Limit | None:
    if limit is None or not isinstance(limit.bound, str):
        return limit
    return replace(limit, bound=fold(limit.bound, case))


def _on_instant(test: Test, field: Field) -> Test:
    match test:
        case OneOf((text,)) if (instant := _instant(text)) is not None:
            return OneOf((str(instant),))
        case OneOf((text,)):
            return OneOf(spellings(text))
        case Between(low, high):
            return Between(_instant_limit(low, field), _instant_limit(high, field))
        case _:
            return test


def _on_length(test: Test, unit: Unit, field: Field) -> Test:
    """A test on numbers of a unit, whose texts may be written with a suffix."""
    match test:
        case OneOf((text,)):
            length = length_of(text, unit)
            return OneOf(spellings(text) if length is None else tuple(dict.fromkeys((text, *spellings(repr(length))))))
        case Between(low, high):
            return Between(_length_limit(low, unit, field), _length_limit(high, unit, field))
        case _:
            return test


def _length_limit(limit: Limit | None, unit: Unit, field: Field) -> Limit | None:
    if limit is None or not isinstance(limit.bound, str):
        return limit
    length = length_of(limit.bound, unit)
    if length is not None:
        return replace(limit, bound=length)
    if unit is Unit.MILLISECOND:
        raise unsupported(
            f"found {quoted(limit.bound)}, expected milliseconds or a length of time such as 90s, 2h or 7d "
            f"for {field.name}"
        )
    return limit  # an attribute may hold any text


def _instant_limit(limit: Limit | None, field: Field) -> Limit | None:
    if limit is None or not isinstance(limit.bound, str):
        return limit
    instant = _instant(limit.bound)
    if instant is None:
        raise unsupported(
            f"found {quoted(limit.bound)}, expected epoch milliseconds or a time such as 2023-11-15T09:30:00Z "
            f"for {field.name}"
        )
    return replace(limit, bound=float(instant))


_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
"""A month in ISO 8601, which Python does not read."""


def _instant(text: str) -> int | None:
    """Epoch milliseconds of an ISO 8601 time; UTC where it has no offset. None for anything else, numbers included.

    A month or a day stands for the instant with which it begins.
    """
    if text.isdecimal():
        return None
    try:
        at = datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)
        since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
