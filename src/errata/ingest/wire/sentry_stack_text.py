"""Structured frames written out as a stack text, for people and for free-text search. Pure.

In the form that the language's own runtime prints, so that it looks familiar and can be parsed again.
"""

from __future__ import annotations

from collections.abc import Sequence

from errata.stacks.model import Frame


def stack_text(error_type: str, message: str, frames: Sequence[Frame], language: str) -> str:
    """The text of an exception and its calls (crash side first); empty where there are no calls."""
    if not frames:
        return ""
    header = f"{error_type}: {message}" if error_type and message else error_type or message
    if language == "python":
        lines = [_PYTHON_HEADER]
        for frame in reversed(frames):
            lines += _python(frame)
        return "\n".join([*lines, header])
    write = _java if language in _JVM else _other
    return "\n".join([header, *(line for frame in frames for line in write(frame))])


def _python(frame: Frame) -> list[str]:
    number = f", line {frame.line}" if frame.line is not None else ""
    lines = [f'  File "{frame.file or frame.module}"{number}, in {frame.function or "<unknown>"}']
    if source := frame.context.strip():
        lines.append(f"    {source}")
    if frame.repeats:
        lines.append(f"  [Previous line repeated {frame.repeats} more time{'s' if frame.repeats > 1 else ''}]")
    return lines


def _java(frame: Frame) -> list[str]:
    name = ".".join(part for part in (frame.module, frame.function) if part)
    place = f"{frame.file or 'Unknown Source'}{f':{frame.line}' if frame.line is not None else ''}"
    return [f"\tat {name}({place})"] * min(1 + frame.repeats, _MOST_REPEATS)


def _other(frame: Frame) -> list[str]:
    place = ":".join([frame.file or frame.module, *(str(n) for n in (frame.line, frame.column) if n is not None)])
    line = f"    at {frame.function} ({place})" if frame.function else f"    at {place}"
    return [line] * min(1 + frame.repeats, _MOST_REPEATS)


_PYTHON_HEADER = "Traceback (most recent call last):"
_JVM = frozenset({"java", "kotlin", "scala", "groovy", "clojure"})
_MOST_REPEATS = 4
"""Times that a call of a recursion is written out; how often it was stands in the structured frames."""
