"""Tags as Datadog's clients send them, and the request's defaults that stand behind every entry. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from errata.ingest.wire.model import WireRecord
from errata.ingest.wire.retries import query_parameters


@dataclass(frozen=True, slots=True)
class Tags:
    """A list of tags, as sent and each once, and what the well-known ones among them say (first one wins).

    A decoder gives it to the event's field of that name where the client says nothing better: a search for
    `host:web-1` looks at the field only.
    """

    all: tuple[str, ...] = ()
    service: str = ""
    env: str = ""
    version: str = ""
    host: str = ""
    source: str = ""
    team: tuple[str, ...] = ()

    def with_defaults(self, defaults: Tags) -> tuple[str, ...]:
        """These tags, then those of the request that are not among them."""
        if not self.all or not defaults.all:
            return self.all or defaults.all
        return tuple(dict.fromkeys(self.all + defaults.all))


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the query or the headers of a request say for entries that do not say it themselves."""

    source: str = ""
    service: str = ""
    host: str = ""
    tags: Tags = Tags()


NO_TAGS = Tags()
DEFAULT_HEADERS = ("ddsource", "ddtags", "service", "hostname")
"""Headers, and query parameters of the same names, that are defaults for every entry; a parameter wins."""


def tags_of(value: object) -> Tags:
    """The tags of a `ddtags` field: text separated by commas, or a list of texts; anything else has none."""
    if isinstance(value, str):
        return _known_tags(value) if len(value) <= _CACHED_CHARS else _parsed(value)
    if isinstance(value, list):
        return _parsed(",".join(item for item in value if isinstance(item, str)))
    return NO_TAGS


def defaults_of(record: WireRecord) -> Defaults:
    """The defaults of a request. Never raises."""
    headers = record.headers
    source, tags, service, host = (headers.get(name, "") for name in DEFAULT_HEADERS)
    if len(record.query) + len(tags) > _CACHED_CHARS:
        return _defaults(record.query, source, tags, service, host)
    return _known_defaults(record.query, source, tags, service, host)


def _defaults(query: str, source: str, tags: str, service: str, host: str) -> Defaults:
    said = {name: value.strip().replace("\0", "\ufffd") for name, value in query_parameters(query)} if query else {}
    return Defaults(
        source=said.get("ddsource") or source.strip(),
        service=said.get("service") or service.strip(),
        host=said.get("hostname") or host.strip(),
        tags=tags_of(_without_attempts(said.get("ddtags") or tags)),
    )


def _without_attempts(text: str) -> str:
    """The tags of a request but for those by which its SDK tells how it sends, and how often it tried."""
    if not any(mark in text for mark in _ATTEMPTS):
        return text
    return ",".join(tag for tag in text.split(",") if not tag.strip().startswith(_ATTEMPTS))


def _parsed(text: str) -> Tags:
    every = tuple(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))
    found: dict[str, list[str]] = {name: [] for name in ("service", "env", "version", "host", "source", "team")}
    for tag in every:
        key, colon, value = tag.partition(":")
        if colon and value and key in found:
            found[key].append(value)
    return Tags(
        all=every,
        service=next(iter(found["service"]), ""),
        env=next(iter(found["env"]), ""),
        version=next(iter(found["version"]), ""),
        host=next(iter(found["host"]), ""),
        source=next(iter(found["source"]), ""),
        team=tuple(found["team"]),
    )


_CACHED_CHARS = 1000
_ATTEMPTS = (
    "retry_count:", "retry_after:", "last_failure_status:", "api:fetch", "api:beacon", "api:xhr", "api:manual",
)  # fmt: skip
"""Of mobile SDKs and of the browser SDK before version 6; later ones have query parameters of their own for it."""
# One service sends the same tags and the same query for days; parsing them costs more than the rest of an entry.
_known_tags = lru_cache(maxsize=2048)(_parsed)
_known_defaults = lru_cache(maxsize=512)(_defaults)
