"""The names that docs/use/logs.md shows are read as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from errata.events.model import Event
from errata.ingest.wire.datadog_logs import decode
from errata.ingest.wire.model import WireRecord

GUIDE = Path(__file__).parents[3] / "docs" / "use" / "logs.md"
STACK = 'Traceback (most recent call last):\n  File "/srv/jobs/jobs.py", line 21, in rebuild\n    x\nKeyError: "net"'
FIELDS = {
    "service": "service",
    "status": "status",
    "error type": "error_type",
    "error message": "error_message",
    "stack trace": "error_stack",
    "time": "timestamp",
    "people": "",
    "release": "version",
}
PLAIN = {"service": "jobs", "status": "error", "message": "no total", "error": {"stack": STACK}}


def rows() -> list[tuple[str, str]]:
    """What is read, and a name for it, as the page's table shows them."""
    table = re.findall(r"^\| ([a-z ]+) \| (.*`.*) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return [(what, name) for what, names in table for name in re.findall(r"`([^`]+)`", names) if name != "message"]


def read(entry: dict[str, object]) -> Event:
    (event,) = decode(WireRecord(1_795_192_948_670, "/api/v2/logs", body=json.dumps([entry]).encode()))
    assert isinstance(event, Event)
    return event


def without(what: str) -> dict[str, object]:
    left = {"service": ("service",), "status": ("status",), "stack trace": ("error",)}.get(what, ())
    return {name: value for name, value in PLAIN.items() if name not in left}


def test_the_table_is_read_as_a_whole():
    assert {what for what, _ in rows()} == set(FIELDS)


@pytest.mark.parametrize(("what", "name"), rows())
def test_a_name_of_the_guide_is_read_as_it_says(what: str, name: str):
    value: object = {"stack trace": STACK, "status": "error", "time": "2026-11-20T16:23:24.292Z"}.get(
        what, "what-it-says"
    )
    tag = name.endswith(":")

    event = read(without(what) | ({"ddtags": f"{name}{value}"} if tag else {name: value}))

    found = getattr(event, FIELDS[what] or name.replace(".", "_"))
    assert found == {"time": 1_795_191_804_292, "status": "error"}.get(what, value)


def test_a_java_entry_of_logstashs_encoder_is_an_error():
    block = re.search(r"<customFields>(.*?)</customFields>", GUIDE.read_text(encoding="utf-8"))
    stack = "java.lang.IllegalStateException: no rate\n\tat com.shop.Rates.of(Rates.java:17)\n"
    entry = {
        "@timestamp": "2026-11-20T16:23:24.292Z", "@version": "1", "message": "no rate", "level": "ERROR",
        "logger_name": "com.shop.Rates", "thread_name": "main", "level_value": 40000, "stack_trace": stack,
    }  # fmt: skip

    event = read(entry | json.loads(block[1]))

    assert (event.service, event.env, event.version, event.status) == ("billing", "prod", "3.4.0", "error")
    assert (event.error_stack, event.timestamp) == (stack, 1_795_191_804_292)
    assert event.attributes["logger_name"] == "com.shop.Rates"
