"""What every wire decoder takes and what it answers beside events."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WireRecord:
    """One request as a decoder sees it.

    `received_at_ms` is epoch milliseconds of arrival, `query` the raw query string without its question mark,
    `headers` have lower-case names, `body` is inflated already.
    """

    received_at_ms: int
    path: str = ""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reject:
    """An entry that no event can be made of.

    `entry` is its index in the request, `reason` a sentence for the operator, `raw` the bytes of the entry alone.
    """

    entry: int
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Retry:
    """That a client names its requests, so that one sent twice can count once.

    `key` is equal for two sendings of one request and for nothing else. `is_retry` says that the client marks this
    sending as one that may have been received before; without that mark equal requests are two requests.
    """

    key: str
    is_retry: bool
