"""A stack text and what varies in it: the message. A failing place prints the same calls thousands of times.

A parser that was given a text with a stand-in for the message needs not read the calls again for the next message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from errata.stacks.model import Relation, StackTrace
from errata.stacks.parse import LIMIT
from errata.stacks.python import HEADER

STAND_IN = "\ue000"
"""A letter of nobody's alphabet."""

_LINE = re.compile(r"([A-Za-z_][\w.$]{0,200}): (\S(?:[^\x00-\x1f\x7f-\x9f\u2028\u2029]{0,4000}\S)?)")


@dataclass(frozen=True, slots=True)
class Template:
    """A stack text whose message is replaced by `STAND_IN`, and the message."""

    text: str
    message: str

    def filled(self, trace: StackTrace | None) -> StackTrace | None:
        """What parsing the original text answers, from what parsing `text` answered; None where that can't be told."""
        if trace is None:
            return None
        blocks = list(trace.blocks)
        for index, block in enumerate(blocks):
            if block.relation is Relation.PRIMARY and block.message == STAND_IN and block.frames:
                blocks[index] = msgspec.structs.replace(block, message=self.message)
                return msgspec.structs.replace(trace, blocks=tuple(blocks))
        return None


def template_of(text: str) -> Template | None:
    """The template of a text whose exception stands on one line of its own, first or last; None for all others.

    Plain tracebacks of one exception (Python), and traces whose second line is a call (JVM, V8).
    """
    if len(text) > LIMIT or STAND_IN in text:
        return None
    if text.startswith(HEADER):
        at = text.rfind("\n") + 1
        match = _LINE.fullmatch(text, at) if text.find(HEADER, len(HEADER)) < 0 else None
        before, after = text[:at], ""
    else:
        end = text.find("\n")
        match = _LINE.fullmatch(text, 0, end) if text.startswith(("\n\tat ", "\n    at "), end) else None
        before, after = "", text[end:]
    if match is None:
        return None
    return Template(f"{before}{match[1]}: {STAND_IN}{after}", match[2])
