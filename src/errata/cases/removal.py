"""What a deletion leaves to do: cases of projects go for good, values of custom attributes from searches and then, too.

All of it goes in transactions of a tenth of a second, so that nobody waits for long, and goes on where a crash stopped
it: what is left to do can be seen in the database.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Text, cast, select

from errata.base.ids import CustomAttributeId, ProjectId
from errata.cases import index, project_store, store, type_store
from errata.cases.facets import custom_field
from errata.cases.model import CustomAttribute
from errata.cases.project_store import ALIVE
from errata.cases.tables import case_contents, case_projects, case_values, cases
from errata.storage.sql import Database, Transaction, serialize

CASES_AT_A_TIME = 500
TURNS_AT_ONCE = 20
"""Transactions that whoever deletes something waits for, two seconds or so; upkeep does the rest."""
REWRITTEN_AT_A_TIME = 100
"""Cases whose values go: writing what searches look in takes ten times as long as removing a case."""
VALUES_KEPT = timedelta(days=30)
"""How long values of a deleted definition stay stored (product section 5)."""


def remove_project(database: Database, project_id: ProjectId, *, turns: int = TURNS_AT_ONCE) -> bool:
    """Remove cases of a project whose deletion has begun, and then its row; whether nothing is left.

    A project that is not being deleted is left alone.
    """
    for _ in range(turns):
        with database.write() as tx:
            if _is_gone_after_a_turn(tx, project_id):
                return True
    return False


def finish_deletions(database: Database) -> bool:
    """Take up what a crash or a large project left behind; whether there was something to do."""
    with database.read() as tx:
        waiting = project_store.being_deleted(tx)
    for project_id in waiting:
        remove_project(database, project_id)
    return bool(waiting)


def hide_values(database: Database, attribute_id: CustomAttributeId, *, turns: int = TURNS_AT_ONCE) -> bool:
    """Have searches find no values of a deleted definition any more; whether nothing is left to do."""
    for _ in range(turns):
        with database.write() as tx:
            if not _hide_some(tx, attribute_id):
                return True
    return False


def finish_hiding(database: Database, now: datetime) -> bool:
    """Take up what is left of `hide_values`, also of a value that was being set when its definition went."""
    with database.read() as tx:
        waiting = [definition.id for definition in type_store.deleted_before(tx, now) if _found(tx, definition.id, 1)]
    for attribute_id in waiting:
        hide_values(database, attribute_id)
    return bool(waiting)


def forget_values(database: Database, now: datetime, *, turns: int = TURNS_AT_ONCE) -> bool:
    """Remove values of the definition that was deleted first, over 30 days ago, and in the end the definition itself.

    Whether there was one: the next call goes on.
    """
    with database.read() as tx:
        expired = type_store.deleted_before(tx, now - VALUES_KEPT)[:1]
    for definition in expired:
        _forget(database, definition, turns)
    return bool(expired)


def _is_gone_after_a_turn(tx: Transaction, project_id: ProjectId) -> bool:
    serialize(tx, f"remove {project_id}")  # web and worker may both be at it
    if project_id not in project_store.being_deleted(tx):
        return True
    found = store.lock_some_of_project(tx, project_id, CASES_AT_A_TIME)
    if not found:
        project_store.remove(tx, project_id)
        return True
    store.purge(tx, found)
    return False


def _hide_some(tx: Transaction, attribute_id: CustomAttributeId) -> bool:
    found = _found(tx, attribute_id, REWRITTEN_AT_A_TIME)
    store.lock(tx, found)
    for case in store.load_many(tx, found):
        index.put(tx, case, type_store.definitions_of(tx, [case.type_id]))
    return bool(found)


def _found(tx: Transaction, attribute_id: CustomAttributeId, limit: int) -> list[int]:
    """Cases that searches find by a value of the attribute."""
    query = (
        select(case_values.c.public_id)
        .join(cases, cases.c.public_id == case_values.c.public_id)
        .join(case_projects, case_projects.c.id == cases.c.project_id)
        .where(case_values.c.field == custom_field(attribute_id), ALIVE)
    )
    return list(tx.execute(query.distinct().limit(limit)).scalars())


def _forget(database: Database, definition: CustomAttribute, turns: int) -> None:
    """Nobody sets such a value any more, so that cases are looked for without keeping writers waiting."""
    after = 0
    for _ in range(turns):
        with database.read() as tx:
            found = _holding(tx, definition, after)
        with database.write() as tx:
            if not found:
                type_store.remove_attribute(tx, definition.id)
                return
            store.lock(tx, found)
            for case in store.load_many(tx, found):
                kept = {key: value for key, value in case.custom_attributes.items() if key != definition.id}
                store.save(tx, case, replace(case, custom_attributes=kept))
        after = found[-1]


def _holding(tx: Transaction, definition: CustomAttribute, after: int) -> list[int]:
    """The next cases behind number `after` with a value of a definition, which searches may not know any more."""
    # Inside a JSON text the quote before the colon would have a backslash.
    member = f'"{definition.id}":'
    query = (
        select(cases.c.public_id)
        .join(case_contents)
        .join(case_projects)
        .where(
            cases.c.type_id == definition.case_type_id,
            cases.c.public_id > after,
            cast(case_contents.c.custom_attributes, Text).contains(member),
            ALIVE,
        )
    )
    return list(tx.execute(query.order_by(cases.c.public_id).limit(REWRITTEN_AT_A_TIME)).scalars())
