"""A tracer's requests against a running server: who needs a key, the second port, and that a resend counts once."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
from uuid import uuid4

import httpx
import msgspec
import pytest

HOUR_MS = 3_600_000
STACK = 'Traceback (most recent call last):\n  File "/srv/shop/prices.py", line 7, in price\n    return PRICES[sku]\nKeyError: 1\n'


def traces(service: str, number: int, **meta: str) -> bytes:
    tags = {"error.type": "KeyError", "error.message": "1", "error.stack": STACK, "env": "prod", **meta}
    span = {
        "trace_id": number, "span_id": number + 1, "parent_id": 0, "service": service, "name": "web.request",
        "resource": "GET /", "type": "web", "start": time.time_ns(), "duration": 10**6, "error": 1, "meta": tags,
        "metrics": {"_dd.top_level": 1.0},
    }  # fmt: skip
    return msgspec.msgpack.encode([[span]])


def forwarded(service: str, number: int) -> bytes:
    """The span of `traces` as Datadog's agent forwards it, in protobuf."""

    def field(tag: int, value: int | bytes | str) -> bytes:
        if isinstance(value, int):
            return bytes([tag << 3]) + varint(value)
        data = value.encode() if isinstance(value, str) else value
        return bytes([tag << 3 | 2]) + varint(len(data)) + data

    def varint(value: int) -> bytes:
        return bytes([value & 0x7F | 0x80]) + varint(value >> 7) if value > 0x7F else bytes([value])

    tags = {"error.type": "KeyError", "error.message": "1", "error.stack": STACK, "env": "prod"}
    span = b"".join([
        field(1, service), field(2, "web.request"), field(3, "GET /"), field(4, number), field(5, number + 1),
        field(7, time.time_ns()), field(8, 10**6), field(9, 1), field(12, "web"),
        *(field(10, field(1, name) + field(2, text)) for name, text in tags.items()),
        field(11, field(1, "_dd.top_level") + b"\x11" + struct.pack("<d", 1.0)),
    ])  # fmt: skip
    program = field(2, "python") + field(6, field(3, span))
    return field(1, "node-7") + field(2, "prod") + field(5, program)


def put(url: str, body: bytes, path: str = "/v0.4/traces", **headers: str) -> httpx.Response:
    said = {"Content-Type": "application/msgpack", "Datadog-Meta-Lang": "python", **headers}
    return httpx.put(url + path, content=body, headers=said, timeout=20, trust_env=False)


def total(server, service: str) -> int:
    now = int(time.time() * 1000)
    asked = {"query": f"service:{service}", "from": now - HOUR_MS, "to": now + HOUR_MS, "track": "trace"}
    answer = httpx.post(
        f"{server.url}/api/v2/error-tracking/issues/search",
        json={"data": {"type": "search_request", "attributes": asked}},
        headers=server.headers(),
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return sum(hit["attributes"]["total_count"] for hit in answer.json()["data"])


def wait_for(server, service: str, count: int) -> None:
    deadline = time.monotonic() + 15
    while total(server, service) < count:
        assert time.monotonic() < deadline, total(server, service)
        time.sleep(0.1)


def test_a_span_by_its_tracer_and_by_an_agent_counts_once(server):
    service = f"both-{uuid4().hex[:8]}"
    number = uuid4().int >> 65
    said = {"DD-API-KEY": server.api_key, "Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
    for sent in (number, number + 2):
        answer = httpx.post(
            server.url + "/api/v0.2/traces",
            content=gzip.compress(forwarded(service, sent)),
            headers=said,
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text
    assert put(server.url, traces(service, number)).status_code == 200
    wait_for(server, service, 2)
    time.sleep(1.5)

    assert total(server, service) == 2


def test_a_span_that_is_sent_again_counts_once(server):
    service = f"again-{uuid4().hex[:8]}"
    number = uuid4().int >> 65
    for _ in range(3):
        answer = put(server.url, traces(service, number))
        assert (answer.status_code, answer.json()) == (200, {"rate_by_service": {"service:,env:": 1}})
    assert put(server.url, traces(service, number + 2)).status_code == 200

    wait_for(server, service, 2)
    time.sleep(1.0)
    assert total(server, service) == 2


def test_a_body_in_chunks_is_taken(server):
    service = f"chunks-{uuid4().hex[:8]}"
    body = traces(service, uuid4().int >> 65)

    answer = httpx.post(
        f"{server.url}/v0.4/traces",
        content=(body[at : at + 50] for at in range(0, len(body), 50)),
        headers={"Content-Type": "application/msgpack"},
        trust_env=False,
    )

    assert answer.status_code == 200
    wait_for(server, service, 1)


def test_a_crash_that_is_told_on_two_paths_counts_once(server):
    service, uuid = f"crash-{uuid4().hex[:8]}", str(uuid4())
    error = {"is_crash": True, "message": "Process terminated with SEGV_MAPERR (SIGSEGV)", "stack": {"frames": []}}
    report = {
        "ddsource": "crashtracker",
        "ddtags": f"service:{service},uuid:{uuid},is_crash:true",
        "error": {**error, "type": "SIGSEGV"},
    }
    told = {"uuid": uuid, "error": {**error, "kind": "UnixSignal"}, "metadata": {"tags": [f"service:{service}"]}}
    copy = {
        "request_type": "logs",
        "origin": "Crashtracker",
        "payload": {"logs": [{"message": json.dumps(told), "is_crash": True}]},
    }

    for path, body in (("/evp_proxy/v4/api/v2/errorsintake", report), ("/telemetry/proxy/api/v2/apmtelemetry", copy)):
        answer = httpx.post(server.url + path, json=body, trust_env=False)
        assert (answer.status_code, answer.json()) == (202, {})

    wait_for(server, service, 1)
    time.sleep(1.0)
    assert total(server, service) == 1


@pytest.mark.parametrize("header", ["Origin", "Sec-Fetch-Mode", "Forwarded", "X-Forwarded-For"])
def test_pages_and_proxies_need_a_key(server, header: str):
    body = traces("nobody", 1)

    assert put(server.url, body, **{header: "http://evil.example"}).status_code == 401
    assert put(server.url, body, **{header: "x", "DD-API-KEY": "wrong-wrong-wrong-wrong"}).status_code == 403
    given = put(server.url, traces(f"proxied-{uuid4().hex[:8]}", 5), **{header: "x", "DD-API-KEY": server.api_key})
    assert given.status_code == 200


def test_a_second_port_answers_an_agents_addresses_and_nothing_else(fresh_server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = fresh_server(agent_port=str(port))
    agent = f"http://127.0.0.1:{port}"

    assert put(agent, traces("shop", 77)).status_code == 200
    assert "/v0.4/traces" in httpx.get(f"{agent}/info", trust_env=False).json()["endpoints"]
    wait_for(server, "shop", 1)
    for path in ("/", "/api/v2/logs", "/health", "/metrics", "/api/v2/errorsintake", "/api/docs"):
        assert httpx.get(agent + path, headers=server.headers(), trust_env=False).status_code == 404, path


def test_a_server_may_ask_every_tracer_for_a_key(fresh_server):
    server = fresh_server(agent_intake="key")

    assert put(server.url, traces("shop", 1)).status_code == 401
    assert put(server.url, traces("shop", 1), **{"DD-API-KEY": server.api_key}).status_code == 200
