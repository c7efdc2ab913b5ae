"""One door to the parsers: which language a stack text is in, and the bounds under which it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from errata.stacks import (
    csharp,
    dart,
    elixir,
    faulthandler,
    gecko,
    go,
    java,
    javascript,
    native,
    php,
    python,
    ruby,
    rust,
)
from errata.stacks.model import StackTrace

LIMIT = 64 * 1024
"""Characters of a stack that are read; of a longer one the first and the last half."""


class _Language(NamedTuple):
    """A parser, and the telltale by which a text is worth giving to it: cheap, and never false for its own calls."""

    is_likely: Callable[[str], bool]
    parse: Callable[[str], StackTrace | None]


# In the order in which they are asked. What no telltale fits may still be JavaScript, whose rarer calls have none.
_LANGUAGES = {
    "faulthandler": _Language(faulthandler.is_likely, faulthandler.parse),
    "python": _Language(python.is_likely, python.parse),
    "java": _Language(java.is_likely, java.parse),
    "javascript": _Language(javascript.is_likely, javascript.parse),
    "go": _Language(go.is_likely, go.parse),
    "ruby": _Language(ruby.is_likely, ruby.parse),
    "php": _Language(php.is_likely, php.parse),
    "csharp": _Language(csharp.is_likely, csharp.parse),
    "rust": _Language(rust.is_likely, rust.parse),
    "dart": _Language(dart.is_likely, dart.parse),
    "elixir": _Language(elixir.is_likely, elixir.parse),
    "native": _Language(native.is_likely, native.parse),
    "gecko": _Language(gecko.is_likely, gecko.parse),
}
_WITH_LONE_LINES = ("python", "java", "javascript")  # these also read an exception's line without any call
_FAMILY = {
    "kotlin": "java", "scala": "java", "groovy": "java", "clojure": "java", "jvm": "java", "android": "java",
    "js": "javascript", "node": "javascript", "nodejs": "javascript", "node.js": "javascript",
    "typescript": "javascript", "browser": "javascript",
    "golang": "go", "rb": "ruby", "rails": "ruby", "laravel": "php", "rs": "rust",
    "c#": "csharp", "dotnet": "csharp", ".net": "csharp", "f#": "csharp", "fsharp": "csharp", "vb": "csharp",
    "unity": "csharp", "flutter": "dart", "erlang": "elixir", "swift": "native", "objective-c": "native",
    "objc": "native", "c": "native", "c++": "native", "cpp": "native", "ios": "native",
}  # fmt: skip
_DIALECTS = ("kotlin", "scala", "groovy", "clojure", "typescript", "dotnet", ".net")
_LONG_LINE = 1024  # characters of a line in the cut from which it is a message, whose beginning names the type
_COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}m")


def parse(text: str, language: str = "") -> StackTrace | None:
    """The stack trace in `text`; None where neither a call nor an exception's line is recognized.

    `language` is a hint, in lower case: its parser goes first, but a text that only another one finds calls in is
    that other's. A lone exception's line without a hint has no language. Takes time linear in the text, reads at
    most `LIMIT` characters of it, and raises nothing.
    """
    body, is_cut = _prepared(text)
    if not body:
        return None
    hint = _FAMILY.get(language, language)
    without_calls: StackTrace | None = None
    for name in _order(body, hint):
        trace = _LANGUAGES[name].parse(body)
        if trace is None:
            continue
        if any(block.frames for block in trace.blocks):
            return _named(trace, language, hint, is_cut=is_cut)
        if without_calls is None:
            without_calls = trace
    if without_calls is None:
        return None
    if hint != without_calls.language:  # a line like `FooError: text` could be of any language
        without_calls = msgspec.structs.replace(without_calls, language=language)
    return _named(without_calls, language, hint, is_cut=is_cut)


def uncoloured(text: str) -> str:
    """The text without terminal colours and with plain line ends."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _COLOURS.sub("", text) if "\x1b" in text else text


def _prepared(text: str) -> tuple[str, bool]:
    """The text that the parsers see, and whether its middle was left out."""
    is_cut = len(text) > LIMIT
    if is_cut:
        head, tail = text[: LIMIT // 2], text[-LIMIT // 2 :]
        whole = head.rfind("\n") + 1
        head = head[:whole] if whole and len(head) - whole < _LONG_LINE else head
        text = head + "\n" + tail[tail.find("\n") + 1 :]
    if "\\n" in text and "\n" not in text.strip():  # escaped once too often on its way
        text = text.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t")
    text = uncoloured(text)
    if " \n" in text or "\t\n" in text:
        text = "\n".join([line.rstrip() for line in text.split("\n")])
    return text.rstrip(), is_cut


def likely(text: str, hint: str) -> Iterator[str]:
    """The languages whose telltales stand in the text, the hinted one first; each is asked when it is needed."""
    if hint in _LANGUAGES and not faulthandler.is_likely(text) and _LANGUAGES[hint].is_likely(text):
        yield hint
    for name, language in _LANGUAGES.items():
        if name != hint and language.is_likely(text):
            yield name


def _order(text: str, hint: str) -> Iterator[str]:
    """The parsers worth trying, the best guess first. Each is named once."""
    asked = set()
    if hint in _WITH_LONE_LINES and not faulthandler.is_likely(text):
        asked.add(hint)
        yield hint
    for name in likely(text, hint):
        if name not in asked:
            asked.add(name)
            yield name
    last = _WITH_LONE_LINES if asked & {"python", "java"} - {hint} else ("javascript", "python", "java")
    yield from (name for name in last if name not in asked)


def _named(trace: StackTrace, language: str, hint: str, *, is_cut: bool) -> StackTrace:
    """The trace under the name that the client used for its language, where that is one of the same family."""
    name = language if language in _DIALECTS and hint == trace.language else trace.language
    if name == trace.language and not is_cut:
        return trace
    return msgspec.structs.replace(trace, language=name, truncated=is_cut)
