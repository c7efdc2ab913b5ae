"""OTLP requests for tests, in both encodings."""

from __future__ import annotations

import base64
import json
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from errata.ingest.wire.model import WireRecord

RECEIVED_AT = 1795192030543
JSON, PROTOBUF = "application/json", "application/x-protobuf"
ID_KEYS = frozenset({"traceId", "spanId", "parentSpanId"})


def in_json(body: object, path: str = "/v1/traces") -> WireRecord:
    """A request as JSON exporters write it."""
    return WireRecord(RECEIVED_AT, path, "", {"content-type": JSON}, json.dumps(body).encode())


def in_protobuf(body: object, path: str = "/v1/traces") -> WireRecord:
    """The same request as protobuf exporters write it."""
    return WireRecord(RECEIVED_AT, path, "", {"content-type": PROTOBUF}, protobuf_of(body, path))


def protobuf_of(body: object, path: str) -> bytes:
    """The bytes of a request whose JSON has the canonical keys."""
    message = ExportTraceServiceRequest() if path.endswith("traces") else ExportLogsServiceRequest()
    return ParseDict(_with_base64_ids(body), message).SerializeToString()


def _with_base64_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_base64_ids(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(inner)).decode() if key in ID_KEYS else _with_base64_ids(inner)
        for key, inner in value.items()
    }


def one_span(**fields: object) -> dict[str, Any]:
    """A request of one failed entry span, whose fields may be replaced."""
    noted = {"name": "exception", "timeUnixNano": "1795191504000000000", "attributes": [text("exception.type", "Boom")]}
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "GET /", "kind": 2, "events": [noted]} | fields
    return spans(span)


def spans(*each: object) -> dict[str, Any]:
    """A request of spans of the service `ledger`."""
    resource = {"attributes": [text("service.name", "ledger")]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(each)}]}]}


def records(*each: object) -> dict[str, Any]:
    """A request of log records of the service `ledger`."""
    resource = {"attributes": [text("service.name", "ledger")]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": list(each)}]}]}


def text(key: str, value: str) -> dict[str, Any]:
    """An attribute."""
    return {"key": key, "value": {"stringValue": value}}
