"""Stack traces of PHP: uncaught errors as the interpreter prints and logs them, `(string) $exception`, the trace alone.

A numbered call tells from where a function was called, so its place belongs to the call below it; the topmost
function failed where the exception's own line says (`in FILE:LINE`). Of a chain the innermost is printed first.
"""

from __future__ import annotations

import re

from errata.stacks.draft import Draft, number_of, offsets, trace_of
from errata.stacks.model import Frame, Relation, StackTrace

_CALL = re.compile(
    r"[ \t]*+#\d{1,6}+ (?:(\[internal function\])|([^\n]{1,2000}?)\((\d{1,9})\)): ([^\s(][^\n(]*+\([^\n]*+)$"
)
_MAIN = re.compile(r"[ \t]*+#\d{1,6}+ \{main\}")
_BEFORE = re.compile(
    r"(?:(?:PHP )?(?:Fatal error|Warning|Parse error|Notice|Deprecated|Recoverable fatal error): +|Next |Uncaught )"
)
_ERROR_LEVEL = re.compile(
    r"(?:PHP )?(Fatal error|Parse error|Recoverable fatal error|Warning): +(?!Uncaught )(\S[^\n]*)$"
)
_TYPED = re.compile(r"([A-Za-z_\\][\w\\]*+(?:@anonymous)?+)(?:: ([^\n]*+))?+$")
_PLACE = re.compile(r" in ((?:[A-Za-z]:)?+[^:\n]{1,1000}+):(\d{1,9})$")
_ON_LINE = re.compile(r" on line (\d{1,9})$")
_LARAVEL = re.compile(r"\(([\w\\]+)\(code: [^)]{0,40}\): ([^\n]*) at ([^\n]{1,1000}):(\d{1,9})\)$")
_ORIGIN = re.compile(r"\(\d+\) : eval\(\)'d code$|\(\d+\) : runtime-created function$")
_ERROR = re.compile(r"[\w\\]*(?:Error|Exception)(?:@anonymous)?(?::|$)")
_STACK_LINES = ("Stack trace:", "[stacktrace]", "Trace:")
_HEADER_LINES = 60
_MOST_EXCEPTIONS = 50  # of one chain; of a longer one the innermost are read


def is_likely(text: str) -> bool:
    """Whether a numbered call with a place in brackets, or an error of the interpreter, may stand there; cheap."""
    return (
        ("#0 " in text and ("): " in text or "{main}" in text))
        or "PHP Fatal error:  " in text
        or "PHP Parse error:  " in text
        or "Fatal error: Uncaught " in text
    )


def parse(text: str) -> StackTrace | None:
    """The stack trace in `text`, or None where there is neither a call nor the place of an error. Bounded."""
    lines = text.split("\n")
    starts = _starts(lines)
    if not starts:
        return _without_calls(lines)
    drafts: list[Draft] = []
    for number, start in enumerate(starts):
        top = starts[number - 1] + 1 if number else 0
        end = starts[number + 1] if number + 1 < len(starts) else len(lines)
        drafts.append(_read(lines, top, start, end))
    drafts[-1].relation = Relation.PRIMARY
    return trace_of("php", drafts)


def span(text: str) -> tuple[int, int] | None:
    """Where the first stack trace with calls stands in `text`, from its exception to `{main}`."""
    lines = text.split("\n")
    starts = _starts(lines)
    if not starts:
        return None
    head, column = _header(lines, 0, starts[0])
    end = starts[-1]
    while end < len(lines) and (_CALL.match(lines[end]) or _MAIN.match(lines[end])):
        end += 1
    if end < len(lines) and lines[end].lstrip().startswith("thrown in "):
        end += 1
    return offsets(lines, head, end, column)


def _starts(lines: list[str]) -> list[int]:
    """The lines on which a trace begins: each `#0` that is a call of PHP."""
    found = []
    for index, line in enumerate(lines):
        if line.lstrip(" \t").startswith("#0 ") and (_CALL.match(line) or _MAIN.match(line)):
            found.append(index)
            if len(found) >= _MOST_EXCEPTIONS:
                break
    return found


def _read(lines: list[str], top: int, start: int, end: int) -> Draft:
    """The exception whose calls stand from line `start` on and before `end`; its own line, from `top` on."""
    head, column = _header(lines, top, start)
    draft, file, line = _named([lines[head][column:], *lines[head + 1 : start]] if head < start else [])
    draft.relation = Relation.CAUSE
    for index in range(start, end):
        if _MAIN.match(lines[index]):
            draft.add(Frame("{main}", file, "", line))
            break
        match = _CALL.match(lines[index])
        if match is None:
            if file:
                draft.add(Frame("", file, "", line))
            break
        module, function = _function(match[4])
        is_own = "\\" in module or "@" in module or function.startswith("{")
        if index == start and not is_own and (file, line) == (match[2], number_of(match[3])):
            draft.add(Frame(function, "", module))  # one of PHP's own, which has no place, failed for its caller
        elif file or module or function:
            draft.add(Frame(function, file, module, line))
        file, line = _ORIGIN.sub("", match[2] or ""), number_of(match[3])
    return draft


def _header(lines: list[str], top: int, start: int) -> tuple[int, int]:
    """Line and column of the exception above its calls; `start` where there is none."""
    for index in range(start - 1, max(top - 1, start - _HEADER_LINES, -1), -1):
        line = lines[index]
        for mark in ("Uncaught ", "Next "):
            at = line.find(mark)
            if at >= 0 and _TYPED.match(line, at + len(mark)):
                return index, at + len(mark)
        if match := _LARAVEL.search(line) if line.endswith(")") and "(code: " in line else None:
            return index, match.start()
    return _alone(lines, max(top, start - _HEADER_LINES), start)


def _alone(lines: list[str], top: int, start: int) -> tuple[int, int]:
    """As `_header`, of an exception's text (`(string) $exception`): the nearest line above its place that names one."""
    placed = next((index for index in range(start - 1, top - 1, -1) if _place(lines[index])), None)
    if placed is None:
        return start, 0
    found = start
    for index in range(placed, top - 1, -1):
        line = lines[index].lstrip()
        bare = _before_place(line) if index == placed else line
        if _TYPED.match(bare) and (_ERROR.match(bare) or found == start):
            found = index
            if _ERROR.match(bare):
                break
        elif not line and found != start:
            break
    return found, len(lines[found]) - len(lines[found].lstrip())


def _place(line: str) -> tuple[int, str, int | None] | None:
    """Where ` in FILE:LINE` begins at the end of a line, and what it says."""
    on_line = _ON_LINE.search(line, max(0, len(line) - 24))
    text = f"{line[: on_line.start()]}:{on_line[1]}" if on_line else line
    at = text.rfind(" in ")
    match = _PLACE.match(text, at) if at >= 0 else None
    return (at, match[1], number_of(match[2])) if match else None


def _before_place(line: str) -> str:
    place = _place(line)
    return line[: place[0]] if place else line


def _named(header: list[str]) -> tuple[Draft, str, int | None]:
    """Type and message of an exception's lines, and where it was thrown."""
    if not header:
        return Draft(), "", None
    if match := _LARAVEL.match(header[0]):
        return Draft(match[1].replace("\\\\", "\\"), match[2]), match[3], number_of(match[4])
    file, line = "", None
    while header and (not header[-1].strip() or header[-1].strip() in _STACK_LINES):
        header = header[:-1]
    if header and (place := _place(header[-1])):
        at, file, line = place
        header = [*header[:-1], header[-1][:at]]
    match = _TYPED.match(header[0].strip()) if header else None
    if match is None:
        return Draft("", "\n".join(header).strip()), file, line
    return Draft(match[1], "\n".join([match[2] or "", *header[1:]])), file, line


def _function(call: str) -> tuple[str, str]:
    """Class and function of a call, without its arguments."""
    call = call.replace("\\\\", "\\")  # in a log of JSON
    at = call.find("{closure")
    if at >= 0:
        end = call.find("}", at) + 1 or len(call)
        owner = call[:at].partition("->")[0].partition("::")[0]
        return owner.rstrip("\\:->"), call[at:end]
    bracket = call.find("(")
    name = call[:bracket] if bracket > 0 else call
    for mark in ("->", "::"):
        owner, found, function = name.rpartition(mark)
        if found:
            return owner.partition("\0")[0], function
    space, slash, function = name.rpartition("\\")
    return (space, function) if slash else ("", name)


def _without_calls(lines: list[str]) -> StackTrace | None:
    """An error of the interpreter, which has a place but no calls (`PHP Fatal error:  Allowed memory size ...`)."""
    for line in lines[:_HEADER_LINES]:
        at = line.find("PHP ")
        match = _ERROR_LEVEL.match(line, max(at, 0)) if "error: " in line else None
        place = _place(match[2]) if match else None
        if match and place:
            draft = Draft(match[1], match[2][: place[0]])
            draft.add(Frame("", place[1], "", place[2]))
            return trace_of("php", [draft])
    return None
