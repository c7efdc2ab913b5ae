"""Requests that Sentry's SDKs sent when real programs failed, held against what the programs say went wrong."""

from __future__ import annotations

import base64
import gzip
import json
from itertools import combinations
from pathlib import Path

import msgspec
import pytest

from errata.events.model import Event, NotAnError, Platform
from errata.events.qualify import Qualified, qualify
from errata.events.scrub import scrub
from errata.grouping.versions import Grouping, group
from errata.ingest.wire.model import Ignored, Reject, WireRecord
from errata.ingest.wire.sentry import alone, decode
from errata.stacks.find import find_in_text
from errata.stacks.parse import parse

PAYLOADS = Path(__file__).parents[2] / "payloads"
CASES = json.loads((PAYLOADS / "sentry-truth.json").read_text())["cases"]
ERRORS = {file: case["expected"][0] for file, case in CASES.items() if case["expected"][0]["group"]}
OTHERS = {
    "sentry-python/item-sessions.http.json": NotAnError.SENTRY_SESSION,
    "sentry-python/item-log.http.json": NotAnError.SENTRY_LOG,
    "sentry-python/item-client-report.http.json": NotAnError.SENTRY_CLIENT_REPORT,
    "sentry-python/item-transaction.http.json": NotAnError.SENTRY_TRANSACTION,
    "sentry-browser/item-session.http.json": NotAnError.SENTRY_SESSION,
}
RECEIVED_AT = 1795192030543


def record_of(file: str) -> WireRecord:
    said = json.loads((PAYLOADS / file).read_text())
    headers = {name.lower(): value for name, value in said["headers"].items()}
    body = base64.b64decode(said["body_base64"])
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return WireRecord(RECEIVED_AT, said["path"], said["query"], headers, body)


def error_of(file: str) -> Event:
    (found,) = decode(record_of(file))
    assert isinstance(found, Event)
    verdict = qualify(found, parse, find_in_text)
    assert isinstance(verdict, Qualified)
    return verdict.event


def grouping_of(file: str) -> Grouping:
    return group(error_of(file), None)


@pytest.mark.parametrize("file", ERRORS)
def test_a_recorded_event_is_the_error_of_its_program(file: str) -> None:
    truth = ERRORS[file]

    event = error_of(file)

    assert (event.service, event.env, event.version) == (truth["service"], truth["env"], truth["version"])
    assert event.error_type == (truth["error_type"] or "Message")
    assert event.error_message == truth["message"]
    assert (event.usr_id or None, event.is_crash) == (truth["user_id"], truth["is_crash"])
    assert event.error_handling == (("handled" if truth["handled"] else "unhandled") if truth["error_type"] else "")
    assert "caused_by" not in truth or [cause.type for cause in event.causes] == truth["caused_by"]
    assert len(event.identity.partition("/")[2]) == 32
    assert not event.cut


@pytest.mark.parametrize("file", [file for file in ERRORS if ERRORS[file]["top_in_app_frame"]])
def test_the_place_of_a_recorded_event_is_its_programs_innermost_call(file: str) -> None:
    truth = ERRORS[file]["top_in_app_frame"]

    event = error_of(file)

    place = next(frame for frame in event.frames if frame.in_app is not False)
    if ERRORS[file].get("needs_sourcemap"):
        assert place.file.endswith(".min.js")
        assert place.column is not None
    else:
        assert (place.function, place.file, place.line) == (truth["function"], truth["file"], truth["line"])
        assert grouping_of(file).file_path == truth["file"]
        assert grouping_of(file).function_name == truth["function"]


def test_recordings_of_one_bug_share_a_fingerprint_and_others_do_not() -> None:
    must = [file for file in ERRORS if ERRORS[file]["match"] != "may"]

    for one, other in combinations(must, 2):
        same_bug = ERRORS[one]["group"] == ERRORS[other]["group"]
        assert (grouping_of(one).fingerprint == grouping_of(other).fingerprint) == same_bug, (one, other)


@pytest.mark.parametrize("file", OTHERS)
def test_an_item_that_is_no_error_is_counted_by_its_kind(file: str) -> None:
    found = decode(record_of(file))

    assert [(one.reason, one.count) for one in found if isinstance(one, Ignored)] == [(OTHERS[file], 1)]
    assert len(found) == 1


def test_every_recording_is_held_against_its_truth() -> None:
    assert {*ERRORS, *OTHERS} == set(CASES)


def test_a_recorded_stack_reads_like_one_of_its_language() -> None:
    python = error_of("sentry-python/zero-division-a.http.json")
    node = error_of("sentry-node/route-undefined-a.http.json")

    assert python.error_stack.startswith("Traceback (most recent call last):\n  File ")
    assert python.error_stack.endswith(
        '  File "/srv/orders/orders.py", line 10, in discount\n'
        '    return order["total"] * (100 - percent) / order["items"]\n'
        "ZeroDivisionError: division by zero"
    )
    assert node.error_stack.startswith(
        "TypeError: Cannot read properties of undefined (reading 'upstream')\n"
        "    at Router.resolve (/srv/gateway/router.js:14:29)\n"
    )
    for event in (python, node):
        trace = parse(event.error_stack, event.language)
        assert trace is not None
        assert group(event, None).fingerprint == group(_without_frames(event), trace).fingerprint


def _without_frames(event: Event) -> Event:
    values = {name: getattr(event, name) for name in event.__struct_fields__}
    return Event(**{**values, "frames": ()})


def test_the_page_of_an_event_has_its_trail_and_request_and_no_variables() -> None:
    event = error_of("sentry-python/zero-division-a.http.json")

    assert event.details["breadcrumbs"][0]["message"] == "opened /discount/10"
    assert event.details["request"]["headers"]["X-User"] == "ann"
    assert event.details["modules"]["flask"] == "3.1.3"
    assert event.details["sources"][0]["after"][2] == "def find_customer(customers, cid):"
    assert "vars" not in repr(event.details)
    assert "percent'" not in repr(event.details)


def test_what_a_search_asks_for_stands_in_attributes_and_tags() -> None:
    event = error_of("sentry-python/zero-division-a.http.json")

    assert event.attributes["http"]["url"] == "http://localhost/discount/10"
    assert event.attributes["http"]["method"] == "GET"
    assert event.attributes["transaction"] == "discount"
    assert event.attributes["runtime"] == {"name": "CPython", "version": "3.11.7"}
    assert event.attributes["network"] == {"client": {"ip": "192.0.2.7"}}
    assert event.attributes["mechanism"] == "flask"
    assert event.tags == ("service:orders", "tenant:acme")
    assert (event.host, event.usr_email) == ("web-1", "ann@example.org")
    assert (event.trace_id, event.span_id) == ("721f358d40c643578bb07db895e1543c", "8746c2060afacbec")


def test_platform_and_language_are_told_by_the_sdk() -> None:
    seen = {file.split("/")[0]: (e.platform, e.language) for file in ERRORS for e in [error_of(file)]}

    assert seen == {
        "sentry-python": (Platform.BACKEND, "python"),
        "sentry-node": (Platform.BACKEND, "javascript"),
        "sentry-browser": (Platform.BROWSER, "javascript"),
    }


@pytest.mark.parametrize("file", ERRORS)
def test_an_event_alone_in_an_envelope_is_the_same_event(file: str) -> None:
    record = record_of(file)
    (whole,) = decode(record)
    assert isinstance(whole, Event)

    (again,) = decode(WireRecord(RECEIVED_AT, record.path, record.query, record.headers, alone(record, whole.entry)))

    assert not isinstance(again, Reject)
    assert again == whole


@pytest.mark.parametrize("file", ERRORS)
def test_the_key_of_the_dsn_is_in_nothing_that_is_stored(file: str) -> None:
    assert b"0123456789abcdef0123456789abcdef" not in msgspec.json.encode(scrub(error_of(file)))
