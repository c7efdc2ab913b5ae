"""Conditions on the columns of `cases`: statuses, types, projects, people, times.

None of them is ever NULL. Closed sets of few values are put to the tests of `query/match.py`, and SQL is told which of
them pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, false, func, not_, or_, select, true, type_coerce

from errata.access.tables import users
from errata.base.parts import parts
from errata.cases.facets import days_of, flag, folded, group_names, loose, type_names
from errata.cases.model import StatusGroup
from errata.cases.store import GROUP_NUMBERS, PRIORITY_NUMBERS
from errata.cases.tables import case_projects, cases
from errata.cases.type_store import load_types
from errata.query.bind import OneOf, Present, Test
from errata.query.facets import Joined, Kind
from errata.query.marked import fold
from errata.query.match import holds
from errata.query.spans import spans_of
from errata.storage.sql import Transaction

Where = ColumnElement[bool]


def on_column(tx: Transaction, place: Joined, test: Test) -> Where:
    """The cases of which a column passes a test; what its values are called is looked up in the transaction."""
    if place.kind is not Kind.INSTANT:
        return _ON_COLUMN[place.name](tx, test)
    return _on_day(test) if place.name == "due_date" else _on_instant(cases.c[place.name], test)


def _on_instant(column: ColumnElement[Any], test: Test) -> Where:
    if isinstance(test, Present):
        return column.is_not(None)
    micros = type_coerce(column, BigInteger)
    spans = [and_(micros >= first * 1000, micros < (last + 1) * 1000) for first, last in spans_of(test) or ()]
    return and_(column.is_not(None), or_(false(), *spans))


def _on_day(test: Test) -> Where:
    column = cases.c.due_date
    if isinstance(test, Present):
        return column.is_not(None)
    spans = [column.between(*days) for span in spans_of(test) or () if (days := days_of(*span))]
    return and_(column.is_not(None), or_(false(), *spans))


def _status(tx: Transaction, test: Test) -> Where:
    known = _statuses(tx)
    return _is_one_of_statuses(known, lambda group, name: (*map(loose, group_names(group)), loose(name)), test)


def _status_name(tx: Transaction, test: Test) -> Where:
    return _is_one_of_statuses(_statuses(tx), lambda _, name: (folded(name),), test)


def _is_one_of_statuses(
    known: Mapping[StatusGroup, Sequence[str]], names_of: Callable[[StatusGroup, str], tuple[str, ...]], test: Test
) -> Where:
    """Whole groups where all that is in them passes: for those there are indexes."""
    whole: list[int] = []
    named: list[Where] = []
    for group, names in known.items():
        number = GROUP_NUMBERS[group]
        wanted = [name for name in names if _any(names_of(group, name), test)]
        if names and len(wanted) == len(names):
            whole.append(number)
        elif wanted:
            named += [and_(cases.c.status_group == number, cases.c.status_name.in_(part)) for part in parts(wanted)]
    return or_(cases.c.status_group.in_(whole) if whole else false(), *named)


def _status_group(_: Transaction, test: Test) -> Where:
    return _is_in(
        cases.c.status_group, [number for group, number in GROUP_NUMBERS.items() if _any([fold(group)], test)]
    )


def _priority(_: Transaction, test: Test) -> Where:
    wanted = [number for priority, number in PRIORITY_NUMBERS.items() if _any([fold(priority)], test)]
    return _is_in(cases.c.priority, wanted)


def _type(tx: Transaction, test: Test) -> Where:
    wanted = [one.id for one in load_types(tx) if _any(map(loose, type_names(one)), test)]
    return _is_in(cases.c.type_id, wanted)


def _project(tx: Transaction, test: Test) -> Where:
    known = tx.execute(select(case_projects.c.id, case_projects.c.key))
    return _is_in(cases.c.project_id, [id_ for id_, key in known if _any((fold(key), str(id_)), test)])


def _creation_source(tx: Transaction, test: Test) -> Where:
    known = _distinct(tx, cases.c.creation_source)
    return _is_in(cases.c.creation_source, [source for source in known if _any([folded(source)], test)])


def _archived(_: Transaction, test: Test) -> Where:
    there = cases.c.archived_at.is_not(None)
    if_archived, if_not = (_any([flag(value)], test) for value in (True, False))
    if if_archived and if_not:
        return true()
    return there if if_archived else not_(there) if if_not else false()


def _person(column: ColumnElement[Any]) -> Callable[[Transaction, Test], Where]:
    def is_one_of(tx: Transaction, test: Test) -> Where:
        if isinstance(test, Present):
            return column.is_not(None)
        wanted = _uuids(test.texts) if isinstance(test, OneOf) else _strangers(tx, column, test)
        for id_, *names in tx.execute(select(users.c.id, users.c.handle, users.c.email)):
            if _any((str(id_), *map(folded, names)), test):
                wanted.add(id_)
        return and_(column.is_not(None), _is_in(column, sorted(wanted)))

    return is_one_of


_ON_COLUMN: dict[str, Callable[[Transaction, Test], Where]] = {
    "status": _status,
    "status_name": _status_name,
    "status_group": _status_group,
    "priority": _priority,
    "type": _type,
    "project": _project,
    "creation_source": _creation_source,
    "archived": _archived,
    "assignee": _person(cases.c.assignee_id),
    "created_by": _person(cases.c.created_by),
}


def _any(values: Iterable[str], test: Test) -> bool:
    return any(isinstance(test, Present) or holds(value, test) for value in values)


def _is_in(column: ColumnElement[Any], wanted: Sequence[object]) -> Where:
    return or_(false(), *(column.in_(part) for part in parts(wanted)))


def _uuids(texts: Iterable[str]) -> set[UUID]:
    """The texts that are a UUID as it is written here, with dashes."""
    found = set()
    for text in texts:
        with suppress(ValueError):
            value = UUID(text)
            if str(value) == text:
                found.add(value)
    return found


def _strangers(tx: Transaction, column: ColumnElement[Any], test: Test) -> set[UUID]:
    """Those named by cases whom nobody knows here, as far as their ids pass."""
    unknown = select(column).where(column.is_not(None), column.not_in(select(users.c.id))).distinct()
    return {id_ for id_ in tx.execute(unknown).scalars() if holds(str(id_), test)}


def _statuses(tx: Transaction) -> dict[StatusGroup, list[str]]:
    """The names that cases have in each group: a type may have given some of them up."""
    name, group = cases.c.status_name, cases.c.status_group
    return {one: _distinct(tx, name, group == number) for one, number in GROUP_NUMBERS.items()}


def _distinct(tx: Transaction, column: ColumnElement[str], *among: Where) -> list[str]:
    """The values of an indexed column that has few: one step in the index for each, instead of one for each row."""
    found = select(func.min(column).label("value")).where(*among).cte("found", recursive=True)
    beyond = select(func.min(column)).where(column > found.c.value, *among).scalar_subquery()
    every = found.union_all(select(beyond).where(found.c.value.is_not(None)))
    return list(tx.execute(select(every.c.value).where(every.c.value.is_not(None))).scalars())
