"""OTLP requests and the events that they become, side by side under tests/golden/otlp.

To add one, write `<name>.request.json` (`about`, `path`, and `body` as JSON exporters write it) and run the tests with
ERRATA_GOLDEN=rewrite; the written `<name>.events.json` is then reviewed like code.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from otlp_requests import RECEIVED_AT, in_json, in_protobuf

from errata.events.model import Event, Platform, Status
from errata.ingest.wire.model import Found, Ignored
from errata.ingest.wire.otlp import decode

GOLDEN = Path(__file__).parents[2] / "golden" / "otlp"
REQUESTS = sorted(GOLDEN.glob("*.request.json"))
DEFAULTS = {"status": Status.ERROR.value, "platform": Platform.BACKEND.value}
ONLY_IN_JSON = {"other-spellings"}


def name_of(path: Path) -> str:
    return path.name.split(".")[0]


def shown(found: Found) -> dict[str, object]:
    """An event without its defaults, or what was ignored."""
    if isinstance(found, Ignored):
        return {"ignored": found.reason.value, "count": found.count, "what": found.what}
    assert isinstance(found, Event)
    said = json.loads(msgspec.json.encode(found))
    assert said.pop("received_at") == RECEIVED_AT
    assert said.pop("intake") == "otlp"
    return {
        name: value
        for name, value in said.items()
        if name == "entry" or value not in (DEFAULTS.get(name), "", None, False, [], {})
    }


@pytest.mark.parametrize("path", REQUESTS, ids=name_of)
def test_an_otlp_request_becomes_the_events_beside_it(path: Path) -> None:
    expected = path.with_name(path.name.replace(".request.", ".events."))
    said = json.loads(path.read_text())

    got = [shown(found) for found in decode(in_json(said["body"], said["path"]))]

    if os.environ.get("ERRATA_GOLDEN") == "rewrite":
        expected.write_text(json.dumps(got, indent=2) + "\n")
    assert got == json.loads(expected.read_text())


@pytest.mark.parametrize("path", [path for path in REQUESTS if name_of(path) not in ONLY_IN_JSON], ids=name_of)
def test_both_encodings_of_a_request_say_the_same(path: Path) -> None:
    said = json.loads(path.read_text())

    assert decode(in_protobuf(said["body"], said["path"])) == decode(in_json(said["body"], said["path"]))
