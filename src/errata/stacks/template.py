"""A stack text and what varies in it: the message. A failing place prints the same calls thousands of times.

A parser that was given a text with a stand-in for the message needs not read the calls again for the next message.
"""

from __future__ import annotations

import re

import msgspec

from errata.stacks.model import Relation, StackTrace
from errata.stacks.parse import LIMIT
from errata.stacks.python import HEADER

STAND_IN = "\ue000"
"""A letter of nobody's alphabet."""

_CALLS = ("\n\tat ", "\n    at ")
_LINE = re.compile(r"[A-Za-z_][\w.$]{0,200}: (\S(?:[^\x00-\x1f\x7f-\x9f\u2028\u2029]{0,4000}\S)?)")


class Template(msgspec.Struct, frozen=True, gc=False):
    """A stack text cut at the message of its exception: `before`, the `message`, `after`."""

    before: str
    message: str
    after: str

    @property
    def text(self) -> str:
        """The stack with `STAND_IN` for its message."""
        return f"{self.before}{STAND_IN}{self.after}"

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
        start, end = text.rfind("\n") + 1, len(text)
        is_whole = text.find(HEADER, len(HEADER)) < 0
    else:
        start, end = 0, text.find("\n")
        is_whole = text.startswith(_CALLS, end)
    match = _LINE.fullmatch(text, start, end) if is_whole else None
    return Template(text[: match.start(1)], match[1], text[end:]) if match else None
