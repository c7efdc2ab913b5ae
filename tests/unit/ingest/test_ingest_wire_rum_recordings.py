"""Recorded requests of the browser SDKs (RUM and logs), held against what their program says went wrong."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from pathlib import Path
from uuid import UUID

import pytest

from errata.events.model import Event, NotAnError, Platform, Track
from errata.events.qualify import Qualified, qualify
from errata.grouping.versions import group
from errata.ingest.inflate import inflate
from errata.ingest.request import read_query
from errata.ingest.wire import datadog_logs, datadog_rum
from errata.ingest.wire.model import Ignored, WireRecord
from errata.stacks.find import find_in_text
from errata.stacks.parse import parse

PAYLOADS = Path(__file__).parents[2] / "payloads"
CASES = json.loads((PAYLOADS / "browser-truth.json").read_text())["cases"]
RUM = [file for file in CASES if file.startswith("browser-rum/")]
RECEIVED_AT = 1795192030543


def record_of(file: str) -> WireRecord:
    said = json.loads((PAYLOADS / file).read_text())
    query = read_query(said["query"].encode())
    headers = {name.lower(): value for name, value in said["headers"].items()}
    body = inflate(base64.b64decode(said["body_base64"]), query.encoding, 5 << 20)
    return WireRecord(RECEIVED_AT, said["path"], query.kept, headers, body)


def errors_of(file: str) -> list[Qualified]:
    decode = datadog_rum.decode if file in RUM else datadog_logs.decode
    verdicts = [qualify(one, parse, find_in_text) for one in decode(record_of(file)) if isinstance(one, Event)]
    return [verdict for verdict in verdicts if isinstance(verdict, Qualified)]


@pytest.mark.parametrize("file", CASES)
def test_a_recording_yields_exactly_the_errors_of_its_page(file: str) -> None:
    errors = [one.event for one in errors_of(file)]

    expected = CASES[file]["expected"]
    assert [
        (e.service, e.env, e.version, e.error_type or None, e.usr_id or None, e.session_id, e.is_crash) for e in errors
    ] == [
        (e["service"], e["env"], e["version"], e["error_type"], e["user_id"], e["session_id"], e["is_crash"])
        for e in expected
    ]
    for error, truth in zip(errors, expected, strict=True):
        assert (truth.get("message_contains") or truth["message"]) in error.error_message
        assert error.error_handling == ("handled" if truth["handled"] else "unhandled")
        assert [cause.type for cause in error.causes] == truth.get("caused_by", [])


@pytest.mark.parametrize("file", CASES)
def test_an_error_of_a_recording_is_of_the_browser(file: str) -> None:
    for one in errors_of(file):
        event = one.event
        assert (event.platform, event.language, event.source) == (Platform.BROWSER, "javascript", "browser")
        assert event.track is (Track.RUM if file in RUM else Track.LOGS)
        assert "sdk_version:7.16.2" in event.tags
        assert event.timestamp is not None
        assert event.usr_anonymous_id
        assert str(event.attributes["view"]).count("http://shop.example/")
        assert not event.cut


def test_equal_bugs_of_one_build_share_a_fingerprint_and_others_do_not() -> None:
    prints: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for file in CASES:
        for one, truth in zip(errors_of(file), CASES[file]["expected"], strict=True):
            build = (truth["group"], truth["version"])
            prints[build].add(group(one.event, one.trace).fingerprint)

    assert {build: len(found) for build, found in prints.items()} == dict.fromkeys(prints, 1)
    groups = {name for name, _ in prints}
    assert len({next(iter(found)) for (name, version), found in prints.items() if version == "1.0.0"}) == len(groups)


@pytest.mark.parametrize("file", RUM)
def test_what_is_no_error_is_counted_by_kind(file: str) -> None:
    outcomes = datadog_rum.decode(record_of(file))

    ignored = [one for one in outcomes if isinstance(one, Ignored)]
    assert {one.reason for one in ignored} == {NotAnError.RUM_KIND}
    assert {one.what for one in ignored} >= {"RUM events: view", "RUM events: action", "RUM events: resource"}
    lines = record_of(file).body.splitlines()
    assert sum(one.count for one in ignored) + len(CASES[file]["expected"]) == len(lines)


@pytest.mark.parametrize("file", RUM)
def test_an_error_alone_is_the_same_error(file: str) -> None:
    record = record_of(file)
    (event,) = [one for one in datadog_rum.decode(record) if isinstance(one, Event)]

    (again,) = datadog_rum.decode(
        WireRecord(RECEIVED_AT, record.path, record.query, record.headers, datadog_rum.alone(record, event.entry))
    )

    assert isinstance(again, Event)
    assert (again.identity, again.error_message, again.usr_id) == (event.identity, event.error_message, event.usr_id)
