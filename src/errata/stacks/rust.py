"""Panics and backtraces of Rust, and the error reports of anyhow, eyre and color-eyre.

A call is a numbered line, and mostly a second one with its place. The crash side is printed first, below the calls
of the standard library that panicked.
"""

from __future__ import annotations

import re

from errata.stacks.draft import Draft, number_of, offsets, trace_of
from errata.stacks.model import Frame, Relation, StackTrace

_PANIC = re.compile(r"thread '([^'\n]*+)'(?: \(\d+\))? panicked at ")
# Up to 1.72 the message stood in quotes before the place.
_QUOTED = re.compile(r"'(.*)', ([^\n]{1,1000}):(\d{1,9}):(\d{1,9})$", re.DOTALL)
_LOCATION = re.compile(r"([^\n]{1,1000}):(\d{1,9}):(\d{1,9}):?$")
_CALL = re.compile(r"[ \t]{0,8}(\d{1,5}): +(?:0x[0-9a-f]+ - )?(\S[^\n]*)$")
_AT = re.compile(r"[ \t]+at ([^\n]{1,1000}?):(\d{1,9})(?::(\d{1,9}))?$")
_HASH = re.compile(r"::h[0-9a-f]{16}$|::hash[0-9a-f]+$")
_HEADINGS = ("stack backtrace:", "Stack backtrace:", "BACKTRACE")
_NUMBERED = re.compile(r"   (\d{1,5}): (\S[^\n]*)$")
_CRATE = re.compile(r"[<&*(\[ ]{0,8}+(?:dyn |mut |const ){0,3}+([A-Za-z_]\w*+)(?:\[[0-9a-f]{1,16}\])?::")
_CAUSE = re.compile(r"[ \t]{1,8}(?:\d{1,5}: )?(\S[^\n]*)$")


def is_likely(text: str) -> bool:
    """Whether a panic or a numbered backtrace of Rust may stand there; cheap."""
    if "panicked at " in text:
        return True
    return ".rs:" in text and ("Location:" in text or (" at " in text and ": " in text))


def parse(text: str) -> StackTrace | None:
    """The panic, report or backtrace in `text`, or None where there is neither a call nor a place. Bounded."""
    lines = text.split("\n")
    start, _, frames = _backtrace(lines)
    panic = _panic(lines)
    if panic is not None:
        draft, place = panic
    else:
        if not frames and "Location:" not in text:
            return None
        drafts = _report(lines[:start])
        draft, place = drafts[0], _location(lines)
    for frame in frames or ([place] if place else []):
        draft.add(frame)
    if not draft.frames:
        return None
    return trace_of("rust", [draft] if panic is not None else drafts)


def span(text: str) -> tuple[int, int] | None:
    """Where the first panic or report stands in `text`, with its backtrace."""
    lines = text.split("\n")
    start, end, frames = _backtrace(lines)
    at = next((i for i, line in enumerate(lines) if "panicked at " in line and _PANIC.search(line)), None)
    if at is not None:
        match = _PANIC.search(lines[at])
        last = end if frames and start > at else _message_end(lines, at)
        return offsets(lines, at, last, match.start() if match else 0)
    if not frames:
        return None
    top = next((i for i in range(start - 1, max(-1, start - 60), -1) if lines[i].startswith("Error: ")), start)
    return offsets(lines, top, end)


def _backtrace(lines: list[str]) -> tuple[int, int, list[Frame]]:
    """The first and the last line of the first numbered calls of which one has a place in Rust, and the calls."""
    frames: list[Frame] = []
    start = expected = index = 0
    while index < len(lines):
        match = _CALL.match(lines[index])
        number = int(match[1]) if match else -1
        place = _AT.match(lines[index + 1]) if match and index + 1 < len(lines) else None
        if match is None or not frames or number not in (expected, expected - 1):
            if frames and _is_backtrace(frames):
                break
            frames, start = [], index
            if match is None or (number and place is None):  # color-eyre leaves the first ones out
                index += 1
                continue
        frames.append(_frame(match[2], place))
        expected = number + 1
        index += 2 if place else 1
    if not _is_backtrace(frames):
        return len(lines), len(lines), []
    while start > 0 and any(lines[start - 1].strip(" ━:\t").endswith(h.strip(":")) for h in _HEADINGS):
        start -= 1
    return start, index, [frame for frame in frames if frame.function != "<unknown>"]


def _is_backtrace(frames: list[Frame]) -> bool:
    """Whether numbered lines are calls: of an error's causes, which are numbered too, none has a place."""
    return any(frame.file for frame in frames) or any("::" in frame.function for frame in frames[:40])


def _frame(name: str, place: re.Match[str] | None) -> Frame:
    function = _HASH.sub("", name.rstrip())
    if place is None:
        return Frame(function, "", _crate(function))
    return Frame(function, place[1].replace("\\", "/"), _crate(function), number_of(place[2]), number_of(place[3]))


def _crate(function: str) -> str:
    """The crate of `shop::cart::total`; of `<i64 as shop::Priced>::cents`, whose type has none, the trait's."""
    for part in function.partition(" as ")[::2]:
        match = _CRATE.match(part)
        if match:
            return match[1]
    return ""


def _panic(lines: list[str]) -> tuple[Draft, Frame | None] | None:
    """The message of the last panic before the calls and where it happened."""
    for index, line in enumerate(lines):
        match = _PANIC.search(line) if "panicked at " in line else None
        if match is None:
            continue
        rest = line[match.end() :]
        body = lines[index + 1 : _message_end(lines, index)]
        if located := _LOCATION.match(rest) if not rest.startswith("'") else None:
            return Draft("panic", "\n".join(body)), _place(located, 1)
        quoted = _QUOTED.match("\n".join([rest, *body]))
        if quoted:
            return Draft("panic", quoted[1]), _place(quoted, 2)
        return Draft("panic", "\n".join([rest, *body])), None
    return None


def _place(match: re.Match[str], group: int) -> Frame:
    return Frame("", match[group].replace("\\", "/"), "", number_of(match[group + 1]), number_of(match[group + 2]))


def _message_end(lines: list[str], panic: int) -> int:
    """Index behind the last line of a panic's message."""
    for index in range(panic + 1, len(lines)):
        if lines[index].startswith(("note: ", "stack backtrace:")) or _PANIC.search(lines[index][:300]):
            return index
        if (
            not lines[index]
            and index + 1 < len(lines)
            and lines[index + 1].startswith(("Location:", "Stack backtrace:"))
        ):
            return index
    return len(lines)


def _report(lines: list[str]) -> list[Draft]:
    """An error with its causes as anyhow and eyre print them."""
    start = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].startswith("Error:")), None)
    drafts = [Draft("Error" if start is not None else "")]
    if start is None:
        return drafts
    message: list[str] = []
    in_causes = False
    for line in lines[start:]:
        if line.startswith(("Location:", "Stack backtrace:", "stack backtrace:")):
            break
        if line.startswith("Caused by:"):
            in_causes = True
        elif in_causes and (match := _CAUSE.match(line)):
            drafts.append(Draft("", match[1], Relation.CAUSE))
        elif match := _NUMBERED.match(line):
            if match[1] == "0":
                message.append(match[2])
            else:
                drafts.append(Draft("", match[2], Relation.CAUSE))
        elif not in_causes:
            message.append(line.removeprefix("Error:").strip())
    drafts[0].message = ["\n".join(message).strip()]
    return drafts


def _location(lines: list[str]) -> Frame | None:
    """Where eyre's report says that the error was made."""
    for index, line in enumerate(lines[:-1]):
        if line.strip() == "Location:" and (match := _LOCATION.match(lines[index + 1].strip())):
            return _place(match, 1)
    return None
