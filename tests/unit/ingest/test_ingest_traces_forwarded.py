"""Traces that Datadog's agent forwards: the errors of each program, as if its tracer had sent them here."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from intake_site import KEY, Site, served
from trace_bodies import (
    FAILED,
    RECEIVED_AT,
    START,
    entry,
    errors,
    forwarded,
    message,
    others,
    span,
    tracer_payload,
    v04,
)

from errata.base.errors import Invalid, TooLarge
from errata.events.limits import limit
from errata.events.model import Event
from errata.events.rows import flatten
from errata.ingest.wire.agent_payload import count_agent_spans
from errata.ingest.wire.datadog_traces import decode
from errata.ingest.wire.model import Reject, WireRecord
from growth import assert_linear

FAILING = [entry(1, error=1, meta={**FAILED, "_dd.p.tid": "66a0000000000000"}), span(2, 1, meta={"k": "v"})]
NOTED = {
    "name": "exception",
    "time_unix_nano": START + 1_000_000,
    "attributes": {"exception.type": "Oops", "exception.message": "m", "exception.stacktrace": FAILED["error.stack"]},
}
PATH = "/api/v0.2/traces"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("forwarded")) as running:
        yield running


def of(*payloads: bytes, agent: dict[int, object] | None = None) -> WireRecord:
    return WireRecord(RECEIVED_AT, PATH, body=message(agent or {}, *({5: payload} for payload in payloads)))


def test_a_forwarded_span_is_the_same_error_as_the_tracers_own():
    by_tracer, by_agent = errors(v04(FAILING)), errors(forwarded(FAILING))

    assert len(by_agent) == 1
    assert by_agent[0].identity
    assert [msgspec.structs.asdict(one) for one in by_agent] == [msgspec.structs.asdict(one) for one in by_tracer]


def test_exceptions_noted_in_spans_are_read():
    found = errors(forwarded([entry(span_events=[NOTED])], version="2.0"))

    assert [(one.error_type, one.error_message, one.timestamp, one.version) for one in found] == [
        ("Oops", "m", START // 1_000_000 + 1, "2.0")
    ]


def test_each_program_says_its_own_language_environment_version_and_host():
    python = tracer_payload([entry(1, error=1, meta=FAILED)], language="python", env="prod", version="1.0", host="a")
    node = tracer_payload([entry(2, error=1, trace_id=2, meta=FAILED)], language="nodejs", version="2.0")

    found = errors(of(python, node, agent={1: "node-7", 2: "staging"}))

    assert [(one.language, one.env, one.version, one.host) for one in found] == [
        ("python", "prod", "1.0", "a"),
        ("javascript", "staging", "2.0", "node-7"),
    ]
    assert [one.entry for one in found] == [0, 1]


def test_what_a_span_says_itself_goes_before_its_program_and_agent():
    own = {**FAILED, "env": "qa", "version": "9"}

    found = errors(forwarded([entry(error=1, meta=own)], env="prod", version="1", agent={2: "staging"}))

    assert [(one.env, one.version) for one in found] == [("qa", "9")]


def test_the_agents_word_for_no_environment_is_none():
    assert [one.env for one in errors(forwarded([entry(error=1, meta=FAILED)], env="none", agent={2: "none"}))] == [""]


def test_a_text_that_is_no_utf8_costs_nothing_but_its_bytes():
    broken = forwarded([entry(error=1, meta={**FAILED, "note": "half \ud800"})])

    found = errors(broken)

    assert len(found) == 1
    assert found[0].attributes["note"].startswith("half \ufffd")


def test_a_span_that_cannot_be_read_is_told_and_costs_no_other():
    whole = tracer_payload([entry(1, error=1, meta=FAILED)])
    damaged = message({6: message({3: b"\x0a\x7f"})})

    record = of(damaged, whole, agent={11: b"a newer form"})

    assert len(errors(record)) == 1
    rejects = [one for one in others(record) if isinstance(one, Reject)]
    assert [(one.entry, one.reason[:8]) for one in rejects] == [(0, "2 spans ")]


def test_more_spans_than_allowed_are_refused():
    body = forwarded([entry(number) for number in range(1, 6)]).body

    assert count_agent_spans(body, 5) == 5
    with pytest.raises(TooLarge):
        count_agent_spans(body, 4)


@pytest.mark.parametrize("body", [b"\xff" * 12, b"\x2a\x05a", b"hello world", b"\x2a\x04\x32\x7fab"])
def test_a_body_of_another_form_is_refused_precisely(body: bytes):
    with pytest.raises(Invalid, match="no payload of an agent"):
        decode(WireRecord(RECEIVED_AT, PATH, body=body))


SEED = forwarded([entry(1, error=1, meta=FAILED, span_events=[NOTED]), span(2, 1)], env="prod", agent={1: "h"}).body


@given(st.data())
def test_damaged_bodies_are_read_or_refused_and_read_the_same_again(data):
    body = bytearray(SEED)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        body = body or bytearray(b"\0")
    record = WireRecord(RECEIVED_AT, PATH, body=bytes(body))

    try:
        found = decode(record)
    except Invalid:
        return
    assert found == decode(record)
    for one in found:
        if isinstance(one, Event):
            flatten(limit(one).attributes)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes):
    try:
        found = decode(WireRecord(RECEIVED_AT, PATH, body=body))
    except Invalid:
        return
    assert not [one for one in found if isinstance(one, Event)]


@pytest.mark.parametrize("field", [b"\x0a\x00", b"\x2a\x00", b"\x5a\x00"])
def test_fields_of_no_use_take_time_linear_in_their_number(field: bytes):
    def read(body: bytes) -> None:
        with contextlib.suppress(Invalid):
            decode(WireRecord(RECEIVED_AT, PATH, body=body))

    assert_linear(read, lambda fields: field * fields, 400_000)


@pytest.mark.parametrize(
    ("encoding", "pack"), [("", bytes), ("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress)]
)
def test_what_an_agent_forwards_is_kept(site: Site, encoding: str, pack) -> None:
    record = forwarded(FAILING)
    headers = dict(record.headers) | ({"Content-Encoding": encoding} if encoding else {})

    status, _, _ = site.post(pack(record.body), headers, PATH)

    assert status == 200
    kept = site.last()
    assert (kept.intake, kept.path, kept.key_id) == ("dd_trace", PATH, KEY)
    assert errors(replace(record, path=kept.path))


def test_forwarded_traces_without_errors_and_statistics_are_dropped(site: Site) -> None:
    before = site.records()

    assert site.post(forwarded([entry()]).body, {}, PATH)[0] == 200
    assert site.post(b"\x81\xa1a\x01", {"Content-Encoding": "identity"}, "/api/v0.2/stats")[0] == 202
    assert site.records() == before


def test_the_agents_try_of_the_log_intake_is_answered(site: Site) -> None:
    assert site.post(b"{}", {"Content-Type": "application/json"}, "/api/v2/logs")[0] == 202
