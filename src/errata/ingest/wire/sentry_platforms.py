"""Which language and platform a Sentry event is from: its `platform`, its SDK, and the system it ran on. Pure."""

from __future__ import annotations

from errata.events.model import Platform
from errata.ingest.wire.sentry_frames import Dialect
from errata.ingest.wire.sentry_values import Fields, fields, text

_LANGUAGES = {
    "javascript": "javascript", "node": "javascript", "python": "python", "java": "java", "csharp": "csharp",
    "go": "go", "ruby": "ruby", "php": "php", "elixir": "elixir", "perl": "perl", "haskell": "haskell",
    "groovy": "groovy", "cocoa": "swift", "objc": "swift", "swift": "swift", "c": "c", "native": "cpp",
    "cfml": "cfml", "as3": "actionscript", "dart": "dart", "rust": "rust", "kotlin": "kotlin", "scala": "scala",
}  # fmt: skip
_SDK_LANGUAGES = (
    ("sentry.dart", "dart"),
    ("sentry.rust", "rust"),
    ("sentry.java.kotlin", "kotlin"),
    ("sentry.kotlin", "kotlin"),
    ("sentry.python", "python"),
    ("sentry.php", "php"),
    ("sentry.ruby", "ruby"),
    ("sentry.go", "go"),
    ("sentry.elixir", "elixir"),
    ("sentry.dotnet", "csharp"),
    ("sentry.javascript", "javascript"),
    ("sentry.java", "java"),
)
"""Beginnings of SDK names; asked where the platform names no language, and for those that share one."""
_SHARED_PLATFORMS = frozenset({"native", "other", "c", ""})
_SYSTEMS = {
    "android": Platform.ANDROID,
    "ios": Platform.IOS,
    "ipados": Platform.IOS,
    "iphone os": Platform.IOS,
    "tvos": Platform.IOS,
    "watchos": Platform.IOS,
    "visionos": Platform.IOS,
}
_DEFAULTS_TO_TRUE = frozenset({"browser", "php"})


def language_of(event: Fields) -> str:
    """The language in lower case; empty where nothing tells."""
    platform = text(event.get("platform")).lower()
    sdk = _sdk(event)
    if platform in _SHARED_PLATFORMS or sdk.startswith("sentry.dart"):
        for start, language in _SDK_LANGUAGES:
            if sdk.startswith(start):
                return language
    return _LANGUAGES.get(platform, "")


def platform_of(event: Fields) -> Platform:
    """The platform in the API's words: a phone's system, a browser, else the back end."""
    sdk, contexts = _sdk(event), fields(event.get("contexts"))
    if "react-native" in sdk:
        return Platform.REACT_NATIVE
    if "flutter" in sdk:
        return Platform.FLUTTER
    if _runs_in_browser(event):
        return Platform.BROWSER
    if sdk.startswith("sentry.java.android"):
        return Platform.ANDROID
    system = text(fields(contexts.get("os")).get("name")).lower()
    return _SYSTEMS.get(system, Platform.BACKEND)


def dialect_of(event: Fields) -> Dialect:
    """How the event's frames are to be read.

    The browser's SDK marks every call `in_app: true`, libraries of other hosts and the engine's own included, and
    PHP's marks all that is not configured away.
    """
    language = language_of(event)
    writer = "browser" if _runs_in_browser(event) else language
    return Dialect(language, judges=writer not in _DEFAULTS_TO_TRUE)


def _runs_in_browser(event: Fields) -> bool:
    """Server SDKs of JavaScript say `node`, or name the runtime that is no browser (Deno, Bun, Cloudflare)."""
    if text(event.get("platform")).lower() != "javascript" or "react-native" in _sdk(event):
        return False
    return not text(fields(fields(event.get("contexts")).get("runtime")).get("name"))


def _sdk(event: Fields) -> str:
    sdk = event.get("sdk")
    return text(sdk.get("name") if isinstance(sdk, dict) else sdk).lower()
