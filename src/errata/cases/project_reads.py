"""Questions about projects, for the API and the pages. One that is being deleted is in no answer."""

from __future__ import annotations

from errata.base.errors import NotFound
from errata.base.ids import ProjectId, UserId
from errata.cases import project_store
from errata.cases.model import Project
from errata.storage.sql import Database


class ProjectReads:
    """The questions. All raise Unavailable when the state database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def projects(self) -> list[Project]:
        """All projects in the order of their making."""
        with self._database.read() as tx:
            return project_store.load_all(tx)

    def project(self, project_id: ProjectId) -> Project:
        """One project. Raises NotFound."""
        with self._database.read() as tx:
            found = project_store.load(tx, project_id)
        if found is None:
            raise NotFound("project not found")
        return found

    def favorites(self, user_id: UserId) -> list[ProjectId]:
        """The user's favorites in the order in which they were added."""
        with self._database.read() as tx:
            return project_store.favorites(tx, user_id)
