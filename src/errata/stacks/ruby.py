"""Backtraces of Ruby: `full_message` in both orders, what the interpreter prints, `backtrace` alone.

The crash side is printed first, or last below `Traceback (most recent call last)`. Before 3.4 a method is quoted as
`` `total' ``, since then as `'Shop::Cart#total'`.
"""

from __future__ import annotations

import re

from errata.stacks.draft import MESSAGE_LINES, Draft, number_of, offsets, trace_of
from errata.stacks.model import Frame, Relation, StackTrace

HEADER = "Traceback (most recent call last):"
# `file:line:in 'method'`, and what follows a colon on the line of an exception.
_CALL = re.compile(
    r"(?:\[[\w.:-]{1,64}\] )*+(?:[ \t]*+\d{1,6}: )?+[ \t]*+(?:from )?+"
    r"(<internal:[^>\n]{1,100}+>|(?:[A-Za-z]:)?+[^:\n]{1,1000}+):(\d{1,9}+):in [`']([^\n]*)$"
)
_PLAIN_CALL = re.compile(r"[ \t]*+(?:\d{1,6}: )?+from ([^:\n]{1,1000}+):(\d{1,9}+)$")
_CLASS = re.compile(r"[A-Z]\w*(?:::[A-Z]\w*)*$")
_LOGGER = re.compile(r"[A-Z], \[[^\]\n]{1,60}\] +[A-Z]{3,7} -- [^:\n]{0,80}: ")
_TYPED = re.compile(
    r"(?:\[[\w.:-]{1,64}\] )*+(?:#<)?((?:[A-Z]\w*+::)*+[A-Z]\w*+)(?:: (.*)| \((.*)\):)?$"
)  # `E (text):` of Rails
_REPEATED = re.compile(r"[ \t]*\.{3} ?\d+ levels\.{3}$")
_ONLY_TAG = re.compile(r"\[[\w.:-]{1,64}\] *$")
_OWNER = re.compile(r"((?:[A-Z#][\w<>]*::)*[A-Z][\w<>]*|#<[^>]*>)[#.](.+)$")


def is_likely(text: str) -> bool:
    """Whether a call of Ruby may stand in the text; cheap."""
    return ":in `" in text or ":in '" in text


def parse(text: str) -> StackTrace | None:
    """The backtrace in `text`, or None where there is no call. Bounded by the caller."""
    lines = text.split("\n")
    bounds = _bounds(lines)
    if bounds is None:
        return None
    if any(line.endswith(HEADER) for line in lines[: bounds[1]]):
        drafts = _from_the_bottom(lines[bounds[0] : bounds[1]])
    else:
        drafts = _from_the_top(lines[bounds[0] : bounds[1]])
    if not any(draft.frames for draft in drafts):
        return None
    return trace_of("ruby", drafts)


def span(text: str) -> tuple[int, int] | None:
    """Where the first backtrace stands in `text`, from its exception to its last line."""
    lines = text.split("\n")
    bounds = _bounds(lines)
    return offsets(lines, *bounds) if bounds else None


def _bounds(lines: list[str]) -> tuple[int, int] | None:
    """Where the backtrace begins and ends: at the exception's line, behind the last call and a message below it."""
    calls = [index for index, line in enumerate(lines) if _call(line)]
    if not calls:
        return None
    start, end = calls[0], calls[-1] + 1
    if start and lines[start - 1].endswith(HEADER):
        while end < len(lines) and lines[end].strip():  # the message of an exception that is printed last
            end += 1
        return start - 1, end
    is_named = _exception(lines[start]) is not None
    if not is_named:
        for index in range(start - 1, max(-1, start - MESSAGE_LINES), -1):
            if _TYPED.match(_logged(lines[index])):
                return index, end
    return start, end


def _call(line: str) -> tuple[Frame, str] | None:
    """The call on a line, and what stands behind it: nothing, or `message (Class)`."""
    if ":in " not in line:
        match = _PLAIN_CALL.match(line)
        return (Frame("", match[1], "", number_of(match[2])), "") if match and ":" not in match[1] else None
    match = _CALL.match(line)
    if match is None:
        return None
    method, mark, rest = match[3].partition("': ")
    if not mark:
        if not match[3].endswith("'"):
            return None
        method = match[3][:-1]
    module, method = _named(method)
    return Frame(method, match[1].lstrip(), module, number_of(match[2])), rest


def _named(method: str) -> tuple[str, str]:
    """The class and the method of `block in Shop::Cart#total`; before Ruby 3.4 no class was told."""
    prefix, mark, name = method.rpartition(" in ")
    match = _OWNER.match(name)
    return (match[1], f"{prefix}{mark}{match[2]}") if match else ("", method)


def _exception(line: str) -> tuple[Frame, str] | None:
    """The call on the line of an exception, and the exception's text."""
    found = _call(line)
    return found if found and found[1] and "from " not in line[: line.find(found[0].file)] else None


def _from_the_top(lines: list[str]) -> list[Draft]:
    drafts: list[Draft] = []
    for line in lines:
        if exception := _exception(line):
            drafts.append(_draft(exception[1], Relation.CAUSE if drafts else Relation.PRIMARY))
            drafts[-1].add(exception[0])
        elif found := _call(line):
            drafts = drafts or [Draft()]
            drafts[-1].add(found[0])
        elif not drafts:
            match = _TYPED.match(_logged(line))
            drafts.append(_typed(match) if match else Draft())
        elif len(drafts[-1].frames) <= 1 and not _REPEATED.match(line) and not _ONLY_TAG.match(line):
            drafts[-1].message.append(line)
    for draft in drafts:
        _take_class(draft)
    return drafts


def _from_the_bottom(lines: list[str]) -> list[Draft]:
    """The cause is printed first, each exception below its calls."""
    drafts: list[Draft] = []
    calls: list[Frame] = []
    for line in lines:
        if exception := _exception(line):
            drafts.append(_draft(exception[1], Relation.CAUSE))
            for frame in (exception[0], *reversed(calls)):
                drafts[-1].add(frame)
            calls = []
        elif found := _call(line):
            calls.append(found[0])
        elif drafts and not calls and not line.endswith(HEADER):
            drafts[-1].message.append(line)
    if not drafts:
        return []
    for draft in drafts:
        _take_class(draft)
    drafts[-1].relation = Relation.PRIMARY
    return drafts


def _logged(line: str) -> str:
    """The line without what Ruby's own Logger writes before a message."""
    return _LOGGER.sub("", line.strip(), count=1)


def _typed(match: re.Match[str]) -> Draft:
    """The exception of a line above its calls: `E: text`, `E (text):`, `#<E: text>`."""
    message = match[2] or match[3] or ""
    return Draft(match[1], message.removesuffix(">") if match[0].startswith("#<") else message)


def _draft(rest: str, relation: Relation) -> Draft:
    return Draft("", rest, relation)


def _take_class(draft: Draft) -> None:
    """Take `(Class)` from the end of the message's first line; of a message with several lines it may be the last."""
    if draft.type:
        return
    for index, line in enumerate(draft.message):
        message, mark, name = line.rstrip().rpartition("(")
        if mark and name.endswith(")") and _CLASS.match(name[:-1]):
            draft.type, draft.message[index] = name[:-1], message.rstrip()
            return
    first = draft.message[0]
    if first == "unhandled exception":
        draft.type, draft.message[0] = "RuntimeError", ""
    elif _CLASS.match(first):
        draft.type, draft.message[0] = first, ""
