"""What a log's source tells about language and platform. Pure."""

from __future__ import annotations

from errata.events.model import Platform

_LANGUAGES = {
    "python": "python", "django": "python", "flask": "python", "gunicorn": "python", "celery": "python",
    "java": "java", "log4j": "java", "log4j2": "java", "logback": "java", "spring": "java", "tomcat": "java",
    "kotlin": "kotlin", "scala": "scala", "clojure": "clojure", "groovy": "groovy", "android": "java",
    "javascript": "javascript", "nodejs": "javascript", "node": "javascript", "node.js": "javascript",
    "js": "javascript", "browser": "javascript", "react": "javascript", "react-native": "javascript",
    "winston": "javascript", "pino": "javascript", "bunyan": "javascript", "express": "javascript",
    "typescript": "typescript", "go": "go", "golang": "go", "ruby": "ruby", "rails": "ruby", "php": "php",
    "csharp": "csharp", "c#": "csharp", "dotnet": "dotnet", ".net": "dotnet", "serilog": "dotnet", "rust": "rust",
    "elixir": "elixir", "erlang": "erlang", "perl": "perl", "swift": "swift", "ios": "swift", "c": "c",
    "cpp": "cpp", "c++": "cpp", "haskell": "haskell", "roku": "brightscript",
}  # fmt: skip
_PLATFORMS = {
    "browser": Platform.BROWSER,
    "android": Platform.ANDROID,
    "ios": Platform.IOS,
    "flutter": Platform.FLUTTER,
    "react-native": Platform.REACT_NATIVE,
    "roku": Platform.ROKU,
}


def language_of_source(source: str) -> str:
    """The language that a `ddsource` names or stands for, lower case; empty where it tells none (`nginx`)."""
    return _LANGUAGES.get(source.lower(), "")


def platform_of_source(source: str) -> Platform:
    """The platform of a log: that of the browser and mobile SDKs by their source, the back end for all others."""
    return _PLATFORMS.get(source.lower(), Platform.BACKEND)
