"""Whose code a call is in, in words for a page."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """Whose code a frame is."""

    OWN = "own code"
    LIBRARY = "library code"
    RUNTIME = "the language's own code"
    GENERATED = "generated code"
    TRACER = "the tracer's own code"
    CLIENT = "marked as not its own by the client"


class Verdict(NamedTuple):
    """Whose code it is, and by which sign (`site-packages`, `org.springframework.`)."""

    kind: Kind
    sign: str = ""

    @property
    def reason(self) -> str:
        """For a page: `library code (site-packages)`."""
        return f"{self.kind.value} ({self.sign})" if self.sign else self.kind.value


OWN = Verdict(Kind.OWN)


def by_prefix(name: str, lists: tuple[tuple[Kind, tuple[str, ...]], ...]) -> Verdict | None:
    """The verdict of the first list that holds a prefix of the name; None when none does."""
    for kind, prefixes in lists:
        if name.startswith(prefixes):
            return Verdict(kind, next(prefix for prefix in prefixes if name.startswith(prefix)))
    return None
