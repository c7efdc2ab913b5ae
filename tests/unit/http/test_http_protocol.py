"""A real server on loopback, spoken to in raw bytes."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from errata.base.errors import TooLarge
from errata.http.body import Disconnected, TooSlow, read_body
from errata.http.protocol import ProtocolLimits
from errata.http.server import server_of

LIMITS = ProtocolLimits(
    max_connections=20, max_header_bytes=8192, header_timeout_s=0.4, body_timeout_s=0.6, idle_timeout_s=0.8
)
POST = b"POST /x HTTP/1.1\r\nHost: x\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body; `/slow` takes a while, `/early` answers before it reads."""
    size = 0
    try:
        if scope["path"] != "/early":
            size = len(await read_body(receive, 100_000, 5))
        if scope["path"] == "/slow":
            await asyncio.sleep(1.2)
        status = 202
    except TooLarge:
        status = 413
    except Disconnected:
        return
    body = b"%d bytes" % size
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def running(limits: ProtocolLimits = LIMITS) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = server_of(app, limits, graceful_s=2)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield port
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running() as port:
        yield port


def talk(port: int, *pieces: bytes, pause_s: float = 0.0, until: bytes = b"") -> bytes:
    """Everything that is answered until the server closes, or until some bytes came."""
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        got = b""
        for piece in pieces:
            client.sendall(piece)
            time.sleep(pause_s)
        while not (until and until in got):
            more = client.recv(65536)
            if not more:
                return got + b"<closed>"
            got += more
        return got


@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [
        pytest.param(POST + b"Content-Length: 5\r\n\r\nhello", b"5 bytes", id="plain"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", b"6 bytes", id="chunked"
        ),
        pytest.param(b"POST /x HTTP/1.0\r\nContent-Length: 2\r\n\r\nab", b"2 bytes", id="HTTP/1.0"),
        pytest.param(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n", b"0 bytes", id="without a body"),
        pytest.param(POST + b"Content-Length: 99999\r\n\r\n" + b"x" * 99_999, b"99999 bytes", id="large"),
        pytest.param(
            POST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nab",
            b"2 bytes",
            id="offers an upgrade",
        ),
        pytest.param(
            POST + b"UPGRADE: h2c\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            b"3 bytes",
            id="offers an upgrade, in chunks",
        ),
        pytest.param(
            POST + b"Content-Length: 20\r\n\r\n\r\nUpgrade: x\r\n\r\nabcd",
            b"20 bytes",
            id="speaks of an upgrade in its body",
        ),
    ],
)
def test_ordinary_requests_are_answered(port: int, request_bytes: bytes, answer: bytes) -> None:
    got = talk(port, request_bytes, until=answer)

    assert got.startswith(b"HTTP/1.1 202 Accepted\r\ndate: ")
    assert got.endswith(b"\r\n\r\n" + answer)


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    requests = b"".join(POST + b"Content-Length: %d\r\n\r\n" % n + b"x" * n for n in range(1, 6))

    got = talk(port, requests, until=b"5 bytes")
    assert got.index(b"1 bytes") < got.index(b"2 bytes") < got.index(b"5 bytes")


def test_a_body_is_asked_for_when_the_client_expects_it(port: int) -> None:
    head = POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    got = talk(port, head, b"hello", pause_s=0.1, until=b"bytes")

    assert got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202")


def test_no_header_names_the_server(port: int) -> None:
    assert b"server:" not in talk(port, POST + b"Content-Length: 0\r\n\r\n", until=b"bytes").lower()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(
            POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, id="length and chunks"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400, id="chunks and length"
        ),
        pytest.param(POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", 400, id="two lengths"),
        pytest.param(POST + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400, id="the same length twice"),
        pytest.param(POST + b"Content-Length: 4, 4\r\n\r\nabcd", 400, id="two lengths in one"),
        pytest.param(POST + b"Content-Length: -4\r\n\r\nabcd", 400, id="negative length"),
        pytest.param(POST + b"Content-Length: 99999999999999999999999\r\n\r\n", 400, id="endless length"),
        pytest.param(POST + b"Transfer-Encoding: gzip\r\n\r\nabcd", 400, id="other transfer encoding"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, id="chunk without a length"),
        pytest.param(POST + b"Bad Header: x\r\nContent-Length: 0\r\n\r\n", 400, id="header name with a blank"),
        pytest.param(POST + b"X: a\0b\r\nContent-Length: 0\r\n\r\n", 400, id="NUL in a header"),
        pytest.param(POST + b" folded\r\nContent-Length: 0\r\n\r\n", 400, id="folded header"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, id="TLS"),
        pytest.param(b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="target that is no ASCII"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="HTTP/2 preface"),
        pytest.param(POST + b"X-A: " + b"a" * (1 << 20) + b"\r\n\r\n", 431, id="header of a mebibyte"),
        pytest.param(POST + b"X-A: " + b"a" * 30_000, 431, id="header without an end"),
        pytest.param(b"GET /" + b"a" * 30_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431, id="long target"),
        pytest.param(
            POST + b"".join(b"X-%d: a\r\n" % n for n in range(10_000)) + b"\r\n", 431, id="ten thousand headers"
        ),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(port: int, request_bytes: bytes, status: int) -> None:
    got = talk(port, request_bytes)

    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert got.endswith(b"<closed>")
    body = json.loads(got.removesuffix(b"<closed>").partition(b"\r\n\r\n")[2])
    assert body["errors"][0]["status"] == str(status)
    assert talk(port, POST + b"Content-Length: 1\r\n\r\nx", until=b"bytes").endswith(b"1 bytes")


def test_headers_up_to_the_bound_are_taken_also_in_small_pieces(port: int) -> None:
    head = POST + b"X-A: " + b"a" * 7_900 + b"\r\nContent-Length: 1\r\n\r\n"
    for size in (len(head), 1000):
        pieces = [head[at : at + size] for at in range(0, len(head), size)]
        assert talk(port, *pieces, b"x", pause_s=0.005, until=b"bytes").endswith(b"1 bytes")


def test_headers_of_earlier_requests_do_not_count(port: int) -> None:
    one = POST + b"X-A: " + b"a" * 3000 + b"\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000
    assert (
        talk(port, one * 20 + POST + b"Content-Length: 7\r\n\r\n1234567", until=b"\r\n\r\n7 bytes").count(b" 202 ")
        == 20 + 1
    )


@pytest.mark.parametrize(
    ("pieces", "at_least_s"),
    [
        pytest.param([POST], 0.3, id="headers stall"),
        pytest.param([POST + b"Content-Length: 5\r\n\r\nab"], 0.5, id="body stalls"),
        pytest.param([POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe"], 0.5, id="chunk stalls"),
        pytest.param([bytes([byte]) for byte in POST + b"X: " + b"y" * 200], 0.3, id="headers drip"),
        pytest.param([POST + b"Content-Length: 500\r\n\r\n", *[b"x"] * 100], 0.5, id="body drips"),
    ],
)
def test_a_slow_request_is_answered_408_also_while_pieces_still_come(
    port: int, pieces: list[bytes], at_least_s: float
) -> None:
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.settimeout(0.02)
        got = b""
        left = list(pieces)
        while left:
            piece = left.pop(0)
            client.sendall(piece)
            try:
                got = client.recv(65536)
                break
            except TimeoutError:
                continue
        client.settimeout(5)
        got = got or client.recv(65536)
    took = time.monotonic() - begun

    assert got.startswith(b"HTTP/1.1 408 ")
    assert took > at_least_s
    assert left or len(pieces) == 1


def test_a_connection_that_says_nothing_is_closed_without_a_word(port: int) -> None:
    assert talk(port) == b"<closed>"


def test_an_idle_connection_is_closed_after_its_time(port: int) -> None:
    begun = time.monotonic()
    got = talk(port, POST + b"Content-Length: 0\r\n\r\n")

    assert got.endswith(b"0 bytes<closed>")
    assert time.monotonic() - begun > 0.7


def test_a_slow_application_is_not_the_clients_fault(port: int) -> None:
    request = POST.replace(b"/x", b"/slow") + b"Content-Length: 1\r\n\r\nx"
    assert talk(port, request, until=b"bytes").startswith(b"HTTP/1.1 202")
    assert talk(port, request * 2, until=b"bytes").startswith(b"HTTP/1.1 202")


def test_an_answer_given_before_the_body_came_arrives(port: int) -> None:
    request = POST + b"Content-Length: 10000000\r\n\r\n" + b"x" * 300_000
    assert talk(port, request, until=b"bytes").startswith(b"HTTP/1.1 413")
    early = request.replace(b"/x", b"/early")
    assert talk(port, early, until=b"bytes").startswith(b"HTTP/1.1 202")
    assert talk(port, early).endswith(b"bytes<closed>")


def test_garbage_behind_a_request_does_not_take_its_answer(port: int) -> None:
    got = talk(port, POST.replace(b"/x", b"/slow") + b"Content-Length: 1\r\n\r\nxGARBAGE\r\n\r\n")

    assert got.startswith(b"HTTP/1.1 202 ")
    assert got.endswith(b"1 bytes<closed>")


def test_connections_above_the_bound_are_answered_503_and_others_go_on() -> None:
    with running(ProtocolLimits(max_connections=3, header_timeout_s=5)) as port:
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        time.sleep(0.1)
        got = talk(port, POST + b"Content-Length: 1\r\n\r\nx")
        assert got.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in got
        assert b"\r\nx-ratelimit-reset: 1\r\n" in got
        held[0].sendall(POST + b"Content-Length: 1\r\n\r\nx")
        assert held[0].recv(1000).startswith(b"HTTP/1.1 202")
        for connection in held:
            connection.close()
        time.sleep(0.1)
        assert talk(port, POST + b"Content-Length: 1\r\n\r\nx", until=b"bytes").startswith(b"HTTP/1.1 202")


def test_a_request_in_hand_is_answered_when_the_server_stops() -> None:
    got = []
    with running() as port:
        request = POST.replace(b"/x", b"/slow") + b"Content-Length: 1\r\n\r\nx"
        client = threading.Thread(target=lambda: got.append(talk(port, request)))
        client.start()
        time.sleep(0.2)
    client.join()

    assert got[0].startswith(b"HTTP/1.1 202 ")


def test_a_body_that_takes_too_long_altogether_is_too_slow() -> None:
    async def dripping() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(TooSlow):
        asyncio.run(read_body(dripping, 1000, 0.1))


def test_a_declared_length_over_the_bound_is_refused_unread() -> None:
    async def never() -> dict[str, Any]:
        raise AssertionError

    with pytest.raises(TooLarge):
        asyncio.run(read_body(never, 1000, 1, declared=1001))
