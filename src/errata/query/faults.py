"""What is said about a query that cannot be read or run."""

from __future__ import annotations

import json

from errata.base.errors import Invalid

QUERY = "query"
"""What a fault calls the place of the query, also before its message; requests may have another name for it."""
_SHOWN = 24
"""Characters of the query quoted back in a message: enough to find the place by eye."""
_ENDS_WORD = frozenset(' \t\r\n\u3000()[]{}"')


class Unreadable(Invalid):
    """A query that is no query. `offset` counts characters from the start, 0 for the first."""

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(f"{QUERY}: at offset {offset}: {message}", where=QUERY)
        self.offset = offset


def unreadable(text: str, at: int, expected: str) -> Unreadable:
    """The fault at one place: the offset, what stands there and what was expected there."""
    return Unreadable(f"found {_standing_at(text, at)}, expected {expected}", offset=at)


def unsupported(what: str) -> Invalid:
    """A query that can be read but not run here; `what` is a sentence without its full stop."""
    return Invalid(f"{QUERY}: {what}", where=QUERY)


def not_in_rows(name: str) -> Invalid:
    """A field that belongs to issues, asked for where there are events only."""
    return unsupported(f"{name} belongs to issues, which cannot be asked for here")


def quoted(text: str) -> str:
    """A piece of a query as it may stand in a message: short, in quotes, control characters spelled out."""
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return json.dumps(shown, ensure_ascii=False)


def _standing_at(text: str, at: int) -> str:
    if at >= len(text):
        return "end of query"
    end = at + 1
    if text[at] not in _ENDS_WORD:
        limit = min(len(text), at + _SHOWN + 1)
        while end < limit and text[end] not in _ENDS_WORD:
            end += 1
    return quoted(text[at:end])
