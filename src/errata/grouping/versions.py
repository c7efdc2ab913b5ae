"""The methods of grouping by number. A released number never changes its answers; an improvement is a new number."""

from __future__ import annotations

from errata.events.model import Event
from errata.grouping import custom, v1
from errata.grouping.model import Grouping
from errata.stacks.model import StackTrace

__all__ = ["CURRENT", "VERSIONS", "Grouping", "group"]

CURRENT = 1
"""The version that new issues are opened under."""

_METHODS = {v1.VERSION: v1.group}
VERSIONS = tuple(sorted(_METHODS, reverse=True))
"""Every version that can be asked for, newest first: the order in which an event looks for its issue."""


def group(event: Event, trace: StackTrace | None, version: int = CURRENT) -> Grouping:
    """Where an event belongs by one version of the method. `trace` is its parsed stack, None where it has none.

    Pure and total: the same event gives the same answer for ever. Raises KeyError for a version that never was.
    """
    method = _METHODS[version]
    return method(custom.resolved(event, trace, method), trace)
