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
    "cpp": "cpp", "c++": "cpp", "haskell": "haskell", "roku": "brightscript", "flutter": "dart", "dart": "dart",
    "unity": "csharp", "maui": "csharp", "kotlin-multiplatform": "kotlin",
}  # fmt: skip
_PLATFORMS = {
    "browser": Platform.BROWSER,
    "android": Platform.ANDROID,
    "ios": Platform.IOS,
    "flutter": Platform.FLUTTER,
    "react-native": Platform.REACT_NATIVE,
    "roku": Platform.ROKU,
    "unity": Platform.UNKNOWN,
    "maui": Platform.UNKNOWN,
    "kotlin-multiplatform": Platform.UNKNOWN,
}
_STACKS = {
    "browser": "javascript", "browser+wasm": "javascript", "nodejs": "javascript", "electron": "javascript",
    "react-native": "javascript", "flutter": "dart", "ios": "swift", "roku": "brightscript", "ndk": "cpp",
    "cpp": "cpp", "rum-cpp": "cpp", "windows": "cpp", "macos": "cpp", "linux": "cpp", "ios+il2cpp": "csharp",
    "ndk+il2cpp": "csharp", "unity": "csharp", "maui": "csharp", "android": "",
}  # fmt: skip


def language_of_source(source: str) -> str:
    """The language that a `ddsource` names or stands for, lower case; empty where it tells none (`nginx`)."""
    return _LANGUAGES.get(source.lower(), "")


def platform_of_source(source: str) -> Platform:
    """The platform of a log: that of the browser and mobile SDKs by their source, the back end for all others."""
    return _PLATFORMS.get(source.lower(), Platform.BACKEND)


def platform_of_sdk(source: str) -> Platform:
    """The platform of what a browser or mobile SDK sent; unknown for those that the API has no name for (`unity`)."""
    return _PLATFORMS.get(source.lower(), Platform.UNKNOWN)


def language_of_sdk(source: str, source_type: str) -> str:
    """The language of an error that a browser or mobile SDK sent, where its kind of stack tells one.

    `source_type` names the form of the stack: native code inside a React Native program has another than the program.
    Empty where two languages share one form (Java and Kotlin): the stack itself tells then.
    """
    return _STACKS.get(source_type.lower(), _STACKS.get(source.lower(), ""))
