"""Loading and saving of cases and of the counters that number them. Nothing here commits, and nothing here decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, select, update
from sqlalchemy.exc import IntegrityError

from errata.base.errors import Conflict
from errata.base.ids import CaseId, CaseTypeId, CustomAttributeId, ProjectId, UserId
from errata.base.parts import parts
from errata.cases import index, type_store
from errata.cases.model import (
    AttributeType,
    Case,
    CustomValue,
    Insight,
    Json,
    Priority,
    StatusGroup,
)
from errata.cases.tables import case_contents, case_counters, case_insights, case_projects, cases
from errata.storage import outbox
from errata.storage.sql import Transaction, insert

GROUP_NUMBERS = {StatusGroup.OPEN: 0, StatusGroup.IN_PROGRESS: 1, StatusGroup.CLOSED: 2}
"""How groups stand in `cases.status_group`: in the order in which they are sorted."""
PRIORITY_NUMBERS = {
    Priority.P1: 1,
    Priority.P2: 2,
    Priority.P3: 3,
    Priority.P4: 4,
    Priority.P5: 5,
    Priority.NOT_DEFINED: 6,
}
"""How priorities stand in `cases.priority`: in the order in which they are sorted."""


def find(tx: Transaction, ref: str) -> int | None:
    """The `public_id` of the case with an id or a key, both in any case; None where there is none.

    A case whose project is being deleted is not there any more.
    """
    if _UUID.fullmatch(ref):
        wanted = cases.c.id == UUID(ref)
    elif _KEY.fullmatch(ref):
        wanted = cases.c.key == ref.upper()
    else:
        return None
    public_id: int | None = tx.scalar(_living(select(cases.c.public_id).where(wanted)))
    return public_id


def lock(tx: Transaction, public_ids: Iterable[int]) -> None:
    """Keep cases for this transaction until it ends, in the order of their numbers, where the engine locks rows.

    A statement of its own: only one that begins after it sees all that others wrote before they let go.
    """
    for part in parts(sorted(public_ids)):
        tx.execute(
            select(cases.c.public_id)
            .where(cases.c.public_id.in_(part))
            .order_by(cases.c.public_id)
            .with_for_update(key_share=True)
        )


def load(tx: Transaction, ref: str, *, for_update: bool = False) -> Case | None:
    """The case with an id or a key, or None; locked until the transaction ends if it is loaded to be changed."""
    public_id = find(tx, ref)
    if public_id is None:
        return None
    if for_update:
        lock(tx, [public_id])
    found = load_many(tx, [public_id])
    return found[0] if found else None


def load_many(tx: Transaction, public_ids: Sequence[int]) -> list[Case]:
    """Cases in the order of these numbers. Those that do not exist, or whose project is being deleted, are left out."""
    found: dict[int, Case] = {}
    for part in parts(public_ids):
        query = select(cases, *_CONTENTS).join(case_contents).where(cases.c.public_id.in_(part))
        rows = tx.execute(_living(query)).all()
        insights = _insights_of(tx, part) if rows else {}
        found |= {row.public_id: _case(row, tuple(insights.get(row.public_id, ()))) for row in rows}
    return [found[public_id] for public_id in public_ids if public_id in found]


def next_number(tx: Transaction, name: str) -> int:
    """The next number of a counter: of a project's key, or of all cases (`*`), which is always asked last.

    The counter stays with this transaction until it ends, and one that is rolled back has given no number.
    """
    statement = insert(tx, case_counters).values(name=name, last=1)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"last": case_counters.c.last + 1})
    number: int = tx.execute(statement.returning(case_counters.c.last)).scalar_one()
    return number


def add(tx: Transaction, case: Case) -> None:
    """Write a new case, with what searches look in. Raises Conflict for an issue that has a case."""
    tx.execute(cases.insert().values(public_id=case.public_id, **_row(case)))
    tx.execute(case_contents.insert().values(public_id=case.public_id, **_contents(case)))
    _add_insights(tx, case)
    _index(tx, case)


def save(tx: Transaction, before: Case, after: Case) -> None:
    """Write what became of a case; contents and the index of words only where they differ. Raises as `add`."""
    tx.execute(update(cases).where(cases.c.public_id == after.public_id).values(_row(after)))
    contents = _contents(after)
    if contents != _contents(before):
        tx.execute(update(case_contents).where(case_contents.c.public_id == after.public_id).values(contents))
    if before.insights != after.insights:
        tx.execute(delete(case_insights).where(case_insights.c.public_id == after.public_id))
        _add_insights(tx, after)
    if contents != _contents(before) or before.key != after.key:
        _index(tx, after)


def lock_some_of_project(tx: Transaction, project_id: ProjectId, limit: int) -> list[int]:
    """Keep at most `limit` cases of a project as `lock` does, also of one that is being deleted; their numbers.

    A case that somebody is just moving away is waited for, and is none of them then.
    """
    query = select(cases.c.public_id).where(cases.c.project_id == project_id).order_by(cases.c.public_id)
    return list(tx.execute(query.limit(limit).with_for_update(key_share=True)).scalars())


def idle_in_project(tx: Transaction, project_id: ProjectId, since: datetime, limit: int) -> list[int]:
    """The numbers of at most `limit` cases, open or in progress and not archived, that nobody has touched since."""
    query = select(cases.c.public_id).where(
        cases.c.project_id == project_id,
        cases.c.archived_at.is_(None),
        cases.c.status_group != GROUP_NUMBERS[StatusGroup.CLOSED],
        cases.c.active_at < since,
    )
    return list(tx.execute(query.order_by(cases.c.public_id).limit(limit)).scalars())


def purge(tx: Transaction, public_ids: Sequence[int]) -> None:
    """Remove cases for good, with their contents, timelines, facts and what searches look in."""
    index.remove(tx, public_ids)
    for part in parts(public_ids):
        mine = cases.c.public_id.in_(part)
        outbox.forget(tx, select(cases.c.id).where(mine))
        tx.execute(delete(cases).where(mine))


def _index(tx: Transaction, case: Case) -> None:
    definitions = type_store.definitions_of(tx, [case.type_id]) if case.custom_attributes else {}
    index.put(tx, case, definitions)


def _add_insights(tx: Transaction, case: Case) -> None:
    if case.insights:
        rows = [
            {
                "public_id": case.public_id,
                "position": position,
                "type": one.type,
                "ref": one.ref,
                "resource_id": one.resource_id,
            }
            for position, one in enumerate(case.insights)
        ]
        try:
            tx.execute(case_insights.insert(), rows)
        except IntegrityError as error:  # `uq_case_insights_issue`
            raise Conflict("An issue has one case at most.", where="data.attributes.insights") from error


def _insights_of(tx: Transaction, public_ids: Sequence[int]) -> dict[int, list[Insight]]:
    found: dict[int, list[Insight]] = {}
    rows = select(case_insights).where(case_insights.c.public_id.in_(public_ids)).order_by(case_insights.c.position)
    for row in tx.execute(rows):
        found.setdefault(row.public_id, []).append(Insight(row.type, row.ref, row.resource_id))
    return found


def _living(query: Select[Any]) -> Select[Any]:
    """Only cases of projects that nobody deletes."""
    return query.where(cases.c.project_id.in_(select(case_projects.c.id).where(case_projects.c.deleted_at.is_(None))))


def _row(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "project_id": case.project_id,
        "key": case.key,
        "key_number": case.key_number,
        "type_id": case.type_id,
        "status_name": case.status_name,
        "status_group": GROUP_NUMBERS[case.status_group],
        "priority": PRIORITY_NUMBERS[case.priority],
        "assignee_id": case.assignee_id,
        "due_date": case.due_date.isoformat() if case.due_date else None,
        "resolved_reason": case.resolved_reason,
        "creation_source": case.creation_source,
        "comment_count": case.comment_count,
        "created_by": case.created_by,
        "modified_by": case.modified_by,
        "created_at": case.created_at,
        "modified_at": case.modified_at,
        "closed_at": case.closed_at,
        "archived_at": case.archived_at,
        "active_at": case.active_at,
    }


def _contents(case: Case) -> dict[str, Any]:
    return {
        "title": case.title,
        "description": case.description,
        "attributes": {key: list(values) for key, values in case.attributes.items()},
        "custom_attributes": {str(key): _given(value) for key, value in case.custom_attributes.items()},
    }


def _given(value: CustomValue) -> dict[str, Json]:
    plain: Json = list(value.value) if isinstance(value.value, tuple) else value.value
    return {"type": value.type.value, "is_multi": value.is_multi, "value": plain}


def _case(row: Row[Any], insights: tuple[Insight, ...]) -> Case:
    return Case(
        id=CaseId(row.id),
        public_id=row.public_id,
        project_id=ProjectId(row.project_id),
        key=row.key,
        key_number=row.key_number,
        type_id=CaseTypeId(row.type_id),
        title=row.title,
        status_name=row.status_name,
        status_group=_GROUPS[row.status_group],
        created_at=row.created_at,
        active_at=row.active_at,
        description=row.description,
        priority=_PRIORITIES[row.priority],
        assignee_id=UserId(row.assignee_id) if row.assignee_id else None,
        attributes={key: tuple(values) for key, values in row.attributes.items()},
        custom_attributes={CustomAttributeId(UUID(key)): _custom(one) for key, one in row.custom_attributes.items()},
        due_date=date.fromisoformat(row.due_date) if row.due_date else None,
        resolved_reason=row.resolved_reason,
        creation_source=row.creation_source,
        insights=insights,
        comment_count=row.comment_count,
        created_by=UserId(row.created_by) if row.created_by else None,
        modified_by=UserId(row.modified_by) if row.modified_by else None,
        modified_at=row.modified_at,
        closed_at=row.closed_at,
        archived_at=row.archived_at,
    )


def _custom(kept: Mapping[str, Any]) -> CustomValue:
    kind = AttributeType(kept["type"])
    items = kept["value"] if kept["is_multi"] else [kept["value"]]
    # JSONB gives a number without a fraction back as an integer.
    read = tuple(float(item) for item in items) if kind is AttributeType.NUMBER else tuple(str(item) for item in items)
    return CustomValue(kind, kept["is_multi"], read if kept["is_multi"] else read[0])


_CONTENTS = [column for column in case_contents.c if column.name != "public_id"]
_GROUPS = {number: group for group, number in GROUP_NUMBERS.items()}
_PRIORITIES = {number: priority for priority, number in PRIORITY_NUMBERS.items()}
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}-[1-9][0-9]{0,17}")
