"""Tracebacks of CPython: chained, grouped, recursive, of syntax errors; indented or behind a log line's prefix.

The interpreter prints the crash side last and, of a chain, the exception that reached the top last.
"""

from __future__ import annotations

import re

import msgspec

from errata.stacks.model import ExceptionBlock, Frame, Relation, StackTrace

HEADER = "Traceback (most recent call last):"
_GROUP_HEADER = "Exception Group " + HEADER
_STACK_HEADER = "Stack (most recent call last):"  # logging's stack_info: calls, but no exception
_SEPARATORS = {
    "During handling of the above exception, another exception occurred:": Relation.CONTEXT,
    "The above exception was the direct cause of the following exception:": Relation.CAUSE,
}

# One call with its source line (further source lines and the markers under them are passed over); loguru writes `> `
# before the one that caught. Matched at a position, a few times faster than line by line.
_CALL = re.compile(
    r'(?:  |> )File "([^"\n]++)", line (\d{1,9}+)(?:, in ([^\n]++))?+\n?+(?:    ([^\n]*+)\n?+(?:    [^\n]*+\n?+)*+)?+'
)
_ODD_CALL = re.compile(r'(?:[ \t]*|> )File "([^\n]+)", line (\d{1,9})(?:, in ([^\n]+))?')
_REPEATED = re.compile(r" *\[Previous line repeated (\d{1,9}) more times?\]")
_EXCEPTION = re.compile(r"([^\W\d][\w.<>]*)(?::(?: (.*))?)?$")
_ALONE = re.compile(r"(?:[^\W\d]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit|Group|Iteration)(?:: |:?$)")
_FIRST_LINE = ("  File ", "> File ", "  | ")
_MARGIN = re.compile(r"( *)([|+])(-| |$)")
_MEMBER = re.compile(r"(?:\+-)?\+?-{5,} \S+ -{5,}|\+-{5,}")


class _Draft:
    """An exception while its lines come in. `level` is 0 for the trace itself and grows with each group."""

    __slots__ = ("calls", "level", "message", "relation", "repeats", "type")

    def __init__(self, level: int) -> None:
        self.level = level
        self.type = ""
        self.message: list[str] | None = None
        self.calls: list[tuple[str, ...]] = []  # file, line, function, source line; outermost first
        self.repeats: dict[int, int] = {}  # index of a call: how often it repeats
        self.relation = Relation.MEMBER if level else Relation.PRIMARY

    def add(self, call: tuple[str, ...]) -> None:
        """Append a call, folding it into an equal one before it."""
        calls = self.calls
        if calls and calls[-1] == call:
            self.repeat(1)
        else:
            calls.append(call)

    def repeat(self, times: int) -> None:
        last = len(self.calls) - 1
        self.repeats[last] = self.repeats.get(last, 0) + times

    def block(self) -> ExceptionBlock:
        frames = [Frame(call[2], call[0], "", int(call[1]), None, None, call[3].strip()) for call in self.calls]
        for index, times in self.repeats.items():
            frames[index] = msgspec.structs.replace(frames[index], repeats=times)
        frames.reverse()
        message = "\n".join(self.message).rstrip() if self.message else ""
        return ExceptionBlock(self.type, message, tuple(frames), self.relation)


def parse(text: str) -> StackTrace | None:
    """The traceback in `text`, or None where there is neither a call nor an exception line.

    Text before the first header is ignored; everything after an exception line, up to the next header or the
    sentence that joins two exceptions, is its message (notes included). Bounded by the caller.
    """
    drafts: list[_Draft] = []
    body = _from_header(text)
    if _GROUP_HEADER in body:
        for level, piece in _levels(body):
            _read(piece, level, drafts)
    else:
        _read(body, 0, drafts)
    drafts = [draft for draft in drafts if draft.calls or draft.message is not None]
    if not drafts:
        return _alone(text)
    _demote(drafts)
    return StackTrace("python", tuple(draft.block() for draft in drafts))


def is_likely(text: str) -> bool:
    """Whether a call of CPython may stand in the text; cheap."""
    return 'File "' in text and ", line " in text


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
            in_message, blank_at = bare.endswith("-") and " " not in bare, 0  # a rule without number ends a group
        elif blank_at:
            break
        elif not in_message:
            in_message = _starts_message(line)
        offset += len(line) + 1
    return min(blank_at or offset, len(text)) if in_message or blank_at else min(offset, len(text))


def _starts_message(line: str) -> bool:
    """Whether a line after the calls is the exception line: it stands left of them and is no call."""
    margin = _MARGIN.match(line)
    inner = line[margin.end() :] if margin else line
    bare = inner.lstrip(" |")
    return (
        not inner.startswith("    ")
        and not bare.startswith(("File ", "[Previous"))
        and _EXCEPTION.match(bare) is not None
    )


def _from_header(text: str) -> str:
    """The text from the first header on, without the prefix or indentation that the header has."""
    at = text.find(HEADER)
    if at < 0:
        return text
    line_start = text.rfind("\n", 0, at) + 1
    if text.startswith(_GROUP_HEADER, max(at - 16, 0)):
        at = max(at - len("  + Exception Group "), line_start)
    column = at - line_start
    body = text[at:] if at else text
    if not column:
        return body
    first, _, rest = body.partition("\n")
    if rest.startswith(_FIRST_LINE) or not rest.startswith(_FIRST_LINE, column):
        return body
    return "\n".join([first, *[line[column:] for line in rest.split("\n")]])


def _levels(body: str) -> list[tuple[int, str]]:
    """The text without the `|` and `+` of exception groups, in pieces of one level each."""
    pieces: list[tuple[int, list[str]]] = []
    for line in body.split("\n"):
        match = _MARGIN.match(line)
        level, bare = 0, line
        if match is not None:
            level = max(0, len(match[1]) // 2 - 1)
            is_rule = match[2] == "+" and match[3] == "-"
            bare = line[match.start(2) :] if is_rule else line[match.end() :]
            level += line.startswith("+-+", match.start(2))
        if not pieces or pieces[-1][0] != level:
            pieces.append((level, []))
        pieces[-1][1].append(bare)
    return [(level, "\n".join(lines)) for level, lines in pieces]


def _read(text: str, level: int, drafts: list[_Draft]) -> None:
    """Append the exceptions of `text`, all of one level, in the order in which they were printed."""
    draft: _Draft | None = None
    position, end = 0, len(text)
    call_at = _CALL.match
    while position < end:
        if draft is None or draft.message is None:
            match = call_at(text, position)
            if match is not None:
                if draft is None:
                    draft = _begin(drafts, level)
                draft.add(match.groups(""))
                position = match.end()
                continue
        line_end = text.find("\n", position)
        line_end = end if line_end < 0 else line_end
        line = text[position:line_end]
        position = line_end + 1
        if line.startswith(_STACK_HEADER):
            return
        draft = _take(drafts, draft, line, level)


def _take(drafts: list[_Draft], draft: _Draft | None, line: str, level: int) -> _Draft | None:
    """Take a line that is no call; returns the exception that the next lines belong to."""
    bare = line.rstrip()
    if not bare:
        if draft is not None and draft.message is not None:
            draft.message.append("")
    elif bare.endswith(HEADER):
        return _begin(drafts, level)
    elif bare in _SEPARATORS:
        _join(drafts, level, _SEPARATORS[bare])
        return None
    elif level and _MEMBER.match(bare):
        return _begin(drafts, level) if " " in bare else None
    elif draft is not None and draft.message is not None:
        draft.message.append(bare)
    elif match := _ODD_CALL.match(bare):
        draft = draft or _begin(drafts, level)
        draft.add((match[1], match[2], match[3] or "", ""))
    elif draft is not None and line[0] not in " \t":
        _name(draft, bare)
    elif draft is not None and draft.calls and (match := _REPEATED.match(bare)):
        draft.repeat(int(match[1]))
    return draft


def _begin(drafts: list[_Draft], level: int) -> _Draft:
    """The draft that a header opens. A member's own header does not open a second one after its rule."""
    last = drafts[-1] if drafts else None
    if last is not None and last.level == level and last.message is None and not last.calls:
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


def _alone(text: str) -> StackTrace | None:
    """An exception line without any call (`KeyError: 'x'`), as `logging` prints it for exceptions never raised."""
    first, _, rest = text.strip().partition("\n")
    match = _ALONE.match(first) and _EXCEPTION.match(first.rstrip())
    if not match:
        return None
    message = "\n".join([match[2] or "", rest]).rstrip()
    return StackTrace("python", (ExceptionBlock(match[1], message, ()),))
