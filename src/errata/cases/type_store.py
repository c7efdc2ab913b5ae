"""Loading and saving of case types and of definitions of custom attributes. Nothing here commits or decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from errata.base.ids import CaseTypeId, CustomAttributeId
from errata.cases.facets import custom_field
from errata.cases.model import AttributeType, CaseType, CustomAttribute, Statuses, StatusOptions
from errata.cases.tables import case_custom_attributes, case_types, case_values
from errata.cases.types import BUILTIN_TYPES
from errata.storage.sql import Transaction


def load_type(tx: Transaction, type_id: CaseTypeId, *, for_update: bool = False) -> CaseType | None:
    """One type, built-in or not, deleted or not; locked until the transaction ends if it is to be changed."""
    if type_id in BUILTIN_TYPES:
        return BUILTIN_TYPES[type_id]
    query = select(case_types).where(case_types.c.id == type_id)
    row = tx.execute(query.with_for_update() if for_update else query).one_or_none()
    return _type(row) if row else None


def load_types(tx: Transaction) -> list[CaseType]:
    """All types: the built-in ones by number, then the others, deleted ones too, in the order of their making."""
    rows = tx.execute(select(case_types).order_by(case_types.c.created_at, case_types.c.id))
    return [*BUILTIN_TYPES.values(), *(_type(row) for row in rows)]


def custom_types(tx: Transaction, ids: Iterable[CaseTypeId]) -> set[CaseTypeId]:
    """Those of the ids that name a custom type, deleted or not."""
    wanted = list(ids)
    rows = tx.execute(select(case_types.c.id).where(case_types.c.id.in_(wanted))) if wanted else ()
    return {CaseTypeId(row.id) for row in rows}


def count_types(tx: Transaction) -> int:
    """How many custom types there are, deleted ones too."""
    return tx.execute(select(func.count()).select_from(case_types)).scalar_one()


def add_type(tx: Transaction, new: CaseType) -> None:
    """Write a new custom type."""
    tx.execute(case_types.insert().values(id=new.id, **_type_row(new)))


def save_type(tx: Transaction, changed: CaseType) -> None:
    """Write a custom type that exists."""
    tx.execute(update(case_types).where(case_types.c.id == changed.id).values(_type_row(changed)))


def load_attribute(
    tx: Transaction, attribute_id: CustomAttributeId, *, for_update: bool = False
) -> CustomAttribute | None:
    """One definition, deleted or not."""
    query = select(case_custom_attributes).where(case_custom_attributes.c.id == attribute_id)
    row = tx.execute(query.with_for_update() if for_update else query).one_or_none()
    return attribute_of(row) if row else None


def load_attributes(tx: Transaction, type_ids: Collection[CaseTypeId] | None = None) -> list[CustomAttribute]:
    """The living definitions of the types, of all types without `type_ids`, in the order of their making."""
    if type_ids is not None and not type_ids:
        return []
    query = select(case_custom_attributes).where(case_custom_attributes.c.deleted_at.is_(None))
    if type_ids is not None:
        query = query.where(case_custom_attributes.c.case_type_id.in_(list(type_ids)))
    rows = tx.execute(query.order_by(case_custom_attributes.c.created_at, case_custom_attributes.c.id))
    return [attribute_of(row) for row in rows]


def definitions_of(
    tx: Transaction, type_ids: Collection[CaseTypeId] | None = None
) -> dict[CustomAttributeId, CustomAttribute]:
    """As `load_attributes`, by id."""
    return {definition.id: definition for definition in load_attributes(tx, type_ids)}


def add_attribute(tx: Transaction, new: CustomAttribute) -> None:
    """Write a new definition."""
    tx.execute(case_custom_attributes.insert().values(id=new.id, **_attribute_row(new)))


def save_attribute(tx: Transaction, changed: CustomAttribute) -> None:
    """Write a definition that exists."""
    mine = case_custom_attributes.c.id == changed.id
    tx.execute(update(case_custom_attributes).where(mine).values(_attribute_row(changed)))


def is_used(tx: Transaction, attribute_id: CustomAttributeId) -> bool:
    """Whether a case has a value of a living definition."""
    mine = case_values.c.field == custom_field(attribute_id)
    return tx.execute(select(case_values.c.public_id).where(mine).limit(1)).first() is not None


def deleted_before(tx: Transaction, at: datetime) -> list[CustomAttribute]:
    """Definitions that were deleted before an instant, the first deleted first."""
    gone = case_custom_attributes.c.deleted_at
    rows = tx.execute(select(case_custom_attributes).where(gone < at).order_by(gone, case_custom_attributes.c.id))
    return [attribute_of(row) for row in rows]


def remove_attribute(tx: Transaction, attribute_id: CustomAttributeId) -> None:
    """Remove a definition for good."""
    tx.execute(delete(case_custom_attributes).where(case_custom_attributes.c.id == attribute_id))


def attribute_of(row: Row[Any]) -> CustomAttribute:
    """The definition in a row of its table."""
    return CustomAttribute(
        id=CustomAttributeId(row.id),
        case_type_id=CaseTypeId(row.case_type_id),
        key=row.key,
        display_name=row.display_name,
        type=AttributeType(row.type),
        is_multi=row.is_multi,
        created_at=row.created_at,
        modified_at=row.modified_at,
        description=row.description,
        options=tuple(row.options or ()),
        map_from=row.map_from,
        deleted_at=row.deleted_at,
    )


def _attribute_row(definition: CustomAttribute) -> dict[str, object]:
    return {
        "case_type_id": definition.case_type_id,
        "key": definition.key,
        "display_name": definition.display_name,
        "description": definition.description,
        "type": definition.type.value,
        "is_multi": definition.is_multi,
        "options": list(definition.options) or None,
        "map_from": definition.map_from,
        "created_at": definition.created_at,
        "modified_at": definition.modified_at,
        "deleted_at": definition.deleted_at,
    }


def _type(row: Row[Any]) -> CaseType:
    groups = {
        group: StatusOptions(tuple(options["names"]), options["default"]) for group, options in row.statuses.items()
    }
    return CaseType(
        id=CaseTypeId(row.id),
        name=row.name,
        statuses=Statuses(groups["open"], groups["in_progress"], groups["closed"]),
        description=row.description,
        emoji=row.emoji,
        created_at=row.created_at,
        modified_at=row.modified_at,
        deleted_at=row.deleted_at,
    )


def _type_row(case_type: CaseType) -> dict[str, object]:
    statuses = case_type.statuses
    groups = {"open": statuses.open, "in_progress": statuses.in_progress, "closed": statuses.closed}
    return {
        "name": case_type.name,
        "description": case_type.description,
        "emoji": case_type.emoji,
        "statuses": {
            group: {"names": list(options.names), "default": options.default} for group, options in groups.items()
        },
        "created_at": case_type.created_at,
        "modified_at": case_type.modified_at,
        "deleted_at": case_type.deleted_at,
    }
