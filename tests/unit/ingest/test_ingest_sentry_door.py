"""The addresses of Sentry's protocol as its SDKs meet them: keys, answers, refusals, and what is kept."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import socket
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from intake_site import SECRET, Site, served

from errata.base.errors import TooMany, Unavailable
from errata.events.model import Event
from errata.ingest.doors.door import DoorLimits
from errata.ingest.doors.sentry import SentryDoor
from errata.ingest.inflate import inflate
from errata.ingest.wire.model import WireRecord
from errata.ingest.wire.sentry import decode
from errata.storage.journal import Record

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
ENVELOPE = "/api/42/envelope/"
EVENT = json.dumps({"event_id": ID, "message": "x"}).encode()
ONE = b'{"event_id":"%s"}\n{"type":"event"}\n%s' % (ID.encode(), EVENT)
AUTH = {"X-Sentry-Auth": f"Sentry sentry_key={SECRET}, sentry_version=7, sentry_client=sentry.python/2.75.0"}
WRONG = "f" * 32


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path / "journal") as it:
        yield it


def post(site: Site, body: bytes, headers: dict[str, str], path: str) -> tuple[int, Any, dict[str, str]]:
    """Send as an SDK does: with no key but those in the headers, the path or the body."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), {name.lower(): value for name, value in answer.headers.items()}
    finally:
        connection.close()


def status_of(site: Site, body: bytes, headers: dict[str, str], path: str) -> int:
    return post(site, body, headers, path)[0]


def events_in(record: Record) -> list[Event]:
    body = inflate(record.body, record.headers.get("content-encoding", ""), 20 << 20)
    found = decode(WireRecord(0, record.path, record.query, record.headers, body))
    return [one for one in found if isinstance(one, Event)]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (ENVELOPE, AUTH),
        ("/api/42/envelope", AUTH),
        (ENVELOPE, {"Authorization": AUTH["X-Sentry-Auth"]}),
        (ENVELOPE, {"X-Sentry-Auth": f'sentry sentry_key="{SECRET}",sentry_version=7'}),
        (f"{ENVELOPE}?sentry_version=7&sentry_key={SECRET}&sentry_client=sentry.javascript.browser%2F10.78.0", {}),
        (f"{ENVELOPE}?sentry_key={SECRET}", {**AUTH, "Authorization": "Bearer something-else"}),
        (ENVELOPE, {"DD-API-KEY": SECRET}),
    ],
)
def test_the_key_is_taken_from_query_or_header_and_never_kept(site: Site, path: str, headers: dict[str, str]) -> None:
    status, body, answered = post(site, ONE, headers, path)

    assert (status, body) == (200, {"id": ID})
    assert answered["content-type"] == "application/json"
    kept = site.last()
    assert kept.path == ENVELOPE
    assert SECRET not in repr(kept) + repr(kept.headers)
    assert [event.identity for event in events_in(kept)] == [f"42/{ID}"]


def test_the_key_may_stand_in_the_envelopes_dsn_alone(site: Site) -> None:
    def envelope(dsn: object) -> bytes:
        return json.dumps({"event_id": ID, "dsn": dsn}).encode() + b'\n{"type":"event"}\n' + EVENT

    assert status_of(site, envelope(f"https://{SECRET}@errata.example/42"), {}, ENVELOPE) == 200
    for dsn in (f"https://{WRONG}@errata.example/42", "https://errata.example/42", "http://[bad", 7, None):
        assert status_of(site, envelope(dsn), {}, ENVELOPE) == 403
    assert site.records() == 1
    for encoding, pack in PACK.items():
        packed = pack(envelope(f"https://{SECRET}@errata.example/42"))
        assert status_of(site, packed, {"Content-Encoding": encoding}, ENVELOPE) == 200
        assert status_of(site, b"nothing of the kind", {"Content-Encoding": encoding}, ENVELOPE) in (400, 403)
    # A proxy that knows the right key may forward envelopes of pages that were built with another one.
    assert status_of(site, envelope(f"https://{WRONG}@errata.example/42"), AUTH, ENVELOPE) == 200


@pytest.mark.parametrize(
    ("path", "headers", "words"),
    [
        (ENVELOPE, {}, "No key was sent"),
        (ENVELOPE, {"Authorization": f"Bearer {SECRET}"}, "No key was sent"),
        (f"{ENVELOPE}?sentry_key={WRONG}", {}, "unknown or revoked"),
        (f"{ENVELOPE}?sentry_key={WRONG}", AUTH, "Two different keys"),
        ("/api/42/store/", {}, "No key was sent"),
    ],
)
def test_no_key_a_wrong_one_or_two_are_403_in_sentrys_form(
    site: Site, path: str, headers: dict[str, str], words: str
) -> None:
    status, body, answered = post(site, ONE if "envelope" in path else EVENT, headers, path)

    assert status == 403
    assert words in body["detail"]
    assert words in answered["x-sentry-error"]
    assert SECRET not in str(body)
    assert "x-sentry-error" in answered["access-control-expose-headers"]
    assert site.records() == 0


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "br": brotli.compress,
}


@pytest.mark.parametrize("encoding", PACK)
@pytest.mark.parametrize(
    "content_type",
    ["application/x-sentry-envelope", "text/plain;charset=UTF-8", "multipart/form-data",
     "application/x-www-form-urlencoded", "application/octet-stream", ""],
)  # fmt: skip
def test_every_encoding_and_content_type_of_an_sdk_is_taken(site: Site, encoding: str, content_type: str) -> None:
    headers = {**AUTH, "Content-Encoding": encoding} | ({"Content-Type": content_type} if content_type else {})

    assert status_of(site, PACK[encoding](ONE), headers, ENVELOPE) == 200
    assert [event.message for event in events_in(site.last())] == ["x"]


def test_single_events_are_taken_plain_and_as_clients_of_old_packed_them(site: Site) -> None:
    packed = base64.b64encode(zlib.compress(EVENT))

    for body in (EVENT, packed):
        status, answered, _ = post(site, body, AUTH, "/api/42/store/")
        assert (status, answered) == (200, {"id": ID})
        assert [event.message for event in events_in(site.last())] == ["x"]


def test_the_time_that_an_old_client_says_is_kept_for_the_digest(site: Site) -> None:
    auth = {"X-Sentry-Auth": f"Sentry sentry_timestamp=1795191610, sentry_key={SECRET}, sentry_version=5"}

    assert status_of(site, EVENT, auth, "/api/42/store/") == 200
    assert site.last().headers["sentry-timestamp"] == "1795191610"


def test_what_holds_no_event_is_answered_and_not_kept(site: Site) -> None:
    sessions = b'{"sent_at":"2026-11-20T16:27:49.150Z"}\n{"type":"session"}\n{"sid":"x"}'
    replay = b'{"event_id":"%s"}\n{"type":"replay_recording","length":4000000}\n%s' % (ID.encode(), b"r" * 4_000_000)

    assert post(site, sessions, AUTH, ENVELOPE)[:2] == (200, {})
    status, body, _ = post(site, gzip.compress(replay), {**AUTH, "Content-Encoding": "gzip"}, ENVELOPE)
    assert (status, body) == (200, {"id": ID})
    assert site.records() == 0


def test_of_an_event_with_a_large_attachment_the_event_is_kept(site: Site) -> None:
    large = ONE + b'\n{"type":"attachment","length":3000000,"filename":"shot.png"}\n' + b"\xff" * 3_000_000

    assert status_of(site, gzip.compress(large), {**AUTH, "Content-Encoding": "gzip"}, ENVELOPE) == 200

    kept = site.last()
    assert len(kept.body) < 1000
    assert "content-encoding" not in kept.headers
    assert [event.identity for event in events_in(kept)] == [f"42/{ID}"]


@pytest.mark.parametrize(
    ("body", "path", "status", "words"),
    [
        (b"hello", ENVELOPE, 400, "no JSON object, at byte 0"),
        (b"", ENVELOPE, 400, "no JSON object"),
        (b'{}\n{"type":"event","length":900}\n{}', ENVELOPE, 400, "An item of 900 bytes is announced where 2 follow"),
        (b'{}\n{"type":"event"}\n[]', ENVELOPE, 400, "no JSON object"),
        (b'{}\n{"type":"event"}\n{nope', ENVELOPE, 400, "not JSON"),
        (b"[]", "/api/42/store/", 400, "neither a JSON object nor"),
        (b'{}\n{"type":"event"}\n{"a":"' + b"x" * (5 << 20) + b'"}', ENVELOPE, 413, "larger than 4194304 bytes"),
        (gzip.compress(b"{}\n" + b" " * (21 << 20)), ENVELOPE, 413, "larger than 20971520 bytes"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    site: Site, body: bytes, path: str, status: int, words: str
) -> None:
    headers = AUTH | ({"Content-Encoding": "gzip"} if body[:2] == b"\x1f\x8b" else {})

    got, answered, headers = post(site, body, headers, path)

    assert got == status
    assert words in answered["detail"]
    assert site.records() == 0


def test_a_browser_may_ask_first_and_read_what_it_is_told(site: Site) -> None:
    ask = (
        "OPTIONS /api/42/envelope/?sentry_key=x HTTP/1.1\r\nHost: errata\r\nOrigin: https://shop.example\r\n"
        "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type, x-sentry-auth\r\n\r\n"
    )
    answered = site.raw(ask.encode()).decode().lower()
    assert " 20" in answered.split("\r\n")[0]
    allowed = next(line for line in answered.split("\r\n") if line.startswith("access-control-allow-headers"))
    assert "x-sentry-auth" in allowed or "*" in allowed

    status, _, headers = post(site, ONE, {**AUTH, "Origin": "https://shop.example"}, ENVELOPE)
    assert status == 200
    assert headers["access-control-allow-origin"] in ("*", "https://shop.example")


def test_a_body_in_chunks_is_taken_as_nodes_sdk_sends_it(site: Site) -> None:
    head = f"POST {ENVELOPE}?sentry_key={SECRET} HTTP/1.1\r\nHost: errata\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.port), 10) as client:
        client.sendall(head.encode())
        for start in range(0, len(ONE), 40):
            piece = ONE[start : start + 40]
            client.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        client.sendall(b"0\r\n\r\n")
        assert b" 200 " in client.recv(65536).split(b"\r\n")[0] + b" "


@pytest.mark.parametrize("path", ["/api/x/envelope/", "/api/42/envelopes/", "/api//store/", "/api/42/security/"])
def test_other_addresses_are_not_taken(site: Site, path: str) -> None:
    assert site.app.answering({"path": path, "query_string": b"", "method": "POST"}) is None


@pytest.mark.parametrize(
    ("error", "status"), [(TooMany("slow", retry_after_s=7), 429), (Unavailable("full", retry_after_s=7), 503)]
)
def test_who_must_wait_is_told_how_long_in_the_words_that_sdks_read(error: TooMany | Unavailable, status: int) -> None:
    refusal = SentryDoor(DoorLimits()).refusal(error, {})
    headers = dict(refusal.start["headers"])

    assert refusal.start["status"] == status
    assert headers[b"retry-after"] == b"7"
    assert headers[b"x-sentry-rate-limits"] == b"7::organization"
