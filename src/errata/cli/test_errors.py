"""One made-up error in each protocol, as the SDKs of that protocol send it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from errata.cli.sending import BROWSER_HEADERS, Sending, browser_path, json_headers, sentry_envelope

SERVICE = "errata-send-test"
"""The service of every test error; all of one protocol are one issue."""
_TYPE = "ErrataTestError"
_STACK = (
    "Traceback (most recent call last):\n"
    '  File "/srv/errata_send_test/app.py", line 7, in send_test\n'
    "    raise ErrataTestError(marker)\n"
)


@dataclass(frozen=True, slots=True)
class TestError:
    """One error to send. `marker` is a word that stands in its message and nowhere else, `at_ms` its epoch time."""

    __test__ = False  # the test runner takes the name for a class of tests

    marker: str
    at_ms: int

    @property
    def message(self) -> str:
        """The marker is in quotes, where grouping does not look: all test errors of a protocol are one issue."""
        return f"a test of the way into Errata, marked '{self.marker}'"

    @property
    def stack(self) -> str:
        """A traceback of Python."""
        return f"{_STACK}{_TYPE}: {self.message}\n"

    @property
    def number(self) -> int:
        """63 bits by which traces, spans and events are named."""
        return int.from_bytes(self.marker.encode()[-8:].rjust(8, b"\1")) >> 1


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way in. `accepted` is the status of success."""

    accepted: int
    sending: Callable[[TestError, str], Sending]


def _logs(error: TestError, key: str) -> Sending:
    entry = {
        "service": SERVICE,
        "status": "error",
        "ddsource": "python",
        "timestamp": error.at_ms,
        "message": error.message,
        "error": {"kind": _TYPE, "message": error.message, "stack": error.stack},
    }
    return Sending("POST", "/api/v2/logs", json_headers(key), json.dumps([entry]).encode())


def _browser_logs(error: TestError, key: str) -> Sending:
    event = {
        "service": SERVICE,
        "status": "error",
        "date": error.at_ms,
        "message": error.message,
        "origin": "source",
        "error": {"kind": _TYPE, "stack": _browser_stack(error), "handling": "unhandled"},
        "view": {"url": "http://errata.test/send-test"},
        "session_id": error.marker,
    }
    return Sending(
        "POST", browser_path("/api/v2/logs", key, ddtags="env:test"), BROWSER_HEADERS, json.dumps(event).encode()
    )


def _rum(error: TestError, key: str) -> Sending:
    event = {
        "type": "error",
        "date": error.at_ms,
        "service": SERVICE,
        "source": "browser",
        "application": {"id": "errata-send-test"},
        "session": {"id": error.marker, "type": "user"},
        "view": {"id": error.marker, "url": "http://errata.test/send-test"},
        "error": {
            "id": error.marker,
            "source": "source",
            "handling": "unhandled",
            "type": _TYPE,
            "message": error.message,
            "stack": _browser_stack(error),
        },
    }
    return Sending(
        "POST", browser_path("/api/v2/rum", key, ddtags="env:test"), BROWSER_HEADERS, json.dumps(event).encode()
    )


def _traces(error: TestError, key: str) -> Sending:
    span = {
        "service": SERVICE,
        "name": "errata.send_test",
        "resource": "errata.send_test",
        "type": "web",
        "trace_id": error.number,
        "span_id": error.number,
        "parent_id": 0,
        "start": error.at_ms * 1_000_000,
        "duration": 1_000_000,
        "error": 1,
        "meta": {"error.type": _TYPE, "error.message": error.message, "error.stack": error.stack, "language": "python"},
        "metrics": {"_dd.top_level": 1.0},
    }
    headers = {"DD-API-KEY": key, "Content-Type": "application/msgpack", "Datadog-Meta-Lang": "python"}
    return Sending("PUT", "/v0.4/traces", headers, msgspec.msgpack.encode([[span]]))


def _otlp_traces(error: TestError, key: str) -> Sending:
    at = str(error.at_ms * 1_000_000)
    span = {
        "traceId": f"{error.number:032x}",
        "spanId": f"{error.number:016x}",
        "name": "errata.send_test",
        "kind": 2,
        "startTimeUnixNano": at,
        "endTimeUnixNano": at,
        "status": {"code": 2, "message": error.message},
        "events": [{"name": "exception", "timeUnixNano": at, "attributes": _otlp_exception(error)}],
    }
    body = {"resourceSpans": [{"resource": _OTLP_RESOURCE, "scopeSpans": [{"spans": [span]}]}]}
    return Sending("POST", "/v1/traces", json_headers(key), json.dumps(body).encode())


def _otlp_logs(error: TestError, key: str) -> Sending:
    record = {
        "timeUnixNano": str(error.at_ms * 1_000_000),
        "severityNumber": 17,
        "severityText": "ERROR",
        "body": {"stringValue": error.message},
        "attributes": _otlp_exception(error),
    }
    body = {"resourceLogs": [{"resource": _OTLP_RESOURCE, "scopeLogs": [{"logRecords": [record]}]}]}
    return Sending("POST", "/v1/logs", json_headers(key), json.dumps(body).encode())


def _sentry(error: TestError, key: str) -> Sending:
    frame = {"filename": "app.py", "abs_path": "/srv/errata_send_test/app.py", "function": "send_test", "lineno": 7}
    exception = {"type": _TYPE, "value": error.message, "stacktrace": {"frames": [frame | {"in_app": True}]}}
    event = {
        "event_id": f"{error.number:032x}",
        "timestamp": error.at_ms / 1000,
        "platform": "python",
        "level": "error",
        "tags": {"service": SERVICE},
        "exception": {"values": [exception]},
    }
    return sentry_envelope(event, project=1, client="errata-send-test/1", key=key)


PROTOCOLS: dict[str, Protocol] = {
    "logs": Protocol(202, _logs),
    "browser-logs": Protocol(202, _browser_logs),
    "rum": Protocol(202, _rum),
    "ddtrace": Protocol(200, _traces),
    "otlp-traces": Protocol(200, _otlp_traces),
    "otlp-logs": Protocol(200, _otlp_logs),
    "sentry": Protocol(200, _sentry),
}
"""By the name that `--sdk` takes."""


def _browser_stack(error: TestError) -> str:
    return f"{_TYPE}: {error.message}\n  at sendTest @ http://errata.test/assets/send-test.js:7:11"


def _otlp_exception(error: TestError) -> list[dict[str, object]]:
    said = {"exception.type": _TYPE, "exception.message": error.message, "exception.stacktrace": error.stack}
    return [_otlp_attribute(name, value) for name, value in said.items()]


def _otlp_attribute(name: str, value: str) -> dict[str, object]:
    return {"key": name, "value": {"stringValue": value}}


_OTLP_RESOURCE = {
    "attributes": [_otlp_attribute("service.name", SERVICE), _otlp_attribute("telemetry.sdk.language", "python")]
}
