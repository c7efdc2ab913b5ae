"""What parsers fill while they read a text line by line."""

from __future__ import annotations

from errata.stacks.model import ExceptionBlock, Frame, Relation, StackTrace

MESSAGE_LINES = 100
"""How far above its first call an exception's own line is looked for."""


class Draft:
    """An exception while its lines come in, crash side first."""

    __slots__ = ("frames", "message", "relation", "type")

    def __init__(self, type_: str = "", message: str = "", relation: Relation = Relation.PRIMARY) -> None:
        self.type = type_
        self.message = [message]
        self.frames: list[Frame] = []
        self.relation = relation

    def add(self, frame: Frame) -> None:
        """Append a call, folding it into an equal one before it (recursion)."""
        if self.frames:
            last = self.frames[-1]
            if (
                last.line == frame.line
                and last.column == frame.column
                and last.function == frame.function
                and last.file == frame.file
                and last.module == frame.module
            ):
                self.frames[-1] = folded(last, 1)
                return
        self.frames.append(frame)

    def block(self) -> ExceptionBlock:
        """The exception as read so far."""
        message = "\n".join(self.message).strip("\n").rstrip()
        return ExceptionBlock(self.type, message, tuple(self.frames), self.relation)


def folded(frame: Frame, times: int) -> Frame:
    """The frame, standing for that many more equal ones."""
    return Frame(
        frame.function, frame.file, frame.module, frame.line, frame.column, frame.in_app, frame.context,
        frame.repeats + times,
    )  # fmt: skip


def trace_of(language: str, drafts: list[Draft]) -> StackTrace:
    """The trace of what was drafted; `drafts` holds one primary exception."""
    return StackTrace(language, tuple(draft.block() for draft in drafts))


def offsets(lines: list[str], start: int, end: int, column: int = 0) -> tuple[int, int]:
    """Where `lines[start:end]` stand in the text that was split at line ends; from `column` of the first line."""
    begin = sum(len(line) + 1 for line in lines[:start])
    return begin + column, begin + sum(len(line) + 1 for line in lines[start:end]) - 1


def number_of(digits: str | None) -> int | None:
    """A line or column; None for none, for zero ("unknown") and for what is longer than any file."""
    if not digits or len(digits) > 9 or not digits.isdecimal():
        return None
    return int(digits) or None
