"""The intake's answers: the one place where an error becomes a status and a body in Datadog's form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from errata.base.errors import (
    ErrataError,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from errata.http.body import TooSlow
from errata.ingest.inflate import ENCODINGS

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer as two ASGI messages, which may be sent any number of times."""

    start: dict[str, Any]
    body: dict[str, Any]

    async def send(self, send: Send) -> None:
        """Give it to the client."""
        await send(self.start)
        await send(self.body)


def answer(status: int, body: bytes, headers: Headers = ()) -> Answer:
    """An answer of JSON."""
    length = str(len(body)).encode()
    own = ((b"content-type", b"application/json"), (b"content-length", length))
    return Answer(
        {"type": "http.response.start", "status": status, "headers": [*own, *headers]},
        {"type": "http.response.body", "body": body},
    )


def refusal(status: int, detail: str, headers: Headers = ()) -> Answer:
    """An error in the form of the log intake: `{"errors": [{"status", "title", "detail"}]}`."""
    one = {"status": str(status), "title": HTTPStatus(status).phrase, "detail": detail}
    return answer(status, msgspec.json.encode({"errors": [one]}), headers)


class WrongMethod(ErrataError):
    """An address was asked with a method that is not answered there."""

    code = "wrong_method"

    def __init__(self, answered: Iterable[str]) -> None:
        methods = sorted(answered)
        super().__init__(f"Only {' and '.join(methods)} {'is' if len(methods) == 1 else 'are'} answered here.")
        self.allowed = ", ".join(sorted({"OPTIONS", *methods}))


def answer_of(error: ErrataError) -> Answer:
    """What a client hears of an error.

    `Retry-After` and `X-RateLimit-Reset` say the same seconds: the official Python client reads only the latter.
    """
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    headers: Headers = ()
    if isinstance(error, TooMany | Unavailable):
        seconds = str(error.retry_after_s).encode()
        headers = ((b"retry-after", seconds), (b"x-ratelimit-reset", seconds))
    elif isinstance(error, WrongMethod):
        headers = ((b"allow", error.allowed.encode()),)
    elif error.where == "content-encoding":
        headers = ((b"accept-encoding", ", ".join(ENCODINGS).encode()),)
    return refusal(status, error.message, headers)


_STATUS: tuple[tuple[type[ErrataError], int], ...] = (
    (Unsupported, 415),
    (Invalid, 400),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (WrongMethod, 405),
    (TooSlow, 408),
    (TooLarge, 413),
    (TooMany, 429),
    (Unavailable, 503),
    (ErrataError, 500),
)
