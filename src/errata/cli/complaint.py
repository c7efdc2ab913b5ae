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
        print(f"errata: {error.message}", file=sys.stderr)  # noqa: T201 - this is how a command speaks
        sys.exit(1)
