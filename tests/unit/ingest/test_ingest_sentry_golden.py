"""Sentry events of old and rarer SDKs, and what they become, side by side under tests/golden/sentry.

Written by hand from Sentry's documentation and the sources of its clients. To add one, write `<name>.request.json`
(`about`, `path`, `headers`, `event`) and run the tests with ERRATA_GOLDEN=rewrite; the written `<name>.events.json` is
then reviewed like code.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from errata.events.model import Event
from errata.grouping.versions import group
from errata.ingest.wire.model import WireRecord
from errata.ingest.wire.sentry import decode

GOLDEN = Path(__file__).parents[2] / "golden" / "sentry"
RECEIVED_AT = 1795191610000
PLAIN = {"received_at": RECEIVED_AT, "track": "logs", "intake": "sentry", "entry": 0, "source": "sentry-sdk"}


def _record(path: Path) -> WireRecord:
    said = json.loads(path.read_text())
    event = json.dumps(said["event"]).encode()
    body = event if said["path"].endswith("/store/") else b'{}\n{"type":"event"}\n' + event
    return WireRecord(RECEIVED_AT, said["path"], "", said["headers"], body)


def _shown(event: Event) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(msgspec.json.encode(event))
    assert {name: said.pop(name) for name in PLAIN} == PLAIN
    shown = {name: value for name, value in said.items() if value not in ("", None, False, [], {})}
    place = group(event, None)
    return {**shown, "shown as": [place.error_type, place.file_path, place.function_name]}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.request.json")), ids=lambda path: path.name.split(".")[0])
def test_an_event_becomes_what_stands_beside_it(path: Path) -> None:
    expected = path.with_name(path.name.replace(".request.", ".events."))

    (found,) = decode(_record(path))

    assert isinstance(found, Event)
    got = _shown(found)
    if os.environ.get("ERRATA_GOLDEN") == "rewrite":
        expected.write_text(json.dumps(got, indent=2, ensure_ascii=False) + "\n")
    assert got == json.loads(expected.read_text())


def test_every_expectation_has_its_request() -> None:
    names = {path.name.split(".")[0] for path in GOLDEN.glob("*.request.json")}

    assert {path.name.split(".")[0] for path in GOLDEN.glob("*.events.json")} == names
