"""What every stack parser yields: frames and exceptions in one form, whatever language printed them."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Relation(StrEnum):
    """How an exception stands to the primary one of its trace."""

    PRIMARY = "primary"
    """The one that reached the top: its type and message name the error."""
    CAUSE = "cause"
    """The primary was raised from it (`Caused by:`, `direct cause`, `[cause]`)."""
    CONTEXT = "context"
    """It was being handled when the primary was raised (Python's `During handling`)."""
    SUPPRESSED = "suppressed"
    MEMBER = "member"
    """One of the exceptions of a group (`ExceptionGroup`, `AggregateError`)."""


class Frame(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One call. Unknown texts are empty, unknown numbers None.

    `file` as printed (path, URL or class file), `module` a dotted module, package or class, `in_app` whether it is
    the program's own code; None where the parser leaves that to `grouping.frames`. `context` is the source line.
    `repeats` counts further equal frames in a row that were folded into this one (recursion).
    """

    function: str = ""
    file: str = ""
    module: str = ""
    line: int | None = None
    column: int | None = None
    in_app: bool | None = None
    context: str = ""
    repeats: int = 0


class ExceptionBlock(msgspec.Struct, frozen=True, gc=False):
    """One exception of a trace with its frames, crash side first."""

    type: str
    message: str
    frames: tuple[Frame, ...]
    relation: Relation = Relation.PRIMARY


class StackTrace(msgspec.Struct, frozen=True, gc=False):
    """A parsed stack. `blocks` stand in the order in which they were printed; exactly one is PRIMARY.

    `language` is the lower-case name that the events carry (`python`, `java`, `javascript`).
    `truncated` says that the text was longer than what was parsed.
    """

    language: str
    blocks: tuple[ExceptionBlock, ...]
    truncated: bool = False

    @property
    def primary(self) -> ExceptionBlock:
        """The exception that names the error."""
        return next(block for block in self.blocks if block.relation is Relation.PRIMARY)
