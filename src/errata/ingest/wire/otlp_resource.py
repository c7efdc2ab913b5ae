"""Who sent a span or a record: OTLP's resource attributes turned into an event's fields. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from errata.events.model import Platform


class Sender(msgspec.Struct, frozen=True, gc=False):
    """What a resource says of all its spans and records. `attributes` are those that no field or tag holds."""

    service: str
    env: str
    version: str
    host: str
    source: str
    language: str
    platform: Platform
    team: tuple[str, ...]
    tags: tuple[str, ...]
    attributes: dict[str, Any]


def sender_of(attributes: dict[str, Any]) -> Sender:
    """Read a resource. Without a service's name it gets the one that SDKs are told to send (`unknown_service`)."""
    left = dict(attributes)
    language = take_attribute(left, "telemetry.sdk.language").lower()
    team = take_attribute(left, "team")
    return Sender(
        service=take_attribute(left, "service.name") or _unknown_service(left),
        env=take_attribute(left, "deployment.environment.name", "deployment.environment", "env"),
        version=take_attribute(left, "service.version"),
        host=take_attribute(left, "host.name", "host.id"),
        source=take_attribute(left, "datadog.log.source") or _SOURCE,
        language=_LANGUAGES.get(language, language),
        platform=_platform(language, left),
        team=(team,) if team else (),
        tags=_tags(left),
        attributes=left,
    )


def text_of(value: Any) -> str:
    """A text, or a number as text, without blanks around it; empty for everything else."""
    if type(value) is str:
        return value.strip()
    return str(value) if type(value) is int or type(value) is float else ""


def take_attribute(attributes: dict[str, Any], *names: str) -> str:
    """The first of some attributes that says something, as text; it is taken out. Empty where none does."""
    for name in names:
        text = text_of(attributes.get(name))
        if text:
            del attributes[name]
            return text
    return ""


def _unknown_service(attributes: dict[str, Any]) -> str:
    program = text_of(attributes.get("process.executable.name"))
    return f"unknown_service:{program}" if program else "unknown_service"


def _platform(language: str, attributes: dict[str, Any]) -> Platform:
    if language == "webjs" or "browser.platform" in attributes or "browser.brands" in attributes:
        return Platform.BROWSER
    return _PLATFORMS.get(text_of(attributes.get("os.name")).lower(), Platform.BACKEND)


def _tags(attributes: dict[str, Any]) -> tuple[str, ...]:
    """What tells one instance from another, as tags; taken out of the attributes."""
    names = [name for name in attributes if name in _TAGS or name.startswith(_TAG_PREFIXES)]
    texts = ((name, text_of(attributes[name])) for name in names)
    tags = [(name, text) for name, text in texts if text]
    for name, _ in tags:
        del attributes[name]
    return tuple(f"{name}:{text}" for name, text in tags)


_SOURCE = "opentelemetry"
_LANGUAGES = {"nodejs": "javascript", "webjs": "javascript", "dotnet": "csharp"}
"""Names of `telemetry.sdk.language` that differ from ours."""
_PLATFORMS = {"android": Platform.ANDROID, "ios": Platform.IOS, "ipados": Platform.IOS}
_TAGS = frozenset(
    {
        "service.instance.id", "service.namespace", "container.id", "container.name", "cloud.provider", "cloud.region",
        "cloud.availability_zone", "cloud.account.id", "cloud.platform", "faas.name", "faas.version",
    }
)  # fmt: skip
_TAG_PREFIXES = ("k8s.",)
