"""Which web pages may send, and what browsers must be told for it (CORS, the Fetch standard).

A page sends to another origin than its own: a browser asks before it sends anything but plain text, and lets the page
read no answer that does not name its origin. SDKs count an answer that they cannot read as a failure, so refusals have
to be readable, too. Who sends is told by the key, never by a cookie: credentials are not allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from errata.ingest.answers import Answer, Headers

ANY = "*"


class Origins:
    """The pages that may send: all of them (`*`), or those of the origins named (`https://shop.example`)."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(allowed)
        self._any = ANY in self._allowed

    def admits(self, origin: str) -> bool:
        """Whether a request of this origin may be taken; one without an origin is no page's."""
        return self._any or not origin or origin in self._allowed

    def readable(self, answer: Answer, origin: str) -> Answer:
        """The answer as the origin's pages may read it; unchanged where nobody asked from a page."""
        if not origin:
            return answer
        headers = (*self._named(origin), _EXPOSED) if self.admits(origin) else _VARIES
        return Answer({**answer.start, "headers": [*answer.start["headers"], *headers]}, answer.body)

    def preflight(self, origin: str, methods: Iterable[str], scope: Any) -> Answer:
        """The answer to a browser that asks, by the ASGI scope of its question, whether a page may send."""
        allowed = ", ".join(sorted(methods)).encode()
        headers: list[tuple[bytes, bytes]] = [
            (b"allow", b"OPTIONS, " + allowed),
            *self._named(origin),
            (b"access-control-allow-methods", allowed),
            # Authorization has to be named: the star does not stand for it.
            (b"access-control-allow-headers", b"*, authorization"),
            (b"access-control-max-age", b"86400"),
        ]
        if (b"access-control-request-private-network", b"true") in scope["headers"]:
            headers.append((b"access-control-allow-private-network", b"true"))
        return Answer(
            {"type": "http.response.start", "status": 204, "headers": headers},
            {"type": "http.response.body", "body": b""},
        )

    def _named(self, origin: str) -> Headers:
        if self._any:
            return _ANY_ORIGIN
        return ((b"access-control-allow-origin", origin.encode("latin-1")), *_VARIES)


def origin_of(scope: Any) -> str:
    """The origin of the page that a request, by its ASGI scope, comes from; empty where it is no page's."""
    return next((value.decode("latin-1").strip() for name, value in scope["headers"] if name == b"origin"), "")


_ANY_ORIGIN = ((b"access-control-allow-origin", b"*"),)
_VARIES = ((b"vary", b"Origin"),)
_EXPOSED = (
    b"access-control-expose-headers",
    b"retry-after, x-ratelimit-reset, x-sentry-error, x-sentry-rate-limits",
)
"""What Sentry's browser SDK reads of an answer, and what tells others when to come back."""
