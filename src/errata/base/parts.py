"""Long lists in parts: statements take a bounded number of values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def parts(values: Sequence[T], size: int = 1000) -> Iterator[Sequence[T]]:
    """Consecutive slices of at most `size` values; none for an empty list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
