"""What the operations need from the rooms below, as seams: handlers get one `Rooms` and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from errata.access.commands import AccessCommands
from errata.access.reads import AccessReads
from errata.base.clock import Clock
from errata.base.facts import Actor
from errata.base.ids import EventId, IssueId, UserId
from errata.cases.commands import CaseCommands
from errata.cases.project_commands import ProjectCommands
from errata.cases.project_reads import ProjectReads
from errata.cases.reads import CaseReads
from errata.cases.search import CaseSearch
from errata.cases.type_commands import TypeCommands
from errata.cases.type_reads import TypeReads
from errata.events.pages import Before
from errata.events.recent import RecentRequests
from errata.events.sentry_projects import SentryProjects
from errata.issues.help import Explanation, Suggestion
from errata.issues.model import Issue, IssueHit, IssueSearch, IssueState
from errata.issues.occurrences import Occurrence
from errata.query.nodes import Field
from errata.sourcemaps.commands import SourceMapCommands
from errata.sourcemaps.reads import SourceMapReads


class IssueReading(Protocol):
    """Questions about issues; see `errata.issues.reads`."""

    def search(self, search: IssueSearch) -> list[IssueHit]:
        """The hits in their order, at most 100. Raises `Invalid` for the query, `Unavailable` without engine."""
        ...

    def get(self, issue_id: IssueId) -> Issue:
        """One issue. Raises `NotFound`."""
        ...


class SearchHelping(Protocol):
    """Help for writers of queries; see `errata.issues.help`. All raise `Unavailable` without engine."""

    def explain(self, search: IssueSearch) -> Explanation:
        """What the query means and finds. Raises `Invalid` for it."""
        ...

    def keys(self, search: IssueSearch, prefix: str, limit: int) -> list[Suggestion]:
        """Keys that begin so."""
        ...

    def values(self, search: IssueSearch, key: Field, prefix: str, limit: int) -> list[Suggestion]:
        """Values of the key that begin so."""
        ...


class OccurrenceReading(Protocol):
    """The single errors of issues; see `errata.issues.occurrences`. All raise `NotFound`, `Unavailable`."""

    def of_issue(
        self,
        issue_id: IssueId,
        limit: int,
        *,
        from_at: datetime | None = None,
        to_at: datetime | None = None,
        before: Before | None = None,
    ) -> list[Occurrence]:
        """An issue's errors, newest first."""
        ...

    def one(self, event_id: EventId) -> Occurrence:
        """One error."""
        ...


class IssueChanging(Protocol):
    """Commands on issues; see `errata.issues.commands`. All raise `NotFound` for an unknown issue."""

    def set_state(self, issue_id: IssueId, state: IssueState, actor: Actor) -> Issue:
        """Any state may follow any."""
        ...

    def assign(self, issue_id: IssueId, user_id: UserId, actor: Actor) -> Issue:
        """Make a user the assignee."""
        ...

    def unassign(self, issue_id: IssueId, actor: Actor) -> None:
        """Take the assignee away."""
        ...


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms that handlers talk to."""

    issues: IssueReading
    issue_commands: IssueChanging
    search_help: SearchHelping
    access: AccessReads
    access_commands: AccessCommands
    intake: RecentRequests
    sentry_projects: SentryProjects
    clock: Clock
    occurrences: OccurrenceReading
    source_maps: SourceMapReads
    source_map_commands: SourceMapCommands
    cases: CaseReads
    case_commands: CaseCommands
    case_search: CaseSearch
    case_projects: ProjectReads
    case_project_commands: ProjectCommands
    case_types: TypeReads
    case_type_commands: TypeCommands
