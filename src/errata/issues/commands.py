"""What people do to issues. One method, one transaction: load, decide, save, append facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from errata.base.clock import Clock
from errata.base.errors import NotFound
from errata.base.facts import Actor, Fact
from errata.base.ids import IssueId, NewId, UserId
from errata.issues import decide, store
from errata.issues.model import Issue, IssueState
from errata.storage import outbox
from errata.storage.sql import Database


class IssueCommands:
    """The commands on one issue. Every method raises `NotFound` for an issue that does not exist."""

    def __init__(self, db: Database, clock: Clock, new_id: NewId) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id

    def set_state(self, issue_id: IssueId, state: IssueState, actor: Actor) -> Issue:
        """Set the state by hand; any state may follow any. Setting the present one writes nothing."""
        return self._change(
            issue_id, lambda _, issue: decide.with_state(issue, state, actor, self._clock.now(), self._new_id)
        )

    def assign(self, issue_id: IssueId, user_id: UserId, actor: Actor) -> Issue:
        """Make a user the assignee, whether active, pending, disabled or unknown here.

        The public API accepts an assignee that it then shows with empty texts (recorded), so any id may stand.
        """
        return self._change(
            issue_id, lambda _, issue: decide.with_assignee(issue, user_id, actor, self._clock.now(), self._new_id)
        )

    def unassign(self, issue_id: IssueId, actor: Actor) -> None:
        """Take the assignee away; without one nothing is written."""
        self._change(
            issue_id, lambda _, issue: decide.with_assignee(issue, None, actor, self._clock.now(), self._new_id)
        )

    def _change(self, issue_id: IssueId, change: Callable[[Connection, Issue], tuple[Issue, list[Fact]]]) -> Issue:
        with self._db.write() as tx:
            issue = store.load(tx, issue_id, for_update=True)
            if issue is None:
                raise NotFound("issue not found")
            changed, facts = change(tx, issue)
            if facts:
                store.save(tx, [changed])
                outbox.append(tx, facts)
            return replace(changed, team_ids=issue.team_ids)
