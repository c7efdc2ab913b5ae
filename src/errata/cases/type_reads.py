"""Questions about case types and definitions of custom attributes."""

from __future__ import annotations

from errata.base.errors import NotFound
from errata.base.ids import CaseTypeId
from errata.cases import type_store
from errata.cases.model import CaseType, CustomAttribute
from errata.storage.sql import Database


class TypeReads:
    """The questions. All raise Unavailable when the state database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def types(self) -> list[CaseType]:
        """All types: the built-in ones by number, then the others, deleted ones too, in the order of their making."""
        with self._database.read() as tx:
            return type_store.load_types(tx)

    def type(self, type_id: CaseTypeId) -> CaseType:
        """One type, deleted or not. Raises NotFound."""
        with self._database.read() as tx:
            found = type_store.load_type(tx, type_id)
        if found is None:
            raise NotFound("case_type not found")
        return found

    def custom_attributes(self, type_id: CaseTypeId | None = None) -> list[CustomAttribute]:
        """The living definitions of a type, or of all, in the order of their making. Raises NotFound for the type."""
        with self._database.read() as tx:
            if type_id is not None and type_store.load_type(tx, type_id) is None:
                raise NotFound("case_type not found")
            return type_store.load_attributes(tx, None if type_id is None else [type_id])
