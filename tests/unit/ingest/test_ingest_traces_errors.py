"""Which spans of a trace are errors, and what is told of them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from trace_bodies import FAILED, RECEIVED_AT, START, entry, errors, others, span, v04, v05

from errata.events.model import Event, NotAnError
from errata.events.qualify import Qualified, qualify
from errata.ingest.wire.datadog_traces import decode
from errata.ingest.wire.model import Ignored, WireRecord
from errata.stacks.find import find_in_text
from errata.stacks.parse import parse

TOP = {"_dd.top_level": 1}


def failed(error_type: str = "ValueError", message: str = "no", frames: int = 2) -> dict[str, str]:
    lines = "".join(f'  File "/srv/shop/f{n}.py", line {n}, in f{n}\n' for n in range(frames))
    stack = f"Traceback (most recent call last):\n{lines}{error_type}: {message}\n"
    return {"error.type": error_type, "error.message": message, "error.stack": stack}


def noted(error_type: str = "ValueError", message: str = "no", at: int = START, **more: Any) -> dict[str, Any]:
    own = failed(error_type, message)
    told = {"exception.type": error_type, "exception.message": message, "exception.stacktrace": own["error.stack"]}
    return {"name": "exception", "time_unix_nano": at, "attributes": {**told, **more}}


def reasons(record: WireRecord) -> dict[NotAnError, int]:
    return {one.reason: one.count for one in others(record) if isinstance(one, Ignored)}


def types(record: WireRecord) -> list[str]:
    return [event.error_type for event in errors(record)]


def test_an_entry_span_with_an_error_of_its_own_counts() -> None:
    (event,) = errors(v04([entry(1, error=1, meta=failed())]))

    assert (event.error_type, event.error_message, event.error_handling) == ("ValueError", "no", "unhandled")
    assert "failing_span" not in event.attributes


def test_older_tracers_call_the_message_msg() -> None:
    meta = failed()
    meta["error.msg"] = meta.pop("error.message")

    (event,) = errors(v04([entry(1, error=1, meta=meta)]))

    assert event.error_message == "no"
    assert "error.msg" not in event.attributes


@pytest.mark.parametrize(
    "meta",
    [
        {"error.type": "ValueError", "error.message": "no"},
        {"error.type": "ValueError", "error.stack": " \n "},
        {"error.stack": "just a word"},
        {"error.type": "None", "error.message": "None", "error.stack": "None"},
    ],
)
def test_an_error_without_a_stack_or_a_type_counts_for_nothing(meta: dict[str, str]) -> None:

    record = v04([entry(1, error=1, meta=meta), span(2, 1, error=1)])

    assert errors(record) == []
    assert reasons(record) == {NotAnError.NO_STACK: 1, NotAnError.NOT_ENTRY_SPAN: 1}


def test_a_type_that_says_nothing_is_left_to_the_stack() -> None:
    """As gRPC's servers in Python are traced."""
    meta = {**failed(), "error.type": "None", "error.message": "None", "span.kind": "server"}

    (event,) = errors(v04([entry(1, error=1, meta=meta)]))

    assert (event.error_type, event.error_message) == ("", "")
    found = qualify(event, parse, find_in_text)
    assert isinstance(found, Qualified)
    assert (found.event.error_type, found.event.error_message) == ("ValueError", "no")


def test_an_error_of_a_child_does_not_count_where_the_entry_span_did_not_fail() -> None:
    record = v04([entry(1, meta={"http.status_code": "404"}), span(2, 1, error=1, meta=failed())])

    assert errors(record) == []
    assert reasons(record) == {NotAnError.SPAN_OK: 1, NotAnError.NOT_ENTRY_SPAN: 1}


def test_a_failed_entry_span_without_details_takes_those_of_the_span_with_the_longest_stack() -> None:
    record = v04(
        [
            entry(1, error=1),
            span(2, 1),
            span(3, 2, error=1, meta=failed(frames=3)),
            span(4, 3, error=1, meta=failed(frames=2)),
            span(5, 4, error=1, meta=failed(frames=1)),
        ]
    )

    (event,) = errors(record)

    assert event.error_stack.count("File") == 3
    assert (event.span_id[-1], event.attributes["failing_span"]["span_id"][-1]) == ("1", "3")
    assert reasons(record) == {NotAnError.SPAN_OK: 1, NotAnError.PASSED_ON: 3}


def test_the_uncaught_failure_is_the_highest_one_not_one_that_was_caught_further_in() -> None:
    inner = span(5, 3, error=1, start=START + 4_000_000, duration=900_000, meta=failed("TimeoutError", frames=9))
    record = v04([entry(1, error=1), span(2, 1), span(3, 2, error=1, meta=failed()), span(4, 2), inner])

    assert types(record) == ["ValueError"]
    assert reasons(record)[NotAnError.NOT_ENTRY_SPAN] == 1


def test_among_equally_high_failures_the_last_one_made_the_request_fail() -> None:
    first = span(2, 1, error=1, duration=1_000_000, meta=failed("KeyError", frames=9))
    last = span(3, 1, error=1, start=START + 2_000_000, meta=failed("RenderError"))

    assert types(v04([entry(1, error=1), first, last])) == ["RenderError"]
    assert types(v04([last, entry(1, error=1), first])) == ["RenderError"]


@pytest.mark.parametrize("kind", ["client", "producer"])
def test_a_drivers_span_tells_nothing_of_its_caller(kind: str) -> None:
    outgoing = span(2, 1, error=1, meta={**failed("OperationalError"), "span.kind": kind})

    record = v04([entry(1, error=1), outgoing])

    assert errors(record) == []
    assert reasons(record) == {NotAnError.NO_STACK: 1, NotAnError.NOT_ENTRY_SPAN: 1}


def test_a_drivers_span_is_no_entry_of_a_service_though_it_is_marked() -> None:
    driver = span(
        2, 1, service="postgres", error=1, metrics=TOP,
        meta={**failed("OperationalError"), "span.kind": "client", "_dd.base_service": "shop"},
    )  # fmt: skip

    assert types(v04([entry(1, error=1, meta=failed()), driver])) == ["ValueError"]
    assert errors(v04([entry(1), driver])) == []


def test_a_failed_call_with_nothing_above_it_belongs_to_the_service_that_made_it() -> None:
    call = entry(
        1, service="postgres", error=1, meta={**failed(), "span.kind": "client", "_dd.base_service": "nightly"}
    )

    (event,) = errors(v04([call]))

    assert event.service == "nightly"


def test_a_failed_call_with_nothing_above_it_and_only_a_drivers_stack_says_nothing_of_the_program() -> None:
    stack = "Error: connect ECONNREFUSED\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)"
    meta = {"error.type": "Error", "error.message": "connect ECONNREFUSED", "error.stack": stack}

    record = v04([entry(1, error=1, meta={**meta, "span.kind": "client"})])

    assert errors(record) == []
    assert reasons(record) == {NotAnError.NOT_ENTRY_SPAN: 1}


def test_another_service_below_has_an_error_of_its_own() -> None:
    below = span(2, 1, service="ledger", error=1, metrics=TOP, meta=failed("LedgerError"))
    record = v04([entry(1, error=1, meta=failed()), below])

    assert {(event.service, event.error_type) for event in errors(record)} == {
        ("shop", "ValueError"),
        ("ledger", "LedgerError"),
    }


def test_a_failure_that_passes_through_two_services_of_one_program_counts_at_the_outer_one() -> None:
    inner = span(2, 1, service="shop-worker", error=1, metrics=TOP, meta=failed("shop.Declined"))
    outer = entry(1, error=1, meta=failed("Declined"))

    for spans in ([outer, inner], [inner, outer]):
        record = v04(spans)
        assert [event.service for event in errors(record)] == ["shop"]
        assert reasons(record) == {NotAnError.PASSED_ON: 1}


@pytest.mark.parametrize(
    ("meta", "metrics", "handling"),
    [
        ({"http.status_code": "200"}, {}, "handled"),
        ({"http.status_code": "404"}, {}, "handled"),
        ({"http.status_code": "500"}, {}, "unhandled"),
        ({"http.status_code": "9999"}, {}, "unhandled"),
        ({}, {"http.status_code": 400}, "handled"),
        ({}, {"http.status_code": 503.0}, "unhandled"),
        ({"grpc.status.code": "NOT_FOUND"}, {}, "handled"),
        ({"grpc.status.code": "StatusCode.OK"}, {}, "handled"),
        ({"rpc.grpc.status_code": "13"}, {}, "unhandled"),
        ({}, {"rpc.grpc.status_code": 5}, "handled"),
        ({"error.type": "StatusCode.NOT_FOUND"}, {}, "handled"),
        ({"error.type": "StatusCode.UNKNOWN"}, {}, "unhandled"),
        ({}, {}, "unhandled"),
    ],
)
def test_an_error_is_handled_where_a_span_above_reports_success_or_the_clients_mistake(
    meta: dict[str, str], metrics: dict[str, float], handling: str
) -> None:
    above = entry(1, meta=meta, metrics={**TOP, **metrics})
    below = span(2, 1, service="ledger", error=1, metrics=TOP, meta=failed())

    (event,) = errors(v04([above, below]))

    assert event.error_handling == handling


def test_without_marks_an_entry_span_is_one_whose_parent_is_absent_or_of_another_service() -> None:
    spans = [
        span(1, 77, error=1, meta=failed("Topmost")),
        span(2, 1, error=1, meta=failed("Child")),
        span(3, 1, service="ledger", error=1, meta=failed("Other")),
        span(4, 3, service="ledger", error=1, meta=failed("OtherChild")),
    ]

    assert types(v04(spans)) == ["Topmost", "Other"]


def test_a_service_that_calls_itself_begins_anew_behind_the_call() -> None:
    spans = [
        span(1, error=1, meta={**failed("Outer"), "span.kind": "server"}),
        span(2, 1, error=1, meta={**failed("Call"), "span.kind": "client"}),
        span(3, 2, error=1, meta={**failed("Inner"), "span.kind": "server"}),
    ]

    assert types(v04(spans)) == ["Outer", "Inner"]


def test_a_marking_tracer_leaves_the_other_end_of_a_programs_own_call_unmarked() -> None:
    call = entry(1, error=1, meta={"span.kind": "client", "http.status_code": "400"})
    failed_end = span(2, 1, error=1, meta={**failed("Inner"), "span.kind": "server"})
    refused_end = span(2, 1, meta={"span.kind": "server", "http.status_code": "400"})
    parser = span(3, 2, error=1, meta=failed("SyntaxError"))

    assert types(v04([call, failed_end])) == ["Inner"]
    assert types(v04([failed_end], [entry(9, trace_id=2)])) == ["Inner"]
    assert types(v04([call, refused_end, parser])) == []
    assert types(v04([call, span(3, 1, error=1, meta=failed("Listener"))])) == []


def test_a_tracer_that_marks_entry_spans_is_believed_about_those_without_a_mark() -> None:
    orphan = span(5, 77, error=1, meta=failed())
    plain = v04([orphan])
    marking = WireRecord(RECEIVED_AT, plain.path, "", {"datadog-client-computed-top-level": "true"}, plain.body)

    assert types(plain) == ["ValueError"]
    assert errors(marking) == []
    assert errors(v04([orphan], [entry(1, trace_id=2)])) == []


def test_pieces_of_one_trace_in_one_request_belong_together() -> None:
    record = v04([span(2, 1, error=1, meta=failed())], [entry(1, error=1)])

    assert types(record) == ["ValueError"]


def test_parents_in_a_ring_end() -> None:
    ring = [span(1, 2, error=1, meta=failed()), span(2, 1, error=1, meta=failed()), span(3, 3, error=1)]

    assert sum(reasons(v04(ring)).values()) + len(errors(v04(ring))) == 3


def test_an_error_without_frames_counts_by_type_and_message() -> None:
    meta = {"error.type": "AggregateError", "error.message": "All", "error.stack": "AggregateError: All"}

    (event,) = errors(v04([entry(1, error=1, meta=meta)]))

    assert event.error_stack == "AggregateError: All"


@pytest.mark.parametrize("as_text", [True, False])
def test_a_noted_exception_is_an_error_that_was_handled(as_text: bool) -> None:
    events = [noted(**{"shop.fallback": True}), {"name": "log", "attributes": {}}]
    meta = {"events": json.dumps(events)} if as_text else {}
    below = span(2, 1, meta=meta, **({} if as_text else {"span_events": events}))
    record = v04([entry(1, meta={"usr.id": "ann", "version": "3", "_dd.p.tid": "00000000000000aa"}), below])

    (event,) = errors(record)

    assert (event.entry, event.error_handling, event.usr_id, event.version) == (2, "handled", "ann", "3")
    assert (event.timestamp, event.span_id[-1], event.trace_id[:16]) == (START // 10**6, "2", "00000000000000aa")
    assert event.attributes["shop.fallback"] is True
    assert event.identity == "span:0000000000000001:0000000000000002:0"
    assert not event.attributes.keys() & {"events", "exception.stacktrace"}


def test_attributes_of_noted_exceptions_may_carry_their_types() -> None:
    typed = noted()
    typed["attributes"] = {name: {"type": 0, "string_value": text} for name, text in typed["attributes"].items()}
    typed["attributes"] |= {
        "n": {"type": 2, "int_value": 7},
        "list": {
            "type": 4,
            "array_value": {"values": [{"type": 1, "bool_value": True}, {"type": 3, "double_value": 0.5}]},
        },
    }

    (event,) = errors(v04([entry(1, span_events=[typed])]))

    assert event.error_type == "ValueError"
    assert (event.attributes["n"], event.attributes["list"]) == (7, [True, 0.5])


def test_two_exceptions_noted_in_one_span_are_two_errors_though_they_are_alike() -> None:
    record = v04([entry(1, span_events=[noted(at=START), noted(at=START + 5)])])

    assert [event.identity[-2:] for event in errors(record)] == [":0", ":1"]
    assert len({event.entry for event in errors(record)}) == 2


def test_an_exception_told_both_ways_is_one() -> None:
    record = v04([entry(1, meta={"events": json.dumps([noted()])}, span_events=[noted()])])

    assert types(record) == ["ValueError"]


def test_an_exception_noted_on_its_way_out_is_one_error() -> None:
    record = v04(
        [
            entry(1, span_events=[noted(at=START + 2)]),
            span(2, 1),
            span(3, 2, span_events=[noted()]),
            span(4, 1, span_events=[noted(at=START + 9)]),
        ]
    )

    assert [event.span_id[-1] for event in errors(record)] == ["3", "4"]
    assert reasons(record)[NotAnError.PASSED_ON] == 1


def test_a_noted_exception_that_then_made_the_entry_span_fail_is_that_one_error() -> None:
    record = v04([entry(1, error=1, meta=failed("shop.Declined")), span(2, 1, span_events=[noted("Declined")])])

    assert [event.error_handling for event in errors(record)] == ["unhandled"]


def test_a_noted_exception_without_a_stack_counts_for_nothing() -> None:
    bare = {"name": "exception", "attributes": {"exception.type": "E", "exception.message": "m"}}
    record = v04([entry(1, span_events=[bare])])

    assert errors(record) == []
    assert reasons(record) == {NotAnError.NO_STACK: 1}


@pytest.mark.parametrize(
    "text", ["exception", '[{"name":"exception"', "{}", '"exception"', '[5,{"name":"exception","attributes":7}]']
)
def test_a_tag_named_events_that_holds_something_else_is_no_harm(text: str) -> None:
    assert errors(v04([entry(1, meta={"events": text})])) == []


def test_a_span_without_a_version_has_that_of_its_program() -> None:
    other = span(2, 1, service="ledger", error=1, metrics=TOP, meta=failed())

    (event,) = errors(v04([entry(1, meta={"version": "9"}), other]))

    assert event.version == "9"


def test_tags_become_attributes_and_the_tracers_own_stay_out() -> None:
    meta = {
        **failed(), "http.url": "http://a/b", "_dd.origin": "x", "_dd.git.commit.sha": "3f2c", "git.repository_url": "r",
        "runtime-id": "77", "component": "flask", "error.fingerprint": " mine ", "_dd.hostname": "web-1",
        "usr.session_id": "s-1", "usr.email": "a@b", "usr.name": "Ann",
    }  # fmt: skip
    metrics = {**TOP, "process_id": 7.0, "share": 0.5, "_sampling_priority_v1": 1}

    (event,) = errors(v05([entry(1, error=1, meta=meta, metrics=metrics)]))

    assert event.attributes == {
        "http.url": "http://a/b", "git.commit.sha": "3f2c", "git.repository_url": "r", "runtime-id": "77",
        "component": "flask", "process_id": 7, "share": 0.5, "resource": "GET /", "name": "work", "type": "web",
        "duration": 5_000_000,
    }  # fmt: skip
    assert (event.error_fingerprint, event.host, event.session_id) == (" mine ", "web-1", "s-1")
    assert (event.usr_email, event.usr_name) == ("a@b", "Ann")


@pytest.mark.parametrize(
    ("ids", "identity"),
    [((0, 1), ""), ((1, 0), ""), ((2**64 - 1, 2), f"span:{'f' * 16}:{2:016x}")],
)
def test_a_span_is_named_by_its_ids(ids: tuple[int, int], identity: str) -> None:
    (event,) = errors(v04([entry(1, trace_id=ids[0], error=1, meta=FAILED) | {"span_id": ids[1]}]))

    assert event.identity == identity


@pytest.mark.parametrize("start", [0, -5, 2**62, "never", 10**400])
def test_a_time_that_none_can_be_is_left_to_the_arrival(start: object) -> None:
    body = v04([entry(1, error=1, meta=FAILED)])
    if not isinstance(start, int) or start < 2**63:
        body = v04([entry(1, error=1, meta=FAILED) | {"start": start}])
    else:
        text = json.dumps([[entry(1, error=1, meta=FAILED) | {"start": start}]]).encode()
        body = WireRecord(RECEIVED_AT, "/v0.4/traces", "", {"content-type": "application/json"}, text)

    (event,) = errors(body)

    assert event.timestamp is None or isinstance(start, int)
    assert msgspec.json.encode(event)


def test_the_same_bytes_give_the_same_answer() -> None:
    record = v04(
        [entry(1, error=1, span_events=[noted("E")]), span(2, 1, error=1, meta=failed())], [entry(4, trace_id=3)]
    )

    assert decode(record) == decode(record)
    assert len({one.entry for one in decode(record) if isinstance(one, Event)}) == 2
