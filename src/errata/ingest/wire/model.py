"""What every wire decoder takes and what it answers beside events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from errata.events.model import Event, NotAnError


@dataclass(frozen=True, slots=True)
class WireRecord:
    """One request as a decoder sees it.

    `received_at_ms` is epoch milliseconds of arrival, `query` the raw query string without its question mark,
    `headers` have lower-case names, `body` is inflated already. `project_names` is what the operator calls Sentry's
    projects, by their numbers.
    """

    received_at_ms: int
    path: str = ""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    project_names: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """An entry that no event can be made of.

    `entry` is its index in the request, `reason` a sentence for the operator. `raw` is a body of the same intake that
    holds this entry alone; empty where there is none, and the whole request is kept instead.
    """

    entry: int
    reason: str
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Retry:
    """That a client names its requests, so that one sent twice can count once.

    `key` is equal for two sendings of one request and for nothing else. `is_retry` says that the client marks this
    sending as one that may have been received before; without that mark equal requests are two requests.
    """

    key: str
    is_retry: bool


@dataclass(frozen=True, slots=True)
class Ignored:
    """Pieces of a request that are well formed and no errors, counted by reason.

    `entry` is the index of the piece where there is one only, else -1; `what` says in a few words for the operator
    what the pieces are (`span flask.request of checkout`).
    """

    reason: NotAnError
    count: int = 1
    entry: int = -1
    what: str = ""


Found: TypeAlias = "Event | Reject | Ignored"
Decoder: TypeAlias = Callable[[WireRecord], "Sequence[Found]"]
"""Reads a request. The same bytes give the same answer for ever. Raises nothing but `Invalid`: the body is not of this
intake at all; a bad piece is a `Reject` among the others."""
