"""What a request says beside its body: the key, the encoding, and what a decoder will need of headers and query.

No secret leaves this module but as `secret`: query and path are kept without keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from errata.base.errors import Invalid, Unsupported
from errata.ingest.wire.datadog_logs import HEADERS_NEEDED


@dataclass(slots=True)
class Said:
    """`secret`: the key as sent (empty: none); `declared`: the Content-Length; `headers` and `query`: to be kept.

    `headers["content-encoding"]` is the encoding to undo, whatever way the client announced it.
    """

    secret: str
    declared: int | None
    headers: dict[str, str]
    query: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query string read for what intake needs; `kept` is the rest of it."""

    secret: str
    encoding: str
    kept: str


def kept_headers(names: Iterable[str]) -> Mapping[bytes, str]:
    """The headers that a door's decoder needs, as `said_by` wants them; what every request is asked for included."""
    return {name.encode(): name for name in (*names, "content-type", "content-encoding", "user-agent")}


def said_by(
    headers: Iterable[tuple[bytes, bytes]], query: bytes, path_key: str, keep: Mapping[bytes, str] | None = None
) -> Said:
    """Read a request's headers and query. The header's key goes before the query's, that before the path's.

    `keep` are the headers to be kept, by default those that the log intake's decoder needs.
    Raises `Invalid` for two keys or content types that differ, `Unsupported` for OTLP, which this door does not read.
    """
    said = Said("", None, {}, "")
    kept, keep = said.headers, keep or _KEPT
    for name, value in headers:
        as_name = keep.get(name)
        if as_name is not None:
            _keep(kept, as_name, value)
        elif name == b"dd-api-key":
            said.secret = _one_key(said.secret, value.decode("latin-1").strip())
        elif name == b"content-length":
            said.declared = int(value) if value.isdigit() else None
        elif name[:7] == b"dd-evp-":
            _keep(kept, name.decode("latin-1"), value)
        elif name == b"dd-protocol" and value.strip().lower() == b"otlp":
            raise Unsupported("OTLP is not read at this address; /v1/traces and /v1/logs read it.", where="dd-protocol")
    if query:
        asked = read_query(query)
        said.query = asked.kept
        said.secret = said.secret or asked.secret
        if asked.encoding and "content-encoding" not in kept:
            kept["content-encoding"] = asked.encoding
    said.secret = said.secret or path_key
    return said


def read_query(query: bytes) -> Query:
    """Take key and encoding out of a query string, those of a forwarded request (`ddforward`) included.

    A request is forwarded once: what its inner address forwards in turn is dropped unread, for it may hold a key.
    Raises `Invalid` for two keys that differ.
    """
    return _read(query, is_inner=False)


def _read(query: bytes, *, is_inner: bool) -> Query:
    text = query.decode("latin-1")
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return Query("", "", text)
    secret, encoding, kept = "", "", []
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        known = unquote_plus(name).strip().lower()
        if known == _KEY_PARAMETER:
            secret = _one_key(secret, unquote_plus(value).strip())
        elif known == "ddforward" and not is_inner:
            address, mark, inner_text = unquote_plus(value).partition("?")
            inner = _read(inner_text.encode("latin-1", "replace"), is_inner=True) if mark else Query("", "", "")
            secret, encoding = _one_key(secret, inner.secret), encoding or inner.encoding
            kept.append(f"{name}={quote(_KEY_IN_PATH.sub('', address) + mark + inner.kept)}")
        elif known not in _DROPPED:
            if known == "dd-evp-encoding":
                encoding = unquote_plus(value)
            kept.append(pair)
    return Query(secret, encoding, "&".join(kept))


def _one_key(before: str, now: str) -> str:
    if before and now and before != now:
        raise Invalid("Two different API keys were sent.", where="dd-api-key")
    return now or before


def _keep(kept: dict[str, str], name: str, value: bytes) -> None:
    text = value[:_MAX_VALUE].decode("utf-8", "replace")
    if name not in kept:
        kept[name] = text
    elif name == "content-encoding":
        kept[name] += ", " + text
    elif name == "content-type" and kept[name] != text:
        raise Invalid("Two different content types were sent.", where="content-type")


_KEPT = kept_headers(HEADERS_NEEDED)
_KEY_IN_PATH = re.compile(r"(?<=/v1/input/).*", re.DOTALL)
_MAX_VALUE = 8192
_KEY_PARAMETER = "dd-api-key"
_OTHER_SECRETS = ("api_key", "application_key", "dd-application-key", "dd_api_key", "dd_application_key")
_DROPPED = frozenset({*_OTHER_SECRETS, "ddforward"})
_HINTS = ("key", "dd-evp-encoding", "ddforward", "%")
