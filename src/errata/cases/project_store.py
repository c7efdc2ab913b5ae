"""Loading and saving of projects, favorites and access to projects. Nothing here commits or decides.

A project that is being deleted is in no answer of this module, except where its name says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, select, update

from errata.base.ids import CaseTypeId, ProjectId, TeamId, UserId
from errata.cases.model import AccessLevel, Project
from errata.cases.tables import case_counters, case_project_access, case_project_favorites, case_projects
from errata.storage.sql import Transaction, upsert

ALIVE: ColumnElement[bool] = case_projects.c.deleted_at.is_(None)
"""For questions that join the table: the project is not being deleted."""
_IN_ORDER = select(case_projects).where(ALIVE).order_by(case_projects.c.created_at, case_projects.c.id)


def load(tx: Transaction, project_id: ProjectId, *, for_update: bool = False) -> Project | None:
    """One project, locked if it is loaded to be changed: against others who change it, not against new cases."""
    query = select(case_projects).where(case_projects.c.id == project_id, ALIVE)
    row = tx.execute(query.with_for_update(key_share=True) if for_update else query).one_or_none()
    return _project(row) if row else None


def is_alive(tx: Transaction, project_id: ProjectId) -> bool:
    """Whether there is the project and nobody deletes it.

    Whoever adds or moves a case into it asks when they have its counter, which `mark_deleted` waits for: what was
    added before is removed with the rest, and nothing is added afterwards. A lock that they share on the project would
    keep whoever deletes it waiting for as long as there is always one of them.
    """
    return tx.scalar(select(case_projects.c.id).where(case_projects.c.id == project_id, ALIVE)) is not None


def load_all(tx: Transaction) -> list[Project]:
    """All projects in the order of their making."""
    return [_project(row) for row in tx.execute(_IN_ORDER)]


def oldest(tx: Transaction) -> Project | None:
    """The first of `load_all`."""
    row = tx.execute(_IN_ORDER.limit(1)).one_or_none()
    return _project(row) if row else None


def key_is_taken(tx: Transaction, key: str) -> bool:
    """Whether a project has the key, one that is being deleted included."""
    return tx.scalar(select(case_projects.c.id).where(case_projects.c.key == key)) is not None


def count(tx: Transaction) -> int:
    """How many projects there are, those that are being deleted included."""
    return tx.execute(select(func.count()).select_from(case_projects)).scalar_one()


def add(tx: Transaction, project: Project) -> None:
    """Write a new project and its counter, which goes on where an earlier project of the same key stopped."""
    tx.execute(case_projects.insert().values(id=project.id, **_row(project)))
    upsert(tx, case_counters, [{"name": project.key, "last": 0}], key=("name",))


def save(tx: Transaction, project: Project) -> None:
    """Write a project that exists."""
    tx.execute(update(case_projects).where(case_projects.c.id == project.id).values(_row(project)))


def grant(
    tx: Transaction, project_id: ProjectId, kind: str, principal_id: UUID, level: AccessLevel, at: datetime
) -> None:
    """Say what a user (`kind` user) or a team (`team`) may do in a project; the later word stands."""
    row = {
        "project_id": project_id,
        "principal_kind": kind,
        "principal_id": principal_id,
        "level": level.value,
        "granted_at": at,
    }
    upsert(
        tx,
        case_project_access,
        [row],
        key=("project_id", "principal_kind", "principal_id"),
        update=("level", "granted_at"),
    )


def revoke(tx: Transaction, project_id: ProjectId, kind: str, principal_id: UUID) -> None:
    """Forget what was granted to a user or a team."""
    tx.execute(
        delete(case_project_access).where(
            case_project_access.c.project_id == project_id,
            case_project_access.c.principal_kind == kind,
            case_project_access.c.principal_id == principal_id,
        )
    )


def favorites(tx: Transaction, user_id: UserId) -> list[ProjectId]:
    """A user's favorites in the order in which they were added."""
    query = (
        select(case_project_favorites.c.project_id)
        .join(case_projects, case_projects.c.id == case_project_favorites.c.project_id)
        .where(case_project_favorites.c.user_id == user_id, ALIVE)
        .order_by(case_project_favorites.c.added_at, case_project_favorites.c.project_id)
    )
    return [ProjectId(project_id) for project_id in tx.execute(query).scalars()]


def add_favorite(tx: Transaction, user_id: UserId, project_id: ProjectId, at: datetime) -> None:
    """Make a project a user's favorite; one that is stays where it was."""
    row = {"user_id": user_id, "project_id": project_id, "added_at": at}
    upsert(tx, case_project_favorites, [row], key=("user_id", "project_id"))


def remove_favorite(tx: Transaction, user_id: UserId, project_id: ProjectId) -> None:
    """Take a project from a user's favorites."""
    tx.execute(
        delete(case_project_favorites).where(
            case_project_favorites.c.user_id == user_id, case_project_favorites.c.project_id == project_id
        )
    )


def mark_deleted(tx: Transaction, project_id: ProjectId, at: datetime) -> None:
    """Begin to delete: from the commit on the project is gone for everybody, and so are its favorites."""
    mine = case_projects.c.id == project_id
    key = select(case_projects.c.key).where(mine).scalar_subquery()
    tx.execute(select(case_counters.c.last).where(case_counters.c.name == key).with_for_update())
    tx.execute(update(case_projects).where(mine).values(deleted_at=at))
    tx.execute(delete(case_project_favorites).where(case_project_favorites.c.project_id == project_id))


def being_deleted(tx: Transaction) -> list[ProjectId]:
    """Projects whose deletion has begun and is not finished, the first begun first."""
    query = select(case_projects.c.id).where(case_projects.c.deleted_at.is_not(None))
    rows = tx.execute(query.order_by(case_projects.c.deleted_at, case_projects.c.id))
    return [ProjectId(row.id) for row in rows]


def remove(tx: Transaction, project_id: ProjectId) -> None:
    """Remove the row of a project that has no cases any more. Its counter stays."""
    tx.execute(delete(case_projects).where(case_projects.c.id == project_id))


def _project(row: Row[Any]) -> Project:
    enabled = row.enabled_type_ids
    return Project(
        id=ProjectId(row.id),
        key=row.key,
        name=row.name,
        created_at=row.created_at,
        modified_at=row.modified_at,
        team_id=TeamId(row.team_id) if row.team_id else None,
        restricted=row.restricted,
        enabled_type_ids=None if enabled is None else tuple(CaseTypeId(UUID(text)) for text in enabled),
        columns=row.columns,
        settings=row.settings,
        created_by=UserId(row.created_by) if row.created_by else None,
    )


def _row(project: Project) -> dict[str, object]:
    enabled = project.enabled_type_ids
    return {
        "key": project.key,
        "name": project.name,
        "team_id": project.team_id,
        "restricted": project.restricted,
        "enabled_type_ids": None if enabled is None else [str(type_id) for type_id in enabled],
        "columns": None if project.columns is None else dict(project.columns),
        "settings": dict(project.settings),
        "created_by": project.created_by,
        "created_at": project.created_at,
        "modified_at": project.modified_at,
    }
