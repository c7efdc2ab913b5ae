"""The case types that every installation has, with ids fixed by the real service (behaviour 2). Pure.

Kept here and not in the database, so that a change reaches everybody with a release.
"""

from __future__ import annotations

from uuid import UUID

from errata.base.errors import Invalid
from errata.base.ids import CaseTypeId
from errata.cases.model import NO_WORD, CaseType, Statuses, StatusOptions

RESERVED_ATTRIBUTES = ("team", "service", "env", "datacenter", "version")
"""Attributes that every type has; none of them can be changed or removed."""

STANDARD_STATUSES = Statuses(
    open=StatusOptions(("Open",), "Open"),
    in_progress=StatusOptions(("In Progress",), "In Progress"),
    closed=StatusOptions(("Closed",), "Closed"),
)
"""What nearly all built-in types have, and what a new type begins with."""

_CHANGE_REQUEST_STATUSES = Statuses(
    open=StatusOptions(("Open",), "Open"),
    in_progress=StatusOptions(("Pending Approval", "Approved", "Implementing"), "Pending Approval"),
    closed=StatusOptions(("Completed", "Cancelled", "Declined"), "Completed"),
)


def _builtin(number: int, name: str, description: str, legacy: str = NO_WORD) -> CaseType:
    return CaseType(
        id=CaseTypeId(UUID(int=number)),
        name=name,
        description=description,
        statuses=_CHANGE_REQUEST_STATUSES if name == "Change Request" else STANDARD_STATUSES,
        internal=True,
        legacy=legacy,
    )


STANDARD = _builtin(1, "Standard", "General work", "STANDARD")
EVENT_MANAGEMENT = _builtin(2, "Event Management", "Work on correlated events")
SECURITY = _builtin(3, "Security", "Investigation of a security finding")
CHANGE_REQUEST = _builtin(4, "Change Request", "A change that needs an approval")
ERROR_TRACKING = _builtin(5, "Error Tracking", "Work on an error tracking issue", "ERROR_TRACKING_ISSUE")
LOGS_OPTIMIZATION = _builtin(7, "Logs Optimization Insights", "Work on the volume of logs")

BUILTIN_TYPES: dict[CaseTypeId, CaseType] = {
    one.id: one for one in (STANDARD, EVENT_MANAGEMENT, SECURITY, CHANGE_REQUEST, ERROR_TRACKING, LOGS_OPTIMIZATION)
}
"""By id, in the order of their numbers. There is no number 6 in the real service's answers."""


def legacy_word(type_id: CaseTypeId) -> str:
    """What the deprecated `type` calls a type."""
    return BUILTIN_TYPES[type_id].legacy if type_id in BUILTIN_TYPES else NO_WORD


def legacy_type_id(word: str | None) -> CaseTypeId:
    """The built-in type that the deprecated `type` of a new case means. Raises Invalid for other words and for none."""
    if word is None:
        raise Invalid("A case needs a type_id.", where="data.attributes.type_id")
    by_word = {one.legacy: one.id for one in BUILTIN_TYPES.values() if one.legacy != NO_WORD}
    if word not in by_word:
        raise Invalid(
            f'"{word[:200]}" is no type that a case can be created with, expected one of {", ".join(by_word)}',
            where="data.attributes.type",
        )
    return by_word[word]
