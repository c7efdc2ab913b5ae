"""A tag that is named like a field of the event fills it where the client says nothing better: a search looks there."""

from __future__ import annotations

import json

import pytest
from otlp_requests import in_json, records, text

from errata.events.model import Event
from errata.ingest.wire.model import WireRecord
from errata.ingest.wires import WIRES

AT = 1795192030543
KINDS = ("dd_logs", "dd_rum", "sentry", "otlp")


def event_of(intake: str, tags: str, *, host: str = "", query: str = "") -> Event:
    (event,) = WIRES[intake].decode(_record(intake, tags, host, query))
    assert isinstance(event, Event)
    return event


def _record(intake: str, tags: str, host: str, query: str) -> WireRecord:
    if intake == "dd_logs":
        entry = {"message": "m", "status": "error", "ddtags": tags, "host": host}
        return WireRecord(AT, "/api/v2/logs", query, {"content-type": "application/json"}, json.dumps([entry]).encode())
    if intake == "dd_rum":
        error = {
            "type": "error",
            "date": AT,
            "ddtags": tags,
            "error": {"message": "m", "type": "E", "source": "source"},
        }
        return WireRecord(AT, "/api/v2/rum", query, {"content-type": "text/plain"}, json.dumps(error).encode())
    if intake == "sentry":
        said = {"message": "m", "level": "error", "tags": [tag.split(":", 1) for tag in tags.split(",")]}
        payload = json.dumps(said | {"server_name": host}).encode()
        return WireRecord(AT, "/api/1/envelope/", query, {}, b'{}\n{"type":"event"}\n' + payload)
    body = records({"severityNumber": 17, "attributes": [text("ddtags", tags), text("exception.type", "E")]})
    body["resourceLogs"][0]["resource"] = {"attributes": [text("host.name", host)]}
    return in_json(body, "/v1/logs")


@pytest.mark.parametrize("intake", KINDS)
def test_the_host_is_what_its_tag_says_where_no_field_does(intake: str) -> None:
    event = event_of(intake, "team:pay,host:web-1,host:web-2")

    assert event.host == "web-1"
    assert "host:web-1" in event.tags


@pytest.mark.parametrize("intake", [kind for kind in KINDS if kind != "dd_rum"])
def test_a_hosts_own_field_goes_before_its_tag(intake: str) -> None:
    event = event_of(intake, "host:of-the-tag", host="of-the-field")

    assert event.host == "of-the-field"
    assert "host:of-the-tag" in event.tags


def test_an_entrys_tag_goes_before_the_requests_defaults_and_those_before_the_requests_tags() -> None:
    assert event_of("dd_logs", "host:a", query="hostname=b&ddtags=host:c").host == "a"
    assert event_of("dd_logs", "team:pay", query="hostname=b&ddtags=host:c").host == "b"
    assert event_of("dd_logs", "team:pay", query="ddtags=host:c").host == "c"


def test_a_log_whose_source_only_a_tag_says_is_of_that_source_and_its_language() -> None:
    event = event_of("dd_logs", "source:python")

    assert (event.source, event.language) == ("python", "python")
    assert event_of("dd_logs", "source:python", query="ddsource=ruby").source == "ruby"
