"""Questions about issues, answered from the state and the event store together."""

from __future__ import annotations

from dataclasses import replace

from errata.base.clock import Clock, to_ms
from errata.base.errors import NotFound
from errata.base.ids import IssueId
from errata.events import batches
from errata.events.model import Platform
from errata.events.search import EventSearch, Hit, Order
from errata.events.store import EventStore
from errata.issues import store
from errata.issues.aliases import KnownAliases
from errata.issues.facets import ISSUES
from errata.issues.members import CaseKeys, Window, answers_to, known_issues
from errata.issues.model import Issue, IssueHit, IssueSearch, OrderBy, Persona
from errata.issues.plan import NOTHING, all_of, answered, filters_of, questions_of
from errata.query import to_clickhouse
from errata.query.bind import bind
from errata.query.parse import parse
from errata.storage.sql import Database

MAX_HITS = 100
"""Issues in one answer, as the API documents it."""
_NEWEST = (5_000, 50_000, 1_000_000)
"""How many issues are taken along at a time, newest first, until a search by FIRST_SEEN has found enough."""
_KNOWN_YOUNG = 200_000
"""Issues whose age counts for PRIORITY, the newest; where there are more, others count as old and as no crash."""
_PLATFORMS: dict[Persona, tuple[Platform, ...]] = {
    Persona.ALL: (),
    Persona.BROWSER: (Platform.BROWSER,),
    Persona.MOBILE: (Platform.ANDROID, Platform.IOS, Platform.FLUTTER, Platform.REACT_NATIVE, Platform.ROKU),
    Persona.BACKEND: (Platform.BACKEND, Platform.UNKNOWN),
}


class IssueReads:
    """Reading issues. Every answer is one moment of the state; counts follow at most a batch behind."""

    def __init__(self, db: Database, events: EventStore, clock: Clock, cases: CaseKeys | None = None) -> None:
        """`cases` answers for `issue.case`; without it no issue has one."""
        self._db = db
        self._events = events
        self._clock = clock
        self._cases = cases
        self._aliases = KnownAliases()

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
        tree = all_of([bind(parse(search.query), ISSUES), filters_of(search)])
        window = Window(search.from_ms, search.to_ms, self._clock.now())
        with self._db.read() as tx:
            pending = batches.pending(tx)
            answers, sets = answers_to(tx, questions_of(tree), window, self._cases)
            aliases = self._aliases.read(tx)
        tree = answered(tree, answers)
        if tree == NOTHING:
            return []
        asked = EventSearch(
            condition=to_clickhouse.compile(tree),
            from_ms=search.from_ms,
            to_ms=search.to_ms,
            track=search.track,
            platforms=_PLATFORMS[search.persona] if search.persona else (),
            order=Order(search.order_by.value),
            now_ms=min(search.to_ms, to_ms(window.now)),
            limit=MAX_HITS,
            sets=sets,
            aliases=aliases,
            pending=pending,
        )
        match search.order_by:
            case OrderBy.FIRST_SEEN:
                return self._newest(asked, window)
            case OrderBy.PRIORITY:
                return self._by_priority(asked, window)
            case _:
                return self._events.count_by_issue(asked)

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
