"""What becomes of changes: cells of the timeline, and facts for those who react. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from errata.base.facts import Actor, Fact
from errata.base.ids import CellId, NewId
from errata.cases.model import Case, Cell, Change, Json

_Plain: TypeAlias = "str | int | bool | list[str] | None"
_MOST_CHARS = 1000


def cells_for(changes: Sequence[Change], actor: Actor, at: datetime, new_id: NewId) -> list[Cell]:
    """A cell for each change, in their order."""
    return [Cell(CellId(new_id()), change.type, actor, dict(change.content), at) for change in changes]


def facts_for(case: Case, changes: Sequence[Change], actor: Actor, at: datetime, new_id: NewId) -> list[Fact]:
    """A fact for each change of a case as it is afterwards, named after the change: `case.status_changed`.

    A fact says in which project it happened. What is longer than 1000 characters stands in the cell only: facts are
    for those who react, and are kept for ever.
    """
    return [
        Fact(new_id(), f"case.{change.type.lower()}", case.id, at, actor, _of(case) | _flat(change))
        for change in changes
    ]


def comment_fact(case: Case, name: str, cell: CellId, actor: Actor, at: datetime, new_id: NewId) -> Fact:
    """A fact about a comment (`case.comment`), which names its cell and not its text: that may be deleted."""
    return Fact(new_id(), name, case.id, at, actor, _of(case) | {"cell_id": str(cell)})


def _of(case: Case) -> dict[str, _Plain]:
    return {"project_id": str(case.project_id)}


def _flat(change: Change) -> dict[str, _Plain]:
    told = {name: _plain(value) for name, value in change.content.items()}
    return {name: value for name, value in told.items() if _chars(value) <= _MOST_CHARS}


def _plain(value: Json) -> str | list[str] | None:
    if isinstance(value, list):
        return [str(item) for item in value]
    return None if value is None else str(value)


def _chars(value: str | list[str] | None) -> int:
    return sum(map(len, value)) if value else 0
