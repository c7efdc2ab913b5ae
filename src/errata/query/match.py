"""A checked tree evaluated in plain Python over one row: the reference for the engines, and for rules on one event.

A row maps column names to values as they are stored: texts, booleans, epoch milliseconds, lists of texts, and a map
from dotted paths to lists of texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import cast

from errata.query.bind import (
    Between,
    Block,
    BoundTree,
    FieldTest,
    Fits,
    Holds,
    InSet,
    Inside,
    Limit,
    OneOf,
    Present,
    Test,
    TextTest,
    fold,
)
from errata.query.facets import (
    Case,
    Column,
    Elements,
    Entry,
    Filled,
    Gathered,
    Joined,
    Kind,
    Pair,
    Place,
    Several,
    Tagged,
    Text,
    Unlike,
    Values,
)
from errata.query.faults import not_in_rows, unsupported
from errata.query.nodes import All, And, Not, Or
from errata.query.numbers import stored_number
from errata.query.patterns import fits
from errata.query.words import finds

Row = Mapping[str, object]


def matches(tree: BoundTree, row: Row) -> bool:
    """Whether the row is one that the tree selects.

    Joined values are looked for in the row under their names, as lists of texts. Raises Invalid where one is missing.
    """
    match tree:
        case All():
            return True
        case And(parts):
            return all(matches(part, row) for part in parts)
        case Or(parts):
            return any(matches(part, row) for part in parts)
        case Not(part):
            return not matches(part, row)
        case TextTest(search, places):
            return any(finds(search, text) for place in places for text in _texts(place, row))
        case FieldTest():
            return _field(tree, row)
        case InSet(table=table):
            raise unsupported(f"rows alone do not say what is in {table}")


def _field(leaf: FieldTest, row: Row) -> bool:
    if all(isinstance(test, Present) for _, test in leaf.choices):
        return any(_has(place, row) for place, _ in leaf.choices)
    for place, test in leaf.choices:
        if _has(place, row):
            return isinstance(test, Present) or any(holds(value, test) for value in _values(place, row))
    return False


def _has(place: Place, row: Row) -> bool:
    if isinstance(place, Entry):
        keys = _map(row, place.column)
        return place.key in keys or any(key.startswith(f"{place.key}.") for key in keys)
    return bool(_values(place, row))


def _values(place: Place, row: Row) -> Sequence[str]:
    match place:
        case Column():
            text = _text_of(place, row)
            return () if text == place.missing else (text,)
        case Entry(column, key, case):
            return [fold(value, case) for value in _map(row, column).get(key, ())]
        case Elements(column):
            return _list(row, column)
        case Tagged(column, key, case):
            pairs = (element.partition(":") for element in _list(row, column))
            return [fold(value, case) for own, colon, value in pairs if colon and own == key]
        case Joined(name):
            if name not in row:
                raise not_in_rows(name)
            return _list(row, name)


def _texts(place: Text, row: Row) -> Iterable[str]:
    match place:
        case Column():
            return (_text_of(place, row),)
        case Several(columns):
            return [_text_of(column, row) for column in columns]
        case Values(column):
            return [value for values in _map(row, column).values() for value in values]
        case Gathered(parts):
            return (text for part in parts for text in _texts(part, row))
        case Filled(text) | Unlike(text):
            return (_text_of(text, row),)
        case Pair(first, second, separator):
            pair = _text_of(first, row), _text_of(second, row)
            return (separator.join(pair),) if all(pair) else ()


def holds(value: str, test: Test) -> bool:
    """Whether a value passes a test."""
    match test:
        case OneOf(texts, number):
            return value in texts or (number is not None and stored_number(value) == number)
        case Fits(pattern):
            return fits(pattern, value)
        case Between(low, high):
            return _is_above(value, low) and _is_below(value, high)
        case Inside(blocks):
            return _is_inside(value, blocks)
        case Holds(search):
            return finds(search, value)
        case Present():
            return True


def _is_above(value: str, limit: Limit | None) -> bool:
    if limit is None:
        return True
    if isinstance(limit.bound, str):
        return value >= limit.bound if limit.included else value > limit.bound
    number = stored_number(value)
    return number >= limit.bound if limit.included else number > limit.bound


def _is_below(value: str, limit: Limit | None) -> bool:
    if limit is None:
        return True
    if isinstance(limit.bound, str):
        return value <= limit.bound if limit.included else value < limit.bound
    number = stored_number(value)
    return number <= limit.bound if limit.included else number < limit.bound


def _is_inside(value: str, blocks: tuple[Block, ...]) -> bool:
    try:
        address = ip_address(value)
    except ValueError:
        return False
    plain = (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
    number, is_v6 = int(plain), isinstance(plain, IPv6Address)
    family = IPv6Address if is_v6 else IPv4Address
    return any(
        block.is_v6 == is_v6 and int(family(block.first)) <= number <= int(family(block.last)) for block in blocks
    )


def _text_of(column: Column, row: Row) -> str:
    value = row.get(column.name)
    match column.kind:
        case Kind.FLAG:
            return "true" if value else ""
        case Kind.INSTANT:
            return str(value)
        case Kind.TEXT:
            return fold(cast("str", value or ""), Case.MIXED if column.case is Case.MIXED else Case.EXACT)


def _list(row: Row, column: str) -> Sequence[str]:
    return cast("Sequence[str]", row.get(column) or ())


def _map(row: Row, column: str) -> Mapping[str, Sequence[str]]:
    return cast("Mapping[str, Sequence[str]]", row.get(column) or {})
