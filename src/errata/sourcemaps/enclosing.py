"""Which function a line of source stands in, by how the source is written. Pure.

For maps that came without their minified file, whose scopes tell it exactly. Source is indented as a rule: what holds a
line stands above it and further left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TAB = 4
_NAME = r"([A-Za-z_$#][\w$]*)"
_DECLARED = re.compile(
    rf"(?:^|[\s;{{(=]|export |default |async )function\s*\*?\s*{_NAME}\s*[(<]"
    rf"|(?:^|\s)(?:const|let|var)\s+{_NAME}\s*(?::[^=]*)?=\s*(?:async\s*)?(?:function\b|\(|<|[\w$]+\s*=>)"
    rf"|^\s*(?:(?:public|private|protected|static|override|async|get|set|readonly)\s+)*\*?{_NAME}\s*(?:<[^>]*>)?\([^;]*\)\s*(?::[^{{;]*)?\{{\s*$"
    rf"|^\s*(?:(?:public|private|protected|static|readonly)\s+)*['\"]?{_NAME}['\"]?\s*[:=]\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*(?::[^=]*)?=>|[\w$]+\s*=>)"
)
_KEYWORDS = frozenset(("if", "for", "while", "switch", "catch", "with", "return", "function", "await", "else", "do"))
_LONGEST = 400


def function_around(above: Sequence[str], line: str, column: int) -> str:
    """The name of the function that a column (from 1) of a line stands in; empty where none shows.

    `above` are the lines before it, in their order.
    """
    if name := _declared(line[: max(0, column - 1)]):
        return name
    indent = _indent(line)
    for header in reversed(above):
        if not header.strip():
            continue
        depth = _indent(header)
        if depth < indent:
            if name := _declared(header):
                return name
            indent = depth
        if not indent:
            return ""
    return ""


def _declared(line: str) -> str:
    """The function that a line begins; a keyword with brackets (`if (...) {`) is none."""
    match = _DECLARED.search(line[:_LONGEST])
    if match is None:
        return ""
    name = next((group for group in match.groups() if group), "")
    return "" if name in _KEYWORDS else name


def _indent(line: str) -> int:
    blank = line[: len(line) - len(line.lstrip())]
    return len(blank.replace("\t", " " * _TAB))
