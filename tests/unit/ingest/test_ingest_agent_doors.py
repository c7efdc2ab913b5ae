"""The addresses of an agent: what is announced is answered, traces and crashes are kept, the rest is dropped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from intake_site import KEY, Site, served
from trace_bodies import FAILED, as_json, entry, packed, v04, v05, v07, v10

from errata.ingest.agent_access import may_without_key
from errata.ingest.doors.agent import AgentRoutes, info_of, is_agents
from errata.ingest.doors.door import DoorLimits, Sender

FAILING = [entry(1, error=1, meta=FAILED)]
HEALTHY = [entry(1, meta={"http.status_code": "200"})]
RATES = {"rate_by_service": {"service:,env:": 1}}
CRASH = {"ddsource": "crashtracker", "error": {"is_crash": True, "type": "SIGSEGV"}, "ddtags": "uuid:1"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("agent")) as running:
        yield running


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("encode", [v04, v05, v07, v10, as_json])
def test_failed_traces_are_kept_as_they_came_and_answered_with_rates(site: Site, encode, method: str) -> None:
    record = encode(FAILING, HEALTHY)
    headers = {**record.headers, "Datadog-Meta-Lang": "python", "Datadog-Client-Computed-Top-Level": "true"}

    status, body, _ = site.post(record.body, headers, record.path, method)

    assert (status, body) == (200, RATES)
    kept = site.last()
    assert (kept.intake, kept.path, kept.body, kept.key_id) == ("dd_trace", record.path, record.body, KEY)
    assert kept.headers["datadog-meta-lang"] == "python"
    assert kept.headers["datadog-client-computed-top-level"] == "true"
    assert site.counts.taken[-1] == ("dd_trace", len(record.body), 2)


@pytest.mark.parametrize("encode", [v04, v05, v07, v10])
def test_traces_that_name_no_error_are_counted_and_not_kept(site: Site, encode) -> None:
    record, before = encode(HEALTHY, HEALTHY), site.records()

    assert site.post(record.body, dict(record.headers), record.path, "PUT")[:2] == (200, RATES)
    assert site.records() == before
    assert (site.counts.left_out[-1].reason, site.counts.left_out[-1].count) == ("span_without_error", 2)


@pytest.mark.parametrize("traces", [(), ([],)])
def test_no_traces_are_a_valid_answer(site: Site, traces: tuple[list[object], ...]) -> None:
    before = site.records()

    assert site.post(v04(*traces).body, {}, "/v0.4/traces", "PUT")[:2] == (200, RATES)
    assert site.records() == before


def test_an_error_flag_alone_is_kept_so_that_the_digest_can_say_why_it_is_none(site: Site) -> None:
    before = site.records()

    assert site.status(v04([entry(1, error=1)]).body, {}, "/v0.4/traces") == 200
    assert site.records() == before + 1


def test_a_noted_exception_is_kept(site: Site) -> None:
    before = site.records()
    noted = [entry(1, span_events=[{"name": "exception", "attributes": {}}])]

    assert site.status(packed([noted]), {}, "/v0.4/traces") == 200
    assert site.records() == before + 1


@pytest.mark.parametrize("path", ["/v0.3/traces", "/v0.4/traces", "/v0.5/traces", "/v0.7/traces", "/v1.0/traces"])
def test_a_broken_body_is_refused(site: Site, path: str) -> None:
    status, body, _ = site.post(b"\xc1nonsense", {}, path, "PUT")

    assert status == 400
    assert body["errors"][0]["title"] == "Bad Request"
    assert site.counts.reasons[-1] == "invalid"


@pytest.mark.parametrize("version", range(1, 6))
def test_a_report_to_the_errors_intake_is_kept(site: Site, version: int) -> None:
    path = f"/evp_proxy/v{version}/api/v2/errorsintake"

    assert site.post(json.dumps(CRASH).encode(), {}, path)[:2] == (202, {})
    assert (site.last().intake, site.last().path) == ("dd_errors", "/api/v2/errorsintake")


@pytest.mark.parametrize(("body", "status"), [(b"5", 400), (b"{", 400), (b"[" + b"{}," * 1000 + b"{}]", 413)])
def test_what_is_no_report_is_refused(site: Site, body: bytes, status: int) -> None:
    assert site.status(body, {}, "/evp_proxy/v4/api/v2/errorsintake") == status


@pytest.mark.parametrize("path", ["/telemetry/proxy/api/v2/apmtelemetry", "/api/v2/apmtelemetry"])
def test_of_telemetry_only_a_crash_is_kept(site: Site, path: str) -> None:
    before = site.records()

    assert site.post(b'{"request_type":"app-started"}', {}, path)[:2] == (202, {})
    assert site.records() == before
    assert site.counts.left_out[-1].reason == "telemetry"
    crash = b'{"request_type":"logs","origin":"Crashtracker","payload":{"logs":[{"message":"{}"}]}}'
    assert site.post(crash, {}, path)[:2] == (202, {})
    assert (site.records(), site.last().intake) == (before + 1, "dd_errors")


def test_everything_that_is_announced_is_answered_and_belongs_to_the_agent(site: Site) -> None:
    _, info, _ = site.post(b"", {}, "/info", "GET")

    assert info == info_of(info["version"])
    for path in info["endpoints"]:
        whole = f"{path}api/v2/whatever" if path.endswith("/") else path
        body = packed([]) if path in ("/v0.3/traces", "/v0.4/traces") else packed([[], []])
        body = packed({"chunks": []}) if path == "/v0.7/traces" else body
        assert site.post(body, {}, whole)[0] in (200, 202), path
        assert is_agents(whole)


@pytest.mark.parametrize("path", ["/v0.3/services", "/v0.4/services", "/config/set", "/v0.7/config", "/v0.6/stats"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_what_is_only_answered_is_not_kept(site: Site, path: str, method: str) -> None:
    before = site.records()

    assert site.post(b"\xff whatever", {"Content-Encoding": "odd"}, path, method)[:2] == (200, {})
    assert site.records() == before


def test_what_is_only_answered_is_bounded(tmp_path: Path) -> None:
    with served(tmp_path, logs=DoorLimits(max_body_bytes=100)) as small:
        assert small.status(b"x" * 101, {}, "/v0.6/stats") == 413


@pytest.mark.parametrize("path", ["/v0.6/traces", "/v0.4/spans", "/evp_proxy/x/a", "/telemetry/other", "/api/v2/logs"])
def test_other_addresses_are_not_an_agents(path: str) -> None:
    routes = AgentRoutes(DoorLimits(), DoorLimits())

    assert path not in routes.exact
    assert routes.find(path) is None
    assert not is_agents(path)


def test_the_intakes_behind_an_agent_want_a_key_when_they_are_asked_directly() -> None:
    routes = AgentRoutes(DoorLimits(), DoorLimits())

    for path, route in routes.exact.items():
        assert route.door.sender is (Sender.AGENT if is_agents(path) else Sender.KEY), path
    assert {path for path in routes.exact if not is_agents(path)} == {
        "/api/v2/errorsintake", "/api/v2/apmtelemetry", "/api/v0.2/traces", "/api/v0.2/stats",
    }  # fmt: skip


LOCAL, REMOTE = ("127.0.0.1", 5000), ("10.0.0.7", 5000)


@pytest.mark.parametrize(
    ("mode", "client", "headers", "may"),
    [
        ("loopback", LOCAL, (), True),
        ("loopback", ("::1", 5000), (), True),
        ("loopback", ("::ffff:127.0.0.1", 5000), (), True),
        ("loopback", ("127.8.8.8", 5000), (), True),
        ("loopback", REMOTE, (), False),
        ("loopback", ("::ffff:10.0.0.7", 5000), (), False),
        ("loopback", None, (), False),
        ("loopback", ("socket", 0), (), False),
        ("loopback", LOCAL, ("origin",), False),
        ("loopback", LOCAL, ("sec-fetch-site",), False),
        ("loopback", LOCAL, ("forwarded",), False),
        ("loopback", LOCAL, ("x-forwarded-for",), False),
        ("loopback", LOCAL, ("x-other",), True),
        ("open", REMOTE, (), True),
        ("open", REMOTE, ("x-forwarded-for",), True),
        ("open", REMOTE, ("origin",), False),
        ("open", LOCAL, ("sec-fetch-mode",), False),
        ("key", LOCAL, (), False),
    ],
)
def test_who_needs_no_key(mode: str, client: object, headers: tuple[str, ...], may: bool) -> None:
    scope = {"client": client, "headers": [(name.encode(), b"x") for name in headers]}

    assert may_without_key(mode, scope) is may


def test_a_request_without_a_key_is_told_so_where_it_may_not(site: Site) -> None:
    status, body, _ = site.post(packed([]), {"DD-API-KEY": ""}, "/v0.4/traces", "PUT")

    assert status == 401
    assert "DD-API-KEY" in body["errors"][0]["detail"]
