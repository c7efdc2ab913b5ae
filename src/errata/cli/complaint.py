"""How a command that could not do its work ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from errata.base.errors import ErrataError


@contextmanager
def plain_complaints() -> Iterator[None]:
    """Turn an expected error into one line on standard error, with its notes in brackets, and exit status 1."""
    try:
        yield
    except ErrataError as error:
        said = " ".join((error.message, *(f"({' '.join(note.split())})" for note in getattr(error, "__notes__", ()))))
        print(f"errata: {said}", file=sys.stderr)  # noqa: T201 - this is how a command speaks
        sys.exit(1)
