"""Recorded requests of tracers and the events that they become, side by side under tests/golden/traces.

To add one, name it in `RECORDINGS` and run the tests with ERRATA_GOLDEN=rewrite; the written `<name>.events.json` is
then reviewed like code.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from test_ingest_traces_recordings import decoded

from errata.ingest.wire.model import Found, Ignored, Reject

GOLDEN = Path(__file__).parents[2] / "golden" / "traces"
RECORDINGS = {
    "flask-v05": "ddtrace-python/sku-keyerror-a",
    "flask-v04-noted": "ddtrace-python/v04-handled-recorded",
    "flask-database": "ddtrace-python/db-no-table-a",
    "django-middleware": "ddtrace-python/middleware-keyerror",
    "job-caught": "ddtrace-python/auto-handled-user",
    "express": "dd-trace-js/mail-cause-a",
    "crash-of-python": "ddtrace-python/crash-segv-report",
    "crash-of-node": "dd-trace-js/uncaught-report",
}


def _shown(outcome: Found) -> dict[str, object]:
    """An event without its defaults and with the first frames only, a refusal, or a count."""
    if isinstance(outcome, Reject):
        return {"entry": outcome.entry, "rejected": outcome.reason}
    if isinstance(outcome, Ignored):
        return {"ignored": outcome.reason.value, "count": outcome.count, "what": outcome.what}
    said = json.loads(msgspec.json.encode(outcome))
    said["frames"] = said["frames"][:3]
    details = said["details"]
    details.update({name: f"{len(value)} of them" for name, value in details.items()})
    return {name: value for name, value in said.items() if name == "entry" or value not in ("", None, False, [], {})}


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_becomes_the_events_beside_it(name: str) -> None:
    expected = GOLDEN / f"{name}.events.json"

    got = [_shown(outcome) for outcome in decoded(f"{RECORDINGS[name]}.http.json")]

    if os.environ.get("ERRATA_GOLDEN") == "rewrite":
        expected.write_text(json.dumps(got, indent=2, ensure_ascii=False) + "\n")
    assert got == json.loads(expected.read_text())


def test_every_expectation_belongs_to_a_recording() -> None:
    assert {path.name.split(".")[0] for path in GOLDEN.glob("*.events.json")} == set(RECORDINGS)
