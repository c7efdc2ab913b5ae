"""Counting cases by the values of fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, cast, distinct, func, literal, null, select, true, union_all

from errata.access.tables import users
from errata.base.errors import Invalid
from errata.cases.facets import attribute_field, custom_field, may_be_key
from errata.cases.model import Counted
from errata.cases.store import GROUP_NUMBERS, PRIORITY_NUMBERS
from errata.cases.tables import case_projects, case_values, cases
from errata.cases.type_store import load_attributes, load_types
from errata.cases.types import RESERVED_ATTRIBUTES
from errata.storage.bytewise import bytewise
from errata.storage.sql import Transaction

MOST_GROUPS = 100_000
"""Combinations that are read to be put in order: many values of many fields make more than memory holds."""

_Read = Sequence[Sequence[Sequence[Any]]]
"""For each query its rows: a count, then values."""
Names = Callable[[Any], str]
"""What a stored value is called in an answer."""


@dataclass(frozen=True, slots=True)
class _Group:
    """A field that cases are counted by: what is grouped, what is shown for it, what the rows must fulfil.

    `is_mixed` says that a case may have the same value twice: as attributes of several definitions of one key.
    """

    column: ColumnElement[Any]
    shown: ColumnElement[Any]
    where: tuple[ColumnElement[bool], ...]
    names: Names = str
    is_mixed: bool = False


def group_by(
    tx: Transaction, found: ColumnElement[bool], combinations: Sequence[Sequence[str]], limit: int, *, at_once: bool
) -> tuple[list[list[Counted]], int]:
    """For each combination of fields those of their values that most of the cases found have, and how many are found.

    At most `limit` of each; ties by value. Of more than `MOST_GROUPS` the rarest are left out, whatever the limit. One
    statement `at_once` works out once which cases are found; statements of their own can each use an index of its own.
    Raises Invalid for a field that cases cannot be counted by.
    """
    rows: FromClause = cases
    if at_once:
        names = {_COLUMNS[field][0] for fields in combinations for field in fields if field in _COLUMNS}
        kept = (cases.c[name] for name in sorted(names))
        rows = select(cases.c.public_id, *kept).where(found).cte("hits").prefix_with("MATERIALIZED")
        found = true()
    groups = [[_group(tx, field, rows) for field in fields] for fields in combinations]
    counts = [_counts(rows, found, each) for each in groups]
    total = select(func.count()).select_from(rows).where(found)
    read, hits = _read_at_once(tx, counts, total) if at_once else _read_each(tx, counts, total)
    return [_most(each, rows_of, limit) for each, rows_of in zip(groups, read, strict=True)], hits


def _counts(rows: FromClause, found: ColumnElement[bool], groups: Sequence[_Group]) -> Select[Any]:
    is_mixed = any(group.is_mixed for group in groups)
    counted = func.count(distinct(rows.c.public_id)) if is_mixed else func.count()
    # Named, since two fields may have the same column.
    shown = (group.shown.label(f"value_{number}") for number, group in enumerate(groups))
    query = select(counted.label("cases"), *shown).select_from(rows).where(found)
    query = query.where(*(condition for group in groups for condition in group.where))
    return query.group_by(*(group.column for group in groups)).order_by(counted.desc()).limit(MOST_GROUPS)


def _read_each(tx: Transaction, counts: Sequence[Select[Any]], total: Select[Any]) -> tuple[_Read, int]:
    return [tx.execute(query).all() for query in counts], tx.execute(total).scalar_one()


def _read_at_once(tx: Transaction, counts: Sequence[Select[Any]], total: Select[Any]) -> tuple[_Read, int]:
    """One statement for all: its rows say which query they answer, and have columns for the values of each."""
    tables = [query.subquery() for query in counts]
    values = [column for each in tables for column in list(each.c)[1:]]
    absent = [cast(null(), column.type) for column in values]
    branches = [select(literal(len(tables)), total.scalar_subquery(), *absent)]
    spans: list[slice[int, int, None]] = []
    for number, each in enumerate(tables):
        count, *own = each.c
        start = spans[-1].stop if spans else 0
        spans.append(slice(start, start + len(own)))
        branches.append(select(literal(number), count, *absent[:start], *own, *absent[start + len(own) :]))
    read: list[list[Sequence[Any]]] = [[] for _ in tables]
    hits = 0
    for number, count, *row in tx.execute(union_all(*branches)):
        if number == len(tables):
            hits = count
        else:
            read[number].append((count, *row[spans[number]]))
    return read, hits


def _most(groups: Sequence[_Group], read: Sequence[Sequence[Any]], limit: int) -> list[Counted]:
    totals: Counter[tuple[str, ...]] = Counter()
    for count, *values in read:
        totals[tuple(group.names(value) for group, value in zip(groups, values, strict=True))] += count
    most = sorted(totals.items(), key=lambda each: (-each[1], each[0]))[:limit]
    return [Counted(values, count) for values, count in most]


def _group(tx: Transaction, field: str, rows: FromClause) -> _Group:
    if field in _COLUMNS:
        name, names_of = _COLUMNS[field]
        column = rows.c[name]
        return _Group(column, column, (column.is_not(None),), names_of(tx))
    key = field.removeprefix("@")
    fields = [custom_field(one.id) for one in load_attributes(tx) if one.key == key]
    plain = attribute_field(key)
    if not fields and key not in RESERVED_ATTRIBUTES and not _is_used(tx, key):
        raise _no_field(tx, field)
    values = case_values.alias()
    where = values.c.public_id == rows.c.public_id, values.c.field.in_([plain, *fields])
    # Counted without regard to case; shown as one of them was given.
    return _Group(values.c.folded, func.min(bytewise(values.c.text)), where, is_mixed=bool(fields))


def _is_used(tx: Transaction, key: str) -> bool:
    if not may_be_key(key):
        return False
    field = attribute_field(key)
    return tx.scalar(select(case_values.c.field).where(case_values.c.field == field).limit(1)) is not None


def _no_field(tx: Transaction, field: str) -> Invalid:
    custom = {one.key for one in load_attributes(tx)}
    allowed = ", ".join([*_COLUMNS, *RESERVED_ATTRIBUTES, *sorted(custom)[:50]])
    return Invalid(
        f"cases cannot be counted by {field[:100]!r}. Must be one of {allowed}, or an attribute's key that a case has"
    )


def _by(names: Mapping[Any, str]) -> Names:
    return lambda value: names.get(value, str(value))


_GROUPS = {number: str(group) for group, number in GROUP_NUMBERS.items()}
_PRIORITIES = {number: str(priority) for priority, number in PRIORITY_NUMBERS.items()}
_LEGACY = {number: group.legacy for group, number in GROUP_NUMBERS.items()}


def _types(tx: Transaction) -> Names:
    return _by({one.id: one.name for one in load_types(tx)})


def _projects(tx: Transaction) -> Names:
    return _by({row.id: row.key for row in tx.execute(select(case_projects.c.id, case_projects.c.key))})


def _people(tx: Transaction) -> Names:
    return _by({row.id: row.handle for row in tx.execute(select(users.c.id, users.c.handle))})


_COLUMNS: dict[str, tuple[str, Callable[[Transaction], Names]]] = {
    "status": ("status_group", lambda _: _by(_LEGACY)),
    "status_name": ("status_name", lambda _: str),
    "status_group": ("status_group", lambda _: _by(_GROUPS)),
    "priority": ("priority", lambda _: _by(_PRIORITIES)),
    "type": ("type_id", _types),
    "project": ("project_id", _projects),
    "assignee": ("assignee_id", _people),
    "created_by": ("created_by", _people),
    "creation_source": ("creation_source", lambda _: str),
}
