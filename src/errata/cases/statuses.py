"""Which status of a type is meant: by its name, or by a word of the old list. Pure."""

from __future__ import annotations

import re

from errata.base.errors import NotAllowed
from errata.cases.model import Statuses, StatusGroup

LEGACY_STATUSES = {
    "NOT_STARTED": StatusGroup.OPEN,
    "IN_PROGRESS": StatusGroup.IN_PROGRESS,
    "CLOSED": StatusGroup.CLOSED,
    "ACKNOWLEDGED": StatusGroup.IN_PROGRESS,
    "TRIGGERED": StatusGroup.OPEN,
    "PENDING_APPROVAL": StatusGroup.IN_PROGRESS,
    "COMPLETED": StatusGroup.CLOSED,
    "CANCELLED": StatusGroup.CLOSED,
    "DECLINED": StatusGroup.CLOSED,
    "SUNKNOWN": None,
    "OPEN": StatusGroup.OPEN,
    "RESOLVED": StatusGroup.CLOSED,
    "APPROVED": StatusGroup.IN_PROGRESS,
    "IMPLEMENTING": StatusGroup.IN_PROGRESS,
}
"""The words of the deprecated `status`, in the order of the recorded refusal. SUNKNOWN says nothing."""


def group_of(statuses: Statuses, name: str) -> StatusGroup | None:
    """The group that a status stands in; None where the type has no status of exactly this name."""
    return next((group for group in StatusGroup if name in statuses.options(group).names), None)


def by_name(statuses: Statuses, name: str) -> str:
    """The type's status of a name: the same letters, else the first that differs in case only.

    Raises NotAllowed naming those that there are.
    """
    if name in statuses.names:
        return name
    folded = name.casefold()
    for known in statuses.names:
        if known.casefold() == folded:
            return known
    raise NotAllowed(
        f"invalid status name {name[:200]}. Must be one of {', '.join(statuses.names)}",
        where="data.attributes.status_name",
    )


def by_legacy_word(statuses: Statuses, word: str, present: str) -> str:
    """The type's status that a word of the old list means, for a case that is in the status `present`.

    It is the one of that name, apart from case, blanks and underscores; else the default of the word's group. Where
    nothing is called like the three words that answers show, a case that shows the word already stays as it is: who
    sends back what was read takes no approval away. Raises NotAllowed for other words.
    """
    if word not in LEGACY_STATUSES:
        raise NotAllowed(
            f"invalid status {word[:200]}. Must be one of {', '.join(LEGACY_STATUSES)}", where="data.attributes.status"
        )
    group = LEGACY_STATUSES[word]
    if group is None:
        return present
    for known in statuses.names:
        if _bare(known) == _bare(word):
            return known
    if word == group.legacy and present in statuses.options(group).names:
        return present
    return statuses.options(group).default


def _bare(name: str) -> str:
    return re.sub(r"[\s_]+", "", name).casefold()
