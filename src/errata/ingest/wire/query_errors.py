"""Failures of GraphQL's resolvers, which a tracer notes in the span of the query. Pure.

The answer to a query that failed has status 200 and tells the errors in its body, so nothing else of the trace says
that the program failed. Source: the span event `dd.graphql.query.error` of Datadog's tracers (attributes `message`,
`type`, `stacktrace`, `locations`, `path`).
"""

from __future__ import annotations

from collections.abc import Sequence

from errata.ingest.wire.own_calls import holds_own_calls
from errata.ingest.wire.spans import EXCEPTION, SpanEvent
from errata.stacks.parse import parse

QUERY_ERROR = "graphql.query.error"
"""How the event's name ends."""

_NAMES = {"type": "exception.type", "message": "exception.message", "stacktrace": "exception.stacktrace"}
_MOST = 100


def with_query_errors(events: Sequence[SpanEvent], language: str) -> list[SpanEvent]:
    """The events with those of failed queries as noted exceptions.

    One whose stack holds no call of the program's own is left out: the client's query cannot be parsed, names no such
    field, gives a value of the wrong type. Of very many in one span the first count.
    """
    kept: list[SpanEvent] = []
    told = 0
    for event in events:
        if not event.name.endswith(QUERY_ERROR):
            kept.append(event)
        elif told < _MOST:
            told += 1
            if holds_own_calls(event.text("stacktrace"), language):
                kept.append(_exception(event))
    return kept


def _exception(event: SpanEvent) -> SpanEvent:
    """The class is that of the stack: the event says `GraphQLError`, which the library put around what was raised."""
    trace = parse(event.text("stacktrace"), "")
    attributes = {_NAMES.get(name, name): value for name, value in event.attributes.items()}
    if trace is not None and trace.primary.type:
        attributes["exception.type"] = trace.primary.type
    return SpanEvent(EXCEPTION, event.time_ns, attributes)
