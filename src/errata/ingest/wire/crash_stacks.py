"""The stacks of a crash report: the program's own calls, and what the operating system saw. Pure.

A crash tracker sends native frames always. Where an interpreter was running it also sends the interpreter's calls,
which is where the program's own code stands: those are the error's frames then, and the native ones a detail.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from errata.stacks import faulthandler
from errata.stacks.model import Frame

MAX_FRAMES = 500


class CrashStack(msgspec.Struct, frozen=True, gc=False):
    """Frames, crash side first, and the text that shows them.

    `is_native` says that they are the operating system's, `has_native_beside` that those came as well.
    """

    frames: tuple[Frame, ...] = ()
    text: str = ""
    is_native: bool = False
    has_native_beside: bool = False


def crash_stack(error: dict[str, Any], experimental: object) -> CrashStack:
    """The stack that a crash is told by.

    The interpreter's calls (`experimental.runtime_stack`) as text or as frames; else the frames of `stack`, which are
    the interpreter's own where the crash was an exception that nobody caught.
    """
    runtime = experimental.get("runtime_stack") if isinstance(experimental, dict) else None
    if isinstance(runtime, dict):
        text = runtime.get("stacktrace_string")
        if isinstance(text, str) and (frames := _from_text(text)):
            return CrashStack(frames, text, has_native_beside=True)
        if frames := _named_frames(_frames_in(runtime)):
            return CrashStack(frames, _rendered(frames), has_native_beside=True)
    listed = _frames_in(error.get("stack"))
    is_native = any(isinstance(one, dict) and ("ip" in one or "module_base_address" in one) for one in listed)
    frames = (
        tuple(_native_frame(one) for one in listed if isinstance(one, dict)) if is_native else _named_frames(listed)
    )
    return CrashStack(frames, _rendered(frames), is_native=is_native)


def _from_text(text: str) -> tuple[Frame, ...]:
    """The calls of the crashing thread as Python's fault handler prints them, which puts the newest first."""
    trace = faulthandler.parse(text[:_MAX_TEXT])
    return trace.primary.frames[:MAX_FRAMES] if trace is not None else ()


def _frames_in(stack: object) -> list[Any]:
    frames = stack.get("frames") if isinstance(stack, dict) else stack
    return frames[:MAX_FRAMES] if isinstance(frames, list) else []


def _named_frames(listed: list[Any]) -> tuple[Frame, ...]:
    """An interpreter's calls. One without a name gets that of the next call in its file that has one.

    A callback has no name of its own; the named call further out in the same file is the function that it stands in,
    or that handed it on.
    """
    frames = [_interpreted_frame(one) for one in listed if isinstance(one, dict)]
    holder: dict[str, str] = {}
    for at in range(len(frames) - 1, -1, -1):
        frame = frames[at]
        if frame.function:
            holder[frame.file] = frame.function
        elif frame.file in holder:
            frames[at] = msgspec.structs.replace(frame, function=holder[frame.file])
    return tuple(frames)


def _interpreted_frame(one: dict[str, Any]) -> Frame:
    function = _ALIAS.sub("", _text(one.get("function")))
    owner = _text(one.get("type_name") or one.get("class_name"))
    return Frame(
        function=f"{owner}.{function}" if owner and function and "." not in function else function,
        file=_text(one.get("file") or one.get("file_name")),
        line=_place(one.get("line")),
        column=_place(one.get("column")),
    )


def _native_frame(one: dict[str, Any]) -> Frame:
    """A call as the symbols tell it; without them the library and the address in it."""
    path = _text(one.get("path"))
    names = one.get("names")
    named = next((name for name in names if isinstance(name, dict)), {}) if isinstance(names, list) else {}
    function = _text(one.get("function") or one.get("mangled_name") or named.get("name"))
    source = _text(one.get("file") or named.get("filename"))
    return Frame(
        function=function or _text(one.get("relative_address") or one.get("ip")),
        file=source or path,
        module=path,
        line=_place(one.get("line") or named.get("lineno")),
        column=_place(one.get("column") or named.get("colno")),
        in_app=False if _SYSTEM.search(path) else None,
    )


def _rendered(frames: tuple[Frame, ...]) -> str:
    lines = []
    for number, frame in enumerate(frames):
        place = frame.file + "".join(f":{part}" for part in (frame.line, frame.column) if part is not None)
        lines.append(f"#{number} {frame.function or '<anonymous>'} {place}".rstrip())
    return "\n".join(lines)


def _text(value: object) -> str:
    return value.replace("\0", "\ufffd") if isinstance(value, str) else ""


def _place(value: object) -> int | None:
    """A line or column; 0 stands for one that is not known."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _LARGEST else None


_ALIAS = re.compile(r" \[as [^\]\n]{0,200}\]$")
_SYSTEM = re.compile(
    r"^/(?:usr|lib|lib64|lib32|nix/store)/|^\[|^(?:/System|/Library)/|/(?:site-packages|dist-packages|node_modules|gems)/"
    r"|/lib/(?:python\d|ruby/|jvm/)|/(?:libpython|libruby|libjvm|libphp)[^/]*$|^[A-Za-z]:\\Windows\\",
    re.IGNORECASE,
)
"""Libraries and interpreters that no program of its own lives in."""
_MAX_TEXT = 256 * 1024
_LARGEST = 10**9
