"""Which map tells a call, asked of real rows and files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from source_map_site import Site

from errata.base.clock import FixedClock
from errata.sourcemaps import store
from errata.sourcemaps.mapper import Mapper
from errata.sourcemaps.model import Spot, Unmapped, Why
from errata.sourcemaps.symbolicator import Symbolicator, source_file
from errata.stacks.model import Frame
from errata.storage.sql import Database

MINIFIED = b"function a(){throw Error()}\n"
HERE = Frame("a", "https://cdn.example/js/m.js?v=3", "", 1, 5)


def a_map(source: str) -> bytes:
    return json.dumps({"version": 3, "sources": [source], "names": [], "mappings": "AAAA"}).encode()


@pytest.fixture(scope="module")
def mapper() -> Iterator[Mapper]:
    running = Mapper()
    yield running
    running.close()


@pytest.fixture
def site(tmp_path: Path, state: Database, clock: FixedClock) -> Site:
    return Site(tmp_path / "blobs", state, clock)


@pytest.fixture
def places(site: Site, mapper: Mapper) -> Symbolicator:
    return Symbolicator(site.state, site.blobs, mapper, site.clock)


def told(places: Symbolicator, frame: Frame = HERE, *, version: str = "1", service: str = "shop") -> str:
    """The source's file, or the reason why none."""
    (seen,) = places.places(service, version, [frame], "javascript")
    if isinstance(seen, Spot):
        return seen.file
    if seen is None:
        (seen,) = places.reasons(service, version, [frame], "javascript")
    return seen.why if isinstance(seen, Unmapped) else "nothing to map"


def test_call_is_told_by_the_map_of_its_service_version_and_file(site: Site, places: Symbolicator) -> None:
    site.upload("https://cdn.example/js/m.js", a_map("one.ts"), MINIFIED)
    site.upload("https://cdn.example/js/m.js", a_map("two.ts"), MINIFIED, version="2")

    assert told(places) == "one.ts"
    assert told(places, version="2") == "two.ts"
    assert told(places, version="shop@2") == "two.ts"


def test_version_as_the_event_says_it_goes_before_its_end(site: Site, places: Symbolicator) -> None:
    site.upload("/js/m.js", a_map("short.ts"), MINIFIED, version="2")
    site.upload("/js/m.js", a_map("whole.ts"), MINIFIED, version="shop@2")

    assert told(places, version="shop@2") == "whole.ts"


@pytest.mark.parametrize(
    ("frame", "version", "service", "why"),
    [
        (HERE, "1", "till", Why.NO_UPLOAD),
        (HERE, "", "shop", Why.NO_VERSION),
        (HERE, "7", "shop", Why.OTHER_VERSION),
        (Frame("a", "https://cdn.example/js/n.js", "", 1, 5), "1", "shop", Why.OTHER_FILE),
        (Frame("a", "https://cdn.example/other/m.js", "", 1, 5), "1", "shop", Why.OTHER_FILE),
        (Frame("a", HERE.file, "", 1, None), "1", "shop", Why.NO_POSITION),
        (Frame("a", HERE.file, "", 99, 1), "1", "shop", Why.NOT_COVERED),
        (Frame("a", "src/cart.ts", "", 99, 1), "1", "shop", "nothing to map"),
        (Frame("a", "node:fs", "", 99, 1), "1", "shop", "nothing to map"),
    ],
)
def test_reason_is_told(site: Site, places: Symbolicator, frame: Frame, version: str, service: str, why: str) -> None:
    site.upload("https://cdn.example/js/m.js", a_map("one.ts"), MINIFIED)

    assert told(places, frame, version=version, service=service) == why


def test_reasons_name_what_is_there(site: Site, places: Symbolicator) -> None:
    for number in range(15):
        site.upload("/js/other.js", a_map("o.ts"), version=f"1.{number}")
        site.clock.advance(timedelta(minutes=1))
    site.upload("/x/m.js", a_map("o.ts"), version="1.14")

    (version,) = places.reasons("shop", "9", [HERE], "javascript")
    (file,) = places.reasons("shop", "1.14", [HERE], "javascript")

    assert version.there[:2] == ("1.14", "1.13")
    assert len(version.there) == 10
    assert file.there == ("/x/m.js", "/js/other.js")


def test_map_whose_file_is_gone_is_a_reason(site: Site, places: Symbolicator) -> None:
    uploaded = site.upload("/js/m.js", a_map("one.ts"), MINIFIED)
    site.blobs.remove(uploaded.blob)

    assert told(places) == Why.DAMAGED


def test_upload_is_known_after_a_refresh(site: Site, places: Symbolicator) -> None:
    before = told(places)
    site.upload("/js/m.js", a_map("one.ts"), MINIFIED)
    places.refresh()
    first = told(places)
    site.upload("/js/m.js", a_map("new.ts"), MINIFIED)
    places.refresh()

    assert (before, first, told(places)) == (Why.NO_UPLOAD, "one.ts", "new.ts")


def test_use_is_noted_once_a_day(site: Site, places: Symbolicator) -> None:
    site.upload("/js/m.js", a_map("one.ts"), MINIFIED)
    noted = []
    for hours in (1, 30, 1):
        site.clock.advance(timedelta(hours=hours))
        told(places)
        places.refresh()
        with site.state.read() as tx:
            noted.append((site.clock.now() - store.page(tx)[0][0].used_at) // timedelta(hours=1))

    assert noted == [1, 0, 1]


@pytest.mark.parametrize(
    ("source", "project", "file"),
    [
        ("../src/cart.ts", "", "src/cart.ts"),
        ("../../node_modules/@x/y.ts", "", "node_modules/@x/y.ts"),
        ("webpack:///./src/b.ts?1234", "", "src/b.ts"),
        ("webpack://shop/./src/a.ts", "", "src/a.ts"),
        ("webpack://shop/../lib/a.ts", "", "lib/a.ts"),
        ("webpack://app/webpack/bootstrap", "", "webpack/bootstrap"),
        ("turbopack:///[project]/src/x.ts", "", "src/x.ts"),
        ("/home/ci/shop/src/a.ts", "", "/home/ci/shop/src/a.ts"),
        ("webpack:///./web/src/a.ts", "./web/", "src/a.ts"),
        ("https://shop.example/a/../b.ts", "", "https://shop.example/b.ts"),
        ("C:\\shop\\a.ts", "", "C:/shop/a.ts"),
        ("..", "", ".."),
        ("", "", ""),
    ],
)
def test_source_is_named_from_the_projects_root(source: str, project: str, file: str) -> None:
    assert source_file(source, project) == file
