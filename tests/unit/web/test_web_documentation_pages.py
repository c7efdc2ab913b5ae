"""The documentation as browsers get it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from functools import cache
from html import unescape

import httpx
import pytest

from errata.web.documents import Library
from errata.web.site import build_web

APP = build_web(version="1.2.3")
DOCUMENTS = [one for section in Library().sections for one in section.documents]


def get(path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> httpx.Response:
    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://127.0.0.1:8200") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(call())


@cache
def ids_of(path: str) -> frozenset[str]:
    response = get(path)
    assert response.status_code == 200
    return frozenset(re.findall(r'\bid="([^"]*)"', response.text))


def test_the_first_page_leads_to_an_index_of_all_documents():
    assert 'href="/docs/"' in get("/").text

    index = get("/docs/").text

    for document in DOCUMENTS:
        assert f'href="{document.path}"' in index
    assert ">Settings</a>" in index


@pytest.mark.parametrize("path", ["/docs/", *(document.path for document in DOCUMENTS)])
def test_every_link_inside_the_documentation_leads_to_something(path):
    page = get(path).text

    assert page.count("<h1") == 1
    assert "&lt;!--" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)
    assert not re.search(r"<script|\sstyle=|\son\w+=", page)
    for target in map(unescape, re.findall(r'(?:href|src)="([^"]*)"', page)):
        address, _, fragment = target.partition("#")
        assert address.startswith(("/", "https://", "http://")) or (fragment and not address)
        if address.startswith("/docs") or not address:
            assert not fragment or fragment in ids_of(address or path)
            assert address != "/docs"


def test_a_page_that_the_browser_has_is_not_sent_again():
    first = get("/docs/reference/settings")
    tag = first.headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = get("/docs/reference/settings", {"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == first.headers["cache-control"] == "no-cache"
    assert get("/docs/reference/settings", {"if-none-match": '"other"'}).status_code == 200
    assert get("/docs/reference/commands").headers["etag"] != tag


def test_a_head_request_gets_the_headers_alone():
    response = get("/docs/architecture", method="HEAD")

    assert response.content == b""
    assert int(response.headers["content-length"]) == len(get("/docs/architecture").content)


@pytest.mark.parametrize("path", ["/docs/", "/docs/changelog", "/docs/nothing"])
def test_documents_are_dressed_as_the_other_pages(path):
    assert get(path).headers["content-security-policy"] == get("/").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/docs", "/docs/"),
        ("/docs/architecture.md", "/docs/architecture"),
        ("/docs/changelog.md", "/docs/changelog"),
    ],
)
def test_other_spellings_lead_to_the_page(path, target):
    response = get(path)

    assert (response.status_code, response.headers["location"]) == (308, target)


@pytest.mark.parametrize(
    "path",
    [
        "/docs/nothing",
        "/docs/%2e%2e/site.py",
        "/docs/..%2f..%2fsite.py",
        "/docs//etc/passwd",
        "/docs/%2fetc%2fpasswd",
        "/docs/reference",
        "/docs/reference/",
        "/docs/reference/settings/",
        "/docs/reference/%2e%2e/architecture",
        "/docs/.md",
        "/docs/architecture.md.md",
        "/docs/architecture%00",
        "/docs/ARCHITECTURE",
    ],
)
def test_nothing_beside_the_listed_documents_is_served(path):
    response = get(path, {"accept": "text/html"})

    assert response.status_code == 404
    assert "<h1>There is nothing here</h1>" in response.text
