"""Stack traces of Sentry's SDKs: frames that come structured, outermost call first. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from errata.ingest.wire.sentry_values import Fields, fields, listed, number, text
from errata.stacks.model import Frame

MAX_FRAMES = 250
"""Calls of one stack that are kept, half from either end; Sentry itself keeps as many."""
MAX_SOURCES = 50
"""Calls whose surrounding source lines are kept."""


class Stack(msgspec.Struct, frozen=True, gc=False):
    """A stack, crash side first.

    `sources` are the lines around the calls of the program's own, for the event's page:
    `{"frame": index in frames, "before": [...], "after": [...]}`.
    """

    frames: tuple[Frame, ...] = ()
    sources: tuple[dict[str, Any], ...] = ()


class Dialect(msgspec.Struct, frozen=True, gc=False):
    """How an SDK writes frames.

    `language` is that of the event. `judges` is false for SDKs whose `in_app: true` is a default and no judgement
    (the browser's, PHP's): there only `false` is believed.
    """

    language: str
    judges: bool = True

    @property
    def plain(self) -> str:
        """The language in whose form calls are written that belong to no exception."""
        return self.language if self.language in _JVM else ""


NO_STACK = Stack()


def stack_of(stacktrace: object, dialect: Dialect) -> Stack:
    """The stack of a `stacktrace`: an object with `frames`, or the list itself; empty for anything else.

    Equal calls in a row are folded into one. Raises nothing.
    """
    given = stacktrace if isinstance(stacktrace, list) else fields(stacktrace).get("frames")
    raws = [raw for raw in reversed(listed(given)) if isinstance(raw, dict)]
    frames: list[Frame] = []
    origins: list[Fields] = []
    for raw in raws:
        frame = _frame_of(raw, dialect)
        if frames and _is_same_call(frames[-1], frame):
            frames[-1] = msgspec.structs.replace(frames[-1], repeats=frames[-1].repeats + 1)
        elif frame is not None:
            frames.append(frame)
            origins.append(raw)
    if len(frames) > MAX_FRAMES:
        half = MAX_FRAMES // 2
        frames, origins = frames[:half] + frames[-half:], origins[:half] + origins[-half:]
    return Stack(tuple(frames), _sources(frames, origins))


def _frame_of(raw: Fields, dialect: Dialect) -> Frame | None:
    """The frame of a raw one. A failing program sends the same ones again and again, so they are remembered."""
    get = raw.get
    said = [value[:_MAX_NAME] if type(value := get(name)) is str else value for name in _SAID]
    try:
        return _known_frame(dialect, *said)
    except TypeError:  # a list or an object where a text belongs
        return _frame(raw, dialect)


def _frame(raw: Fields, dialect: Dialect) -> Frame | None:
    file = _file(raw, dialect)
    function = text(raw.get("function") or raw.get("raw_function"), _MAX_FUNCTION)
    if function == _UNKNOWN:
        function = ""
    if dialect.language == "javascript" and (not function or function.endswith("." + _UNKNOWN)):
        function = function.removesuffix(_UNKNOWN) + "<anonymous>"  # as V8 and the parsers of its texts name them
    module = text(raw.get("module"), _MAX_NAME) or _library(raw)
    if not function and not file and not module:
        return None
    return Frame(
        function=function,
        file=file,
        module=module,
        line=number(raw.get("lineno")),
        column=number(raw.get("colno")),
        in_app=_in_app(raw, file, module, dialect),
        context=str(raw["context_line"])[:_MAX_CONTEXT] if isinstance(raw.get("context_line"), str) else "",
    )


def _file(raw: Fields, dialect: Dialect) -> str:
    """The whole path where it is told: `filename` is relative to the program or to the import path in many SDKs.

    On the JVM `filename` stands beside a class name and is what stack texts print, too.
    """
    name = text(raw.get("filename"), _MAX_NAME)
    whole = text(raw.get("abs_path"), _MAX_NAME)
    if dialect.language in _JVM:
        return name or whole
    file = name if not whole or whole.startswith("<") or _is_no_file(name) else whole
    return "" if file in _NO_FILES else file


def _library(raw: Fields) -> str:
    """The binary that native code is in, without its folder: installation paths differ between devices."""
    return text(raw.get("package"), _MAX_NAME).replace("\\", "/").rpartition("/")[2]


def _in_app(raw: Fields, file: str, module: str, dialect: Dialect) -> bool | None:
    """What the SDK says of a call, or None to leave it to our own rules.

    `false` is always believed. `true` is not where no file is named (`<anonymous>`, `<string>`, native code).
    """
    said = raw.get("in_app")
    if said is False:
        return False
    if said is not True or not dialect.judges:
        return None
    return None if file.startswith("[native") or _is_no_file(file) or not (file or module) else True


def _is_no_file(name: str) -> bool:
    """Whether it is what an interpreter calls code without a file (`<string>`, `<frozen importlib._bootstrap>`).

    Python's SDK puts the working directory before such a name and takes it for a file of the program.
    """
    return name.startswith("<") and (name.endswith(">") or name.startswith("<anonymous"))


def _is_same_call(before: Frame, now: Frame | None) -> bool:
    if now is None:
        return False
    return (before.line, before.column, before.function, before.file, before.module) == (
        now.line,
        now.column,
        now.function,
        now.file,
        now.module,
    )


def _sources(frames: list[Frame], origins: list[Fields]) -> tuple[dict[str, Any], ...]:
    found: list[dict[str, Any]] = []
    for index, (frame, raw) in enumerate(zip(frames, origins, strict=True)):
        if frame.in_app is False or not (raw.get("pre_context") or raw.get("post_context")):
            continue
        if len(found) == MAX_SOURCES:
            break
        before, after = _lines(raw.get("pre_context"), last=True), _lines(raw.get("post_context"), last=False)
        if before or after:
            found.append({"frame": index, "before": before, "after": after})
    return tuple(found)


def _lines(value: object, *, last: bool) -> list[str]:
    lines = [line[:_MAX_CONTEXT] for line in listed(value) if isinstance(line, str)]
    return lines[-_MAX_LINES:] if last else lines[:_MAX_LINES]


_SAID = (
    "function", "raw_function", "filename", "abs_path", "module", "package", "lineno", "colno", "in_app",
    "context_line",
)  # fmt: skip
# `typed`, because 1, 1.0 and true are equal and mean different things.
_known_frame = lru_cache(maxsize=2048, typed=True)(
    lambda dialect, *said: _frame(dict(zip(_SAID, said, strict=True)), dialect)
)
_UNKNOWN = "?"
_JVM = frozenset({"java", "kotlin", "scala", "groovy", "clojure"})
_NO_FILES = frozenset({"[internal]", "unknown", "?"})
_MAX_FUNCTION, _MAX_NAME, _MAX_CONTEXT, _MAX_LINES = 500, 1000, 300, 10
