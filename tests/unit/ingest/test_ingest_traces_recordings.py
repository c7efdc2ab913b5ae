"""Recorded requests of Datadog's tracers for Python and Node, held against what their programs say went wrong."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from pathlib import Path
from uuid import UUID

import pytest

from errata.events.model import Event, NotAnError, Track
from errata.events.qualify import Qualified, qualify
from errata.grouping.versions import group
from errata.ingest.wire import datadog_errors, datadog_traces
from errata.ingest.wire.model import Found, Ignored, WireRecord
from errata.ingest.wire.trace_payloads import count_spans, version_of
from errata.stacks.find import find_in_text
from errata.stacks.parse import parse

PAYLOADS = Path(__file__).parents[2] / "payloads"
CASES = json.loads((PAYLOADS / "tracer-truth.json").read_text())["cases"]
RECEIVED_AT = 1795192948670


def record_of(file: str) -> WireRecord:
    path = PAYLOADS / file
    said = json.loads(path.read_text())
    body = base64.b64decode(said.get("body_base64", ""))
    if "body_file" in said:
        body = (path.parent / said["body_file"]).read_bytes()
    headers = {name.lower(): value for name, value in said["headers"].items()}
    return WireRecord(RECEIVED_AT, said["path"], said["query"] or "", headers, body)


READ = [file for file in CASES if record_of(file).path not in ("/info", "/v0.7/config")]
TRACES = [file for file in READ if version_of(record_of(file).path)]


def decoded(file: str) -> list[Found]:
    return list((datadog_traces if file in TRACES else datadog_errors).decode(record_of(file)))


def errors_of(file: str) -> list[Qualified]:
    verdicts = [qualify(one, parse, find_in_text) for one in decoded(file) if isinstance(one, Event)]
    assert all(isinstance(verdict, Qualified) for verdict in verdicts)
    return [verdict for verdict in verdicts if isinstance(verdict, Qualified)]


@pytest.mark.parametrize("file", READ)
def test_a_recording_yields_exactly_the_errors_of_its_program(file: str) -> None:
    errors = [one.event for one in errors_of(file)]

    expected = CASES[file]["expected"]
    assert [
        (e.service, e.env, e.version or None, e.usr_id or None, e.session_id or None, e.is_crash) for e in errors
    ] == [(e["service"], e["env"], e["version"], e["user_id"], e["session_id"], e["is_crash"]) for e in expected]
    for error, truth in zip(errors, expected, strict=True):
        assert error.error_type.rpartition(".")[2] == truth["error_type"]
        assert (truth.get("message_contains") or truth["message"]) in error.error_message
        assert error.track is Track.TRACE
        assert error.identity
        assert error.timestamp is not None


@pytest.mark.parametrize("file", READ)
def test_the_place_of_an_error_is_the_programs_own(file: str) -> None:
    for one, truth in zip(errors_of(file), CASES[file]["expected"], strict=True):
        place = group(one.event, one.trace)
        wanted = truth["top_in_app_frame"]
        if wanted is None:
            assert not place.function_name
            continue
        assert place.has_in_app
        assert place.file_path.endswith(wanted["file"].rpartition("/")[2])
        assert place.function_name.rpartition(".")[2] == wanted["function"].rpartition(".")[2]


def test_equal_bugs_share_a_fingerprint_and_others_do_not() -> None:
    prints: dict[str, set[UUID]] = defaultdict(set)
    must: set[str] = set()
    for file in READ:
        for one, truth in zip(errors_of(file), CASES[file]["expected"], strict=True):
            if truth["match"] == "must":
                must.add(truth["group"])
                prints[truth["group"]].add(group(one.event, one.trace).fingerprint)

    assert {name: len(found) for name, found in prints.items()} == dict.fromkeys(must, 1)
    assert len(set.union(*prints.values())) == len(must)


@pytest.mark.parametrize("file", [file for file in READ if CASES[file]["expected"]])
def test_handled_is_what_was_recorded_by_hand_or_answered(file: str) -> None:
    (truth,) = CASES[file]["expected"]
    (one,) = errors_of(file)

    if "search-regexp" in file:  # caught, and answered with 502: the spans do not tell it from an uncaught error
        assert one.event.error_handling == "unhandled"
    else:
        assert one.event.error_handling == ("handled" if truth["handled"] else "unhandled")


@pytest.mark.parametrize("file", TRACES)
def test_every_span_is_accounted_for(file: str) -> None:
    record = record_of(file)
    found = decoded(file)

    own = sum(isinstance(one, Event) and one.error_handling == "unhandled" for one in found)
    noting = sum(isinstance(one, Event) and one.error_handling == "handled" for one in found)
    spans = count_spans(record.body, version_of(record.path), is_json=False)
    assert spans == own + noting + sum(one.count for one in found if isinstance(one, Ignored))


@pytest.mark.parametrize("file", [file for file in TRACES if CASES[file]["expected"]])
def test_a_failure_on_several_spans_is_one_and_the_others_passed_it_on(file: str) -> None:
    (truth,) = CASES[file]["expected"]
    passed = sum(one.count for one in decoded(file) if isinstance(one, Ignored) and one.reason is NotAnError.PASSED_ON)

    if "spans_carrying_it" in truth:
        drivers = 1 if "db-no-table" in file else 0  # there the driver words it in its own way
        assert passed == truth["spans_carrying_it"] - drivers


def test_a_crash_is_one_error_and_its_pings_are_none() -> None:
    files = [file for file in READ if "crash-segv" in file or "uncaught" in file]
    outcomes = [one for file in files for one in decoded(file)]

    assert [one.identity for one in outcomes if isinstance(one, Event)] == [
        "crash:1db96fca-3375-4784-9ceb-f524f8ee91b0",
        "crash:a5f8fc74-53fe-44b9-8d04-291cf3641c95",
    ]
    assert [one.reason for one in outcomes if isinstance(one, Ignored)] == [NotAnError.CRASH_PING] * 3


def test_start_up_telemetry_is_no_error() -> None:
    for file in READ:
        if "startup" in file:
            (only,) = decoded(file)
            assert isinstance(only, Ignored)
            assert only.reason is NotAnError.TELEMETRY
