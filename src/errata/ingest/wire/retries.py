"""Requests that their clients may send twice, and how they name them. Pure.

Two equal log lines are two errors. Only a client that says so gets its repeated request counted once: by an
idempotency key (mobile SDKs), or by the retry counter in the query (browser SDK).
"""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl, urlsplit

from errata.ingest.wire.model import Retry, WireRecord

IDEMPOTENCY_HEADER = "dd-idempotency-key"
_COUNTER = "_dd.retry_count"
_MARKING_CLIENTS = frozenset({"_dd.api", "dd-request-id", "batch_time", _COUNTER})
"""Query parameters of clients that mark their retries; `dd-request-id` itself is new for each sending."""
_MAX_KEY = 200


def retry_of(record: WireRecord) -> Retry | None:
    """The name of a request whose client marks retries; None for all others.

    The key is the client's own idempotency key, or a hash of the body. A first sending (`is_retry` false) must be
    remembered as well, for its repetition to be known.
    """
    key = record.headers.get(IDEMPOTENCY_HEADER, "").strip()
    if key:
        return Retry(
            key="key:" + (key if len(key) <= _MAX_KEY else _hash(key.encode("utf-8", "replace"))), is_retry=True
        )
    if not any(mark in record.query for mark in _MARKING_CLIENTS):
        return None
    parameters = dict(query_parameters(record.query))
    if _MARKING_CLIENTS.isdisjoint(parameters):
        return None
    count = parameters.get(_COUNTER) or _count_in(parameters.get("ddtags", ""))
    return Retry(key="body:" + _hash(record.body), is_retry=count.isdecimal() and int(count[:9]) > 0)


def _count_in(tags: str) -> str:
    """The counter as the browser SDK sent it before version 6, among the request's tags."""
    return next((tag.partition(":")[2] for tag in tags.split(",") if tag.startswith("retry_count:")), "")


def query_parameters(query: str) -> list[tuple[str, str]]:
    """The parameters of a request, in order; a forwarded request (`ddforward`) has those of its inner address.

    Never raises; bytes that are no UTF-8 become U+FFFD.
    """
    outer = _parameters(query)
    for name, value in outer:
        if name == "ddforward":
            return _parameters(_query_of(value)) + [pair for pair in outer if pair[0] != "ddforward"]
    return outer


def _parameters(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        return []


def _query_of(address: str) -> str:
    try:
        return urlsplit(address).query
    except ValueError:
        return ""


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


_MAX_PARAMETERS = 200
