"""Failures of GraphQL's resolvers, noted in the span of a query whose answer has status 200."""

from __future__ import annotations

import json
from typing import Any

import pytest
from trace_bodies import START, entry, errors, span, v04, v05

OWN = (
    "TypeError: Cannot read properties of undefined (reading 'cents')\n"
    "    at priceOf (/srv/shop/prices.js:14:42)\n"
    "    at executeField (/srv/shop/node_modules/graphql/execution/execute.js:303:20)"
)
LIBRARY = (
    "GraphQLError: Cannot query field\n"
    "    at Object.Field (/srv/shop/node_modules/graphql/validation/rules/FieldsOnCorrectTypeRule.js:51:13)"
)
MESSAGE = "Cannot read properties of undefined (reading 'cents')"


def query_error(stack: str = OWN, message: str = MESSAGE, **more: Any) -> dict[str, Any]:
    told = {"type": "GraphQLError", "message": message, "stacktrace": stack, "path": ["cart", "0", "price"], **more}
    return {"name": "dd.graphql.query.error", "time_unix_nano": START, "attributes": told}


def query(*events: dict[str, Any], as_text: bool = True, top: dict[str, str] | None = None) -> list[dict[str, Any]]:
    meta = {"language": "javascript", "span.kind": "server"}
    meta |= {"error.type": "GraphQLError", "error.message": MESSAGE, "error.stack": OWN}
    failing = span(2, 1, error=1, meta={**meta, "events": json.dumps(events)} if as_text else meta)
    if not as_text:
        failing["span_events"] = list(events)
    return [entry(1, meta={"http.status_code": "200", "usr.id": "ann"} | (top or {})), failing]


@pytest.mark.parametrize("as_text", [True, False])
def test_a_resolver_that_failed_is_one_error_of_the_class_that_was_raised(as_text: bool) -> None:
    (event,) = errors(v04(query(query_error(), as_text=as_text)))

    assert (event.error_type, event.error_message, event.error_stack) == ("TypeError", MESSAGE, OWN)
    assert (event.error_handling, event.usr_id) == ("handled", "ann")
    assert event.attributes["path"] == ["cart", "0", "price"]


def test_it_counts_in_the_compact_encoding_too() -> None:
    assert [event.error_type for event in errors(v05(query(query_error())))] == ["TypeError"]


def test_two_resolvers_that_failed_in_one_query_are_two_errors() -> None:
    other = OWN.replace("priceOf", "weightOf").replace("cents", "grams")

    found = errors(v04(query(query_error(), query_error(other, "Cannot read properties (reading 'grams')"))))

    assert len(found) == 2


def test_a_query_that_the_library_refuses_is_the_client_s_mistake() -> None:
    assert errors(v04(query(query_error(LIBRARY, "Cannot query field")))) == []


def test_a_query_error_without_a_stack_opens_nothing() -> None:
    assert errors(v04(query(query_error("", "no")))) == []


def test_a_failure_that_also_fails_the_entry_span_counts_once() -> None:
    spans = query(query_error(), top={"http.status_code": "500"})
    spans[0]["error"] = 1

    (event,) = errors(v04(spans))

    assert event.error_handling == "unhandled"
    assert event.error_stack == OWN
