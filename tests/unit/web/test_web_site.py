"""The first page, the static files, and addresses that lead nowhere."""

from __future__ import annotations

import ast
import asyncio
import re
import subprocess
from html import unescape

import httpx
import pytest

from errata.web.site import build_web

BROWSER = {"accept": "text/html,application/xhtml+xml"}


def get(path: str, headers: dict[str, str] | None = None, method: str = "GET", **site: str) -> httpx.Response:
    app = build_web(version="1.2.3", **site)

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8200") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(call())


def sample(page: str, id_: str) -> str:
    return unescape(re.search(rf'<code id="{id_}">(.*?)</code>', page, re.DOTALL)[1])


def test_the_first_page_shows_this_server_and_no_key():
    page = get("/").text

    assert "http://127.0.0.1:8200/api/v2/logs" in sample(page, "curl-send")
    assert 'Configuration(host="http://127.0.0.1:8200")' in sample(page, "python-find")
    assert "$DD_API_KEY" in page
    for target in ("/docs/", "/api/docs", "/health", "/api/openapi.json"):
        assert f'href="{target}"' in page


def test_a_public_url_that_was_set_wins():
    page = get("/", public_url="https://errors.shop.example").text

    assert "https://errors.shop.example/api/v2/logs" in page
    assert "127.0.0.1" not in page


@pytest.mark.parametrize("host", ['"><script>', "a b", "", "x" * 300, "evil.example/path"])
def test_a_host_that_looks_odd_is_not_repeated(host):
    page = get("/", {"host": host}).text

    assert "http://127.0.0.1:8200/api/v2/logs" in page
    assert "<script>" not in page


def test_the_samples_are_shell_and_python():
    page = get("/").text

    ast.parse(sample(page, "python-find"))
    for id_ in ("curl-send", "curl-find"):
        subprocess.run(["bash", "-n", "-c", sample(page, id_)], check=True)


def test_no_address_of_the_page_leads_elsewhere():
    page = get("/").text

    targets = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert targets
    assert all(target.startswith(("/", "#")) for target in targets)
    for target in targets:
        if target.startswith("/static/"):
            assert get(target).status_code == 200
    assert not re.search(r"<script(?! src=)|style=|\son\w+=", page)


@pytest.mark.parametrize("path", ["/", "/nothing", "/static/errata.css", "/static/nothing.css"])
def test_every_answer_is_dressed(path):
    headers = get(path, BROWSER).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; script-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


def test_browsers_get_a_page_and_programs_a_line():
    page, line = get("/nothing", BROWSER), get("/nothing", {"accept": "*/*"})

    assert (page.status_code, line.status_code) == (404, 404)
    assert "<h1>There is nothing here</h1>" in page.text
    assert line.text == "Nothing is served here.\n"
    assert line.headers["content-type"].startswith("text/plain")


def test_a_method_that_is_not_taken():
    response = get("/", method="POST")

    assert response.status_code == 405
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize("path", ["/static/../site.py", "/static/%2e%2e/site.py", "/static/..%2fsite.py", "/static/"])
def test_nothing_beside_the_static_files_is_served(path):
    assert get(path).status_code == 404
