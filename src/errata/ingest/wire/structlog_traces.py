"""Exceptions that structlog writes as lists (`dict_tracebacks`), turned into the text that CPython prints. Pure.

Each item is one exception: `exc_type`, `exc_value`, `exc_notes`, `frames` (`filename`, `lineno`, `name`, outermost
first), `is_cause`, `is_group` with the members in `exceptions`. The first item is the exception that was logged, each
further one is what the one before it came from.
"""

from __future__ import annotations

from typing import Any

from errata.stacks.python import HEADER

Item = dict[str, Any]


def traceback_of(value: object) -> str:
    """The text of such a list; empty for anything else. Raises nothing.

    Local variables are left out. Bounded by the number of items; members of groups below the third level are too.
    """
    items = [item for item in value if _is_exception(item)] if isinstance(value, list) else []
    return "\n".join(_chain(items, 0))


def _is_exception(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("exc_type"), str) and isinstance(item.get("frames"), list)


def _chain(items: list[Item], level: int) -> list[str]:
    lines: list[str] = []
    for index, item in reversed(list(enumerate(items))):
        lines += _exception(item, level)
        if index:
            lines += ["", _CAUSE if item.get("is_cause") else _CONTEXT, ""]
    return lines


def _exception(item: Item, level: int) -> list[str]:
    notes = item.get("exc_notes")
    first = f"{item['exc_type']}: {_text(item.get('exc_value'))}"
    lines = [*_calls(item["frames"]), *first.split("\n")]
    lines += [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
    members = item.get("exceptions")
    if not item.get("is_group") or not isinstance(members, list) or level == _DEEPEST:
        return [HEADER, *lines]
    text = [f"  + Exception Group {HEADER}", *(f"  | {line}" for line in lines)]
    for number, member in enumerate(members, 1):
        inner = [one for one in member if _is_exception(one)] if isinstance(member, list) else []
        mark = "+-" if number == 1 else "  "
        text.append(f"  {mark}+---------------- {number} ----------------")
        for line in _chain(inner, level + 1):
            is_group = line.startswith(_MARGINS)
            text.append(f"  {line}" if is_group else f"    | {line}")
    return [*text, "    +------------------------------------"]


def _calls(frames: list[object]) -> list[str]:
    lines = []
    for frame in frames:
        if not isinstance(frame, dict):
            continue
        line = frame.get("lineno")
        at = line if type(line) is int and line >= 0 else 0
        lines.append(f'  File "{_text(frame.get("filename"))}", line {at}, in {_text(frame.get("name"))}')
        if source := _text(frame.get("line")).strip():
            lines.append(f"    {source}")
    return lines


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"
_MARGINS = ("  + ", "  | ", "  +-", "    +", "    | ", "      ")
_DEEPEST = 3
