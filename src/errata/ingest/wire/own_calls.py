"""Whether the program itself stands on a stack. Pure."""

from __future__ import annotations

from errata.grouping.in_app import Kind, family_of, verdict_on
from errata.stacks.parse import parse


def holds_own_calls(stack: str, language: str) -> bool:
    """Whether a stack has a call of the program's own, not only a library's."""
    trace = parse(stack, language)
    return trace is not None and any(
        verdict_on(frame, family_of(trace.language, frame)).kind is Kind.OWN
        for block in trace.blocks
        for frame in block.frames
    )
