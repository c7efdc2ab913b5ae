"""Uploaded maps: rows and files together."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from source_map_site import Site

from errata.base.clock import FixedClock
from errata.base.ids import random_id
from errata.sourcemaps import store
from errata.sourcemaps.model import MAX_KEY_BYTES
from errata.storage.sql import Database


@pytest.fixture
def site(tmp_path: Path, state: Database, clock: FixedClock) -> Site:
    return Site(tmp_path / "blobs", state, clock)


def test_map_is_found_again_by_service_version_and_file(site: Site) -> None:
    uploaded = site.upload("https://a/js/m.js", b"map", b"js")
    site.upload("https://a/js/m.js", b"other", version="2")

    with site.state.read() as tx:
        assert store.alike(tx, "shop", "1", "m.js") == [uploaded]
        assert store.alike(tx, "shop", "1", "n.js") == []
        assert store.alike(tx, "till", "1", "m.js") == []
        assert store.names(tx, "shop", "2") == {"m.js"}
        assert (store.all_versions(tx, "shop"), store.all_versions(tx, "till")) == ({"1", "2"}, set())
        assert set(store.versions(tx, "shop")) == {"1", "2"}
        assert store.urls(tx, "shop", ["1"], "x.js") == ("https://a/js/m.js",)
    assert site.files() == {"map", "js", "other"}


def test_second_upload_takes_the_place_of_the_first_with_its_files(site: Site) -> None:
    site.upload("/m.js", b"old map", b"js")
    site.upload("/m.js", b"new map", b"js")

    assert site.urls() == ["/m.js"]
    assert site.files() == {"new map", "js"}


def test_file_that_another_map_names_stays(site: Site) -> None:
    first = site.upload("/a.js", b"same")
    site.upload("/b.js", b"same")

    assert site.commands.remove([first.id, random_id()]) == 1
    assert site.urls() == ["/b.js"]
    assert site.files() == {"same"}


def test_removing_the_last_map_removes_its_files(site: Site) -> None:
    uploaded = site.upload("/a.js", b"map", b"js")

    site.commands.remove([uploaded.id])

    assert site.files() == set()


def test_longest_unused_go_when_all_are_too_many(tmp_path: Path, state: Database, clock: FixedClock) -> None:
    site = Site(tmp_path / "blobs", state, clock, max_bytes=100)
    maps = []
    for number in range(4):
        clock.advance(timedelta(hours=1))
        maps.append(site.upload(f"/{number}.js", b"%d" % number * 30))
    with state.write() as tx:
        store.touch(tx, [maps[1].id], clock.now())

    clock.advance(timedelta(hours=1))
    site.upload("/new.js", b"n" * 30)

    assert site.urls() == ["/1.js", "/3.js", "/new.js"]


def test_map_larger_than_the_bound_of_all_is_the_only_one_left(tmp_path, state, clock) -> None:
    site = Site(tmp_path / "blobs", state, clock, max_bytes=10)
    site.upload("/small.js", b"s")
    site.upload("/large.js", b"l" * 50)

    assert site.urls() == ["/large.js"]


def test_file_without_a_row_goes_at_the_next_start(site: Site) -> None:
    site.upload("/a.js", b"map")
    with site.blobs.draft() as left_by_a_kill:
        left_by_a_kill.write(b"x")
        left_by_a_kill.keep()

    assert site.commands.sweep() == 1
    assert site.files() == {"map"}


def test_longest_key_of_a_map_fits_into_the_indexes(site: Site) -> None:
    letters = random.Random(1)  # noqa: S311 - the same ones each time
    # Chinese characters of three bytes each that hardly repeat: an index entry cannot be made smaller.
    version = "".join(chr(letters.randrange(0x4E00, 0x9FFF)) for _ in range(200))
    room = MAX_KEY_BYTES - len("shop" + version + "https://a/.js") - 400
    url = f"https://a/{''.join(chr(letters.randrange(0x4E00, 0x9FFF)) for _ in range(room // 3))}.js"

    site.upload(url, b"map", version=version)

    assert MAX_KEY_BYTES - len(("shop" + version + url).encode()) in range(3)
    assert len(site.urls()) == 1
