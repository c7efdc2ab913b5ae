from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.sourcemaps.match import address_of, choose, may_be_minified, versions_of
from errata.sourcemaps.model import SourceMap
from errata.stacks.model import Frame

AT = datetime(2026, 11, 20, tzinfo=UTC)


def uploaded(url: str, number: int = 0) -> SourceMap:
    address = address_of(url)
    return SourceMap(
        id=UUID(int=number),
        service="shop",
        version="1",
        url=address.url,
        path=address.path,
        name=address.name,
        blob="b",
        size=1,
        uploaded_at=AT + timedelta(minutes=number),
        used_at=AT,
    )


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://cdn.example/js/main.js?v=3#top", "/js/main.js"),
        ("//cdn.example/js/main.js", "/js/main.js"),
        ("/js/main.js", "/js/main.js"),
        ("./js/main.js", "/js/main.js"),
        ("../../js/main.js", "/js/main.js"),
        ("file:///srv/app/main.js", "/srv/app/main.js"),
        ("app:///main.js", "/main.js"),
        ("capacitor://localhost/js/main.js", "/js/main.js"),
        ("C:\\srv\\main.js", "/srv/main.js"),
        ("file:///C:/srv/main.js", "/srv/main.js"),
        ("https://cdn.example/js/my%20main.js", "/js/my main.js"),
        ("https://cdn.example", "/"),
        ("", "/"),
    ],
)
def test_path_of_an_address(url: str, path: str) -> None:
    assert address_of(url).path == path
    assert address_of(url).name == path.rpartition("/")[2]


@given(st.text(max_size=200))
def test_every_text_has_an_address_and_its_path_is_its_own_address(url: str) -> None:
    path = address_of(url).path

    assert path.startswith("/")


@pytest.mark.parametrize(
    ("url", "maps", "chosen"),
    [
        ("https://a/js/m.js?x", ["https://b/js/m.js", "https://a/js/m.js"], "https://a/js/m.js"),
        ("https://c/js/m.js", ["https://a/js/m.js", "https://b/js/m.js"], "https://b/js/m.js"),
        ("https://a/js/m.js", ["/js/m.js"], "/js/m.js"),
        ("/srv/app/dist/m.js", ["/dist/m.js"], "/dist/m.js"),
        ("/srv/app/dist/m.js", ["m.js", "/dist/m.js"], "/dist/m.js"),
        ("app:///m.js", ["https://a/static/js/m.js"], "https://a/static/js/m.js"),
        ("app:///m.js", ["https://a/one/m.js", "https://a/two/m.js"], None),
        ("https://a/other/m.js", ["https://a/js/m.js"], None),
        ("https://a/xjs/m.js", ["/js/m.js"], None),
        ("https://a/js/m.js", [], None),
    ],
)
def test_map_of_a_file(url: str, maps: list[str], chosen: str | None) -> None:
    found = choose(address_of(url), [uploaded(one, number) for number, one in enumerate(maps)])

    assert (found and found.url) == chosen


@pytest.mark.parametrize(
    ("version", "tried"),
    [
        ("1.0", ("1.0",)),
        ("shop@1.0", ("shop@1.0", "1.0")),
        ("@acme/shop@1.0", ("@acme/shop@1.0", "1.0")),
        ("shop@", ("shop@",)),
        ("", ("",)),
    ],
)
def test_versions_to_look_under(version: str, tried: tuple[str, ...]) -> None:
    assert versions_of(version) == tried


@pytest.mark.parametrize(
    ("file", "language", "may"),
    [
        ("https://a/m.js?x=1", "", True),
        ("/srv/dist/main.cjs", "javascript", True),
        ("https://a/checkout", "javascript", True),
        ("https://a/checkout", "python", False),
        ("src/cart.ts", "javascript", False),
        ("src/App.vue?f3a1", "javascript", False),
        ("node:internal/process/task_queues", "javascript", False),
        ("<anonymous>", "javascript", False),
        ("", "javascript", False),
    ],
)
def test_files_that_a_bundler_may_have_made(file: str, language: str, may: bool) -> None:
    assert may_be_minified(Frame("f", file, "", 1, 1), language) is may
