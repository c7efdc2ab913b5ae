"""Searches for cases: pages of hits, and counts of them by the values of fields."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, select

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
            found = _among_living(tx, Conditions(tx).of(tree))
            total = _count(tx, found)
            ids = select(cases.c.public_id).where(found).order_by(*_order(query))
            page = ids.limit(query.page_size).offset(query.page * query.page_size)
            hits = tx.execute(page).scalars().all() if total > query.page * query.page_size else ()
            return CasePage(tuple(load_many(tx, hits)), total)

    def count(self, query: str, fields: Sequence[str], limit: int) -> tuple[dict[str, list[Counted]], int]:
        """For each of the fields the values that most hits have, at most `limit` of them, and the number of hits.

        The most frequent first, then by value. A case with several values counts for each, one without for none.
        Raises Invalid for a field that cases cannot be counted by.
        """
        tree = planned(query)
        with self._db.read() as tx, at_most(tx, MOST_SECONDS):
            found = _among_living(tx, Conditions(tx).of(tree))
            return {field: group_by(tx, found, (field,), limit) for field in fields}, _count(tx, found)

    def aggregate(self, query: str, fields: Sequence[str], limit: int) -> tuple[list[Counted], int]:
        """The combinations of the fields' values that most hits have, as `count` has single values."""
        tree = planned(query)
        with self._db.read() as tx, at_most(tx, MOST_SECONDS):
            found = _among_living(tx, Conditions(tx).of(tree))
            return group_by(tx, found, fields, limit) if fields else [], _count(tx, found)


def _among_living(tx: Transaction, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition, without the cases of projects that are being deleted, which there seldom are."""
    gone = tx.execute(select(case_projects.c.id).where(case_projects.c.deleted_at.is_not(None))).scalars().all()
    return and_(condition, cases.c.project_id.not_in(gone)) if gone else condition


def _count(tx: Transaction, found: ColumnElement[bool]) -> int:
    return tx.execute(select(func.count()).select_from(cases).where(found)).scalar_one()


def _order(query: CaseQuery) -> list[ColumnElement[object]]:
    columns = [*_SORTED_BY[query.sort], cases.c.created_at, cases.c.public_id]
    return [column.asc() if query.ascending else column.desc() for column in columns]


_SORTED_BY: dict[SortField, list[ColumnElement[object]]] = {
    SortField.CREATED_AT: [],
    SortField.PRIORITY: [cases.c.priority],
    SortField.STATUS: [cases.c.status_group],
}
