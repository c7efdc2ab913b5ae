"""One failure counts once, in whatever requests its spans and its log arrive."""

from __future__ import annotations

import pytest
from otlp_requests import in_json, records, spans, text

from errata.events.model import Event
from errata.ingest.wire.model import WireRecord
from errata.ingest.wire.otlp import decode

TRACE = "ab" * 16
AT = 1795191504000000000
STACK = 'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in f\n    g()\nshop.Oops: {}\n'


def exception(message: str = "'x'", kind: str = "shop.Oops", at: int = AT) -> dict:
    stack = STACK.format(message)
    told = [text("exception.type", kind), text("exception.message", message), text("exception.stacktrace", stack)]
    return {"name": "exception", "timeUnixNano": str(at), "attributes": told}


def span(number: int, parent: int, *events: dict, **fields: object) -> dict:
    ids = {"traceId": TRACE, "spanId": f"{number:016x}", "parentSpanId": f"{parent:016x}"}
    return ids | {"name": f"span {number}", "status": {"code": 2}, "events": list(events)} | fields


def log(message: str = "x", kind: str = "Oops", at: int = AT, stack: str = "'x'", **fields: object) -> dict:
    told = [text("exception.type", kind), text("exception.message", message)]
    told += [text("exception.stacktrace", STACK.format(stack))] if stack else []
    return {"traceId": TRACE, "severityNumber": 17, "timeUnixNano": str(at), "attributes": told} | fields


def identities(record: WireRecord) -> list[str]:
    return [found.identity for found in decode(record) if isinstance(found, Event)]


def of_spans(*each: dict) -> list[str]:
    return identities(in_json(spans(*each)))


def of_logs(*each: dict) -> list[str]:
    return identities(in_json(records(*each), "/v1/logs"))


def test_spans_that_a_failure_passed_have_its_identity_in_requests_of_their_own_too() -> None:
    assert (
        of_spans(span(3, 2, exception()))
        == of_spans(span(2, 1, exception(at=AT + 9)))
        == of_spans(span(1, 0, exception()))
    )


@pytest.mark.parametrize("stack", ["'x'", ""], ids=["with-stack", "without-stack"])
def test_a_log_has_the_identity_of_the_failure_that_its_span_tells(stack: str) -> None:
    assert of_logs(log(stack=stack)) == of_spans(span(1, 0, exception()))


def test_failures_side_by_side_have_identities_of_their_own_that_their_logs_share() -> None:
    both = of_spans(span(2, 1, exception()), span(3, 1, exception(at=AT + 5)))

    assert len(set(both)) == 2
    assert of_logs(log(), log(at=AT + 5)) == both


@pytest.mark.parametrize(
    "other",
    [
        span(1, 0, exception("'y'")),
        span(1, 0, exception(kind="shop.Other")),
        span(1, 0, exception(at=AT + 120 * 10**9)),
        span(1, 0, exception(), traceId="cd" * 16),
    ],
    ids=["message", "type", "minute", "trace"],
)
def test_another_failure_has_another_identity(other: dict) -> None:
    assert of_spans(other) != of_spans(span(1, 0, exception()))


def test_outside_of_traces_every_record_counts() -> None:
    assert of_logs(log(traceId=""), log(traceId="00" * 16)) == ["", ""]


def test_an_error_raised_from_its_like_is_counted() -> None:
    chained = STACK.format("'x'") + "\nThe above exception was the direct cause of the following exception:\n\n"
    told = exception()
    told["attributes"][2] = text("exception.stacktrace", chained + STACK.format("'x'"))

    assert len(of_spans(span(1, 0, told))) == 1
