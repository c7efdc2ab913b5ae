"""What OpenTelemetry's SDKs sent when real programs failed, held against what the programs say went wrong."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest

from errata.events.model import Event, Status
from errata.events.qualify import Qualified, qualify
from errata.ingest.wire.model import Ignored, WireRecord
from errata.ingest.wire.otlp import decode
from errata.stacks.find import find_in_text
from errata.stacks.parse import parse

PAYLOADS = Path(__file__).parents[2] / "payloads"
CASES = json.loads((PAYLOADS / "otlp-truth.json").read_text())["cases"]
RECEIVED_AT = 1795192030543


def record_of(file: str) -> WireRecord:
    said = json.loads((PAYLOADS / file).read_text())
    headers = {name.lower(): value for name, value in said["headers"].items()}
    body = base64.b64decode(said["body_base64"])
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return WireRecord(RECEIVED_AT, said["path"], said["query"], headers, body)


def errors_of(file: str) -> list[Event]:
    verdicts = [qualify(found, parse, find_in_text) for found in decode(record_of(file)) if isinstance(found, Event)]
    return [verdict.event for verdict in verdicts if isinstance(verdict, Qualified)]


@pytest.mark.parametrize("file", CASES)
def test_an_otlp_recording_yields_exactly_the_errors_of_its_program(file: str) -> None:
    expected = [error for error in CASES[file]["expected"] if error["group"]]

    errors = errors_of(file)

    assert [
        (e.service, e.env, e.version, e.error_type.split(".")[-1], e.error_message, e.usr_id or None, e.is_crash)
        for e in errors
    ] == [
        (e["service"], e["env"], e["version"], e["error_type"], e["message"], e["user_id"], e["is_crash"])
        for e in expected
    ]


@pytest.mark.parametrize("file", CASES)
def test_an_otlp_error_carries_stack_status_language_and_time(file: str) -> None:
    for error in errors_of(file):
        assert error.status is Status.ERROR
        assert error.language == ("javascript" if "-js/" in file else "python")
        assert error.error_type in error.error_stack
        assert error.timestamp is not None
        assert abs(error.timestamp - RECEIVED_AT) < 3_600_000
        assert not error.cut


def test_the_spans_around_a_failure_are_told_as_such() -> None:
    ignored = [
        one for one in decode(record_of("opentelemetry-python/span-nested.http.json")) if isinstance(one, Ignored)
    ]

    assert [(one.reason.value, one.count) for one in ignored] == [("same_failure_on_another_span", 2)]
