"""Recorded requests of real clients, held against what their programs say went wrong."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from pathlib import Path

import pytest

from errata.events.model import Event, Status
from errata.events.qualify import Qualified, qualify
from errata.ingest.wire.datadog_logs import decode
from errata.ingest.wire.model import WireRecord
from errata.stacks.find import find_in_text
from errata.stacks.parse import parse

PAYLOADS = Path(__file__).parents[2] / "payloads"
CASES = json.loads((PAYLOADS / "truth.json").read_text())["cases"]
RECEIVED_AT = 1795192030543
UNPACK = {"": bytes, "gzip": gzip.decompress, "deflate": zlib.decompress}


def record_of(file: str) -> WireRecord:
    said = json.loads((PAYLOADS / file).read_text())
    headers = {name.lower(): value for name, value in said["headers"].items()}
    body = UNPACK[headers.get("content-encoding", "")](base64.b64decode(said["body_base64"]))
    return WireRecord(RECEIVED_AT, said["path"], said["query"], headers, body)


def errors_of(file: str) -> list[Event]:
    outcomes = decode(record_of(file))
    assert all(isinstance(outcome, Event) for outcome in outcomes)
    verdicts = [qualify(outcome, parse, find_in_text) for outcome in outcomes if isinstance(outcome, Event)]
    return [verdict.event for verdict in verdicts if isinstance(verdict, Qualified)]


@pytest.mark.parametrize("file", CASES)
def test_a_recording_yields_exactly_the_errors_of_its_program(file: str) -> None:
    expected = [error for error in CASES[file]["expected"] if error["group"]]

    errors = errors_of(file)

    assert [
        (e.service, e.env, e.version, e.error_type, e.error_message, e.usr_id or None, e.is_crash) for e in errors
    ] == [
        (e["service"], e["env"], e["version"], e["error_type"], e["message"], e["user_id"], e["is_crash"])
        for e in expected
    ]


@pytest.mark.parametrize("file", CASES)
def test_an_error_of_a_recording_carries_its_stack_status_and_language(file: str) -> None:
    for error in errors_of(file):
        assert error.status is Status.ERROR
        assert error.host == "web-1"
        assert error.language == ("java" if "java" in file else "python")
        assert error.error_type in error.error_stack
        assert not error.cut
