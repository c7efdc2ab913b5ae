"""Help for those who write queries: what a query means and finds clause by clause, and what could be typed next."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import ColumnElement, FromClause, String, and_, cast, func, literal, select

from errata.access.tables import teams, users
from errata.base.clock import Clock
from errata.events.facets import AFTER_ATTRIBUTES, OWN_COLUMNS, RESERVED
from errata.events.help import Cost, EventHelp, Match
from errata.events.search import EventSearch
from errata.issues.asking import Asked, Asker
from errata.issues.facets import FACETS, ISSUES
from errata.issues.members import CaseKeys, Window
from errata.issues.model import IssueSearch
from errata.issues.plan import answered
from errata.issues.tables import issue_teams, issues
from errata.query import to_clickhouse
from errata.query.bind import BoundTree, FieldTest, Present, bind
from errata.query.facets import Column, Elements, Entry, Joined, Kind, Place, Tagged
from errata.query.nodes import Eq, Exists, Field, Leaf
from errata.query.parse import parse
from errata.query.render import render
from errata.query.sentences import clause_in_words, in_words, leaves_of
from errata.query.sexpr import sexpr
from errata.storage.bytewise import bytewise
from errata.storage.sql import Database, Transaction

MAX_COUNTED = 32
"""Clauses of a query whose matches are counted, the first."""
_MOST_STATE_ROWS = 100_000
"""Rows of the state that are looked at for values of an issue facet."""


class PlaceKind(StrEnum):
    """Where a clause looks, or what kind of key one is: names of the API."""

    RESERVED = "reserved"
    TAG = "tag"
    TAGS = "tags"
    ATTRIBUTE = "attribute"
    ISSUE = "issue"


class Counted(StrEnum):
    """What is counted for a suggestion."""

    EVENTS = "events"
    ISSUES = "issues"


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """A place where a clause looks: what kind it is, and how many events of the window have a value there."""

    kind: PlaceKind
    events: int


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a query with what it finds alone; `match` is None for clauses beyond `MAX_COUNTED`."""

    text: str
    words: str
    places: tuple[PlaceFound, ...]
    match: Match | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A query as it was read, and what it finds. `state_ms` is the time that the state's answers took."""

    canonical: str
    words: str
    tree: str
    clauses: tuple[Clause, ...]
    match: Match
    cost: Cost
    state_ms: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may be typed: a key or a value (`kind` None), as text that stands in a query as it is.

    `count` is the number of what has it, events or issues; None where that is not known.
    """

    text: str
    kind: PlaceKind | None
    count: int | None
    counted: Counted = Counted.EVENTS
    summary: str = ""


class SearchHelp:
    """Thread-safe. Every method raises Unavailable when the event store does not answer."""

    def __init__(self, db: Database, events: EventHelp, clock: Clock, cases: CaseKeys | None = None) -> None:
        self._db = db
        self._events = events
        self._asker = Asker(db, clock, cases)

    def explain(self, search: IssueSearch) -> Explanation:
        """What the query of a search means and finds. Raises Invalid as the search itself does."""
        node = parse(search.query)
        leaves = leaves_of(node)
        began = time.perf_counter()
        # Asked with what tells whether a place has a value, so that the state answers for that as well.
        asked = self._asker.ask(search, beside=[tree for leaf in leaves for tree in _presence(leaf).values()])
        state_ms = (time.perf_counter() - began) * 1000
        cost = self._events.cost_of(asked.search)
        whole, *counted = self._matches(asked, [bind(leaf, ISSUES) for leaf in leaves[:MAX_COUNTED]])
        present = self._presences(asked, leaves[:MAX_COUNTED])
        clauses = [
            Clause(
                render(leaf),
                clause_in_words(leaf),
                present[number] if number < len(present) else (),
                counted[number] if number < len(counted) else None,
            )
            for number, leaf in enumerate(leaves)
        ]
        return Explanation(render(node), in_words(node), sexpr(node), tuple(clauses), whole, cost, state_ms)

    def keys(self, search: IssueSearch, prefix: str, limit: int) -> list[Suggestion]:
        """Keys that begin so: facets of issues, reserved ones, and what the events of the window have.

        Those of events come with the number of events, the most frequent first; of very many only some are looked at.
        """
        is_attribute, name = prefix.startswith("@"), prefix.removeprefix("@")
        facets = [facet for facet in FACETS.values() if facet.place.name.startswith(name)]
        mark = "@" if is_attribute else ""
        window = self._window(search)
        known = _known_keys(prefix)
        counts = self._counts(window, known)
        found = [Suggestion(_key(key), kind, counts[key]) for key, kind in known.items() if counts[key]]
        taken = {key.name for key in known}
        if is_attribute or not prefix:
            paths = self._events.attribute_paths(window, name, limit + len(taken))
            found += [
                Suggestion(_key(Field(path, is_attribute=True)), PlaceKind.ATTRIBUTE, count)
                for path, count in paths
                if path not in taken and path not in FACETS
            ]
        if not is_attribute:
            tags = self._events.tag_keys(window, name, limit + len(taken))
            found += [
                Suggestion(_key(Field(tag)), PlaceKind.TAG, count)
                for tag, count in tags
                if tag not in RESERVED and tag not in FACETS
            ]
        found += [
            Suggestion(mark + facet.place.name, PlaceKind.ISSUE, None, Counted.ISSUES, facet.summary)
            for facet in facets
        ]
        return sorted(found, key=_most_first)[:limit]

    def _counts(self, window: EventSearch, keys: Iterable[Field]) -> dict[Field, int]:
        """How many events have each of the keys that have a column."""
        trees = {key: FieldTest(key, tuple((place, Present()) for place in ISSUES.places_of(key))) for key in keys}
        conditions = [to_clickhouse.compile(tree, f"k{number}_") for number, tree in enumerate(trees.values())]
        counted = self._events.matches(window, conditions, all_events=False) if conditions else []
        return {key: match.events for key, match in zip(trees, counted, strict=True)}

    def values(self, search: IssueSearch, key: Field, prefix: str, limit: int) -> list[Suggestion]:
        """Values of a key that begin so, the most frequent first; of times and of what nobody has, none."""
        places = ISSUES.places_of(key)
        found: list[Suggestion] = []
        for place in (*places, *ISSUES.places_beside(key)):
            if isinstance(place, Joined):
                found += self._values_of_issues(search, place, prefix, limit)
        stored = [place for place in places if not isinstance(place, Joined) and not _is_instant(place)]
        if stored:
            counts = self._events.values(self._window(search), stored, prefix, limit)
            found += [Suggestion(_value(value), None, count) for value, count in counts]
        unique = {suggestion.text: suggestion for suggestion in reversed(found)}
        return sorted(unique.values(), key=_most_first)[:limit]

    def _window(self, search: IssueSearch) -> EventSearch:
        return self._asker.ask(replace(search, query="")).search

    def _matches(self, asked: Asked, trees: Sequence[BoundTree]) -> list[Match]:
        whole = [asked.tree, *(answered(tree, asked.answers) for tree in trees)]
        conditions = [to_clickhouse.compile(tree, f"c{number}_") for number, tree in enumerate(whole)]
        return self._events.matches(asked.search, conditions)

    def _presences(self, asked: Asked, leaves: Sequence[Leaf]) -> list[tuple[PlaceFound, ...]]:
        """For each clause its places, with how many events have a value there; each place is counted once."""
        wanted = [_presence(leaf) for leaf in leaves]
        trees = list(dict.fromkeys(tree for each in wanted for tree in each.values()))
        counted = dict(zip(trees, self._matches(asked, trees)[1:], strict=True)) if trees else {}
        return [tuple(PlaceFound(kind, counted[tree].events) for kind, tree in each.items()) for each in wanted]

    def _values_of_issues(self, search: IssueSearch, place: Joined, prefix: str, limit: int) -> list[Suggestion]:
        names = FACETS[place.name].names if place.name in FACETS else ()
        if names:
            fits = prefix.upper() if names[0].isupper() else prefix.lower()
            return [Suggestion(name, None, None, Counted.ISSUES) for name in names if name.startswith(fits)][:limit]
        window = Window(search.from_ms, search.to_ms, self._asker.now())
        with self._db.read() as tx:
            counts = _state_values(tx, place.name.removeprefix("issue."), prefix, window, limit)
        return [Suggestion(_value(value), None, count, Counted.ISSUES) for value, count in counts]


def _known_keys(prefix: str) -> dict[Field, PlaceKind]:
    """Keys with a column of their own that begin so, and of what kind they are."""
    name = prefix.removeprefix("@")
    found: dict[Field, PlaceKind] = {}
    if not prefix.startswith("@"):
        found |= {Field(key): PlaceKind.RESERVED for key in RESERVED if key.startswith(name)}
    if prefix.startswith("@") or not prefix:
        attributes = sorted({*OWN_COLUMNS, *AFTER_ATTRIBUTES} - {*RESERVED})
        found |= {Field(key, is_attribute=True): PlaceKind.ATTRIBUTE for key in attributes if key.startswith(name)}
    return found


def _most_first(suggestion: Suggestion) -> tuple[int, str]:
    """Without a number, which is not known, they stand last."""
    return (1 if suggestion.count is None else -suggestion.count, suggestion.text)


def _key(field: Field) -> str:
    """A key as a query writes it."""
    return render(Exists(field)).removesuffix(":*")


def _value(value: str) -> str:
    """A value as a query writes it behind a key."""
    return render(Eq(Field("k"), value)).removeprefix("k:")


def _is_instant(place: Place) -> bool:
    return isinstance(place, Column) and place.kind is Kind.INSTANT


def _presence(leaf: Leaf) -> dict[PlaceKind, BoundTree]:
    """For each place where a clause looks, by kind, the condition that there is a value; none for free text."""
    field = getattr(leaf, "field", None)
    if not isinstance(field, Field):
        return {}
    places = (*ISSUES.places_of(field), *ISSUES.places_beside(field))
    return {_kind_of(place): FieldTest(field, ((place, Present()),)) for place in places}


def _kind_of(place: Place) -> PlaceKind:
    match place:
        case Joined():
            return PlaceKind.ISSUE
        case Tagged():
            return PlaceKind.TAG
        case Elements():
            return PlaceKind.TAGS
        case Column() if place in RESERVED.values():
            return PlaceKind.RESERVED
        case Column() | Entry():
            return PlaceKind.ATTRIBUTE


def _state_values(tx: Transaction, name: str, prefix: str, window: Window, limit: int) -> list[tuple[str, int]]:
    """The most frequent values of an issue facet among the issues of the window, with the number of issues."""
    column: ColumnElement[str]
    joined: FromClause = issues
    match name:
        case "assignee":
            column = users.c.handle
            joined = issues.join(users, users.c.id == issues.c.assignee_id)
        case "team":
            column = teams.c.handle
            joined = issues.join(issue_teams, issue_teams.c.issue_id == issues.c.id).join(
                teams, teams.c.handle == issue_teams.c.handle
            )
        case "first_seen_version" | "last_seen_version" | "file_path" | "function_name":
            column = issues.c[name]
        case "language":
            return _languages(tx, prefix.upper(), window, limit)
        case _:
            return []
    begins = func.substr(column, 1, len(prefix)) == literal(prefix)
    looked_at = (
        select(cast(column, String).label("value"))
        .select_from(joined)
        .where(and_(window.where, column != "", begins))
        .limit(_MOST_STATE_ROWS)
        .subquery()
    )
    number = func.count()
    query = (
        select(looked_at.c.value, number)
        .group_by(looked_at.c.value)
        .order_by(number.desc(), bytewise(looked_at.c.value))
    ).limit(limit)
    return [(value, count) for value, count in tx.execute(query)]


def _languages(tx: Transaction, prefix: str, window: Window, limit: int) -> list[tuple[str, int]]:
    """The languages of issues, which are kept as lists of JSON."""
    lists = cast(issues.c.languages, String)
    counts: Counter[str] = Counter()
    for text, number in tx.execute(select(lists, func.count()).where(window.where).group_by(lists)):
        counts.update({name: number for name in json.loads(text) if name.startswith(prefix)})
    return counts.most_common(limit)
