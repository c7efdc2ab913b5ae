"""Questions about issues, answered from the state and the event store together."""

from __future__ import annotations

from errata.base.clock import Clock, to_ms
from errata.base.errors import NotFound
from errata.base.ids import IssueId
from errata.events import batches
from errata.events.facets import EVENTS
from errata.events.model import Platform
from errata.events.store import Candidate, EventSearch, EventStore, Order
from errata.issues import store
from errata.issues.model import Issue, IssueHit, IssueSearch, OrderBy, Persona
from errata.query import to_clickhouse
from errata.query.bind import bind
from errata.query.parse import parse
from errata.storage.sql import Database, Transaction

MAX_HITS = 100
"""Issues in one answer, as the API documents it."""
MAX_CANDIDATES = 200_000
"""Issues that one search takes from the state, where it filters or sorts by what only the state knows: the newest."""

_PLATFORMS: dict[Persona, tuple[Platform, ...]] = {
    Persona.ALL: (),
    Persona.BROWSER: (Platform.BROWSER,),
    Persona.MOBILE: (Platform.ANDROID, Platform.IOS, Platform.FLUTTER, Platform.REACT_NATIVE, Platform.ROKU),
    Persona.BACKEND: (Platform.BACKEND, Platform.UNKNOWN),
}
_NEEDS_STATE = frozenset({OrderBy.FIRST_SEEN, OrderBy.PRIORITY})


class IssueReads:
    """Reading issues. Every answer is one moment of the state; counts follow at most a batch behind."""

    def __init__(self, db: Database, events: EventStore, clock: Clock) -> None:
        self._db = db
        self._events = events
        self._clock = clock

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
        condition = to_clickhouse.compile(bind(parse(search.query), EVENTS))
        with self._db.read() as tx:
            pending = batches.pending(tx)
            candidates = self._candidates(tx, search)
        if candidates is not None and not candidates:
            return []
        hits = self._events.count_by_issue(
            EventSearch(
                condition=condition,
                from_ms=search.from_ms,
                to_ms=search.to_ms,
                track=search.track,
                platforms=_PLATFORMS[search.persona] if search.persona else (),
                order=Order(search.order_by.value),
                now_ms=min(search.to_ms, to_ms(self._clock.now())),
                limit=MAX_HITS,
                candidates=candidates,
                pending=pending,
            )
        )
        with self._db.read() as tx:
            issues = store.issues_of(tx, [hit.fingerprint for hit in hits])
        return [
            IssueHit(issues[hit.fingerprint], hit.total_count, hit.impacted_users, hit.impacted_sessions)
            for hit in hits
            if hit.fingerprint in issues
        ]

    @staticmethod
    def _candidates(tx: Transaction, search: IssueSearch) -> tuple[Candidate, ...] | None:
        """The issues allowed by what the state alone knows; None where that restricts nothing."""
        filtered = search.states or search.assignee_ids or search.team_ids
        if not filtered and search.order_by not in _NEEDS_STATE:
            return None
        return tuple(
            Candidate(fingerprint, first_seen, is_crash)
            for fingerprint, first_seen, is_crash in store.candidates(tx, search, limit=MAX_CANDIDATES)
        )
