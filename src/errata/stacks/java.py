"""Stack traces of the JVM as `Throwable.printStackTrace`, logback and log4j print them; Java, Kotlin, Scala, Groovy.

The crash side is printed first, and the exception that reached the top first too (logback can be told otherwise).
"""

from __future__ import annotations

import re

from errata.stacks.model import ExceptionBlock, Frame, Relation, StackTrace

# `at loader/module@version/class.method(file:line)`. No blank before the parenthesis: that is how JavaScript differs.
_CALL = re.compile(r"\s*+at ([^()\s][^()\n]{0,1000}+)(?<=\S)\(([^():\n]{0,300}+)(?::(-?\d{1,9}+))?+\)")
_ANY_CALL = re.compile(r"^[ \t]*+at [^\n]*+", re.MULTILINE)
# A place is a file: `at Shop.Cart.Total(String sku)` of .NET is none.
_PLACE = re.compile(r"\S*\.[^\s.]+$|SourceFile$|Unknown Source$|Native Method$|<generated>$|$")
_JOIN = re.compile(r"(\s*)(Caused by|Suppressed|Wrapped by): (?!\[CIRCULAR)(.*)")
_MORE = re.compile(
    r"\s*\.\.\. \d+ (?:more|common frames omitted|frames (?:excluded|truncated))|[^\n]*\[CIRCULAR REFERENCE"
)
_THREAD = re.compile(r'Exception in thread "[^"\n]*"(?: java\.lang\.Thread)? ')
_TYPE = re.compile(r"([^\W\d][\w$.]*)(?::(?: (.*))?)?$")
# What an exception's name looks like where other text may stand around it.
_NAMED = re.compile(
    r"(?:(?<=\s)|^)((?:[a-z_]\w*\.)+[A-Z][\w$]*|[A-Z][\w$]*(?:Exception|Error|Throwable|Failure))(?::(?: (.*))?)?$"
)
_SURE = re.compile(r"\.[A-Z][\w$]*(?:Exception|Error|Throwable|Failure)\b(?=: |:?$)")
_MESSAGE_LINES = 100  # how far above the first call an exception's name is looked for


class _Draft:
    """An exception while its lines come in."""

    __slots__ = ("frames", "message", "relation", "type")

    def __init__(self, header: str, relation: Relation) -> None:
        match = _TYPE.match(header)
        self.type = match[1] if match else ""
        self.message = [(match[2] or "") if match else header]
        self.frames: list[Frame] = []
        self.relation = relation

    def block(self) -> ExceptionBlock:
        message = "\n".join(self.message).rstrip()
        return ExceptionBlock(self.type, message, tuple(self.frames), self.relation)


def parse(text: str) -> StackTrace | None:
    """The stack trace in `text`, or None where there is neither a call nor the line of an exception.

    A log line before the exception is left out: the exception is the nearest line above the first call that names
    one. Bounded by the caller.
    """
    lines = text.split("\n")
    first = _first_call(lines)
    if first is None:
        return _alone(text)
    start, header = _header(lines, first)
    drafts = [_Draft(header, Relation.PRIMARY)]
    _read(lines, start + 1, drafts)
    _choose_primary(drafts)
    return StackTrace("java", tuple(draft.block() for draft in drafts))


def is_likely(text: str) -> bool:
    """Whether the first line that could be a call is a JVM's; cheap, for choosing which parser goes first."""
    match = _ANY_CALL.search(text)
    return match is not None and _call_in(match[0]) is not None


def span(text: str) -> tuple[int, int] | None:
    """Where the first stack trace with at least one call stands in `text`, from its exception to its last line."""
    if "at " not in text:
        return None
    lines = text.split("\n")
    first = _first_call(lines)
    if first is None:
        return None
    start, header = _header(lines, first)
    offset = sum(len(line) + 1 for line in lines[:start])
    begin = offset + (lines[start].rstrip().rfind(header) if header else 0)
    end = start + 1
    for index in range(start + 1, len(lines)):
        line = lines[index]
        if _call_in(line) or _MORE.match(line) or _JOIN.match(line):
            end = index + 1
    return max(begin, offset), offset + sum(len(line) + 1 for line in lines[start:end]) - 1


def _call_in(line: str) -> Frame | None:
    if "at " not in line or (match := _CALL.match(line)) is None:
        return None
    where, file, number = match.groups("")
    if "." not in where or not (file.endswith((".java", ".kt", ".scala")) or _PLACE.match(file)):
        return None
    if not file and not number:
        return None
    if "/" in where:
        slash = where.rfind("/")
        if where.startswith("0x", slash + 1):  # a hidden class: `Cart$$Lambda/0x00007f.get`
            slash = where.rfind("/", 0, slash)
        where = where[slash + 1 :]
    owner, _, method = where.rpartition(".")
    return Frame(method, file, owner, int(number) if number and number[0] != "-" else None)


def _first_call(lines: list[str]) -> int | None:
    for index, line in enumerate(lines):
        if _call_in(line) is not None:
            return index
    return None


def _header(lines: list[str], first: int) -> tuple[int, str]:
    """Index of the exception's line above call number `first`, and what of it names the exception.

    The line may be the call's own where the text begins with a call: then the header is empty.
    """
    for index in range(first - 1, max(-1, first - _MESSAGE_LINES), -1):
        line = lines[index].rstrip()
        if not line and index < first - 1 and index > 0:
            continue
        joined = _JOIN.match(line)
        bare = joined[3] if joined else _THREAD.sub("", line).lstrip()
        if (match := _NAMED.match(bare)) or (match := _sure(bare)):
            return index, bare[match.start(1) :] if match.re is _NAMED else bare[_word_start(bare, match.start()) :]
    if first == 0:
        return -1, ""
    above = lines[first - 1].strip()
    return (first - 1, above) if _TYPE.match(above) or first == 1 else (first - 1, "")


def _sure(line: str) -> re.Match[str] | None:
    """A qualified exception name somewhere in a log line (`ERROR shop - failed: java.io.IOException: gone`)."""
    return _SURE.search(line)


def _word_start(line: str, position: int) -> int:
    while position > 0 and (line[position - 1].isalnum() or line[position - 1] in "._$"):
        position -= 1
    return position


def _read(lines: list[str], start: int, drafts: list[_Draft]) -> None:
    """Fill `drafts` from the lines after the header."""
    suppressed_at: int | None = None  # indentation of the `Suppressed:` whose own causes are being read
    draft = drafts[0]
    for index in range(start, len(lines)):
        line = lines[index]
        if frame := _call_in(line):
            _add(draft.frames, frame)
        elif match := _JOIN.match(line):
            indent = len(match[1])
            if suppressed_at is not None and indent < suppressed_at and match[2] != "Suppressed":
                suppressed_at = None
            if match[2] == "Suppressed":
                suppressed_at = indent if suppressed_at is None else min(suppressed_at, indent)
            draft = _Draft(match[3], _relation(match[2], suppressed=suppressed_at is not None))
            drafts.append(draft)
        elif not draft.frames and not _MORE.match(line):
            draft.message.append(line.rstrip())


def _relation(word: str, *, suppressed: bool) -> Relation:
    if suppressed:
        return Relation.SUPPRESSED
    return Relation.PRIMARY if word == "Wrapped by" else Relation.CAUSE


def _choose_primary(drafts: list[_Draft]) -> None:
    """Logback prints the root first on demand (`Wrapped by:`); then the last wrapper reached the top."""
    last = max(i for i, draft in enumerate(drafts) if draft.relation is Relation.PRIMARY)
    for draft in drafts[:last]:
        if draft.relation is Relation.PRIMARY:
            draft.relation = Relation.CAUSE


def _add(frames: list[Frame], frame: Frame) -> None:
    """Append a call, folding it into an equal one before it (a StackOverflowError prints 1024)."""
    if frames:
        last = frames[-1]
        if last.line == frame.line and last.function == frame.function and last.module == frame.module:
            frames[-1] = Frame(last.function, last.file, last.module, last.line, repeats=last.repeats + 1)
            return
    frames.append(frame)


def _alone(text: str) -> StackTrace | None:
    """An exception's own line without any call, only where it is qualified and named like one."""
    first, mark, rest = _THREAD.sub("", text.strip()).partition("\n")
    first, rest = first.rstrip(), mark + rest
    match = _TYPE.match(first)
    if match is None or not _SURE.search(match[1]):
        return None
    message = f"{match[2] or ''}{_unindented(rest)}".rstrip()
    return StackTrace("java", (ExceptionBlock(match[1], message, ()),))


def _unindented(rest: str) -> str:
    """What follows the exception's line up to the first indented line, which may be another language's call."""
    return rest.partition("\n ")[0].partition("\n\t")[0]
