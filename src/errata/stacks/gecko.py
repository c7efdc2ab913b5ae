"""Stacks of Firefox (SpiderMonkey), Safari and React Native on iOS (JavaScriptCore): `name@url:line:column`.

The engines print calls only, crash side first; an SDK may put the error's own line above.
"""

from __future__ import annotations

import re

from errata.stacks.draft import Draft, number_of, trace_of
from errata.stacks.model import Frame, Relation, StackTrace

_TELLTALE = re.compile(
    r"^[^\n@(]{0,200}@(?:[a-z][\w+.-]{0,30}:/|/|[A-Za-z]:[\\/]|\d++:\d++$|\[native code\]|index\.|main\.|\w++\.js)"
    r"|^(?:https?|file|capacitor|app)://[^\s@]{1,500}:\d++:\d++$",
    re.MULTILINE,
)
_NUMBERS = re.compile(r"(?::(\d{1,9}))?:(\d{1,9})$")
_EVALUATED = re.compile(r" line (\d{1,9}) > (?:eval|Function|injectedScript|WebAssembly)")
_SCHEME = re.compile(r"[a-z][\w+.-]*://?/?")
_HEADER = re.compile(r"(?:Uncaught )?([A-Za-z_$][\w$.]*)(?::(?: (.*))?)?$")
_CAUSE = re.compile(r"[Cc]aused by: (.*)$")
_TOP_LEVEL = ("global code", "module code", "eval code", "anonymous", "")
_NO_PLACE = ("global code", "module code", "eval code")  # Safari tells nothing else of some
_BUNDLE = "main.jsbundle"  # what React Native calls the only file that it runs, and does not print
_ENDS = 48  # characters from the end of a place in which its numbers stand


def is_likely(text: str) -> bool:
    """Whether a call of these engines stands on a line of its own; cheap."""
    return ("@" in text or "://" in text) and _TELLTALE.search(text) is not None


def parse(text: str) -> StackTrace | None:
    """The stack in `text`, or None where there is no call. Bounded by the caller."""
    drafts = [Draft()]
    above: list[str] = []
    for line in text.split("\n"):
        if frame := _call(line):
            drafts[-1].add(frame)
        elif match := _CAUSE.match(line.strip()) if drafts[-1].frames else None:
            drafts.append(_headed([match[1]], Relation.CAUSE))
        elif not drafts[0].frames:
            above.append(line.rstrip())
    if not drafts[0].frames:
        return None
    if above:
        headed = _headed(above, Relation.PRIMARY)
        drafts[0].type, drafts[0].message = headed.type, headed.message
    return trace_of("javascript", drafts)


def _headed(lines: list[str], relation: Relation) -> Draft:
    match = _HEADER.match(lines[0].strip())
    if match is None:
        return Draft("", "\n".join(lines), relation)
    return Draft(match[1], "\n".join([match[2] or "", *lines[1:]]), relation)


def _call(line: str) -> Frame | None:
    line = line.strip()
    if line == "[native code]":
        return Frame("<anonymous>", line)
    if line in _NO_PLACE:
        return Frame("<anonymous>", "")
    name, at, place = line.partition("@")
    if not at:
        name, place = "", line
        if not _SCHEME.match(line):
            return None
    if " " in place and " > " not in place and "[native code]" not in place and not _SCHEME.match(place):
        return None
    if not _is_name(name):
        return None
    found = _place(place, is_bare=not at)
    if found is None:
        return None
    return Frame(_named(name), found[0], "", found[1], found[2])


def _is_name(name: str) -> bool:
    """Whether a function may be called so: engines put `async*` and `setTimeout handler*` before."""
    bare = name.rpartition("*")[2]
    is_plain = " " not in bare or bare in _TOP_LEVEL or bare.startswith(("get ", "set "))
    return is_plain and len(name) < 300 and "://" not in name


def _named(name: str) -> str:
    name = name.rpartition("*")[2]
    return "<anonymous>" if name in _TOP_LEVEL else name


def _place(place: str, *, is_bare: bool) -> tuple[str, int | None, int | None] | None:
    """File, line and column of `url:line:column`; of evaluated code those of the code that evaluated it."""
    if place == "[native code]":
        return place, None, None
    if match := _EVALUATED.search(place):
        return place[: match.start()], number_of(match[1]), None
    match = _NUMBERS.search(place, max(0, len(place) - _ENDS))
    if match is None or " " in place.strip():
        return None
    file = place[: match.start()]
    if match[1] is None:  # old engines tell no column; React Native no file
        if file.isdecimal():
            return _BUNDLE, number_of(file), number_of(match[2])
        return None if is_bare or not _looks_like_a_file(file) else (file, number_of(match[2]), None)
    return (file, number_of(match[1]), number_of(match[2])) if _looks_like_a_file(file) else None


def _looks_like_a_file(file: str) -> bool:
    """`user@host:80:1` in a sentence has none; scripts have a path, a scheme or an extension."""
    return "/" in file or "\\" in file or file.endswith((".js", ".mjs", ".jsbundle", ".bundle", ".ts", ".tsx", ".html"))
