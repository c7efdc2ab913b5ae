"""RUM requests and the events that they become, side by side under tests/golden/rum.

To add one, write `<name>.request.json` (`about`, `query`, and `events`, which are sent one a line, or `body_text`) and
run the tests with ERRATA_GOLDEN=rewrite; the written `<name>.events.json` is then reviewed like code.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from errata.events.model import Event, Platform
from errata.ingest.wire.datadog_rum import decode
from errata.ingest.wire.model import Found, Ignored, Reject, WireRecord

GOLDEN = Path(__file__).parents[2] / "golden" / "rum"
RECEIVED_AT = 1795192030543
PLAIN = {"received_at": RECEIVED_AT, "track": "rum", "intake": "dd_rum", "status": "error"}


def _request(path: Path) -> WireRecord:
    said = json.loads(path.read_text())
    body = said["body_text"] if "body_text" in said else "\n".join(map(json.dumps, said["events"]))
    return WireRecord(RECEIVED_AT, "/api/v2/rum", said["query"], {}, body.encode())


def _shown(outcome: Found) -> dict[str, object]:
    """An event without its defaults, a refusal, or a count."""
    if isinstance(outcome, Reject):
        return {"entry": outcome.entry, "rejected": outcome.reason, "raw": outcome.raw.decode()}
    if isinstance(outcome, Ignored):
        return {"ignored": outcome.reason.value, "count": outcome.count, "what": outcome.what}
    said = json.loads(msgspec.json.encode(outcome))
    assert {name: said.pop(name) for name in PLAIN} == PLAIN
    return {
        name: value
        for name, value in said.items()
        if name == "entry" or value not in (Platform.UNKNOWN.value, "", None, False, [], {})
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


def test_an_event_without_its_track_would_be_noticed() -> None:
    (event,) = decode(WireRecord(RECEIVED_AT, body=b'{"type":"error","error":{"message":"m","source":"source"}}'))

    assert isinstance(event, Event)
    assert event.timestamp is None
    assert not event.identity
