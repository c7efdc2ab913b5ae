"""What becomes of changes: cells of the timeline, and facts for those who react. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from errata.base.facts import Actor, Fact
from errata.base.ids import CaseId, CellId, NewId
from errata.cases.model import Cell, CellType, Change, Json


def cells_for(changes: Sequence[Change], actor: Actor, at: datetime, new_id: NewId) -> list[Cell]:
    """A cell for each change, in their order."""
    return [Cell(CellId(new_id()), change.type, actor, dict(change.content), at) for change in changes]


def facts_for(case: CaseId, changes: Sequence[Change], actor: Actor, at: datetime, new_id: NewId) -> list[Fact]:
    """A fact for each change, in their order, named after it: `case.status_changed`.

    A fact of a description does not repeat it: the cell has it, and facts are never changed or removed.
    """
    return [
        Fact(new_id(), f"case.{change.type.lower()}", case, at, actor, {} if _is_long(change) else _flat(change))
        for change in changes
    ]


def comment_fact(case: CaseId, name: str, cell: CellId, actor: Actor, at: datetime, new_id: NewId) -> Fact:
    """A fact about a comment (`case.comment`), which names its cell and not its text: that may be deleted."""
    return Fact(new_id(), name, case, at, actor, {"cell_id": str(cell)})


def _is_long(change: Change) -> bool:
    return change.type is CellType.DESCRIPTION_CHANGED


def _flat(change: Change) -> dict[str, str | int | bool | list[str] | None]:
    return {name: _plain(value) for name, value in change.content.items()}


def _plain(value: Json) -> str | list[str] | None:
    if isinstance(value, list):
        return [str(item) for item in value]
    return None if value is None else str(value)
