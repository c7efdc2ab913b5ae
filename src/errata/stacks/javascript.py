"""Stacks of V8 (Node, Deno, Chromium), as `error.stack` and as Node's `util.inspect` print them.

Also the form that the Datadog browser SDK makes of every engine's stack (`at name @ url:line:column`).
The crash side is printed first.
"""

from __future__ import annotations

import re

from errata.stacks.model import ExceptionBlock, Frame, Relation, StackTrace

_CALL = re.compile(r"\s*+at (\S.*)")
# What nearly every call looks like, in one match: `at name (file:line:column)` or `at file:line:column`.
_PLAIN = re.compile(r"\s*+at (?:async )?+(?:([^\n()@\[]*) \()?+([^\n()@\s]++)(?<=\d)\)?+$")
_ORIGIN = re.compile(r"\(([^()\s][^()]*):(\d{1,9}):(\d{1,9})\)")
_ALIAS = re.compile(r" \[as [^\]\n]*\]$")
_PATH = re.compile(r"[./\\]")
# A name, an optional code in brackets (`TypeError [ERR_INVALID_ARG_TYPE]: ...`), a message.
_AROUND = r"\s*(?:error: (?=Uncaught ))?(?:Uncaught )?(?:\(in promise\) )?"
_HEADER = re.compile(_AROUND + r"(?:\[(?=[A-Z]))?([^\W\d][\w$.]*)(?: \[[\w-]+\])?(?::(?: (.*))?)?$")
_NAMED = re.compile(_AROUND + r"([\w$.]*(?:Error|Exception|Rejection|Warning)\d*)(?: \[[\w-]+\])?(?::|$)")
_CAUSE = re.compile(r"\s*(?:\[cause\]|[Cc]aused by): (.*)")
_CARETS = re.compile(r"\s*\^[\^~]*\s*$")
_MEMBERS = re.compile(r"\s*\[errors\]: \[")
_NOT_OURS = (".rs", ".swift", ".c", ".S", ".h", ".cc", ".cpp")  # in backtraces of Rust: `at ./src/main.rs:4:5`
# How engines and SDKs write a function without a name: V8 in `new Function`, Hermes, Edge, the browser SDK's `onerror`.
_NAMELESS = frozenset(("", "?", "undefined", "anonymous", "Anonymous function", "Global code", "eval code"))
_EXCERPT = 2
_MESSAGE_LINES = 100  # how far above the first call an error's name is looked for


class _Draft:
    """An error while its lines come in."""

    __slots__ = ("frames", "message", "relation", "type")

    def __init__(self, header: str, relation: Relation) -> None:
        match = _HEADER.match(header)
        self.type = match[1] if match else ""
        self.message = [((match[2] or "") if match else header).rstrip()]
        self.frames: list[Frame] = []
        self.relation = relation

    def block(self) -> ExceptionBlock:
        lines = self.message
        if len(lines) > _EXCERPT and _CARETS.match(lines[-1]):
            lines = lines[:-_EXCERPT]  # Deno prints the failing line and carets below it
        message = "\n".join(lines).rstrip()
        return ExceptionBlock(self.type, message, tuple(self.frames), self.relation)


def parse(text: str) -> StackTrace | None:
    """The stack in `text`, or None where there is neither a call nor an error's line.

    What stands before the error's line (Node prints the failing source line there) is left out. Bounded by the caller.
    """
    lines = text.split("\n")
    first = _first_call(lines)
    if first is None:
        return _alone(text)
    start = _header(lines, first)
    header = lines[start] if start >= 0 else ""
    drafts = [_Draft(header, Relation.PRIMARY)]
    _read(lines, start + 1, drafts)
    return StackTrace("javascript", tuple(draft.block() for draft in drafts))


def is_likely(text: str) -> bool:
    """Whether the first indented call is plainly one of V8; cheap, and false for its rarer forms."""
    at = text.find("\n    at ") + 1
    if not at:
        return False
    end = text.find("\n", at)
    match = _PLAIN.match(text[at : end if end > 0 else len(text)])
    return match is not None and _is_place(match[2])


def span(text: str) -> tuple[int, int] | None:
    """Where the first stack with at least one call stands in `text`, from its error's line to its last line."""
    if "at " not in text:
        return None
    lines = text.split("\n")
    first = _first_call(lines)
    if first is None:
        return None
    start = max(0, _header(lines, first))
    end = first + 1
    for index in range(first + 1, len(lines)):
        line = lines[index]
        if _frame(line) is not None or _CAUSE.match(line) or _MEMBERS.match(line):
            end = index + 1
        elif index == end and (line[:1] in " \t}" and line.strip()):
            end = index + 1  # properties of the error (`code: 'X'`) and the closing brace
    offset = sum(len(line) + 1 for line in lines[:start])
    return offset, offset + sum(len(line) + 1 for line in lines[start:end]) - 1


def _first_call(lines: list[str]) -> int | None:
    for index, line in enumerate(lines):
        if "at " in line and _frame(line) is not None:
            return index
    return None


def _header(lines: list[str], first: int) -> int:
    """Index of the error's line above call number `first`; -1 where the text begins with a call."""
    for index in range(first - 1, max(-1, first - _MESSAGE_LINES), -1):
        if _NAMED.match(lines[index]):
            return index
    if first and _HEADER.match(lines[0]):
        return 0
    return first - 1


def _read(lines: list[str], start: int, drafts: list[_Draft]) -> None:
    """Fill `drafts` from the lines after the header."""
    draft = drafts[0]
    is_in_group = False
    for index in range(start, len(lines)):
        line = lines[index]
        frame = _frame(line) if "at " in line else None
        if frame is not None:
            _add(draft.frames, frame)
        elif match := _CAUSE.match(line):
            draft = _Draft(match[1], Relation.CAUSE)
            drafts.append(draft)
        elif _MEMBERS.match(line):
            is_in_group = True
        elif is_in_group and line.strip().startswith("]"):
            is_in_group = False
        elif is_in_group and _NAMED.match(line):
            draft = _Draft(line, Relation.MEMBER)
            drafts.append(draft)
        elif not draft.frames:
            draft.message.append(line.rstrip())


def _frame(line: str) -> Frame | None:
    """The call on a line, or None. `{`, `,` and the like after it belong to Node's dump of properties."""
    if match := _PLAIN.match(line):
        file, _, column = match[2].rpartition(":")
        file, _, number = file.rpartition(":")
        if (
            file
            and not file.endswith(_NOT_OURS)
            and number.isdecimal()
            and column.isdecimal()
            and len(number) < 10
            and len(column) < 10
        ):
            return None if file.isdecimal() else Frame(match[1] or "<anonymous>", file, "", int(number), int(column))
    match = _CALL.match(line)
    if match is None:
        return None
    body = match[1].rstrip(" \t\r{},[]") if line[-1:] in " \t\r{},[]" else match[1]
    if body.startswith("wasm://"):
        return Frame("<anonymous>", body)
    name, at, place = body.partition(" @ ")
    if at:
        return _frame_at(name, place)
    if body.endswith(")"):
        name, at, place = body.partition(" (")
        return _frame_at(name, place[:-1]) if at else None
    if body.startswith("async ") and not body.startswith(("async (", "async <")):
        body = body[6:]
    if body in ("<anonymous>", "native"):
        return Frame("<anonymous>", body)
    return _frame_at("", body) if ":" in body and _is_place(body) else None


def _is_place(body: str) -> bool:
    """Whether a bare location stands there, `file:line:column`; `at 12:30:00` in a sentence is none."""
    head, _, column = body.rpartition(":")
    file, _, line = head.rpartition(":")
    if not file or file[0] == " " or file.isdecimal() or file.endswith(_NOT_OURS):
        return False
    return column.isdecimal() and line.isdecimal()


def _frame_at(name: str, place: str) -> Frame | None:
    name = name.removeprefix("async ")
    if name.endswith("]"):
        name = _ALIAS.sub("", name)
    if place.startswith("eval at "):
        origin = _ORIGIN.search(place)
        place = f"{origin[1]}:{origin[2]}:{origin[3]}" if origin else "<anonymous>"
    name = "<anonymous>" if name in _NAMELESS else name
    place = place.removeprefix("address at ")  # Hermes prints bytecode's place so
    head, colon, column = place.rpartition(":")
    if not colon or not column.isdecimal() or len(column) > 9:
        is_known = place in ("<anonymous>", "native", "unknown location") or place.startswith(("index ", "wasm"))
        return Frame(name, "" if place.startswith("index ") else place) if is_known else None
    file, colon, line = head.rpartition(":")
    if colon and line.isdecimal() and len(line) < 10:
        return Frame(name, file, "", int(line), int(column))
    return Frame(name, head, "", int(column)) if _PATH.search(head) else None


def _add(frames: list[Frame], frame: Frame) -> None:
    """Append a call, folding it into an equal one before it."""
    if frames:
        last = frames[-1]
        if (
            last.line == frame.line
            and last.column == frame.column
            and last.function == frame.function
            and last.file == frame.file
        ):
            frames[-1] = Frame(last.function, last.file, "", last.line, last.column, repeats=last.repeats + 1)
            return
    frames.append(frame)


def _alone(text: str) -> StackTrace | None:
    """An error's own line without any call, as an AggregateError's stack is; only where it is named like one."""
    first, mark, rest = text.strip().partition("\n")
    first, rest = first.rstrip(), (mark + rest).partition("\n ")[0].partition("\n\t")[0]
    match = _NAMED.match(first) and _HEADER.match(first)
    if not match:
        return None
    return StackTrace("javascript", (ExceptionBlock(match[1], f"{match[2] or ''}{rest}".rstrip(), ()),))
