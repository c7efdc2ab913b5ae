"""What people do to projects. One method, one transaction: load, decide, save, append facts.

Deleting is the exception: it takes as many transactions as the project has cases for (`removal.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from errata.access import store as access_store
from errata.base.clock import Clock
from errata.base.errors import Invalid, NotFound
from errata.base.facts import Actor, Fact
from errata.base.ids import CaseTypeId, NewId, ProjectId, TeamId, UserId
from errata.cases import project_store, type_store
from errata.cases.decide_projects import (
    MAX_PROJECTS,
    ProjectChange,
    changed,
    key_of,
    parts_changed,
    project_name_of,
)
from errata.cases.model import AccessLevel, Project
from errata.cases.removal import remove_project
from errata.cases.types import BUILTIN_TYPES
from errata.storage import outbox
from errata.storage.sql import Database, Transaction, serialize


class ProjectCommands:
    """The commands on projects. A command that changes nothing writes nothing."""

    def __init__(self, database: Database, clock: Clock, new_id: NewId) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    def create(
        self,
        actor: Actor,
        *,
        key: str,
        name: str,
        team_id: TeamId | None = None,
        enabled_type_ids: Sequence[CaseTypeId] | None = None,
    ) -> Project:
        """Open a project; whoever does is its manager, and the team contributes.

        Raises Invalid, also for a key that is taken and for a type that does not exist, and NotFound for the team.
        """
        now = self._clock.now()
        project = Project(
            id=ProjectId(self._new_id()),
            key=key_of(key),
            name=project_name_of(name),
            created_at=now,
            modified_at=now,
            team_id=team_id,
            enabled_type_ids=None if enabled_type_ids is None else tuple(dict.fromkeys(enabled_type_ids)),
            created_by=actor.user_id,
        )
        with self._database.write() as tx:
            serialize(tx, "case projects")
            self._check_room_for(tx, project.key)
            _check_parts(tx, project.team_id, project.enabled_type_ids)
            self._open(tx, project, actor)
        return project

    def update(self, actor: Actor, project_id: ProjectId, change: ProjectChange) -> Project:
        """Change what the change names. Raises Invalid, and NotFound for the project or the team."""
        with self._database.write() as tx:
            project = project_store.load(tx, project_id, for_update=True)
            if project is None:
                raise NotFound("failed to get project: project not found")  # recorded (behaviour 1.3)
            after = changed(project, change, self._clock.now())
            if after is project:
                return project
            team_id = after.team_id if after.team_id != project.team_id else None
            known = frozenset(project.enabled_type_ids or ())
            _check_parts(tx, team_id, after.enabled_type_ids, known)
            project_store.save(tx, after)
            self._grant_to_team(tx, project.team_id, after)
            facts: dict[str, str | list[str]] = {"key": project.key, "changed": parts_changed(project, after)}
            outbox.append(tx, [self._fact("case_project.updated", project_id, actor, facts)])
        return after

    def delete(self, actor: Actor, project_id: ProjectId) -> None:
        """Delete the project with all its cases, for good. Raises NotFound.

        From the first commit on it is gone for every reader; rows of very many cases go later, by upkeep.
        """
        with self._database.write() as tx:
            project = _project(tx, project_id, for_update=True)
            project_store.mark_deleted(tx, project_id, self._clock.now())
            facts = {"key": project.key, "name": project.name}
            outbox.append(tx, [self._fact("case_project.deleted", project_id, actor, facts)])
        remove_project(self._database, project_id)

    def favorite(self, user_id: UserId, project_id: ProjectId) -> None:
        """Make the project one of the user's favorites; one that is stays where it was. Raises NotFound."""
        with self._database.write() as tx:
            _project(tx, project_id, for_update=True)
            project_store.add_favorite(tx, user_id, project_id, self._clock.now())

    def unfavorite(self, user_id: UserId, project_id: ProjectId) -> None:
        """Take the project from the user's favorites, where it need not be. Raises NotFound for the project."""
        with self._database.write() as tx:
            _project(tx, project_id)
            project_store.remove_favorite(tx, user_id, project_id)

    def _check_room_for(self, tx: Transaction, key: str) -> None:
        where = "data.attributes.key"
        if project_store.key_is_taken(tx, key):
            raise Invalid(f'there is a project with the key "{key}" already', where=where)
        if project_store.count(tx) >= MAX_PROJECTS:
            raise Invalid(f"there are {MAX_PROJECTS} projects already: delete one that is not used")

    def _open(self, tx: Transaction, project: Project, actor: Actor) -> None:
        project_store.add(tx, project)
        if project.created_by is not None:
            at = project.created_at
            project_store.grant(tx, project.id, "user", project.created_by, AccessLevel.MANAGER, at)
        self._grant_to_team(tx, None, project)
        facts = {"key": project.key, "name": project.name}
        outbox.append(tx, [self._fact("case_project.created", project.id, actor, facts)])

    def _grant_to_team(self, tx: Transaction, before: TeamId | None, project: Project) -> None:
        if before is not None and before != project.team_id:
            project_store.revoke(tx, project.id, "team", before)
        if project.team_id is not None and before != project.team_id:
            at = project.modified_at
            project_store.grant(tx, project.id, "team", project.team_id, AccessLevel.CONTRIBUTOR, at)

    def _fact(self, name: str, subject: ProjectId, actor: Actor, data: Mapping[str, str | list[str]]) -> Fact:
        return Fact(self._new_id(), name, subject, self._clock.now(), actor, dict(data))


def _project(tx: Transaction, project_id: ProjectId, *, for_update: bool = False) -> Project:
    project = project_store.load(tx, project_id, for_update=for_update)
    if project is None:
        raise NotFound("project not found")
    return project


def _check_parts(
    tx: Transaction,
    team_id: TeamId | None,
    type_ids: tuple[CaseTypeId, ...] | None,
    known: frozenset[CaseTypeId] = frozenset(),
) -> None:
    """Raise NotFound for a team, Invalid for a type that does not exist. `known` types are not asked for again."""
    if team_id is not None and access_store.load_team(tx, team_id) is None:
        raise NotFound("team not found")
    wanted = [type_id for type_id in type_ids or () if type_id not in known and type_id not in BUILTIN_TYPES]
    found = type_store.custom_types(tx, wanted)
    for type_id in wanted:
        if type_id not in found:
            place = (type_ids or ()).index(type_id)
            where = f"data.attributes.enabled_custom_case_types[{place}]"
            raise Invalid(f"there is no case type {type_id}", where=where)
