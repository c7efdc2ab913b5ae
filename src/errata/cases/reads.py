"""Questions about one case, for the API and the pages."""

from __future__ import annotations

from collections.abc import Collection

from errata.base.errors import NotFound
from errata.base.ids import CaseTypeId, CustomAttributeId
from errata.cases import cell_store, store, type_store
from errata.cases.model import Case, Cell, CellType, CustomAttribute
from errata.storage.sql import Database


class CaseReads:
    """Reads of single cases. `ref` is the id or the key of a case, in upper or lower case."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def case(self, ref: str) -> Case:
        """One case, archived or not. Raises NotFound, also while its project is being deleted."""
        with self._db.read() as tx:
            case = store.load(tx, ref)
        if case is None:
            raise NotFound("case not found")
        return case

    def timeline(
        self, ref: str, *, types: frozenset[CellType] | None, offset: int, limit: int, ascending: bool
    ) -> list[Cell]:
        """Some of a case's cells in the order they were written, or the other way round.

        With `types` only those, without deleted comments; None is everything, a deleted comment's place too. Raises
        NotFound for the case.
        """
        with self._db.read() as tx:
            public_id = store.find(tx, ref)
            if public_id is None:
                raise NotFound("case not found")
            return cell_store.timeline(tx, public_id, types=types, offset=offset, limit=limit, ascending=ascending)

    def definitions_of(self, type_ids: Collection[CaseTypeId]) -> dict[CustomAttributeId, CustomAttribute]:
        """The living definitions of custom attributes of these types: values of others are not shown."""
        with self._db.read() as tx:
            return type_store.definitions_of(tx, type_ids)
