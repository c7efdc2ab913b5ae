"""One error of one person, as a request of each protocol."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple

STACK = 'Traceback (most recent call last):\n  File "/srv/till/pay.py", line 3, in pay\n    charge(card)\nKeyError: 1'


class Sent(NamedTuple):
    """A request that names its error: sent again as it is, it counts once."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


def log(service: str, at: int, person: str, key: str) -> Sent:
    """Under an idempotency key, without which two equal lines are two errors."""
    error = {"kind": "KeyError", "message": "1", "stack": STACK}
    entry = {"service": service, "status": "error", "timestamp": at, "ddsource": "python", "error": error}
    headers = {"DD-API-KEY": key, "DD-IDEMPOTENCY-KEY": _hex(service, person, 40)}
    return Sent("POST", "/api/v2/logs", _json([entry | {"usr": {"id": person}}]), headers)


def rum(service: str, at: int, person: str, key: str) -> Sent:
    name = _hex(service, person, 32)
    stack = "TypeError: no\n  at pay @ https://shop.example/a.js:1:20"
    event = {
        "type": "error",
        "date": at,
        "service": service,
        "session": {"id": name, "type": "user"},
        "view": {"id": name, "url": "https://shop.example/"},
        "application": {"id": service},
        "error": {"id": name, "message": "no", "type": "TypeError", "source": "source", "stack": stack},
        "usr": {"id": person},
    }
    return Sent("POST", "/api/v2/rum", _json(event), {"DD-API-KEY": key})


def otlp_span(service: str, at: int, person: str, key: str) -> Sent:
    said = {"exception.type": "KeyError", "exception.message": "1", "exception.stacktrace": STACK}
    span = {
        "traceId": _hex(service, person, 32),
        "spanId": _hex(service, person, 16),
        "name": "pay",
        "startTimeUnixNano": str(at * 10**6),
        "endTimeUnixNano": str(at * 10**6),
        "status": {"code": 2},
        "attributes": _listed({"user.id": person}),
        "events": [{"timeUnixNano": str(at * 10**6), "name": "exception", "attributes": _listed(said)}],
    }
    resource = {"attributes": _listed({"service.name": service})}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
    return Sent("POST", "/v1/traces", _json(body), {"DD-API-KEY": key, "Content-Type": "application/json"})


def otlp_log(service: str, at: int, person: str, key: str) -> Sent:
    said = {"exception.type": "KeyError", "exception.message": "1", "exception.stacktrace": STACK, "user.id": person}
    record = {
        "traceId": _hex(service, person, 32),
        "spanId": _hex(service, person, 16),
        "timeUnixNano": str(at * 10**6),
        "severityNumber": 17,
        "body": {"stringValue": "no"},
        "attributes": _listed(said),
    }
    resource = {"attributes": _listed({"service.name": service})}
    body = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}
    return Sent("POST", "/v1/logs", _json(body), {"DD-API-KEY": key, "Content-Type": "application/json"})


def sentry(service: str, at: int, person: str, key: str) -> Sent:
    frame = {"filename": "till/pay.py", "function": "pay", "lineno": 3, "in_app": True}
    value = {"type": "KeyError", "value": "1", "stacktrace": {"frames": [frame]}}
    event = {
        "event_id": _hex(service, person, 32),
        "timestamp": at / 1000,
        "platform": "python",
        "level": "error",
        "tags": {"service": service},
        "user": {"id": person},
        "exception": {"values": [value]},
    }
    body = b"\n".join(map(_json, ({}, {"type": "event"}, event)))
    return Sent("POST", f"/api/1/envelope/?sentry_key={key}", body, {})


def trace(service: str, at: int, person: str, key: str) -> Sent:
    meta = {"error.type": "KeyError", "error.message": "1", "error.stack": STACK, "usr.id": person}
    ids = {"trace_id": int(_hex(service, person, 15), 16), "span_id": int(_hex(service, person, 14), 16)}
    span = {"service": service, "name": "web.request", "resource": "/", "start": at * 10**6, "duration": 1000}
    whole = span | ids | {"parent_id": 0, "error": 1, "meta": meta, "metrics": {}, "type": "web"}
    headers = {"DD-API-KEY": key, "Content-Type": "application/json"}
    return Sent("PUT", "/v0.4/traces", _json([[whole]]), headers)


PROTOCOLS: dict[str, Callable[[str, int, str, str], Sent]] = {
    "logs": log,
    "RUM": rum,
    "OTLP spans": otlp_span,
    "OTLP logs": otlp_log,
    "Sentry": sentry,
    "traces": trace,
}
"""By protocol: the request for an error of a service at a time (epoch ms), met by a person, sent with a key."""


def _hex(service: str, person: str, digits: int) -> str:
    """Unlike for every two persons of a service, and not zero."""
    return "1" + hashlib.sha256(f"{service}\0{person}".encode()).hexdigest()[: digits - 1]


def _listed(attributes: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
