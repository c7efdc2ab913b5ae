"""Requests to a running server as commands make them, and its answers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlencode

BROWSER_HEADERS = {"Content-Type": "text/plain;charset=UTF-8"}
"""A page sends its events as text, so that no preflight goes before them."""
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Sending:
    """A request: the key belongs where `headers` or `path` already hold it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


def answer_of(url: str, sending: Sending, *, patience_s: float = _PATIENCE_S) -> tuple[int, bytes]:
    """Status and body of what the server at `url` (http or https) answers, whatever it is. Raises OSError for none."""
    request = urllib.request.Request(  # noqa: S310 - callers give addresses of HTTP only
        url + sending.path, sending.body or None, dict(sending.headers), method=sending.method
    )
    try:
        with urllib.request.urlopen(request, timeout=patience_s) as answer:  # noqa: S310 - as above
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except HTTPException as error:
        raise OSError(f"what answers there does not speak HTTP: {error!r}") from error


def json_headers(key: str) -> dict[str, str]:
    """Headers of JSON from a client that holds an API key."""
    return {"DD-API-KEY": key, "Content-Type": "application/json"}


def browser_path(path: str, key: str, **more: str) -> str:
    """The address to which a page's SDK sends: the key stands in the query, as do `more` parameters."""
    return f"{path}?{urlencode({'ddsource': 'browser', 'dd-api-key': key, 'dd-evp-origin': 'browser'} | more)}"


def sentry_envelope(event: Mapping[str, object], *, project: int, client: str, key: str) -> Sending:
    """One event with an `event_id`, in an envelope, as the SDK named by `client` (`name/version`) sends it."""
    payload = json.dumps(event).encode()
    head = json.dumps({"event_id": event["event_id"]}).encode()
    item = json.dumps({"type": "event", "length": len(payload)}).encode()
    headers = {
        "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client={client}, sentry_key={key}",
        "Content-Type": "application/x-sentry-envelope",
    }
    return Sending("POST", f"/api/{project}/envelope/", headers, b"\n".join([head, item, payload, b""]))
