"""Puts the API together: the table, the rooms, the door, and the two descriptions of it."""

from __future__ import annotations

import json
from importlib import resources

from errata.api import docs, openapi
from errata.api.asgi import Api, Document, Observe
from errata.api.auth import Doorkeeper
from errata.api.operations import OPERATIONS
from errata.api.rooms import Rooms


def build_api(
    rooms: Rooms,
    doorkeeper: Doorkeeper,
    *,
    version: str,
    max_body_bytes: int = 1 << 20,
    threads: int = 16,
    max_waiting: int = 256,
    observe: Observe | None = None,
) -> Api:
    """The API as an ASGI application for every path below `/api/` that the intake does not take.

    `version` is the server's; the bounds and `observe` as in `Api`.
    """
    return Api(
        OPERATIONS,
        rooms,
        doorkeeper,
        documents=documents(version),
        max_body_bytes=max_body_bytes,
        threads=threads,
        max_waiting=max_waiting,
        observe=observe,
    )


def documents(version: str) -> dict[str, Document]:
    """What is served without a key, by path: the OpenAPI document, the page made of it, and the page's style."""
    document = openapi.document(OPERATIONS, version)
    style = resources.files("errata.api").joinpath("static", "docs.css").read_bytes()
    return {
        "/api/openapi.json": Document(json.dumps(document).encode(), "application/json"),
        "/api/docs": Document(
            docs.page(OPERATIONS, document).encode(),
            "text/html; charset=utf-8",
            (
                ("Content-Security-Policy", docs.CONTENT_SECURITY_POLICY),
                ("Referrer-Policy", "no-referrer"),
                ("X-Frame-Options", "DENY"),
            ),
        ),
        "/api/docs.css": Document(style, "text/css; charset=utf-8"),
    }
