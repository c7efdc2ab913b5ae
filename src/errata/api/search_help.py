"""Help for writers of queries: what a query means and finds, and what could be typed next."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.access.model import Scope
from errata.api.error_tracking import LATEST_MS, TAG, WORDING
from errata.api.jsonapi import Resource
from errata.api.operation import Call, Operation, Style
from errata.api.parameters import choice, text, whole
from errata.api.rooms import Rooms
from errata.base.errors import Invalid
from errata.events.model import Track
from errata.issues.help import MAX_COUNTED, Clause, Counted, Explanation, PlaceKind, Suggestion
from errata.issues.model import IssueSearch, Persona
from errata.query.tokens import field_of

READ = (Scope.ERROR_TRACKING_READ,)
DAY_MS = 86_400_000
_IDS = UUID("0d3f4b9e-6a5c-5c1d-9a62-7f0f2f4c8e21")
_MAX_TYPED = 256
_LONGEST_WINDOW_MS = 31 * DAY_MS

PREFIX = text("prefix", "What was typed so far; empty for the most frequent of all")
KEY = text("key", "A key, whose values are wanted; without one, keys are")
FROM = whole(
    "from", default=0, least=0, most=LATEST_MS, summary="Epoch milliseconds; 0 is a day before `to`, at most 31 days"
)
TO = whole("to", default=0, least=0, most=LATEST_MS, summary="Epoch milliseconds; 0 is now")
TRACK = choice("track", tuple(track.value for track in Track), default="", summary="Whose errors; without it, all")
LIMIT = whole("limit", default=20, least=1, most=100, summary="How many are wanted")


class SearchExplainRequestDataAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A query with the window that it is to be tried in, as a search takes them. Without track and persona: all."""

    query: str
    from_: Annotated[int, Meta(ge=0, le=LATEST_MS)] = msgspec.field(name="from")
    to: Annotated[int, Meta(ge=0, le=LATEST_MS)]
    track: Track | UnsetType = UNSET
    persona: Persona | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.from_ >= self.to:
            raise ValueError("from must be before to")


class SearchExplainRequestData(msgspec.Struct, frozen=True, kw_only=True):
    """The query."""

    type: Literal["search_request"]
    attributes: SearchExplainRequestDataAttributes


class SearchExplainRequest(msgspec.Struct, frozen=True):
    """A query to be explained."""

    data: SearchExplainRequestData


class SearchPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a clause looks, and how many events of the window have any value there.

    `reserved` is a field of every event, `tag` a tag with this key, `tags` the tags as they came, `attribute` an
    attribute, `issue` a facet of the issue that the event belongs to. The first that has a value counts, but owners of
    an issue count beside the tag `team`.
    """

    kind: PlaceKind
    events: int


class SearchClause(msgspec.Struct, frozen=True, kw_only=True):
    """A clause, in the canonical spelling and in words, with the events that it matches alone.

    `found_in` is empty for words that are looked for in texts. Only the first clauses of a long query are counted.
    """

    query: str
    words: str
    found_in: list[SearchPlace]
    events: int | UnsetType = UNSET
    fingerprints: int | UnsetType = UNSET


class SearchCost(msgspec.Struct, frozen=True, kw_only=True):
    """What finding the issues took: rows and bytes read by the event store, and milliseconds there and in the state."""

    events_ms: float
    read_bytes: int
    read_rows: int
    state_ms: float


class SearchExplanationAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """How a query was read, and what it finds in the window.

    `query` is its canonical spelling; `words` has one clause a line, those that belong together indented. `tree` is the
    same as a symbolic expression.
    """

    clauses: list[SearchClause]
    cost: SearchCost
    events: int
    fingerprints: int
    query: str
    tree: str
    words: str


class SearchExplanation(Resource, frozen=True, kw_only=True):
    """An explained query; equal queries have equal ids."""

    type: Literal["search_explanation"]
    attributes: SearchExplanationAttributes


class SearchExplainResponse(msgspec.Struct, frozen=True):
    """The explained query."""

    data: SearchExplanation


class SearchSuggestionAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A key or a value as it stands in a query, escaped where it has to be. `kind` is absent for a value.

    `count` says how many events, or issues, of the window have it, of those that were looked at (`counted`). It is
    absent where that is not known.
    """

    count: int | UnsetType = UNSET
    counted: Counted
    kind: PlaceKind | UnsetType = UNSET
    summary: str | UnsetType = UNSET
    text: str


class SearchSuggestion(Resource, frozen=True, kw_only=True):
    """Something that may be typed; its id is the text."""

    type: Literal["search_suggestion"]
    attributes: SearchSuggestionAttributes


class SearchCompleteResponse(msgspec.Struct, frozen=True):
    """The most frequent first."""

    data: Annotated[list[SearchSuggestion], Meta(max_length=100)]


def explain_search(rooms: Rooms, call: Call[SearchExplainRequest]) -> SearchExplainResponse:
    """The query of the request, explained."""
    asked = call.body.data.attributes
    explanation = rooms.search_help.explain(
        IssueSearch(asked.query, asked.from_, asked.to, track=asked.track or None, persona=asked.persona or None)
    )
    attributes = _explained(explanation)
    id_ = str(uuid5(_IDS, explanation.canonical))
    return SearchExplainResponse(SearchExplanation(id=id_, type="search_explanation", attributes=attributes))


def complete_search(rooms: Rooms, call: Call[None]) -> SearchCompleteResponse:
    """Keys, or values of a key, that begin as was typed."""
    prefix, key, limit = PREFIX.of(call), KEY.of(call), LIMIT.of(call)
    for name, value in (("prefix", prefix), ("key", key)):
        if len(value) > _MAX_TYPED:
            raise Invalid(f"expected at most {_MAX_TYPED} characters, got {len(value)}", where=name)
    search = _window(rooms, call)
    if not key:
        return _suggestions(rooms.search_help.keys(search, prefix, limit))
    try:
        field = field_of(key, key, 0)
    except Invalid as error:
        raise Invalid(error.message.removeprefix("query: "), where="key") from None
    return _suggestions(rooms.search_help.values(search, field, prefix, limit))


def _window(rooms: Rooms, call: Call[None]) -> IssueSearch:
    to_ms = TO.of(call) or rooms.clock.now_ms() + 1
    from_ms = FROM.of(call) or max(0, to_ms - DAY_MS)
    if not from_ms < to_ms <= from_ms + _LONGEST_WINDOW_MS:
        raise Invalid(f"expected a time at most 31 days before `to`, which is {to_ms}, got {from_ms}", where="from")
    track = TRACK.of(call)
    return IssueSearch("", from_ms, to_ms, track=Track(track) if track else None)


def _explained(explanation: Explanation) -> SearchExplanationAttributes:
    cost = explanation.cost
    return SearchExplanationAttributes(
        clauses=[_clause(clause) for clause in explanation.clauses],
        cost=SearchCost(
            events_ms=round(cost.took_ms, 1),
            read_bytes=cost.read_bytes,
            read_rows=cost.read_rows,
            state_ms=round(explanation.state_ms, 1),
        ),
        events=explanation.match.events,
        fingerprints=explanation.match.fingerprints,
        query=explanation.canonical,
        tree=explanation.tree,
        words=explanation.words,
    )


def _clause(clause: Clause) -> SearchClause:
    return SearchClause(
        query=clause.text,
        words=clause.words,
        found_in=[SearchPlace(kind=place.kind, events=place.events) for place in clause.places],
        events=clause.match.events if clause.match else UNSET,
        fingerprints=clause.match.fingerprints if clause.match else UNSET,
    )


def _suggestions(found: list[Suggestion]) -> SearchCompleteResponse:
    return SearchCompleteResponse(
        [
            SearchSuggestion(
                id=each.text,
                type="search_suggestion",
                attributes=SearchSuggestionAttributes(
                    count=UNSET if each.count is None else each.count,
                    counted=each.counted,
                    kind=each.kind or UNSET,
                    summary=each.summary or UNSET,
                    text=each.text,
                ),
            )
            for each in found
        ]
    )


_EXPLAIN_EXAMPLE = {
    "data": {
        "type": "search_request",
        "attributes": {"query": "env:prod -issue.state:IGNORED", "from": 1755600000000, "to": 1755686400000},
    }
}
_EXPLAIN_ANSWER = {
    "data": {
        "id": "1c1d6ad5-6cb6-5f6c-9a50-52b2c0a4e6a1",
        "type": "search_explanation",
        "attributes": {
            "clauses": [
                {
                    "query": "env:prod",
                    "words": 'env is "prod"',
                    "found_in": [{"kind": "reserved", "events": 48210}],
                    "events": 41007,
                    "fingerprints": 96,
                },
                {
                    "query": "issue.state:IGNORED",
                    "words": 'issue.state is "IGNORED"',
                    "found_in": [{"kind": "issue", "events": 48210}],
                    "events": 1202,
                    "fingerprints": 3,
                },
            ],
            "cost": {"events_ms": 12.4, "read_bytes": 1542720, "read_rows": 48210, "state_ms": 1.1},
            "events": 40200,
            "fingerprints": 94,
            "query": "env:prod -issue.state:IGNORED",
            "tree": '(and (eq env "prod") (not (eq issue.state "IGNORED")))',
            "words": 'all of these:\n  env is "prod"\n  not this:\n    issue.state is "IGNORED"',
        },
    }
}
_COMPLETE_ANSWER = {
    "data": [
        {
            "id": "@http.status_code",
            "type": "search_suggestion",
            "attributes": {"count": 48210, "counted": "events", "kind": "attribute", "text": "@http.status_code"},
        }
    ]
}

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path="/api/errata/v1/search/explain",
        name="ExplainSearch",
        summary="Explain a query of the issue search",
        description=(
            "How the query was read, where each of its keys was found, how many events each clause matches, and what "
            f"the search costs. The first {MAX_COUNTED} clauses are counted. A query that cannot be read is refused as "
            "the search refuses it."
        ),
        tag=TAG,
        handler=explain_search,
        style=Style.JSON_API,
        scopes=READ,
        body=SearchExplainRequest,
        answer=SearchExplainResponse,
        wording=WORDING,
        request_example=_EXPLAIN_EXAMPLE,
        answer_example=_EXPLAIN_ANSWER,
    ),
    Operation(
        method="GET",
        path="/api/errata/v1/search/complete",
        name="CompleteSearch",
        summary="Offer keys and values for a query",
        description=(
            "Keys that begin with `prefix`, or values of `key` that do, with the number of events or issues that have "
            "them. Of very many events some are looked at, so that the answer is there while somebody types."
        ),
        tag=TAG,
        handler=complete_search,
        style=Style.JSON_API,
        scopes=READ,
        answer=SearchCompleteResponse,
        parameters=(PREFIX, KEY, FROM, TO, TRACK, LIMIT),
        answer_example=_COMPLETE_ANSWER,
    ),
)
