"""Questions about issues, answered from the state and the event store together."""

from __future__ import annotations

from dataclasses import replace

from errata.base.clock import Clock
from errata.base.errors import NotFound
from errata.base.ids import IssueId
from errata.events.search import Hit, Order
from errata.events.store import EventStore
from errata.issues import store
from errata.issues.asking import Asked, Asker
from errata.issues.members import MAX_LISTED, CaseKeys, issues_known_by, known_issues, newest_issues
from errata.issues.model import Issue, IssueHit, IssueSearch, OrderBy
from errata.issues.plan import NOTHING
from errata.storage.sql import Database

_FEW = 5_000
"""So many issues go along with a search at no cost worth saving."""
_YOUNG = 200_000
"""Issues whose age counts for PRIORITY, the newest; where there are more, others count as old and as no crash."""


class IssueReads:
    """Reading issues. Every answer is one moment of the state; counts follow at most a batch behind."""

    def __init__(self, db: Database, events: EventStore, clock: Clock, cases: CaseKeys | None = None) -> None:
        """`cases` answers for `issue.case`; without it no issue has one."""
        self._db = db
        self._events = events
        self._asker = Asker(db, clock, cases)

    def get(self, issue_id: IssueId) -> Issue:
        """One issue. Raises NotFound."""
        with self._db.read() as tx:
            issue = store.load(tx, issue_id)
        if issue is None:
            raise NotFound("issue not found")
        return issue

    def search(self, search: IssueSearch) -> list[IssueHit]:
        """At most 100 issues with matching events in the window, in the order asked for.

        Ties are settled by the latest matching event, then by fingerprint. Raises Invalid for a query that cannot be
        read (`where` is `query`), Unavailable when the event store does not answer.
        """
        hits = self._hits(search)
        with self._db.read() as tx:
            issues = store.issues_of(tx, [hit.fingerprint for hit in hits])
        return [
            IssueHit(issues[hit.fingerprint], hit.total_count, hit.impacted_users, hit.impacted_sessions)
            for hit in hits
            if hit.fingerprint in issues
        ]

    def _hits(self, search: IssueSearch) -> list[Hit]:
        asked = self._asker.ask(search)
        if asked.tree == NOTHING:
            return []
        match search.order_by:
            case OrderBy.FIRST_SEEN | OrderBy.PRIORITY:
                return self._by_what_is_known(asked)
            case _:
                return self._events.count_by_issue(asked.search)

    def _by_what_is_known(self, asked: Asked) -> list[Hit]:
        """Orders that need the issues' own times: as few issues go along as will do, for up to three searches.

        All of the window where they are few; else those that the search finds, where these are few; else as many as can
        make a difference.
        """
        search = asked.search
        with self._db.read() as tx:
            known = newest_issues(tx, asked.window, _FEW)
        if len(known) < _FEW:
            return self._events.count_by_issue(replace(search, known=known)) if known else []
        if search.order is Order.FIRST_SEEN:
            hits = self._events.count_by_issue(replace(search, known=known))
            if len(hits) == search.limit:
                return hits
        found = self._events.count_by_issue(replace(search, order=Order.TOTAL_COUNT, limit=_FEW))
        with self._db.read() as tx:
            if len(found) < _FEW:
                known = issues_known_by(tx, [hit.fingerprint for hit in found])
            elif search.order is Order.FIRST_SEEN:
                known = known_issues(tx, asked.window, MAX_LISTED)
            else:
                known = newest_issues(tx, asked.window, _YOUNG)
        return (
            self._events.count_by_issue(replace(search, known=known, known_in_part=len(known) == _YOUNG))
            if known
            else []
        )
