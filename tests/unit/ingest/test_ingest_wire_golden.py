"""Requests and the events that they become, side by side under tests/golden/wire.

To add one, write `<name>.request.json` (`about`, `query`, `headers`, and `body` as JSON or `body_text`) and run the
tests with ERRATA_GOLDEN=rewrite; the written `<name>.events.json` is then reviewed like code.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from errata.events.model import Event, Platform, Status
from errata.ingest.wire.datadog_logs import decode
from errata.ingest.wire.model import Reject, WireRecord

GOLDEN = Path(__file__).parents[2] / "golden" / "wire"
RECEIVED_AT = 1795192030543
PLAIN = {"received_at": RECEIVED_AT, "track": "logs", "intake": "dd_logs"}


def _request(path: Path) -> WireRecord:
    said = json.loads(path.read_text())
    body = said["body_text"] if "body_text" in said else json.dumps(said["body"])
    return WireRecord(RECEIVED_AT, "/api/v2/logs", said["query"], said["headers"], body.encode())


def _shown(outcome: Event | Reject) -> dict[str, object]:
    """An event without its defaults, or a refusal."""
    if isinstance(outcome, Reject):
        return {"entry": outcome.entry, "rejected": outcome.reason, "raw": outcome.raw.decode()}
    said = json.loads(msgspec.json.encode(outcome))
    assert {name: said.pop(name) for name in PLAIN} == PLAIN
    empty = {"status": Status.INFO.value, "platform": Platform.BACKEND.value}
    return {
        name: value
        for name, value in said.items()
        if name == "entry" or value not in (empty.get(name), "", None, False, [], {})
    }


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.request.json")), ids=lambda path: path.name.split(".")[0])
def test_a_request_becomes_the_events_beside_it(path: Path) -> None:
    expected = path.with_name(path.name.replace(".request.", ".events."))

    got = [_shown(outcome) for outcome in decode(_request(path))]

    if os.environ.get("ERRATA_GOLDEN") == "rewrite":
        expected.write_text(json.dumps(got, indent=2) + "\n")
    assert got == json.loads(expected.read_text())


def test_every_expectation_has_its_request() -> None:
    names = {path.name.split(".")[0] for path in GOLDEN.glob("*.request.json")}

    assert {path.name.split(".")[0] for path in GOLDEN.glob("*.events.json")} == names
