"""Tracebacks of CPython: chained, grouped, recursive, of syntax errors; indented or behind a log line's prefix.

The interpreter prints the crash side last and, of a chain, the exception that reached the top last.
"""

from __future__ import annotations

import re

from errata.stacks.model import ExceptionBlock, Frame, Relation, StackTrace

HEADER = "Traceback (most recent call last):"
_GROUP_HEADER = "Exception Group " + HEADER
_STACK_HEADER = "Stack (most recent call last):"  # logging's stack_info: calls, but no exception
_SEPARATORS = {
    "During handling of the above exception, another exception occurred:": Relation.CONTEXT,
    "The above exception was the direct cause of the following exception:": Relation.CAUSE,
}

_FRAME = re.compile(r' *File "(.+?)", line (\d{1,9})(?:, in (.+))?')
_REPEATED = re.compile(r" *\[Previous line repeated (\d{1,9}) more times?\]")
_EXCEPTION = re.compile(r"([^\W\d][\w.<>]*)(?::(?: (.*))?)?$")
_ALONE = re.compile(r"(?:[^\W\d]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit|Group|Iteration)(?:: |:?$)")
_MARGIN = re.compile(r"( *)([|+])(-| |$)")
_MEMBER = re.compile(r"(?:\+-)?\+?-{5,} \S+ -{5,}|\+-{5,}")


class _Draft:
    """An exception while its lines come in. `level` is 0 for the trace itself and grows with each group."""

    __slots__ = ("frames", "level", "message", "relation", "type")

    def __init__(self, level: int) -> None:
        self.level = level
        self.type = ""
        self.message: list[str] | None = None
        self.frames: list[Frame] = []
        self.relation = Relation.MEMBER if level else Relation.PRIMARY

    def block(self) -> ExceptionBlock:
        message = "\n".join(self.message or ()).rstrip()
        return ExceptionBlock(self.type, message, tuple(reversed(self.frames)), self.relation)


def parse(text: str) -> StackTrace | None:
    """The traceback in `text`, or None where there is neither a call nor an exception line.

    Text before the first header is ignored; everything after an exception line, up to the next header or the
    sentence that joins two exceptions, is its message (notes included). Bounded by the caller.
    """
    lines, levels = _margins_removed(_from_header(text))
    drafts = [draft for draft in _read(lines, levels) if draft.frames or draft.message is not None]
    if not drafts:
        return _alone(text)
    _demote(drafts)
    return StackTrace("python", tuple(draft.block() for draft in drafts))


def span(text: str) -> tuple[int, int] | None:
    """Where the first traceback with a header stands in `text`, and where it ends: after its message.

    A message ends at an empty line, unless the sentence that joins two exceptions follows.
    """
    at = text.find(HEADER)
    if at < 0:
        return None
    start = at - len("  + Exception Group ") if text.startswith(_GROUP_HEADER, max(at - 16, 0)) else at
    line_start = text.rfind("\n", 0, at) + 1
    start = line_start if not text[line_start:at].strip(" \t|+") else max(start, line_start)
    return start, _end(text, text.find("\n", at) + 1 or len(text))


def _end(text: str, position: int) -> int:
    """The end of the traceback whose calls begin at `position`."""
    lines = text[position:].split("\n")
    in_message = False
    blank_at = 0  # offset of the empty line that may end it
    offset = position
    for line in lines:
        bare = line.strip(" \t|+\r")
        if not bare:
            blank_at = blank_at or (offset if in_message else 0)
        elif bare in _SEPARATORS or bare == HEADER or bare.startswith("-------"):
            in_message, blank_at = False, 0
        elif blank_at:
            break
        elif not in_message:
            in_message = _starts_message(line.lstrip(" |"), line)
        offset += len(line) + 1
    return min(blank_at or offset, len(text)) if in_message or blank_at else min(offset, len(text))


def _starts_message(bare: str, line: str) -> bool:
    """Whether a line after the calls is the exception line: it stands left of them and is no call."""
    indented = line.startswith("    ") and "|" not in line[:12]
    return not indented and not bare.startswith(("File ", "[Previous")) and _EXCEPTION.match(bare) is not None


def _from_header(text: str) -> list[str]:
    """The lines from the first header on, without the prefix or indentation that the header has."""
    at = text.find(HEADER)
    if at < 0:
        return text.split("\n")
    line_start = text.rfind("\n", 0, at) + 1
    if text.startswith(_GROUP_HEADER, max(at - 16, 0)):
        at = max(at - len("  + Exception Group "), line_start)
    column = at - line_start
    lines = text[at:].split("\n")
    if not column or len(lines) == 1 or lines[1].startswith(("  File ", "  | ")):
        return lines
    if not lines[1][column:].startswith(("  File ", "  | ")):
        return lines
    return [lines[0], *[line[column:] for line in lines[1:]]]


def _margins_removed(lines: list[str]) -> tuple[list[str], list[int] | None]:
    """The lines without the `|` and `+` of exception groups, and the level of each; None where no group stands."""
    if not any(_GROUP_HEADER in line for line in lines):
        return lines, None
    bare: list[str] = []
    levels: list[int] = []
    for line in lines:
        match = _MARGIN.match(line)
        if match is None:
            bare.append(line)
            levels.append(0)
            continue
        level = max(0, len(match[1]) // 2 - 1)
        is_rule = match[2] == "+" and match[3] == "-"
        bare.append(line[match.start(2) :] if is_rule else line[match.end() :])
        levels.append(level + 1 if line.startswith("+-+", match.start(2)) else level)
    return bare, levels


def _read(lines: list[str], levels: list[int] | None) -> list[_Draft]:
    """The exceptions in the order in which they were printed."""
    drafts: list[_Draft] = []
    draft: _Draft | None = None
    index, count, level = 0, len(lines), 0
    while index < count:
        line = lines[index]
        if levels is not None and levels[index] != level:
            level, draft = levels[index], None
        index += 1
        if draft is None or draft.message is None:
            if 'File "' in line and (match := _FRAME.match(line)):
                if draft is None:
                    draft = _begin(drafts, level)
                context = ""
                while index < count and lines[index].startswith("    "):
                    context = context or lines[index].strip()
                    index += 1
                _add(draft.frames, Frame(match[3] or "", match[1], "", int(match[2]), None, None, context))
                continue
        if not line or line.isspace():
            if draft is not None and draft.message is not None:
                draft.message.append("")
            continue
        draft = _take(drafts, draft, line, level, grouped=levels is not None)
        if line.startswith(_STACK_HEADER):
            break
    return drafts


def _take(drafts: list[_Draft], draft: _Draft | None, line: str, level: int, *, grouped: bool) -> _Draft | None:
    """Take a line that is no call; returns the exception that the next lines belong to."""
    bare = line.rstrip()
    if bare.endswith(HEADER):
        return _begin(drafts, level)
    if bare in _SEPARATORS:
        _join(drafts, level, _SEPARATORS[bare])
        return None
    if grouped and _MEMBER.match(bare):
        return _begin(drafts, level) if bare[-3:-1] == "--" and " " in bare else None
    if draft is None or bare.startswith(_STACK_HEADER):
        return draft
    if draft.message is not None:
        draft.message.append(bare)
    elif line[0] not in " \t":
        _name(draft, bare)
    elif draft.frames and (match := _REPEATED.match(bare)):
        draft.frames[-1] = _repeated(draft.frames[-1], int(match[1]))
    return draft


def _begin(drafts: list[_Draft], level: int) -> _Draft:
    """The draft that a header opens. A member's own header does not open a second one after its rule."""
    last = drafts[-1] if drafts else None
    if last is not None and last.level == level and last.message is None and not last.frames:
        return last
    draft = _Draft(level)
    drafts.append(draft)
    return draft


def _name(draft: _Draft, line: str) -> None:
    match = _EXCEPTION.match(line)
    draft.type = match[1] if match else ""
    draft.message = [(match[2] or "") if match else line]


def _join(drafts: list[_Draft], level: int, relation: Relation) -> None:
    """The last exception of this level is what the following one came from."""
    for draft in reversed(drafts):
        if draft.level == level:
            draft.relation = relation
            return


def _demote(drafts: list[_Draft]) -> None:
    """Leave one primary: the last of the outermost level. Others without a joining sentence are its context."""
    top = [draft for draft in drafts if draft.level == 0] or drafts[-1:]
    for draft in top[:-1]:
        if draft.relation is Relation.PRIMARY:
            draft.relation = Relation.CONTEXT
    top[-1].relation = Relation.PRIMARY


def _add(frames: list[Frame], frame: Frame) -> None:
    """Append a call, folding it into an equal one before it."""
    if frames:
        last = frames[-1]
        if last.line == frame.line and last.function == frame.function and last.file == frame.file:
            frames[-1] = _repeated(last, 1)
            return
    frames.append(frame)


def _repeated(frame: Frame, times: int) -> Frame:
    return Frame(frame.function, frame.file, "", frame.line, None, None, frame.context, frame.repeats + times)


def _alone(text: str) -> StackTrace | None:
    """An exception line without any call (`KeyError: 'x'`), as `logging` prints it for exceptions never raised."""
    first, _, rest = text.strip().partition("\n")
    match = _ALONE.match(first) and _EXCEPTION.match(first.rstrip())
    if not match:
        return None
    message = "\n".join([match[2] or "", rest]).rstrip()
    return StackTrace("python", (ExceptionBlock(match[1], message, ()),))
