"""What people do to case types and to definitions of custom attributes. One method, one transaction."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from errata.base.clock import Clock
from errata.base.errors import Invalid, NotFound
from errata.base.facts import Actor, Fact
from errata.base.ids import CaseTypeId, CustomAttributeId, NewId
from errata.cases import type_store
from errata.cases.decide_types import (
    MAX_ATTRIBUTES,
    MAX_TYPES,
    AttributeChange,
    NewAttribute,
    TypeTexts,
    changed_attribute,
    changed_type,
    new_attribute,
    new_type,
    refuse_internal,
)
from errata.cases.model import CaseType, CustomAttribute
from errata.cases.removal import hide_values
from errata.storage import outbox
from errata.storage.sql import Database, Transaction, serialize


class TypeCommands:
    """The commands on types and definitions. A command that changes nothing writes nothing."""

    def __init__(self, database: Database, clock: Clock, new_id: NewId) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    def create(self, actor: Actor, texts: TypeTexts) -> CaseType:
        """Add a custom type, which every project may use that has not chosen its types. Raises Invalid."""
        new = new_type(CaseTypeId(self._new_id()), texts, self._clock.now())
        with self._database.write() as tx:
            serialize(tx, "case types")
            if type_store.count_types(tx) >= MAX_TYPES:
                raise Invalid(f"there are {MAX_TYPES} custom case types already")
            type_store.add_type(tx, new)
            outbox.append(tx, [self._fact("case_type.created", new.id, actor, {"name": new.name})])
        return new

    def update(self, actor: Actor, type_id: CaseTypeId, texts: TypeTexts) -> CaseType:
        """Say other things of a type. Raises NotFound, Forbidden for a built-in one, Invalid."""
        with self._database.write() as tx:
            case_type = _type(tx, type_id, for_update=True)
            after = changed_type(case_type, texts, self._clock.now())
            if after is not case_type:
                type_store.save_type(tx, after)
                outbox.append(tx, [self._fact("case_type.updated", type_id, actor, {"name": after.name})])
        return after

    def delete(self, actor: Actor, type_id: CaseTypeId) -> None:
        """Take a type out of use: it stays listed and keeps its cases. Raises Forbidden for a built-in one.

        One that is deleted already stays as it is (recorded), and one that does not exist is no error either.
        """
        with self._database.write() as tx:
            case_type = type_store.load_type(tx, type_id, for_update=True)
            if case_type is None or case_type.deleted_at is not None:
                return
            refuse_internal(case_type)
            now = self._clock.now()
            type_store.save_type(tx, replace(case_type, deleted_at=now, modified_at=now))
            outbox.append(tx, [self._fact("case_type.deleted", type_id, actor, {"name": case_type.name})])

    def create_attribute(self, actor: Actor, type_id: CaseTypeId, given: NewAttribute) -> CustomAttribute:
        """Define a custom attribute, also of a built-in type. Raises NotFound for the type, Invalid."""
        with self._database.write() as tx:
            serialize(tx, f"custom attributes of {type_id}")
            case_type = _type(tx, type_id)
            new = new_attribute(CustomAttributeId(self._new_id()), type_id, given, self._clock.now())
            if case_type.deleted_at is not None:
                raise Invalid(f'the case type "{case_type.name}" was deleted')
            _check_room_for(type_store.load_attributes(tx, [type_id]), new.key)
            type_store.add_attribute(tx, new)
            outbox.append(tx, [self._attribute_fact("case_attribute.created", new, actor)])
        return new

    def update_attribute(
        self, actor: Actor, type_id: CaseTypeId, attribute_id: CustomAttributeId, change: AttributeChange
    ) -> CustomAttribute:
        """Change a definition. Raises NotFound for type and definition, Invalid."""
        with self._database.write() as tx:
            _type(tx, type_id)
            definition = _attribute(tx, type_id, attribute_id)
            if definition is None:
                raise NotFound("custom attribute configuration not found")
            is_used = change.type is not None and type_store.is_used(tx, attribute_id)
            after = changed_attribute(definition, change, self._clock.now(), is_used=is_used)
            if after is not definition:
                type_store.save_attribute(tx, after)
                outbox.append(tx, [self._attribute_fact("case_attribute.updated", after, actor)])
        return after

    def delete_attribute(self, actor: Actor, type_id: CaseTypeId, attribute_id: CustomAttributeId) -> None:
        """Delete a definition: its values are hidden at once and stay stored for 30 days (product section 5).

        Searches let go of the values of very many cases a little later, by upkeep. One that does not exist, or not
        any more, is no error.
        """
        with self._database.write() as tx:
            definition = _attribute(tx, type_id, attribute_id)
            if definition is None:
                return
            now = self._clock.now()
            type_store.save_attribute(tx, replace(definition, deleted_at=now, modified_at=now))
            outbox.append(tx, [self._attribute_fact("case_attribute.deleted", definition, actor)])
        hide_values(self._database, attribute_id)

    def _attribute_fact(self, name: str, definition: CustomAttribute, actor: Actor) -> Fact:
        data = {"key": definition.key, "case_type_id": str(definition.case_type_id)}
        return self._fact(name, definition.id, actor, data)

    def _fact(self, name: str, subject: UUID, actor: Actor, data: dict[str, str]) -> Fact:
        return Fact(self._new_id(), name, subject, self._clock.now(), actor, dict(data))


def _type(tx: Transaction, type_id: CaseTypeId, *, for_update: bool = False) -> CaseType:
    found = type_store.load_type(tx, type_id, for_update=for_update)
    if found is None:
        raise NotFound("case_type not found")
    return found


def _attribute(tx: Transaction, type_id: CaseTypeId, attribute_id: CustomAttributeId) -> CustomAttribute | None:
    """The living definition, locked; None also for one of another type."""
    found = type_store.load_attribute(tx, attribute_id, for_update=True)
    return found if found and found.case_type_id == type_id and found.deleted_at is None else None


def _check_room_for(present: list[CustomAttribute], key: str) -> None:
    if any(one.key.lower() == key.lower() for one in present):
        raise Invalid(f'the case type has a custom attribute "{key}" already', where="data.attributes.key")
    if len(present) >= MAX_ATTRIBUTES:
        raise Invalid(f"a case type has at most {MAX_ATTRIBUTES} custom attributes")
