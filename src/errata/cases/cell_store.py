"""Loading and saving of cells of timelines. Nothing here commits, and nothing here decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, or_, select, update

from errata.base.facts import Actor, ActorKind
from errata.base.ids import CellId
from errata.cases.model import Cell, CellType
from errata.cases.tables import case_cells
from errata.storage.sql import Transaction


def add(tx: Transaction, public_id: int, cells: Sequence[Cell]) -> None:
    """Write new cells of a case behind all that it has, in the given order."""
    if cells:
        tx.execute(case_cells.insert(), [_row(cell) | {"public_id": public_id} for cell in cells])


def load(tx: Transaction, public_id: int, cell_id: CellId) -> Cell | None:
    """One cell of a case, deleted or not."""
    query = select(case_cells).where(case_cells.c.public_id == public_id, case_cells.c.id == cell_id)
    row = tx.execute(query).one_or_none()
    return _cell(row) if row else None


def save(tx: Transaction, cell: Cell) -> None:
    """Write a cell that exists; type, author and time of creation stay."""
    tx.execute(
        update(case_cells)
        .where(case_cells.c.id == cell.id)
        .values(content=dict(cell.content), modified_at=cell.modified_at, deleted_at=cell.deleted_at)
    )


def timeline(
    tx: Transaction, public_id: int, *, types: frozenset[CellType] | None, offset: int, limit: int, ascending: bool
) -> list[Cell]:
    """Some of a case's cells in the order they were written, or the other way round.

    With `types` only those, without deleted comments; None is everything, a deleted comment's place too.
    """
    mine = select(case_cells).where(case_cells.c.public_id == public_id)
    if types is not None:
        mine = mine.where(
            case_cells.c.type.in_(sorted(types)),
            or_(case_cells.c.type != CellType.COMMENT.value, case_cells.c.deleted_at.is_(None)),
        )
    order = case_cells.c.sequence.asc() if ascending else case_cells.c.sequence.desc()
    return [_cell(row) for row in tx.execute(mine.order_by(order).offset(min(offset, _FURTHEST)).limit(limit))]


_FURTHEST = 2**62
"""Beyond every timeline, and a number that both engines can read."""


def _row(cell: Cell) -> dict[str, Any]:
    return {
        "id": cell.id,
        "type": cell.type.value,
        "author_kind": cell.author.kind.value,
        "author_id": cell.author.id,
        "content": dict(cell.content),
        "created_at": cell.created_at,
        "modified_at": cell.modified_at,
        "deleted_at": cell.deleted_at,
    }


def _cell(row: Row[Any]) -> Cell:
    return Cell(
        id=CellId(row.id),
        type=CellType(row.type),
        author=Actor(ActorKind(row.author_kind), row.author_id),
        content=row.content,
        created_at=row.created_at,
        modified_at=row.modified_at,
        deleted_at=row.deleted_at,
    )
