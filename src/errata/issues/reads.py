"""Questions about issues, answered from the state and the event store together."""

from __future__ import annotations

from dataclasses import replace

from errata.base.clock import Clock
from errata.base.errors import NotFound
from errata.base.ids import IssueId
from errata.events.search import EventSearch, Hit
from errata.events.store import EventStore
from errata.issues import store
from errata.issues.asking import MAX_HITS, Asker
from errata.issues.members import CaseKeys, Window, known_issues
from errata.issues.model import Issue, IssueHit, IssueSearch, OrderBy
from errata.issues.plan import NOTHING
from errata.storage.sql import Database

_NEWEST = (5_000, 50_000, 1_000_000)
"""How many issues are taken along at a time, newest first, until a search by FIRST_SEEN has found enough."""
_KNOWN_YOUNG = 200_000
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
            case OrderBy.FIRST_SEEN:
                return self._newest(asked.search, asked.window)
            case OrderBy.PRIORITY:
                return self._by_priority(asked.search, asked.window)
            case _:
                return self._events.count_by_issue(asked.search)

    def _newest(self, asked: EventSearch, window: Window) -> list[Hit]:
        """Hits by first sighting: looked for among the newest issues, then among more while there are too few."""
        hits: list[Hit] = []
        seen = 0
        for limit in _NEWEST:
            with self._db.read() as tx:
                known = known_issues(tx, window, after=seen, limit=limit)
            if known:
                hits += self._events.count_by_issue(replace(asked, known=known, limit=MAX_HITS - len(hits)))
            if len(hits) >= MAX_HITS or len(known) < limit:
                break
            seen += limit
        return hits

    def _by_priority(self, asked: EventSearch, window: Window) -> list[Hit]:
        with self._db.read() as tx:
            known = known_issues(tx, window, after=0, limit=_KNOWN_YOUNG)
        if not known:
            return []
        return self._events.count_by_issue(replace(asked, known=known, known_in_part=len(known) == _KNOWN_YOUNG))
