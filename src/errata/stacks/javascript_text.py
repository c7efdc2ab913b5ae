"""A stack of JavaScript as Node prints it, from calls that were looked up. What it prints, the parser reads again."""

from __future__ import annotations

from errata.stacks.model import ExceptionBlock, Frame, Relation, StackTrace

_MAX_REPEATS = 100
"""Equal calls in a row that are printed; a recursion may have many more."""


def text_of(trace: StackTrace) -> str:
    """The text of a trace whose primary exception comes first, as it does in JavaScript."""
    lines: list[str] = []
    is_in_group = False
    for block in trace.blocks:
        if block.relation is Relation.MEMBER:
            if not is_in_group:
                lines.append("  [errors]: [")
            is_in_group = True
            lines += _block(block, "    ", "")
            continue
        if is_in_group:
            lines.append("  ]")
            is_in_group = False
        if block.relation is Relation.PRIMARY:
            lines += _block(block, "", "")
        else:
            lines += _block(block, "  ", "[cause]: ")
    if is_in_group:
        lines.append("  ]")
    return "\n".join(lines)


def _block(block: ExceptionBlock, indent: str, mark: str) -> list[str]:
    head = f"{block.type}: {block.message}" if block.type and block.message else block.type or block.message
    lines = [f"{indent}{mark}{head}"] if head or mark else []
    for frame in block.frames:
        lines += [f"{indent}    at {_call(frame)}"] * (1 + min(frame.repeats, _MAX_REPEATS))
    return lines


def _call(frame: Frame) -> str:
    place = frame.file
    if frame.line is not None:
        place += f":{frame.line}"
        if frame.column is not None:
            place += f":{frame.column}"
    return f"{frame.function or '<anonymous>'} ({place})"
