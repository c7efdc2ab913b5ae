"""Why an event belongs where it does, for a page and for the API."""

from __future__ import annotations

from errata.events.model import Event
from errata.grouping import custom, v1
from errata.grouping.model import Dropped, Explanation, Part
from errata.stacks.model import StackTrace

__all__ = ["Dropped", "Explanation", "Part", "explain"]

_EXPLANATIONS = {v1.VERSION: v1.explain}
_METHODS = {v1.VERSION: v1.group}


def explain(event: Event, trace: StackTrace | None, version: int) -> Explanation:
    """Which parts made the fingerprint, from what, and what was left out of each and why.

    The parts' values are those that were hashed. Raises KeyError for a version that never was.
    """
    explanation = _EXPLANATIONS[version]
    return explanation(custom.resolved(event, trace, _METHODS[version]), trace)
