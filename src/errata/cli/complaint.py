"""How a command that could not do its work ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from errata.base.errors import ErrataError


@contextmanager
def plain_complaints() -> Iterator[None]:
    """Turn an expected error into one line on standard error and exit status 1."""
    try:
        yield
    except ErrataError as error:
        print(f"errata: {in_full(error)}", file=sys.stderr)  # noqa: T201 - this is how a command speaks
        sys.exit(1)


def in_full(error: ErrataError) -> str:
    """What an error says, with its notes in brackets: those are for the operator only."""
    notes = (" ".join(note.split()) for note in getattr(error, "__notes__", ()))
    return " ".join((error.message, *(f"({note})" for note in notes)))
