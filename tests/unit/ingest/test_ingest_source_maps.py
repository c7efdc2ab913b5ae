"""The address of uploads: a real database and folder, requests handed over in pieces."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.base.clock import FixedClock
from errata.base.errors import Forbidden
from errata.base.ids import random_id
from errata.ingest.source_maps import SourceMapUploads
from errata.sourcemaps import store
from errata.sourcemaps.commands import SourceMapCommands
from errata.sourcemaps.mapper import Mapper
from errata.sourcemaps.model import SourceMap
from errata.storage import state_migrations
from errata.storage.blobs import FolderBlobs
from errata.storage.sql import Database, sqlite_url

SECRET = "0123456789abcdef0123456789abcdef"
KEY = UUID(int=7)
PAYLOADS = Path(__file__).parents[2] / "payloads" / "datadog-ci"
MAP = json.dumps({"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AAAA"}).encode()
EVENT = {"type": "js_sourcemap", "service": "shop", "version": "1", "minified_url": "https://a/m.js?x=1"}


@dataclass
class Tally:
    told: list[tuple[object, ...]] = field(default_factory=list)

    def accepted(self, *what: object) -> None:
        self.told.append(("accepted", *what))

    def refused(self, *what: object) -> None:
        self.told.append(("refused", *what))


@dataclass
class Site:
    uploads: SourceMapUploads
    state: Database
    blobs: FolderBlobs
    tally: Tally
    folder: Path

    def post(
        self, body: bytes, headers: dict[str, str], *, piece: int = 1000, method: str = "POST"
    ) -> tuple[int, dict[str, object]]:
        return asyncio.run(self._post(body, headers, piece, method))

    async def _post(
        self, body: bytes, headers: dict[str, str], piece: int, method: str
    ) -> tuple[int, dict[str, object]]:
        pieces = [body[at : at + piece] for at in range(0, len(body), piece)] or [b""]
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            part = pieces.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(pieces)}

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {"method": method, "path": "/api/v2/srcmap", "query_string": b"", "headers": raw}
        await self.uploads(scope, receive, send)
        return int(sent[0]["status"]), json.loads(bytes(sent[1]["body"]))

    def maps(self) -> list[SourceMap]:
        with self.state.read() as tx:
            return store.page(tx)[0]

    def left(self) -> list[Path]:
        """Drafts that were not removed."""
        return list((self.folder / "drafts").glob("*"))


@pytest.fixture(scope="module")
def mapper() -> Iterator[Mapper]:
    running = Mapper()
    yield running
    running.close()


@pytest.fixture
def site(tmp_path: Path, mapper: Mapper) -> Iterator[Site]:
    state = Database(sqlite_url(tmp_path / "state.db"))
    state_migrations.upgrade(state)
    blobs, clock, tally = FolderBlobs(tmp_path / "blobs"), FixedClock(datetime(2026, 11, 20, tzinfo=UTC)), Tally()

    def key_of(secret: str) -> UUID:
        if secret != SECRET:
            raise Forbidden("Forbidden")
        return KEY

    commands = SourceMapCommands(state, blobs, clock, max_bytes=1 << 30)
    uploads = SourceMapUploads(commands, blobs, mapper, key_of, clock, random_id, tally, max_bytes=1 << 20)
    yield Site(uploads, state, blobs, tally, tmp_path / "blobs")
    uploads.close()
    state.close()


def form(parts: dict[str, bytes] | list[tuple[str, bytes]], boundary: str = "xYz") -> bytes:
    listed = parts.items() if isinstance(parts, dict) else parts
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'.encode()
        + part
        + b"\r\n"
        for name, part in listed
    )
    return body + f"--{boundary}--\r\n".encode()


HEADERS = {"DD-API-KEY": SECRET, "Content-Type": "multipart/form-data; boundary=xYz"}


def an_upload(**event: object) -> dict[str, bytes]:
    return {"event": json.dumps(EVENT | event).encode(), "source_map": MAP, "minified_file": b"function a(){}"}


@pytest.mark.parametrize("case", sorted(path.name for path in PAYLOADS.glob("*.http.json")))
def test_upload_of_datadog_ci_is_kept(site: Site, case: str) -> None:
    recorded = json.loads((PAYLOADS / case).read_text())
    body = (PAYLOADS / recorded["body_file"]).read_bytes()
    headers = {name: value for name, value in recorded["headers"].items() if name != "transfer-encoding"}

    assert site.post(body, headers, piece=4096) == (recorded["answered_status"], {})

    (kept,) = site.maps()
    assert (kept.service, kept.version) == ("shop-web", case.rsplit("-", maxsplit=1)[-1].removesuffix(".http.json"))
    assert (kept.path, kept.name) == (f"/assets/{kept.version}/rum.min.js", "rum.min.js")
    assert kept.uploaded_by == KEY
    assert json.loads(site.blobs.path(kept.blob).read_bytes())["version"] == 3
    assert site.blobs.path(kept.minified_blob).stat().st_size == kept.minified_size > 200_000
    assert site.left() == []
    assert site.tally.told == [("accepted", "source_maps", len(body), 1)]


@pytest.mark.parametrize("piece", [1, 7, 100_000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zlib.compress])
def test_form_is_read_in_whatever_pieces_and_packing_it_comes(site: Site, piece: int, pack) -> None:
    encoding = {bytes: {}, gzip.compress: {"Content-Encoding": "gzip"}, zlib.compress: {"Content-Encoding": "deflate"}}
    body = pack(form(an_upload(git_repository_url="https://x/r", git_commit_sha="abc", project_path="src/")))

    assert site.post(body, HEADERS | encoding[pack], piece=piece) == (202, {})

    (kept,) = site.maps()
    assert kept.url == "https://a/m.js"
    assert (kept.repository_url, kept.commit_sha, kept.project_path) == ("https://x/r", "abc", "src/")
    assert site.blobs.path(kept.blob).read_bytes() == MAP


def test_parts_that_are_not_needed_are_dropped(site: Site) -> None:
    parts = {"repository": b"[" + b" " * 100_000 + b"]"} | an_upload()

    assert site.post(form(parts), HEADERS) == (202, {})


def test_second_upload_replaces_the_first(site: Site) -> None:
    for text in (MAP, MAP.replace(b"a.ts", b"b.ts")):
        assert site.post(form(an_upload() | {"source_map": text}), HEADERS)[0] == 202

    (kept,) = site.maps()
    assert b"b.ts" in site.blobs.path(kept.blob).read_bytes()
    assert len(list(site.blobs.names())) == 2


def test_map_without_minified_file_is_kept(site: Site) -> None:
    parts = an_upload()
    del parts["minified_file"]

    assert site.post(form(parts), HEADERS) == (202, {})
    assert site.maps()[0].minified_blob == ""


def test_minified_file_that_cannot_be_read_is_left_out(site: Site) -> None:
    parts = an_upload() | {"minified_file": b"(" * 900_000}

    assert site.post(form(parts), HEADERS, piece=50_000) == (202, {})
    assert site.maps()[0].minified_blob == ""


@pytest.mark.parametrize(
    "kind", ["jvm_mapping_file", "flutter_symbol_file", "ios_symbols", "react_native_sourcemap", ""]
)
def test_other_symbol_files_are_answered_as_taken_and_not_used(site: Site, kind: str) -> None:
    parts = {"event": json.dumps({"type": kind}).encode(), "jvm_mapping_file": b"x" * 5000}

    status, answer = site.post(form(parts), HEADERS)

    assert status == 202
    assert kind in answer["ignored"]
    assert "taken and not used" in answer["ignored"]
    assert site.maps() == []
    assert list(site.blobs.names()) == []


def broken(**parts: bytes | None) -> bytes:
    whole = an_upload() | parts
    return form({name: part for name, part in whole.items() if part is not None})


def saying(**event: object) -> bytes:
    return form(an_upload(**event))


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (broken(event=None), 400, "no part `event`"),
        (broken(event=b"{"), 400, "`event` is no JSON object as expected"),
        (broken(event=b"[]"), 400, "`event` is no JSON object as expected"),
        (broken(event=b'{"type":5}'), 400, "`event` is no JSON object as expected"),
        (broken(event=b'{"x":' + b"[" * 100_000), 400, "`event` is no JSON object as expected"),
        (broken(event=b"\xff"), 400, "`event` is no JSON object as expected"),
        (broken(source_map=None), 400, "no part `source_map`"),
        (broken(source_map=b"<html>"), 400, "not a source map in JSON"),
        (broken(source_map=b'{"version":2,"mappings":""}'), 400, "its version is 2, only 3 is read"),
        (saying(service=""), 400, "`service` is missing or empty"),
        (saying(version=" "), 400, "`version` is missing or empty"),
        (saying(minified_url=""), 400, "`minified_url` is missing or empty"),
        (saying(minified_url="https://a/js/"), 400, "names no file"),
        (saying(version="v" * 201), 400, "may have 200 characters"),
        (saying(minified_url="https://a/" + "\u4e2d" * 900 + ".js"), 400, "2600 bytes together"),
        (saying(service="a\0b"), 400, "none of them NUL"),
        (saying(project_path="x" * 2001), 400, "may have 2000 characters"),
        (form([("event", b"{}"), ("event", b"{}")]), 400, "two parts named 'event'"),
        (form([(f"p{n}", b"") for n in range(60)]), 400, "more than 50 parts"),
        (broken()[:-20], 400, "cut short"),
        (b"nothing of the kind", 400, "no multipart form"),
        (b"", 400, "cut short"),
        (broken(event=b" " * (1 << 20) + b"{}"), 413, "larger than"),
        (broken(source_map=b" " * (1 << 20)), 413, "larger than 1048576 bytes"),
    ],
)
def test_fault_is_told_and_nothing_is_kept(site: Site, body: bytes, status: int, says: str) -> None:
    answered, answer = site.post(body, HEADERS, piece=60_000)

    assert answered == status
    assert says in answer["errors"][0]["detail"]
    assert site.maps() == []
    assert list(site.blobs.names()) == []
    assert site.left() == []
    assert site.tally.told[0][0] == "refused"


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ({"Content-Type": "application/json"}, 415, "multipart/form-data"),
        ({"Content-Type": "multipart/form-data"}, 415, "boundary"),
        ({"Content-Type": "multipart/form-data; boundary=" + "x" * 300}, 400, "boundary"),
        ({"Content-Encoding": "zstd"}, 415, "allowed: gzip, deflate, identity"),
        ({"Content-Encoding": "gzip"}, 400, "damaged"),
        ({"DD-API-KEY": ""}, 401, "No API key"),
        ({"DD-API-KEY": "wrong"}, 403, "Forbidden"),
    ],
)
def test_request_that_is_no_upload_is_refused(site: Site, headers: dict[str, str], status: int, says: str) -> None:
    answered, answer = site.post(form(an_upload()), HEADERS | headers)

    assert answered == status
    assert says in answer["errors"][0]["detail"]


def test_bomb_is_stopped_at_the_bound(site: Site) -> None:
    bomb = gzip.compress(form(an_upload() | {"source_map": b" " * (200 << 20)}))

    assert site.post(bomb, HEADERS | {"Content-Encoding": "gzip"}, piece=1 << 20)[0] == 413
    assert site.left() == []


def test_cut_off_packing_is_told(site: Site) -> None:
    body = gzip.compress(form(an_upload()))[:-12]

    status, answer = site.post(body, HEADERS | {"Content-Encoding": "gzip"})

    assert (status, "cut short" in answer["errors"][0]["detail"]) == (400, True)


def test_only_post_is_answered(site: Site) -> None:
    assert site.post(b"", HEADERS, method="GET")[0] == 405


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, 400), removed=st.integers(0, 60), added=st.binary(max_size=20), piece=st.integers(1, 500))
def test_whatever_is_sent_is_answered_without_an_error_of_ours(
    site: Site, start: int, removed: int, added: bytes, piece: int
) -> None:
    whole = form(an_upload())
    status, _ = site.post(whole[:start] + added + whole[start + removed :], HEADERS, piece=piece)

    assert status in (202, 400, 413)
    assert site.left() == []
