"""The intake as clients meet it: a real server on loopback with a real journal behind it."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_site import BROKEN, KEY, LOGS, NOW, ONE, SECRET, Site, served

from errata.ingest.doors.door import DoorLimits
from errata.ingest.inflate import inflate
from errata.ingest.receive import IntakeLimits
from errata.ingest.request import read_query
from errata.ingest.wire.split import entries_of
from errata.storage.journal import JournalBounds


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("intake") / "journal"
    with served(folder) as running:
        yield running


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[Site]:
    bounds = JournalBounds(segment_bytes=8192, max_bytes=2 * 8192)
    logs = DoorLimits(max_body_bytes=5000, max_entries=3)
    with served(tmp_path / "journal", bounds=bounds, logs=logs, limits=IntakeLimits(max_requests=2)) as running:
        yield running


def test_an_accepted_request_is_in_the_journal_as_it_was_sent(site: Site) -> None:
    body = gzip.compress(ONE)
    headers = {
        "Content-Encoding": "gzip",
        "Content-Type": "application/json",
        "DD-IDEMPOTENCY-KEY": "k1",
        "DD-EVP-ORIGIN": "android",
        "User-Agent": "test/1",
        "X-Other": "not kept",
    }
    status, answer, _ = site.post(body, headers, LOGS + "?ddsource=python&ddtags=env:prod")

    assert (status, answer) == (202, {})
    record = site.last()
    assert (record.body, record.intake, record.path, record.key_id) == (body, "dd_logs", LOGS, KEY)
    assert record.received_at_ms == int(NOW.timestamp() * 1000)
    assert record.query == "ddsource=python&ddtags=env:prod"
    assert record.headers == {
        "content-encoding": "gzip",
        "content-type": "application/json",
        "dd-idempotency-key": "k1",
        "dd-evp-origin": "android",
        "user-agent": "test/1",
    }
    assert site.counts.taken[-1] == ("dd_logs", len(body), 1)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(ONE, id="array"),
        pytest.param(b'{"message":"x"}', id="object"),
        pytest.param(b'{"a":1}{"a":2}\n{"a":3}', id="objects in a row"),
        pytest.param(b"[]", id="no entries"),
        pytest.param(b'["a line", "another"]', id="texts"),
        pytest.param(b'[{"a":1}, 5, null, [], "x"]', id="bad entries among good ones"),
        pytest.param(b'[{"a":"\\ud800"},{"a":1}]', id="half a surrogate pair"),
        pytest.param(b'[{"a":"\\u0000"}]', id="NUL escaped"),
        pytest.param(b'[{"a":"\x00"},{"b":1}]', id="NUL"),
        pytest.param(b'[{"a":"\xff\xfe"}]', id="bytes that are no UTF-8"),
        pytest.param(b'[{"a":' + b"[" * 3000 + b"]" * 3000 + b'},{"b":1}]', id="an entry nested too deep"),
        pytest.param(b'[{"timestamp":0},{"timestamp":7258118400000},{"timestamp":-1e300}]', id="times far away"),
        pytest.param(b'{"message":5,"ddtags":{},"service":[],"error":"x","status":null}', id="wrong types"),
        pytest.param(b'{"n":' + b"9" * 10_000 + b"}", id="a number of ten thousand digits"),
        pytest.param(b'{"message":"' + b"x" * 5_000_000 + b'"}', id="a text of five megabytes"),
        pytest.param(b"{" + b",".join(b'"%d":1' % n for n in range(450_000)) + b"}", id="half a million keys"),
        pytest.param(b'{"a":1,"a":2}', id="a key twice"),
    ],
)
def test_what_holds_a_readable_entry_is_accepted(site: Site, body: bytes) -> None:
    assert site.post(body)[:2] == (202, {})
    assert site.last().body == body


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="empty"),
        pytest.param(b'[{"a":1}', 400, id="array without an end"),
        pytest.param(b'{"a":nope}', 400, id="no JSON"),
        pytest.param(b"hello", 400, id="text that says it is JSON"),
        pytest.param(b"[1,2,3]", 400, id="no entry is usable"),
        pytest.param(b"12", 400, id="a number"),
        pytest.param(b"\x00\x01\x02", 400, id="bytes"),
        pytest.param(b"[" * 1_000_000, 400, id="brackets only"),
        pytest.param(b'{"a":' * 500_000, 400, id="objects only"),
        pytest.param(b"[" + b"{}," * 1000 + b"{}]", 413, id="1001 entries"),
        pytest.param(b'{"message":"' + b"x" * 10_000_000 + b'"}', 413, id="a text of ten megabytes"),
        pytest.param(b"{" + b",".join(b'"%d":1' % n for n in range(1_000_000)) + b"}", 413, id="a million keys"),
    ],
)
def test_what_cannot_be_used_is_refused_and_the_next_request_works(site: Site, body: bytes, status: int) -> None:
    before = site.records()
    got, answer, _ = site.post(body, {"Content-Type": "application/json"})

    assert got == status
    assert isinstance(answer, dict)
    (error,) = answer["errors"]
    assert set(error) == {"status", "title", "detail"}
    assert error["status"] == str(status)
    assert site.records() == before
    assert site.status(ONE) == 202


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        pytest.param("gzip", gzip.compress(ONE), 202, id="gzip"),
        pytest.param("gzip", gzip.compress(b"[{},") + gzip.compress(b"{}]"), 202, id="gzip in members"),
        pytest.param("deflate", zlib.compress(ONE), 202, id="deflate"),
        pytest.param("deflate", zlib.compress(ONE)[2:-4], 202, id="bare deflate"),
        pytest.param("zstd", zstandard.compress(ONE), 202, id="zstd"),
        pytest.param("identity", ONE, 202, id="identity"),
        pytest.param("gzip", gzip.compress(ONE)[:-5], 400, id="gzip cut short"),
        pytest.param("gzip", gzip.compress(ONE) + b"junk", 400, id="gzip and more"),
        pytest.param("gzip", ONE, 400, id="plain that says gzip"),
        pytest.param("deflate", gzip.compress(ONE), 400, id="gzip that says deflate"),
        pytest.param("zstd", zstandard.compress(ONE)[:-3], 400, id="zstd cut short"),
        pytest.param("", gzip.compress(ONE), 400, id="gzip that says nothing"),
        pytest.param("gzip", gzip.compress(b"[]" + b" " * (1 << 28)), 413, id="gzip bomb"),
        pytest.param("deflate", zlib.compress(b" " * (1 << 28)), 413, id="deflate bomb"),
        pytest.param("zstd", zstandard.compress(b" " * (1 << 28)), 413, id="zstd bomb"),
        pytest.param("gzip", gzip.compress(gzip.compress(ONE)), 400, id="gzip in gzip"),
        pytest.param("compress", ONE, 415, id="an encoding of old"),
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(ONE)), 415, id="two encodings"),
    ],
)
def test_content_encodings(site: Site, encoding: str, body: bytes, status: int) -> None:
    got, answer, headers = site.post(body, {"Content-Encoding": encoding} if encoding else {})

    assert got == status, answer
    if status == 415:
        assert headers["accept-encoding"] == "gzip, deflate, zstd, br, identity"
    if status == 202:
        record = site.last()
        plain = inflate(record.body, record.headers.get("content-encoding", ""), 5 << 20)
        assert entries_of(plain, "")


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"one line\nanother", 202),
        ("text/plain;charset=UTF-8", b'{"message":"x"}\n{"message":"y"}', 202),
        ("application/logplex-1", b"83 <40>1 2012-11-30T06:45:29+00:00 host app web.3 - State changed", 202),
        ("application/json; charset=utf-8", ONE, 202),
        ("application/x-www-form-urlencoded", ONE, 202),
        ("image/png", b" {}", 202),
        ("image/png", b"\x89PNG", 415),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n[]\r\n--x--", 415),
        ("application/x-protobuf", b"\n\x05hello", 415),
        ("application/x-www-form-urlencoded", b"a=b", 415),
        ("application/vnd.api+json", b"nope", 400),
    ],
)
def test_media_types(site: Site, content_type: str, body: bytes, status: int) -> None:
    assert site.status(body, {"Content-Type": content_type}) == status


def test_otlp_is_told_apart(site: Site) -> None:
    assert site.status(b"{}", {"DD-Protocol": "otlp"}) == 415


# --- keys ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        pytest.param({"DD-API-KEY": ""}, LOGS, 401, id="none"),
        pytest.param({"DD-API-KEY": "wrong"}, LOGS, 403, id="wrong"),
        pytest.param({"DD-API-KEY": "x" * 5000}, LOGS, 403, id="long"),
        pytest.param({"DD-API-KEY": "\xff\xfe"}, LOGS, 403, id="no ASCII"),
        pytest.param({"DD-API-KEY": ""}, f"{LOGS}?dd-api-key={SECRET}", 202, id="query"),
        pytest.param({"DD-API-KEY": ""}, f"{LOGS}?DD%2DAPI-KEY={SECRET}", 202, id="query, encoded name"),
        pytest.param({"DD-API-KEY": ""}, f"{LOGS}?dd-api-key=wrong", 403, id="wrong in query"),
        pytest.param({}, f"{LOGS}?dd-api-key=wrong", 202, id="header before query"),
        pytest.param({"DD-API-KEY": ""}, f"{LOGS}?dd-api-key=a&dd-api-key=b", 400, id="two in query"),
        pytest.param({"DD-API-KEY": ""}, f"/v1/input/{SECRET}", 200, id="path"),
        pytest.param({"DD-API-KEY": ""}, "/v1/input/wrong", 403, id="wrong in path"),
        pytest.param({}, "/v1/input", 200, id="v1"),
        pytest.param({"DD-API-KEY": ""}, "/v1/input/", 401, id="v1 without a key"),
        pytest.param({"DD-API-KEY": "", "Authorization": f"Bearer {SECRET}"}, LOGS, 401, id="bearer is no key"),
    ],
)
def test_keys(site: Site, headers: dict[str, str], path: str, status: int) -> None:
    got, answer, _ = site.post(ONE, headers, path)

    assert got == status
    assert "wrong" not in json.dumps(answer)
    assert "xxxx" not in json.dumps(answer)
    if status < 300:
        record = site.last()
        assert record.path in {LOGS, "/v1/input"}
        assert SECRET not in repr((record.query, record.headers, record.path))
        assert answer == {}


def test_no_journal_file_holds_a_secret(tight: Site) -> None:
    tight.status(ONE, {"DD-API-KEY": SECRET}, f"{LOGS}?ddsource=x&dd-api-key={SECRET}&api_key={SECRET}")
    tight.status(ONE, {"DD-API-KEY": ""}, f"/v1/input/{SECRET}?application_key={SECRET}")
    tight.status(ONE, {"DD-API-KEY": ""}, f"{LOGS}?ddforward=%2Fapi%2Fv2%2Flogs%3Fdd-api-key%3D{SECRET}%26ddsource%3Dy")

    assert tight.last().query == "ddforward=/api/v2/logs%3Fddsource%3Dy"
    for segment in tight.folder.glob("*.seg"):
        assert SECRET.encode() not in segment.read_bytes()


def test_headers_that_come_twice(site: Site) -> None:
    head = b"POST /api/v2/logs HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(ONE)
    key = b"DD-API-KEY: %s\r\n" % SECRET.encode()

    assert b" 202 " in site.raw(head + key + key + b"\r\n" + ONE)
    assert b" 400 " in site.raw(head + key + b"dd-api-key: other\r\n\r\n" + ONE)
    types = b"Content-Type: application/json\r\nContent-Type: text/plain\r\n"
    assert b" 400 " in site.raw(head + key + types + b"\r\n" + ONE)
    assert b" 415 " in site.raw(head + key + b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n" + ONE)


def test_the_browser_announces_its_encoding_in_the_query(site: Site) -> None:
    path = f"{LOGS}?ddsource=browser&dd-api-key={SECRET}&dd-evp-encoding=deflate&_dd.retry_count=1"
    body = zlib.compress(b'{"message":"a"}\n{"message":"b"}')

    assert site.status(body, {"DD-API-KEY": "", "Content-Type": "text/plain"}, path) == 202
    record = site.last()
    assert record.headers["content-encoding"] == "deflate"
    assert record.query == "ddsource=browser&dd-evp-encoding=deflate&_dd.retry_count=1"


@given(st.binary(max_size=60), st.sampled_from([b"dd-api-key=", b"ddforward=", b"dd-evp-encoding=gzip&", b""]))
def test_reading_any_query_raises_nothing_but_invalid(tail: bytes, head: bytes) -> None:
    read_query(head + tail.replace(b"dd-api-key", b""))


def test_a_request_that_is_forwarded_in_circles_is_read_once(site: Site) -> None:
    circles = "?ddforward=" * 2700

    assert site.status(ONE, path=f"{LOGS}?ddforward={circles}") == 202
    assert (
        site.status(ONE, {"DD-API-KEY": ""}, f"{LOGS}?ddforward=%2Fa%3Fddforward%3D%252Fb%253Fdd-api-key%253D{SECRET}")
        == 401
    )
    assert SECRET not in read_query(f"ddforward=/a?ddforward=/b?dd-api-key={SECRET}".encode()).kept


def test_a_bug_is_one_answer_with_an_error_id_and_leaks_nothing(site: Site) -> None:
    status, answer, _ = site.post(ONE, {"DD-API-KEY": BROKEN})

    assert status == 500
    (error,) = answer["errors"]
    assert "error id" in error["detail"]
    assert BROKEN not in json.dumps(answer)
    assert site.counts.reasons[-1] == "failed"
    assert site.status(ONE) == 202


# --- methods, paths, limits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_not_allowed(site: Site, method: str) -> None:
    status, _, headers = site.post(b"", method=method)

    assert status == 405
    assert headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    ("path", "content_type", "says"),
    [
        (LOGS, "application/json", b'"detail":"Only POST is answered here."'),
        ("/api/1/envelope/", "application/json", b'{"detail":"Only POST is answered here."'),
        ("/v1/traces", "application/json", b'{"code":12,"message":"Only POST is answered here."}'),
        ("/v1/logs", "application/x-protobuf", b"\x08\x0c\x12\x1bOnly POST is answered here."),
        ("/v0.4/traces", "application/msgpack", b'"detail":"Only POST and PUT are answered here."'),
    ],
)
def test_other_methods_are_refused_in_the_form_of_the_protocol(
    site: Site, path: str, content_type: str, says: bytes
) -> None:
    head = f"DELETE {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n"
    got = site.raw(head.encode())

    assert got.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nallow: OPTIONS, P" in got
    assert says in got


@pytest.mark.parametrize("path", [LOGS, "/v1/input", f"/v1/input/{SECRET}"])
def test_a_browser_may_send_from_any_origin(site: Site, path: str) -> None:
    asked = b"Origin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\n"
    preflight = site.raw(b"OPTIONS %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (path.encode(), asked)).lower()
    _, _, accepted = site.post(ONE, {"Origin": "https://shop.example"}, path)
    _, _, refused = site.post(b"", {"Origin": "https://shop.example"}, path)

    assert preflight.startswith(b"http/1.1 204 ")
    for line in (b"allow-origin: *", b"allow-methods: post", b"allow-headers: *, authorization"):
        assert b"access-control-" + line + b"\r\n" in preflight
    assert accepted["access-control-allow-origin"] == refused["access-control-allow-origin"] == "*"


def test_only_the_intakes_own_addresses_match(site: Site) -> None:
    matching = [LOGS, "/v1/input", "/v1/input/", "/v1/input/key"]
    others = ["/", "/api/v2/logs/", "/api/v2/logs/events", "/v1/inputs", "/v1/input/a/b", "/v1"]

    def matches(path: str) -> bool:
        return site.app.answering({"path": path, "query_string": b"", "method": "POST"}) is not None

    assert all(map(matches, matching))
    assert not any(map(matches, others))


def test_a_chunked_body_is_read(site: Site) -> None:
    head = f"POST {LOGS} HTTP/1.1\r\nHost: x\r\nDD-API-KEY: {SECRET}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (ONE[:7], ONE[7:]))

    assert b" 202 " in site.raw(head + chunks + b"0\r\n\r\n")
    assert site.last().body == ONE


def test_a_body_that_stalls_is_answered_408(site: Site) -> None:
    head = f"POST {LOGS} HTTP/1.1\r\nHost: x\r\nDD-API-KEY: {SECRET}\r\nContent-Length: 50\r\n\r\n[{{".encode()

    assert b" 408 " in site.raw(head)
    until = time.monotonic() + 5
    while site.counts.reasons[-1] != "disconnected" and time.monotonic() < until:
        time.sleep(0.01)  # the application hears of it a moment after the client
    assert site.counts.reasons[-1] == "disconnected"


def test_bounds_are_settings(tight: Site) -> None:
    assert tight.status(b"[{},{},{}]") == 202
    assert tight.status(b"[{},{},{},{}]") == 413
    assert tight.status(b'{"a":"' + b"x" * 4992 + b'"}') == 202
    status, answer, _ = tight.post(b'{"a":"' + b"x" * 4993 + b'"}')
    assert (status, "5000 bytes" in json.dumps(answer)) == (413, True)
    assert tight.status(gzip.compress(b'{"a":"' + b"x" * 4993 + b'"}'), {"Content-Encoding": "gzip"}) == 413


def test_a_full_journal_is_answered_503_with_a_time_to_come_again(tight: Site) -> None:
    statuses = []
    for _ in range(30):
        status, answer, headers = tight.post(b'{"a":"' + b"x" * 2000 + b'"}')
        statuses.append(status)

    assert statuses[0] == 202
    assert statuses[-1] == 503
    assert tight.records() == statuses.count(202)
    assert headers["retry-after"] == headers["x-ratelimit-reset"]
    assert int(headers["retry-after"]) >= 1
    assert "full" in json.dumps(answer)


def test_more_requests_in_hand_than_allowed_are_answered_429(tight: Site) -> None:
    head = f"POST {LOGS} HTTP/1.1\r\nHost: x\r\nDD-API-KEY: {SECRET}\r\nContent-Length: 50\r\n\r\n[".encode()
    held = [socket.create_connection(("127.0.0.1", tight.port)) for _ in range(2)]
    try:
        for connection in held:
            connection.sendall(head)
        time.sleep(0.3)
        status, _, headers = tight.post(ONE)
    finally:
        for connection in held:
            connection.close()

    assert status == 429
    assert headers["retry-after"] == headers["x-ratelimit-reset"] == "1"
    time.sleep(0.2)
    assert tight.status(ONE) == 202


def test_many_clients_at_once_lose_nothing(site: Site) -> None:
    before = site.records()
    head = f"POST {LOGS} HTTP/1.1\r\nHost: x\r\nDD-API-KEY: {SECRET}\r\nContent-Length: {len(ONE)}\r\n\r\n".encode()

    async def client() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        count = 0
        for _ in range(20):
            writer.write(head + ONE)
            answer = await reader.readuntil(b"{}")
            count += b" 202 " in answer
        writer.close()
        await writer.wait_closed()
        return count

    async def clients() -> list[int]:
        return await asyncio.gather(*(client() for _ in range(30)))

    assert asyncio.run(clients()) == [20] * 30
    assert site.records() == before + 600


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=80) | st.text(alphabet='[]{}",:\\u0d89 a1\n', max_size=60).map(str.encode),
    content_type=st.sampled_from(["", "application/json", "text/plain", "application/logplex-1", "image/png"]),
    encoding=st.sampled_from(["", "gzip", "deflate", "zstd", "identity"]),
)
def test_no_body_is_answered_5xx(site: Site, body: bytes, content_type: str, encoding: str) -> None:
    assert site.status(body, {"Content-Type": content_type, "Content-Encoding": encoding}) in {202, 400, 413, 415}


@pytest.mark.parametrize(
    "recording", sorted(Path(__file__).parents[2].glob("payloads/**/*.http.json")), ids=lambda p: p.name
)
def test_recorded_requests_are_accepted(site: Site, recording: Path) -> None:
    request = json.loads(recording.read_text())
    scope = {key: request[key] for key in ("path", "method")} | {"query_string": (request["query"] or "").encode()}
    if site.app.answering(scope) is None:
        pytest.skip("not for this intake")
    headers = {
        name: value
        for name, value in request["headers"].items()
        if name.lower() not in {"host", "content-length", "transfer-encoding", "dd-api-key"}
    }
    body = base64.b64decode(request.get("body_base64", ""))
    if "body_file" in request:
        body = (recording.parent / request["body_file"]).read_bytes()
    path = request["path"] + ("?" + request["query"] if request["query"] else "")

    assert site.status(body, headers, path, request["method"]) == request["answered_status"]
