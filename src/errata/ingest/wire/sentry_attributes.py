"""What a Sentry event carries beside its error: what can be searched, and what only its page shows. Pure.

Local variables of frames (`vars`) are in neither: they hold whatever the program held, customers' data included.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from errata.events.model import Json
from errata.ingest.wire.sentry_values import Fields, any_text, fields, first_of, listed, named, pairs, text

_CONTEXTS: dict[str, tuple[str, ...]] = {
    "os": ("name", "version"),
    "browser": ("name", "version"),
    "runtime": ("name", "version"),
    "device": ("family", "model", "brand", "manufacturer", "arch", "simulator"),
    "app": ("app_name", "app_version", "app_build", "app_identifier", "build_type"),
    "gpu": ("name",),
    "culture": ("locale", "timezone"),
    "response": ("status_code",),
    "cloud_resource": ("cloud.provider", "cloud.region", "host.id"),
    "replay": ("replay_id",),
}
"""Contexts that SDKs fill, and what of them is worth searching. A context of any other name is the program's own."""
_SDK_CONTEXTS = frozenset({*_CONTEXTS, "trace", "otel", "state", "flags", "profile", "memory_info", "unity", "spring"})
_KNOWN = frozenset({
    "breadcrumbs", "checksum", "contexts", "culprit", "debug_meta", "dist", "environment", "errors", "event_id",
    "exception", "extra", "fingerprint", "level", "logentry", "logger", "message", "modules", "platform", "project",
    "received", "release", "request", "sdk", "server_name", "spans", "stacktrace", "tags", "threads", "timestamp",
    "transaction", "transaction_info", "type", "user", "version", "template", "start_timestamp", "measurements",
})  # fmt: skip


def attributes_of(event: Fields) -> dict[str, Json]:
    """What a search can ask for: request, transaction, logger, SDK, extra, and the contexts."""
    contexts = fields(event.get("contexts"))
    found = _without_blanks(
        {
            "http": _http(event, contexts),
            "transaction": text(first_of(event, "transaction", "culprit"), _MAX_TEXT),
            "logger": _without_blanks({"name": text(event.get("logger"), _MAX_TEXT)}),
            "dist": text(event.get("dist"), _MAX_TEXT),
            "sdk": _picked(fields(event.get("sdk")), ("name", "version")),
            "extra": named(event.get("extra"), _MODULES),
            "usr": _user(event),
            "network": _network(event),
            "contexts": {name: value for name, value in contexts.items() if name not in _SDK_CONTEXTS},
        }
    )
    for name, wanted in _CONTEXTS.items():
        if name != "response" and (picked := _picked(fields(contexts.get(name)), wanted)):
            found[name] = picked
    for key, value in event.items():
        if key not in _KNOWN and isinstance(value, str | int | float) and not key.startswith(("_", "sentry.")):
            found.setdefault(key, value)
    return found


def details_of(event: Fields) -> dict[str, Any]:
    """What only the event's own page shows: the trail of breadcrumbs, contexts, the request, modules, images."""
    contexts = fields(event.get("contexts"))
    return _without_blanks(
        {
            "breadcrumbs": [crumb for crumb in listed(event.get("breadcrumbs")) if isinstance(crumb, dict)][-_CRUMBS:],
            "request": _request(event),
            "contexts": {name: value for name, value in contexts.items() if name in _SDK_CONTEXTS and value},
            "modules": named(event.get("modules"), _MODULES),
            "images": [i for i in listed(fields(event.get("debug_meta")).get("images")) if isinstance(i, dict)][
                :_IMAGES
            ],
            "template": fields(event.get("template")),
        }
    )


def request_of(event: Fields) -> Fields:
    """The request that failed, under its name of today or of old."""
    return fields(first_of(event, "request", "sentry.interfaces.Http"))


def user_of(event: Fields) -> Fields:
    """The end user, under its name of today or of old."""
    return fields(first_of(event, "user", "sentry.interfaces.User"))


def _http(event: Fields, contexts: Fields) -> dict[str, Json]:
    request = request_of(event)
    headers = {name.lower(): value for name, value in pairs(request.get("headers"))}
    return _without_blanks(
        {
            "url": text(request.get("url"), _MAX_TEXT),
            "method": text(request.get("method"), _MAX_TEXT),
            "query": _query(request.get("query_string")),
            "fragment": text(request.get("fragment"), _MAX_TEXT),
            "useragent": _header(headers.get("user-agent")),
            "referer": _header(headers.get("referer")),
            "status_code": fields(contexts.get("response")).get("status_code"),
        }
    )


def _query(value: object) -> str:
    """A query string, which some SDKs send as names and values."""
    if isinstance(value, dict | list):
        return urlencode([(name, any_text(inner, _MAX_TEXT)) for name, inner in pairs(value)[:_CRUMBS]])[:_MAX_TEXT]
    return text(value, _MAX_TEXT)


def _header(value: object) -> str:
    """A header's value: a text, or a list of them."""
    return text(value[0] if isinstance(value, list) and value else value, _MAX_TEXT)


def _user(event: Fields) -> dict[str, Json]:
    """What the SDK or the program says of a user beside what has fields of its own."""
    user = user_of(event)
    rest = {name: value for name, value in user.items() if name not in _USER_FIELDS}
    data = rest.pop("data", None)
    return _without_blanks({**rest, **(data if isinstance(data, dict) else {})})


def _network(event: Fields) -> dict[str, Json]:
    address = text(user_of(event).get("ip_address"), _MAX_TEXT)
    return {"client": {"ip": address}} if address and address != "{{auto}}" else {}


def _request(event: Fields) -> dict[str, Any]:
    request = request_of(event)
    shown = {name: request.get(name) for name in ("url", "method", "query_string", "data", "env", "fragment")}
    for name in ("headers", "cookies"):
        value = request.get(name)
        shown[name] = named(value, _MODULES) if isinstance(value, dict | list) else value
    return _without_blanks(shown)


def _picked(value: Fields, names: tuple[str, ...]) -> dict[str, Json]:
    return {
        name: inner.strip() if isinstance(inner, str) else inner
        for name in names
        if isinstance(inner := value.get(name), str | int | float) and inner != ""
    }


def _without_blanks(value: dict[str, Any]) -> dict[str, Any]:
    return {name: inner for name, inner in value.items() if inner or isinstance(inner, int | float)}


_USER_FIELDS = frozenset({"id", "email", "username", "name", "ip_address", "sentry_user"})
_MAX_TEXT = 4096
_CRUMBS, _MODULES, _IMAGES = 100, 1000, 200
