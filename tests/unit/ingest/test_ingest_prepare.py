"""From a request's bytes to its errors."""

from __future__ import annotations

import json
from uuid import UUID, uuid5

import pytest

from errata.base.ids import NodeId, event_id_at
from errata.events.batches import Rules
from errata.events.limits import DEFAULT_LIMITS
from errata.events.model import NotAnError
from errata.ingest.prepare import Candidate, Failure, Preparer, Work
from errata.stacks.find import find_in_text
from errata.stacks.model import StackTrace
from errata.stacks.parse import parse

RULES = Rules(grouping=1, past_ms=1000, future_ms=1000)
STACK = 'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in pay\n    charge(card)\nshop.Declined: %s'
HEADERS = {"content-type": "application/json"}


def trace_of(text: str, language: str) -> StackTrace | None:
    if "unlucky" in text:
        raise ZeroDivisionError
    return parse(text, language)


@pytest.fixture
def preparer() -> Preparer:
    return Preparer(trace_of=trace_of, find_of=find_in_text, limits=DEFAULT_LIMITS, max_body_bytes=1 << 20)


def work(*entries: object) -> Work:
    return Work(7, -1, 5000, "dd_logs", None, "/api/v2/logs", "", HEADERS, json.dumps(entries).encode())


def error(message: str, **fields: object) -> dict[str, object]:
    return {"status": "error", "service": "shop", "error": {"stack": STACK % message}, **fields}


def test_every_entry_has_its_verdict_in_the_order_sent(preparer: Preparer) -> None:
    request = work(error("one"), error("two", status="info"), error("three"), {"status": "error", "service": "shop"})

    one, two, three, four = preparer.candidates(preparer.decode(request), RULES)

    assert isinstance(one, Candidate)
    assert isinstance(three, Candidate)
    assert (one.event.entry, three.event.entry) == (0, 2)
    assert (one.event.error_message, three.event.error_message) == ("one", "three")
    assert (two, four) == (NotAnError.STATUS, NotAnError.NO_ERROR)


def test_an_entry_that_a_bug_strikes_does_not_take_its_neighbours_along(preparer: Preparer) -> None:
    request = work(error("one"), error("unlucky"), error("three"))

    one, two, three = preparer.candidates(preparer.decode(request), RULES)

    assert isinstance(one, Candidate)
    assert isinstance(three, Candidate)
    assert isinstance(two, Failure)
    assert two.entry == 1
    assert json.loads(two.body) == [error("unlucky")]
    assert two.reason == "digesting failed: ZeroDivisionError"


def test_an_error_is_grouped_by_what_is_stored_of_it(preparer: Preparer) -> None:
    secret = STACK.replace("charge(card)", 'charge(password="hunter2")')

    first, second = preparer.candidates(
        preparer.decode(work(error("x", error={"stack": secret % "x"}), error("x", error={"stack": STACK % "x"}))),
        RULES,
    )

    assert isinstance(first, Candidate)
    assert isinstance(second, Candidate)
    assert "hunter2" not in first.event.error_stack
    assert first.grouping.fingerprint == second.grouping.fingerprint


def test_an_event_keeps_the_id_of_its_place() -> None:
    node = NodeId(UUID(int=5))

    assert event_id_at(node, 1 << 40, 3) == uuid5(
        UUID("b3b5a6d8-4b8e-5d0c-8f39-0c9b6a2d51e4"), f"{node.hex}:{1 << 40}:3"
    )
    assert event_id_at(node, 1 << 40, 3).version == 5


def test_a_decoded_request_weighs_no_more_than_its_limits_allow(preparer: Preparer) -> None:
    bulky = [{} for _ in range(50_000)]
    request = work(error("kept", x=bulky), {"status": "info", "service": "shop", "message": "m" * 90_000, "x": bulky})

    decoded = preparer.decode(request)

    assert max(len(json.dumps(event.attributes)) + len(event.message) for event in decoded.events) < 100_000
    assert decoded.events[1].attributes == {}
    one, two = preparer.candidates(decoded, RULES)
    assert isinstance(one, Candidate)
    assert "attributes" in one.event.cut
    assert two is NotAnError.STATUS
