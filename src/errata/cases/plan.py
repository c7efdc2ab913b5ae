"""A query for cases made ready for any engine: bound, folded, archived cases left out. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from errata.base.clock import to_ms
from errata.cases.facets import ARCHIVE, CASES, DAY_MS, FACETS, LOOSE, TIMES, folded, loose
from errata.query.bind import Between, BoundTree, FieldTest, Fits, Holds, InSet, Limit, OneOf, Test, TextTest, bind
from errata.query.bind import joined_names as names_of
from errata.query.facets import Joined, Kind, Place
from errata.query.faults import quoted, unsupported
from errata.query.nodes import All, And, Bound, Cmp, Field, Node, Not, Operator, Or, Range
from errata.query.parse import parse
from errata.query.patterns import Wild, elements
from errata.query.words import Search, WordPattern, Words

_LIVING: BoundTree = FieldTest(Field("archived"), ((FACETS["archived"], OneOf(("false",))),))


def planned(query: str) -> BoundTree:
    """The tree that selects the cases which a query finds, in the forms in which values are compared.

    Raises Invalid for a query that cannot be read.
    """
    tree = settled(bind(_by_days(parse(query)), CASES))
    if ARCHIVE.intersection(names_of(tree)):
        return tree
    return _LIVING if tree == All() else And((_LIVING, tree))


def settled(tree: BoundTree) -> BoundTree:
    """The bound tree with each test as the place compares its values."""
    match tree:
        case All() | InSet():
            return tree
        case TextTest(search, places):
            return TextTest(_folded(search), places)
        case And(parts):
            return And(tuple(map(settled, parts)))
        case Or(parts):
            return Or(tuple(map(settled, parts)))
        case Not(part):
            return Not(settled(part))
        case FieldTest(field, choices):
            return FieldTest(field, tuple((place, _settled_test(test, place, field)) for place, test in choices))


def _by_days(tree: Node) -> Node:
    """The tree with days, months and years as bounds of times before all times that begin so, as ISO 8601 texts sort.

    So `>2026-01-05` holds for all of that day, and `<=2026-01-05` for none of it. A due date is a day itself.
    """
    match tree:
        case And(parts):
            return And(tuple(map(_by_days, parts)))
        case Or(parts):
            return Or(tuple(map(_by_days, parts)))
        case Not(part):
            return Not(_by_days(part))
        case Cmp(Field(name, False), operator, bound) if name in TIMES and _is_long(bound):
            is_low = operator in {Operator.GREATER, Operator.AT_LEAST}
            return replace(tree, operator=Operator.AT_LEAST if is_low else Operator.LESS)
        case Range(Field(name, False), low, high) if name in TIMES:
            return replace(
                tree,
                includes_low=tree.includes_low or _is_long(low),
                includes_high=tree.includes_high and not _is_long(high),
            )
        case _:
            return tree


def _is_long(bound: Bound | None) -> bool:
    """Whether it names a day, a month or a year, and no instant."""
    return bound in _YEARS if isinstance(bound, int | float) else bool(bound and _DATE.fullmatch(bound))


def _settled_test(test: Test, place: Place, field: Field) -> Test:
    if isinstance(place, Joined) and place.kind is Kind.INSTANT:
        return _on_instant(test, field)
    is_loose = isinstance(place, Joined) and place.name in LOOSE
    compared = loose if is_loose else folded
    match test:
        case OneOf(texts):
            return OneOf(tuple(dict.fromkeys(map(compared, texts))), test.number)
        case Fits(pattern):
            return Fits(compared(pattern))
        case Between(low, high):
            return Between(_compared(low, is_loose), _compared(high, is_loose))
        case Holds(search):
            return Holds(_folded(search))
        case _:
            return test


def _folded(search: Search) -> Search:
    return Words(folded(search.text)) if isinstance(search, Words) else WordPattern(folded(search.pattern))


def _compared(limit: Limit | None, is_loose: bool) -> Limit | None:
    if limit is None or not isinstance(limit.bound, str):
        return limit
    return replace(limit, bound=loose(limit.bound) if is_loose else folded(limit.bound))


# Times: a year stands for the instant with which it begins, the beginning of an ISO time and `*` for all that begin so

_BEGINNING = "0000-01-01T00:00:00"
_BEGINS_TIME = re.compile(r"(\d{4}(?:-\d\d(?:-\d\d(?:[Tt ]\d\d(?::\d\d(?::\d\d)?)?)?)?)?)[-Tt: .]?")
_YEARS = range(1000, 10_000)
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?|\d{4}-?W\d\d(?:-?\d)?")
_LENGTHS = {10: timedelta(days=1), 13: timedelta(hours=1), 16: timedelta(minutes=1), 19: timedelta(seconds=1)}


def _on_instant(test: Test, field: Field) -> Test:
    match test:
        case Fits(pattern):
            return _in_time(pattern, field)
        case Between(low, high):
            return Between(_after_year(low), _after_year(high))
        case _:
            return test


def _after_year(limit: Limit | None) -> Limit | None:
    """A bound of four digits is a year of ISO 8601: as milliseconds it would mean the first seconds of 1970."""
    if limit is None or isinstance(limit.bound, str) or limit.bound not in _YEARS:
        return limit
    return replace(limit, bound=float(to_ms(datetime(int(limit.bound), 1, 1, tzinfo=UTC))))


def _in_time(pattern: str, field: Field) -> Between:
    *literal, last = elements(pattern)
    told = _BEGINS_TIME.fullmatch("".join(str(char) for char in literal))
    if last is Wild.RUN and told and not any(isinstance(char, Wild) for char in literal):
        with suppress(ValueError, OverflowError):
            first = datetime.fromisoformat(told[1] + _BEGINNING[len(told[1]) :]).replace(tzinfo=UTC)
            return Between(Limit(float(to_ms(first)), True), Limit(float(_end_ms(first, len(told[1]))), False))
    raise unsupported(
        f"found {quoted(pattern)}, expected a time such as 2023-11-15T09:30:00Z or the beginning of one such as "
        f"2023-11* for {field.name}"
    )


def _end_ms(first: datetime, told: int) -> int:
    """When the year, month, day, hour, minute or second ends of which so many characters were told."""
    if told in _LENGTHS:
        return to_ms(first) + _LENGTHS[told] // timedelta(milliseconds=1)
    months = 12 if told == len("2023") else 1
    days = sum(monthrange(first.year, first.month + number)[1] for number in range(months))
    return to_ms(first) + days * DAY_MS
