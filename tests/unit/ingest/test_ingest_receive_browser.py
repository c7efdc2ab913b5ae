"""The intake as browsers meet it: RUM, forwarded requests, and what a page of another origin may do."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from intake_site import LOGS, ONE, SECRET, Site, served

from errata.ingest.doors.door import DoorLimits
from errata.ingest.inflate import inflate
from errata.ingest.receive import IntakeLimits

RUM = "/api/v2/rum"
SHOP = "https://shop.example"
VIEW = b'{"type":"view","session":{"id":"s"},"usr":{"id":"ann"}}'
ERROR = b'{"type":"error","service":"web","error":{"message":"m","source":"source"}}'
BATCH = VIEW + b"\n" + ERROR
NO_KEY = {"DD-API-KEY": ""}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("intake") / "journal") as running:
        yield running


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One that only two origins may send to."""
    folder = tmp_path_factory.mktemp("intake") / "journal"
    with served(folder, origins=(SHOP, "http://127.0.0.1:8000"), limits=IntakeLimits(body_timeout_s=1)) as running:
        yield running


def forwarded(inner: str, path: str = "/rum-proxy") -> str:
    return f"{path}?ddforward={quote(inner, safe='')}"


def preflight(site: Site, path: str, *lines: bytes) -> tuple[bytes, bytes]:
    """Status line and the rest of the answer, in lower case."""
    head = b"OPTIONS %s HTTP/1.1\r\nHost: x\r\n" % path.encode() + b"".join(line + b"\r\n" for line in lines)
    status, _, rest = site.raw(head + b"\r\n").lower().partition(b"\r\n")
    return status, rest


def test_a_rum_request_with_an_error_is_kept_as_it_was_sent(site: Site) -> None:
    path = f"{RUM}?ddsource=browser&dd-api-key={SECRET}&dd-evp-origin=browser&_dd.retry_count=1"

    status, answer, _ = site.post(BATCH, NO_KEY | {"Content-Type": "text/plain;charset=UTF-8"}, path)

    assert (status, answer) == (202, {})
    record = site.last()
    assert (record.intake, record.path, record.body) == ("dd_rum", RUM, BATCH)
    assert record.query == "ddsource=browser&dd-evp-origin=browser&_dd.retry_count=1"
    assert site.counts.taken[-1] == ("dd_rum", len(BATCH), 2)


@pytest.mark.parametrize("body", [VIEW, b"[]", VIEW + b'\n{"type":"telemetry"}', b'[{"type":"resource"}]'])
def test_a_rum_request_without_an_error_is_counted_and_not_kept(site: Site, body: bytes) -> None:
    before, counted = site.records(), len(site.counts.left_out)

    assert site.status(body, path=RUM) == 202

    assert site.records() == before
    kinds = [one.what for one in site.counts.left_out[counted:]]
    assert kinds == [f"RUM events: {kind}" for kind in ("view", "telemetry", "resource") if kind.encode() in body]


def test_an_unreadable_line_is_kept_for_the_digest_to_tell(site: Site) -> None:
    before = site.records()

    assert site.status(VIEW + b'\n{"type":"err', path=RUM) == 202
    assert site.records() == before + 1


@pytest.mark.parametrize(
    "content_type", ["", "text/plain;charset=UTF-8", "application/octet-stream", "application/json"]
)
def test_the_content_type_of_rum_says_nothing(site: Site, content_type: str) -> None:
    assert site.status(BATCH, {"Content-Type": content_type} if content_type else {}, RUM) == 202


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "empty"),
        (b"just text", 400, "not JSON"),
        (b"[1,2,3]", 400, "No entry"),
        (b"\n".join([VIEW] * 1001), 413, "at most 1000"),
        (ERROR + b" " * (5 << 20), 413, "5242880"),
    ],
    ids=["nothing", "text", "numbers", "too many", "too large"],
)
def test_what_is_no_rum_request_is_refused_in_words(site: Site, body: bytes, status: int, words: str) -> None:
    got, answer, _ = site.post(body, path=RUM)

    assert got == status
    assert words in json.dumps(answer)


@pytest.mark.parametrize("path", ["/rum-proxy", "/", "/any/where", LOGS, "/api/v2/error-tracking/issues/search"])
def test_a_forwarded_request_goes_where_its_inner_address_says(site: Site, path: str) -> None:
    inner = f"{RUM}?ddsource=browser&dd-api-key={SECRET}&dd-evp-encoding=deflate&batch_time=1"

    status, _, _ = site.post(zlib.compress(BATCH), NO_KEY, forwarded(inner, path))

    assert status == 202
    record = site.last()
    assert (record.intake, record.path) == ("dd_rum", RUM)
    assert SECRET not in record.query
    assert inflate(record.body, record.headers["content-encoding"], 5 << 20) == BATCH


def test_an_inner_address_may_name_the_host_that_it_was_meant_for(site: Site) -> None:
    inner = f"https://browser-intake.example/api/v2/logs?ddsource=browser&dd-api-key={SECRET}"

    assert site.status(ONE, NO_KEY, forwarded(inner)) == 202
    assert (site.last().intake, site.last().path) == ("dd_logs", LOGS)


def test_a_key_inside_of_a_forwarded_path_is_not_kept(site: Site) -> None:
    inner = f"https://http-intake.example/v1/input/{SECRET}?ddsource=browser"

    assert site.status(ONE, NO_KEY, forwarded(inner)) == 200
    record = site.last()
    assert (record.path, SECRET in record.query, "ddsource" in record.query) == ("/v1/input", False, True)


@pytest.mark.parametrize(
    "inner", ["/api/v2/replay", "/api/v2/profile", "/api/v2/exposures", "/api/v9/unheard-of", "odd"]
)
def test_what_else_sdks_send_is_accepted_and_dropped(site: Site, inner: str) -> None:
    before = site.records()
    address = f"{inner}?ddsource=browser&dd-api-key={SECRET}&dd-evp-encoding=deflate"

    status, answer, _ = site.post(
        b"--x\r\nmultipart", NO_KEY | {"Content-Type": "multipart/form-data"}, forwarded(address)
    )

    assert (status, answer) == (202, {})
    assert site.records() == before
    assert site.status(b"", NO_KEY, forwarded(inner)) == 401


def test_other_tracks_are_dropped_without_being_forwarded_too(site: Site) -> None:
    before = site.records()

    assert [site.status(b"x", path=f"/api/v2/{track}") for track in ("replay", "spans", "profile")] == [202] * 3
    assert site.records() == before


@pytest.mark.parametrize(("query", "status"), [("", 401), ("?dd-api-key=", 401), (f"?dd-api-key={'f' * 32}", 403)])
def test_rum_without_a_good_key_is_refused(site: Site, query: str, status: int) -> None:
    assert site.status(BATCH, NO_KEY, RUM + query) == status
    assert site.status(BATCH, NO_KEY, forwarded(RUM + query)) == status


@pytest.mark.parametrize("path", [RUM, "/rum-proxy?ddforward=%2Fapi%2Fv2%2Frum", "/x?ddforward=%2Felsewhere"])
def test_a_browser_that_asks_first_hears_that_any_page_may_send(site: Site, path: str) -> None:
    asks = (b"Origin: https://other.example", b"Access-Control-Request-Method: POST")

    status, answer = preflight(site, path, *asks, b"Access-Control-Request-Private-Network: true")

    assert b" 204 " in status
    assert b"access-control-allow-origin: *\r\n" in answer
    assert b"access-control-allow-methods: post\r\n" in answer
    assert b"access-control-allow-private-network: true" in answer
    assert b"private-network" not in preflight(site, path, *asks)[1]


def test_a_page_may_read_what_it_is_told_and_when_to_come_back(site: Site) -> None:
    asked = {"Origin": "https://other.example"}
    answers = [site.post(BATCH, asked, RUM), site.post(b"", asked, RUM), site.post(BATCH, asked | NO_KEY, RUM)]
    answers.append(site.post(b"", asked, RUM, "PUT"))

    assert [status for status, _, _ in answers] == [202, 400, 401, 405]
    for _, _, headers in answers:
        assert headers["access-control-allow-origin"] == "*"
        assert "retry-after" in headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in headers


def test_programs_that_are_no_pages_hear_nothing_of_origins(site: Site, closed: Site) -> None:
    for one in (site, closed):
        _, _, headers = one.post(BATCH, path=RUM)
        assert not [name for name in headers if name.startswith("access-control") or name == "vary"]


@pytest.mark.parametrize("origin", [SHOP, "http://127.0.0.1:8000"])
def test_pages_of_the_origins_named_may_send_and_read(closed: Site, origin: str) -> None:
    status, _, headers = closed.post(BATCH, {"Origin": origin}, RUM)
    refused, _, refused_headers = closed.post(b"", {"Origin": origin}, RUM)
    asked, answer = preflight(closed, RUM, b"Origin: " + origin.encode())

    assert (status, refused) == (202, 400)
    for one in (headers, refused_headers):
        assert (one["access-control-allow-origin"], one["vary"]) == (origin, "Origin")
    assert b" 204 " in asked
    assert b"access-control-allow-origin: " + origin.encode() + b"\r\n" in answer
    assert b"vary: origin\r\n" in answer


@pytest.mark.parametrize(
    "origin", ["https://shop.example.evil", "http://shop.example", "https://shop.example:444", "null"]
)
def test_pages_of_other_origins_may_not(closed: Site, origin: str) -> None:
    before = closed.records()

    status, answer, headers = closed.post(BATCH, {"Origin": origin}, forwarded(f"{RUM}?dd-api-key={SECRET}"))
    asked, told = preflight(closed, RUM, b"Origin: " + origin.encode())

    assert status == 403
    assert "browser_origins" in json.dumps(answer)
    assert "access-control-allow-origin" not in headers
    assert b" 403 " in asked
    assert b"access-control-allow" not in told
    assert closed.records() == before


def test_intake_takes_forwarded_requests_and_leaves_other_paths_alone(site: Site) -> None:
    def matches(path: str, query: bytes = b"", method: str = "POST") -> bool:
        return site.app.answering({"path": path, "query_string": query, "method": method}) is not None

    assert matches(RUM)
    assert matches("/anything", b"ddforward=%2Fx")
    assert matches("/anything", b"ddforward=%2Fx", "OPTIONS")
    assert not matches("/anything", b"ddforward=%2Fapi%2Fv2%2Frum", "GET")
    assert not matches("/anything", b"ddforward=")
    assert not matches("/anything", b"forward=%2Fapi%2Fv2%2Frum")
    assert not matches("/api/v2/rum/events/search")


def test_a_body_of_rum_is_bounded_as_that_of_logs(tmp_path: Path) -> None:
    with served(tmp_path / "journal", logs=DoorLimits(max_body_bytes=5000, max_entries=3)) as tight:
        assert tight.status(b"\n".join([ERROR] * 3), path=RUM) == 202
        assert tight.status(b"\n".join([ERROR] * 4), path=RUM) == 413
        bomb = zlib.compress(b" " * 1_000_000)
        assert tight.status(bomb, {"Content-Encoding": "deflate"}, RUM) == 413
        assert tight.status(b"x" * 6000, path="/api/v2/replay") == 413
