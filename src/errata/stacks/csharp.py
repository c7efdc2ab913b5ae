"""Stack traces of .NET: `Exception.ToString()` of all runtimes, of Mono and Unity, and of a few display languages.

The crash side and the exception that reached the top are printed first. Of inner exceptions (`--->`) the names stand
on the first line, outermost first, and the calls below, innermost first, each ended by a line of its own.
"""

from __future__ import annotations

import re

from errata.stacks.draft import MESSAGE_LINES, Draft, number_of, offsets, trace_of
from errata.stacks.model import Frame, Relation, StackTrace

# The word before a call in the languages that the runtime's resources are translated to.
_AT = r"[ \t]++(?:at|à|bei|en|em|a|w|в|konum:|在|於|場所|위치:) "
_CALL = re.compile(_AT + r"([^\s(][^\n(]{0,1000}+)\(([^\n]*)$")
_TRANSLATED = re.compile(r"^   (?:à|bei|en|em|a|w|в|konum:|在|於|場所|위치:) [^\s(]{3,500}\(", re.MULTILINE)
# Unity prints calls without a word before: `Shop.Cart.Total (System.String sku) (at Assets/Cart.cs:12)`
_UNITY = re.compile(r"([A-Z_<][^\s(]{0,1000}+) ?\(([^()\n]*+)\) \(at ([^\n]{1,1000})\)$")
_LINE = re.compile(r":[^\W\d]{0,20} ?(\d{1,9})\.?$")
_IN = re.compile(
    r"\) (?:\[0x[0-9a-f]+\] |<0x[0-9a-f]+ \+ 0x[0-9a-f]+> )?(?:in|dans|en|em|w|в|konum|位置|위치) |\) (?=\(at )"
)
_END = re.compile(r"[ \t]*--- [^\n]{4,120} ---$")
_TYPED = re.compile(
    r"((?:[^\W\d][\w+`]*+\.)*+[^\W\d][\w+`]*+(?:\[[^\]\n]{0,200}\])?)"
    r"(?: \((?:0x[0-9A-Fa-f]{1,8}|\d{1,9})\))?(?:: ([^\n]*))?$"
)
_NAMED = re.compile(r"(?:[^\W\d][\w+]*+\.)*+[^\W\d][\w+`]*(?:(?<=Exception)|(?<=Error)|(?<=Failure))(?:\[|:| \(0x|$)")
_PREFIX = re.compile(r"(?:Unhandled [Ee]xception[:.]|FATAL UNHANDLED EXCEPTION:|fail: [^\n]*|Uncaught) *")
_MEMBER = re.compile(r" ?---> \(Inner Exception #\d+\) ")
_STATE_MACHINE = re.compile(r"(.*)[.+/]<([^<>]+)>d(?:__\d+)?(?:`\d+)?(?:\[[^\]]*\])?$")
_INNER = " ---> "
_NO_PARAMETERS = ("<anonymous>", "native", "native code", "Native Method", "Unknown Source", "SourceFile")


def is_likely(text: str) -> bool:
    """Whether a line that looks like a call of .NET stands there; cheap, and wrong now and then."""
    if ") (at " in text:
        return True
    at = text.find("  at ")
    if at < 0:
        return "\n   " in text and _TRANSLATED.search(text) is not None
    end = text.find("\n", at)
    return _call(text[at : end if end > 0 else len(text)]) is not None


def parse(text: str) -> StackTrace | None:
    """The stack trace in `text`, or None where there is no call. Bounded by the caller."""
    lines = text.split("\n")
    first = _first_call(lines)
    if first is None:
        return None
    start, column = _header(lines, first)
    lines[start] = lines[start][column:]
    again = next((i for i in range(first, len(lines)) if "UNHANDLED EXCEPTION: " in lines[i]), len(lines))
    del lines[again:]  # Mono prints what ends a program twice
    members = [index for index in range(first, len(lines)) if _MEMBER.match(lines[index])]
    drafts = _chain(lines, start, members[0] if members else len(lines), Relation.PRIMARY)
    for at, index in enumerate(members):
        lines[index] = _MEMBER.sub("", lines[index], count=1)
        drafts += _chain(lines, index, members[at + 1] if at + 1 < len(members) else len(lines), Relation.MEMBER)
    return trace_of("csharp", drafts)


def span(text: str) -> tuple[int, int] | None:
    """Where the first stack trace with at least one call stands in `text`, from its exception to its last line."""
    lines = text.split("\n")
    first = _first_call(lines)
    if first is None:
        return None
    start, column = _header(lines, first)
    frame = _call(lines[first])
    if _name_in(lines[start]) is None and frame is not None and not frame.file:
        return None  # a sentence may read `at Home.Sweet(home)`
    end = first + 1
    for index in range(first, len(lines)):
        if _call(lines[index]) or _END.match(lines[index]) or _MEMBER.match(lines[index]):
            end = index + 1
    return offsets(lines, start, end, column)


def _first_call(lines: list[str]) -> int | None:
    return next(
        (index for index, line in enumerate(lines) if (line[:1] in " \t" or " (at " in line) and _call(line)), None
    )


def _call(line: str) -> Frame | None:
    """The call on a line: `   at Shop.Cart.Total(String sku) in /src/Cart.cs:line 12`."""
    if "(" not in line:
        return None
    if line.endswith(")") and " (at " in line and (match := _UNITY.match(line)):
        module, function = _named(match[1].replace(":", "."))
        file, line_number = _file(match[3])
        return Frame(function, file, module, line_number) if function else None
    match = _CALL.match(line)
    if match is None:
        return None
    name, rest = match[1].rstrip(), match[2].removesuffix("<---").rstrip()
    if " " in name.partition("[")[0].partition("<")[0] or "/" in name or ":" in name or ")" not in rest:
        return None
    file, line_number = "", None
    if place := _IN.search(rest):
        file, line_number = _file(rest[place.end() :])
    elif not _is_signature(rest, is_apart=match[1].endswith(" ")):
        return None
    module, function = _named(name)
    return Frame(function, file, module, line_number) if function and (module or file) else None


def _is_signature(rest: str, *, is_apart: bool) -> bool:
    """Whether a bracket holds parameters: `(Cart.java:12)` and `(/srv/a.js:1:2)` of others hold places.

    Only Mono puts a blank before it, and an offset behind.
    """
    if not rest.endswith((")", "]", ">")) or (is_apart and " [0x" not in rest and " <0x" not in rest):
        return False
    inside = rest[: rest.find(")")]
    if inside in _NO_PARAMETERS or ":" in inside or "/" in inside:
        return False
    return not inside.endswith((".java", ".kt", ".scala", ".groovy", ".clj")) and not inside.startswith("index ")


def _file(place: str) -> tuple[str, int | None]:
    """The file and line behind `in`; Mono prints a module's id where it knows none."""
    place = place.removeprefix("(at ").removesuffix(")") if place.startswith("(at ") else place
    match = _LINE.search(place, max(0, len(place) - 40))
    file = place[: match.start()] if match else place
    return ("", None) if file.startswith("<") else (file, number_of(match[1]) if match else None)


def _named(name: str) -> tuple[str, str]:
    """Type and method; the state machine that stands for an async method or an iterator as the method."""
    for mark in (".ctor", ".cctor"):
        if name.endswith((f".{mark}", f":{mark}")):
            return name[: -len(mark) - 1], mark
    head = name.partition("[")[0] if name.endswith("]") and "[" in name[name.rfind(".") :] else name
    dot = head.rfind(".", 0, head.find("<", head.rfind(".")) if head.rfind(".<") < 0 else len(head))
    owner, method = name[:dot] if dot > 0 else "", name[dot + 1 :]
    if method == "MoveNext" and (match := _STATE_MACHINE.match(owner)):
        return match[1], match[2]
    return owner, method


def _header(lines: list[str], first: int) -> tuple[int, int]:
    """Line and column of the exception above the first call."""
    found: tuple[int, int] | None = None
    for index in range(first - 1, max(-1, first - MESSAGE_LINES), -1):
        line = lines[index]
        column = _name_in(line)
        if column is not None:
            found = index, column
            if not line[:column].endswith("---> ") and not line[column:].startswith("---> "):
                return found
        elif found is None and index == first - 1 and _TYPED.match(line.strip()):
            found = index, len(line) - len(line.lstrip())
    return found or (max(first - 1, 0), 0)


def _name_in(line: str) -> int | None:
    """Where an exception's name begins on a line: first, behind what the runtime puts before it, or in a log line."""
    prefix = _PREFIX.search(line)
    column = prefix.end() if prefix else len(line) - len(line.lstrip())
    bare = line[column:].removeprefix("---> ").partition(_INNER)[0]
    if _NAMED.match(bare) and _TYPED.match(bare):
        return column
    at = line.find("Exception: ")
    word = line.rfind(" ", 0, at) + 1
    return word if at > 0 and "." in line[word:at] and _TYPED.match(line[word:].partition(_INNER)[0]) else None


def _chain(lines: list[str], start: int, end: int, relation: Relation) -> list[Draft]:
    """An exception and the inner ones it was thrown for, outermost first."""
    drafts = _names(lines, start, end, relation)
    first = next((index for index in range(start, end) if _call(lines[index])), end)
    open_ = len(drafts) - 1
    for index in range(first, end):
        line = lines[index]
        if frame := _call(line):
            drafts[open_].add(frame)
        elif _END.match(line) and drafts[open_].frames and open_ and not _is_seam(lines, index):
            open_ -= 1
    return drafts


def _is_seam(lines: list[str], index: int) -> bool:
    """Whether a rule only marks where an exception was thrown again (`--- End of stack trace from previous ...`)."""
    line = lines[index].strip()
    return line.startswith(("--- End of stack trace", "--- Fin de la trace", "--- Ende der Stapel"))


def _names(lines: list[str], start: int, end: int, relation: Relation) -> list[Draft]:
    """The exceptions named between the first line and the first call, outermost first."""
    drafts: list[Draft] = []
    for index in range(start, end):
        line = lines[index].strip()
        if _call(lines[index]):
            break
        opens = index == start or line.startswith("---> ")
        for number, piece in enumerate(line.removeprefix("---> ").split(_INNER)):
            match = _TYPED.match(piece.strip()) if opens or number else None
            if match:
                joined = Relation.CAUSE if drafts and relation is Relation.PRIMARY else relation
                drafts.append(Draft(match[1], match[2] or "", joined))
            elif not drafts:
                drafts.append(Draft("", piece.strip(), relation))
            elif number:
                drafts[-1].message[-1] += f"{_INNER}{piece}"
            else:
                drafts[-1].message.append(lines[index].rstrip().partition(_INNER)[0])
    return drafts or [Draft("", "", relation)]
