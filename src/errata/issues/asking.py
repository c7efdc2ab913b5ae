"""From a search for issues to the question that the events are asked. Reads the state, never the events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from errata.base.clock import Clock, to_ms
from errata.events import batches
from errata.events.model import Platform
from errata.events.search import EventSearch, Order
from errata.issues.aliases import KnownAliases
from errata.issues.facets import ISSUES
from errata.issues.members import CaseKeys, Window, answers_to
from errata.issues.model import IssueSearch, Persona
from errata.issues.plan import Answer, Question, all_of, answered, filters_of, questions_of
from errata.query import to_clickhouse
from errata.query.bind import BoundTree, bind
from errata.query.nodes import All
from errata.query.parse import parse
from errata.storage.sql import Database

MAX_HITS = 100
"""Issues in one answer, as the API documents it."""
_PLATFORMS: dict[Persona, tuple[Platform, ...]] = {
    Persona.ALL: (),
    Persona.BROWSER: (Platform.BROWSER,),
    Persona.MOBILE: (Platform.ANDROID, Platform.IOS, Platform.FLUTTER, Platform.REACT_NATIVE, Platform.ROKU),
    Persona.BACKEND: (Platform.BACKEND, Platform.UNKNOWN),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the events are asked for a search. `tree` is the whole condition; `answers` are the state's."""

    search: EventSearch
    tree: BoundTree
    answers: Mapping[Question, Answer]
    window: Window


class Asker:
    """Thread-safe; one for all that ask, because it keeps what seldom changes."""

    def __init__(self, db: Database, clock: Clock, cases: CaseKeys | None = None) -> None:
        """`cases` answers for `issue.case`; without it no issue has one."""
        self._db = db
        self._clock = clock
        self._cases = cases
        self._aliases = KnownAliases()

    def now(self) -> datetime:
        """The moment that ages are counted from."""
        return self._clock.now()

    def ask(self, search: IssueSearch, beside: Iterable[BoundTree] = ()) -> Asked:
        """Settle what the state knows, for the search and for further trees `beside` it.

        Raises Invalid for a query that cannot be read, or asks for more than one search can hold (`where` is `query`).
        """
        tree = all_of([bind(parse(search.query), ISSUES), filters_of(search)])
        questions = dict.fromkeys(question for each in (tree, *beside) for question in questions_of(each))
        window = Window(search.from_ms, search.to_ms, self.now())
        with self._db.read() as tx:
            pending = batches.pending(tx)
            answers, sets = answers_to(tx, questions, window, self._cases)
            aliases = self._aliases.read(tx)
        tree = answered(tree, answers)
        asked = EventSearch(
            condition=None if isinstance(tree, All) else to_clickhouse.compile(tree),
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
        return Asked(asked, tree, answers, window)
