"""The pages of the documentation: an index, and each document rendered when it is asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import anyio.to_thread
from anyio import CapacityLimiter
from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from errata.web.documents import INDEX, Document, Library
from errata.web.markdown import Markdown, Rendered

_MAX_KEPT = 64
_LISTED_FROM = 3
"""A document of fewer second headings needs no list of them."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page ready to be sent. `tag` names its bytes, as an ETag does."""

    body: bytes
    tag: str


class DocumentationPages:
    """Pages of `library`. Keeps the last few dozen; a document is read when its page is made."""

    def __init__(self, library: Library, templates: Environment, version: str) -> None:
        self._library = library
        self._templates = templates
        self._version = version
        self._markdown = Markdown()
        self._made = lru_cache(_MAX_KEPT)(self._make)
        self._one_at_a_time = CapacityLimiter(1)  # keeps the intake's share of the processor, and the renderer is one

    def routes(self) -> list[Route]:
        """Where these pages are."""
        return [
            Route("/docs", _to_index, methods=["GET"]),
            Route("/docs/{address:path}", self.show, methods=["GET"], name="documentation"),
        ]

    async def show(self, request: Request) -> Response:
        """The index, a document, or the way to it from its file's name. 404 for what was not listed at the start."""
        address: str = request.path_params["address"]
        if self._library.find(address.removesuffix(".md")) and address.endswith(".md"):
            return RedirectResponse(INDEX + address.removesuffix(".md"), 308)
        if address and self._library.find(address) is None:
            raise HTTPException(404)
        page = await anyio.to_thread.run_sync(self._made, address, limiter=self._one_at_a_time)
        headers = {"etag": page.tag, "cache-control": "no-cache"}
        if _has(request, page.tag):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(page.body, headers=headers)

    def _make(self, address: str) -> Page:
        document = self._library.find(address)
        html = self._index() if document is None else self._document(document)
        body = html.encode()
        return Page(body, f'"{hashlib.sha256(body).hexdigest()[:24]}"')

    def _index(self) -> str:
        template = self._templates.get_template("documentation.html")
        return template.render(version=self._version, sections=self._library.sections)

    def _document(self, document: Document) -> str:
        text = document.file.read_text(encoding="utf-8")
        rendered = self._markdown.render(text, lambda target: self._library.link(document, target))
        return self._templates.get_template("document.html").render(
            version=self._version, document=document, rendered=rendered, contents=_contents(rendered)
        )


def _contents(rendered: Rendered) -> tuple[object, ...]:
    listed = tuple(heading for heading in rendered.headings if heading.level == 2)
    return listed if len(listed) >= _LISTED_FROM else ()


def _has(request: Request, tag: str) -> bool:
    """Whether the client has these bytes already."""
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    return tag in known or "*" in known


async def _to_index(_: Request) -> Response:
    return RedirectResponse(INDEX, 308)
