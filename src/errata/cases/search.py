"""Searches for cases: pages of hits, and counts of them by the values of fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from errata.cases.conditions import Conditions
from errata.cases.groups import group_by
from errata.cases.model import CasePage, CaseQuery, Counted, SortField
from errata.cases.plan import planned
from errata.cases.store import load_many
from errata.cases.tables import case_projects, cases
from errata.storage.patience import at_most
from errata.storage.sql import Database, Transaction

MOST_SECONDS = 10.0
"""How long one question may take; the engine gives up then."""


class CaseSearch:
    """Questions about many cases.

    Queries are in the search language; every method raises Invalid for one that cannot be read, and Unavailable for
    one that takes too long. Cases of projects that are being deleted are never found, archived ones if the query says
    so.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def search(self, query: CaseQuery) -> CasePage:
        """One page of the hits, and how many there are in all."""
        tree = planned(query.query)
        with self._db.read() as tx, at_most(tx, MOST_SECONDS):
            conditions = Conditions(tx)
            found = _among_living(tx, conditions.of(tree))
            hits, total = (_page_at_once if conditions.asks_elsewhere else _page)(tx, found, query)
            return CasePage(tuple(load_many(tx, hits)), total)

    def count(self, query: str, fields: Sequence[str], limit: int) -> tuple[dict[str, list[Counted]], int]:
        """For each of the fields the values that most hits have, at most `limit` of them, and the number of hits.

        The most frequent first, then by value. A case with several values counts for each, one without for none.
        Raises Invalid for a field that cases cannot be counted by.
        """
        counted, total = self._group_by(query, [(field,) for field in fields], limit)
        return dict(zip(fields, counted, strict=True)), total

    def aggregate(self, query: str, fields: Sequence[str], limit: int) -> tuple[list[Counted], int]:
        """The combinations of the fields' values that most hits have, as `count` has single values."""
        counted, total = self._group_by(query, [fields] if fields else [], limit)
        return counted[0] if counted else [], total

    def _group_by(
        self, query: str, combinations: Sequence[Sequence[str]], limit: int
    ) -> tuple[list[list[Counted]], int]:
        tree = planned(query)
        with self._db.read() as tx, at_most(tx, MOST_SECONDS):
            conditions = Conditions(tx)
            found = _among_living(tx, conditions.of(tree))
            return group_by(tx, found, combinations, limit, at_once=conditions.asks_elsewhere)


def _among_living(tx: Transaction, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition, without the cases of projects that are being deleted, which there seldom are."""
    gone = tx.execute(select(case_projects.c.id).where(case_projects.c.deleted_at.is_not(None))).scalars().all()
    return and_(condition, cases.c.project_id.not_in(gone)) if gone else condition


def _count(tx: Transaction, found: ColumnElement[bool]) -> int:
    return tx.execute(select(func.count()).select_from(cases).where(found)).scalar_one()


def _page(tx: Transaction, found: ColumnElement[bool], query: CaseQuery) -> tuple[Sequence[int], int]:
    """The numbers of a page's cases, and how many hits there are: two questions, each with an index of its own."""
    total = _count(tx, found)
    skipped = query.page * query.page_size
    if total <= skipped:
        return (), total
    page = select(cases.c.public_id).where(found).order_by(*_order(query, cases.c))
    return tx.execute(page.limit(query.page_size).offset(skipped)).scalars().all(), total


def _page_at_once(tx: Transaction, found: ColumnElement[bool], query: CaseQuery) -> tuple[Sequence[int], int]:
    """The same in one question, which works out once which cases are hits."""
    columns = (cases.c.public_id, cases.c.created_at, cases.c.priority, cases.c.status_group)
    hits = select(*columns).where(found).cte("hits").prefix_with("MATERIALIZED")
    total = select(func.count()).select_from(hits).scalar_subquery()
    page = select(hits.c.public_id, total).order_by(*_order(query, hits.c))
    rows = tx.execute(page.limit(query.page_size).offset(query.page * query.page_size)).all()
    if not rows and query.page:
        return (), _count(tx, found)
    return [row[0] for row in rows], rows[0][1] if rows else 0


def _order(query: CaseQuery, columns: ReadOnlyColumnCollection[str, Any]) -> list[ColumnElement[Any]]:
    names = [*_SORTED_BY[query.sort], "created_at", "public_id"]
    return [columns[name].asc() if query.ascending else columns[name].desc() for name in names]


_SORTED_BY: dict[SortField, tuple[str, ...]] = {
    SortField.CREATED_AT: (),
    SortField.PRIORITY: ("priority",),
    SortField.STATUS: ("status_group",),
}
