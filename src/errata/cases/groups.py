"""Counting cases by the values of fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, distinct, func, select

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


def group_by(tx: Transaction, found: ColumnElement[bool], fields: Sequence[str], limit: int) -> list[Counted]:
    """The combinations of values of the fields that most of the cases found have, at most `limit`; ties by value.

    Of more than `MOST_GROUPS` the rarest are left out, whatever the limit. Raises Invalid for a field that cases cannot
    be counted by.
    """
    groups = [_group(tx, field) for field in fields]
    counted = func.count(distinct(cases.c.public_id)) if any(group.is_mixed for group in groups) else func.count()
    query = select(counted, *(group.shown for group in groups)).select_from(cases).where(found)
    for group in groups:
        query = query.where(*group.where)
    totals: Counter[tuple[str, ...]] = Counter()
    query = query.group_by(*(group.column for group in groups)).order_by(counted.desc()).limit(MOST_GROUPS)
    for count, *values in tx.execute(query):
        totals[tuple(group.names(value) for group, value in zip(groups, values, strict=True))] += count
    most = sorted(totals.items(), key=lambda each: (-each[1], each[0]))[:limit]
    return [Counted(values, count) for values, count in most]


def _group(tx: Transaction, field: str) -> _Group:
    if field in _COLUMNS:
        column, names_of = _COLUMNS[field]
        return _Group(column, column, (column.is_not(None),), names_of(tx))
    key = field.removeprefix("@")
    fields = [custom_field(one.id) for one in load_attributes(tx) if one.key == key]
    plain = attribute_field(key)
    if not fields and key not in RESERVED_ATTRIBUTES and not _is_used(tx, key):
        raise _no_field(tx, field)
    values = case_values.alias()
    where = values.c.public_id == cases.c.public_id, values.c.field.in_([plain, *fields])
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


_COLUMNS: dict[str, tuple[ColumnElement[Any], Callable[[Transaction], Names]]] = {
    "status": (cases.c.status_group, lambda _: _by(_LEGACY)),
    "status_name": (cases.c.status_name, lambda _: str),
    "status_group": (cases.c.status_group, lambda _: _by(_GROUPS)),
    "priority": (cases.c.priority, lambda _: _by(_PRIORITIES)),
    "type": (cases.c.type_id, _types),
    "project": (cases.c.project_id, _projects),
    "assignee": (cases.c.assignee_id, _people),
    "created_by": (cases.c.created_by, _people),
    "creation_source": (cases.c.creation_source, lambda _: str),
}
