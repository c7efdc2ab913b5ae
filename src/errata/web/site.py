"""The site as an ASGI application: first page, documentation, static files, and a page for what is not there."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errata.web.documentation_pages import DocumentationPages
from errata.web.documents import Library

_HERE = Path(__file__).parent
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def build_web(*, version: str, public_url: str = "") -> ASGIApp:
    """The site. `version` is the server's.

    `public_url` is what people reach this server by, without a slash at the end; when empty, the address of the
    request is shown.
    """
    templates = Environment(
        loader=PackageLoader("errata.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages = Pages(version, public_url, templates)
    app = Starlette(
        routes=[
            Route("/", pages.first, methods=["GET"], name="first"),
            *DocumentationPages(Library(), templates, version).routes(),
            Mount("/static", StaticFiles(directory=_HERE / "static"), name="static"),
        ],
        exception_handlers={HTTPException: pages.refused},
    )
    app.router.redirect_slashes = False
    return SecurityHeaders(app)


class Pages:
    """The pages that need nothing but the server's own address."""

    def __init__(self, version: str, public_url: str, templates: Environment) -> None:
        self._version = version
        self._public_url = public_url
        self._templates = templates

    async def first(self, request: Request) -> Response:
        """What this is and how to send the first error."""
        return HTMLResponse(
            self._templates.get_template("first.html").render(
                version=self._version,
                url=self._public_url or url_of(request),
            )
        )

    async def refused(self, request: Request, error: Exception) -> Response:
        """A page for browsers, a line of text for everybody else."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        if not wants_html(request):
            text = "Nothing is served here.\n" if status == 404 else f"{_TITLES.get(status, 'Refused')}\n"
            return PlainTextResponse(text, status, headers)
        page = self._templates.get_template("refused.html").render(
            version=self._version, title=_TITLES.get(status, "This did not work"), status=status
        )
        return HTMLResponse(page, status, headers)


class SecurityHeaders:
    """Puts the same strict headers on every answer of the site."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on and dress the answer."""

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self._app(scope, receive, dressed)


def url_of(request: Request) -> str:
    """How this request reached the server. The host is the client's claim: one that looks odd is not repeated."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        host = "127.0.0.1:8200"
    return f"{request.url.scheme}://{host}"


def wants_html(request: Request) -> bool:
    """Whether the client names HTML among what it takes, as browsers do."""
    return "text/html" in request.headers.get("accept", "")


_TITLES = {404: "There is nothing here", 405: "This address does not take that method"}
