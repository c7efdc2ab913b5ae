"""What exporters are told, in the encoding in which they ask."""

from __future__ import annotations

import gzip
import http.client
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import zstandard
from google.rpc.status_pb2 import Status
from intake_site import SECRET, Site, served
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from otlp_requests import JSON, PROTOBUF, in_json, in_protobuf, one_span, records, spans, text

from errata.ingest.receive import IntakeLimits

TRACES, LOGS, METRICS = "/v1/traces", "/v1/logs", "/v1/metrics"
FAILED = in_protobuf(one_span()).body
FAILED_JSON = in_json(one_span()).body
FAILED_LOG = in_json(records({"severityNumber": 17, "attributes": [text("exception.type", "E")]})).body
KEY = {"dd-api-key": SECRET}


@dataclass(frozen=True)
class Told:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers["content-type"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("otlp")) as running:
        yield running


def send(site: Site, body: object, kind: str = PROTOBUF, path: str = TRACES, **headers: str) -> Told:
    said = {"content-type": kind} | KEY | {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    try:
        connection.request("POST", path, body, {name: value for name, value in said.items() if value})
        answer = connection.getresponse()
        return Told(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("body", "kind", "path", "kept_path"),
    [
        (FAILED, PROTOBUF, TRACES, TRACES),
        (FAILED_JSON, JSON, TRACES, TRACES),
        (FAILED_JSON, "application/json; charset=utf-8", TRACES, TRACES),
        (FAILED_LOG, JSON, LOGS, LOGS),
    ],
)
def test_a_request_is_answered_200_in_its_own_encoding_and_kept(site, body, kind, path, kept_path):
    told = send(site, body, kind, path)

    assert told.status == 200
    assert (told.kind, told.body) == ((JSON, b"{}") if "json" in kind else (PROTOBUF, b""))
    kept = site.last()
    assert (kept.intake, kept.path, kept.body) == ("otlp", kept_path, body)
    assert kept.headers["content-type"] == kind


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
def test_compressed_requests_are_read(site, encoding, pack):
    told = send(site, pack(FAILED), content_encoding=encoding)

    assert (told.status, site.last().headers["content-encoding"]) == (200, encoding)


def test_a_chunked_request_is_read(site):
    before = site.records()

    assert send(site, iter([FAILED[:10], FAILED[10:]])).status == 200
    assert site.records() == before + 1


def test_the_trace_intakes_address_reads_otlp_when_the_header_says_so(site):
    told = send(site, FAILED_JSON, JSON, "/api/v0.2/traces", dd_protocol="otlp")

    assert told.status == 200
    assert (site.last().intake, site.last().path, site.last().body) == ("otlp", TRACES, FAILED_JSON)


def test_the_log_intakes_address_reads_otlp_when_the_header_says_so(site):
    told = send(site, FAILED_LOG, JSON, "/api/v2/logs", dd_protocol="otlp")

    assert told.status == 200
    assert (site.last().intake, site.last().path) == ("otlp", LOGS)
    assert send(site, b'[{"message":"m"}]', JSON, "/api/v2/logs").status == 202
    assert site.last().intake == "dd_logs"


@pytest.mark.parametrize("kind", [JSON, PROTOBUF])
def test_requests_without_a_failure_are_answered_and_not_kept(site, kind):
    before = site.records()
    fine = in_json if kind == JSON else in_protobuf
    empty = b"{}" if kind == JSON else b""

    for body, path in (
        (fine(spans({"name": "fine"})).body, TRACES),
        (fine(records({"severityNumber": 9}), LOGS).body, LOGS),
        (empty, TRACES),
        (b"anything", METRICS),
    ):
        told = send(site, body, kind, path)
        assert (told.status, told.kind, told.body) == (200, kind, empty)
    assert site.records() == before


def test_pieces_that_cannot_be_read_are_told_as_a_partial_success(site):
    bad = FAILED + b"\x0a\x06\x12\x04\x12\x02\x0a\x7f"
    told = send(site, bad)

    assert told.status == 200
    partial = ExportTraceServiceResponse.FromString(told.body).partial_success
    assert partial.rejected_spans == 1
    assert partial.error_message.startswith("1 of 2 spans could not be read")
    assert site.last().body == bad

    told = send(site, json.dumps(records({"severityNumber": 17}, 3)).encode(), JSON, LOGS)
    assert told.status == 200
    partial_json = json.loads(told.body)["partialSuccess"]
    assert partial_json["rejectedLogRecords"] == "1"
    assert partial_json["errorMessage"].startswith("1 of 2 log records")
    assert ExportLogsServiceResponse.FromString(send(site, b"\x0a\x08\x12\x06\x12\x00\x12\x02\x0a\x7f", path=LOGS).body)


REFUSED = [
    ("damaged", b"\x0a\xff\x01", {}, 400, 3),
    ("nothing that can be read", b"\x0a\x06\x12\x04\x12\x02\x0a\x7f", {}, 400, 3),
    ("no key", FAILED, {"dd_api_key": ""}, 401, 16),
    ("another key", FAILED, {"dd_api_key": "f" * 32}, 403, 7),
    ("too large", b"\x0a" * ((16 << 20) + 1), {}, 413, 8),
    ("encoding", FAILED, {"content_encoding": "lzma"}, 415, 3),
    ("two keys", FAILED, {"authorization": "Bearer x", "dd_api_key": ""}, 403, 7),
]


@pytest.mark.parametrize(("what", "body", "headers", "status", "code"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refusals_are_a_status_message_in_protobuf(site, what, body, headers, status, code):
    told = send(site, body, **headers)

    assert (told.status, told.kind) == (status, PROTOBUF)
    said = Status.FromString(told.body)
    assert said.code == code
    assert said.message


def test_refusals_are_json_for_those_who_send_json(site):
    told = send(site, b"{", JSON)

    assert (told.status, told.kind) == (400, JSON)
    assert json.loads(told.body)["code"] == 3
    assert send(site, b"x", "application/grpc").status == 415


def test_a_bearer_token_is_a_key(site):
    assert send(site, FAILED, dd_api_key="", authorization=f"Bearer {SECRET}").status == 200


def test_a_busy_intake_says_when_to_try_again(tmp_path: Path):
    with served(tmp_path, limits=IntakeLimits(max_requests=0)) as busy:
        told = send(busy, FAILED)

    assert (told.status, told.headers["retry-after"]) == (429, "1")
    assert Status.FromString(told.body).code == 8
