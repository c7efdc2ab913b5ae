"""What a change of many cases asks for: the deed that an action and its payload name. Pure but for the deeds."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from errata.base.errors import Invalid
from errata.base.ids import ProjectId, UserId
from errata.cases import deeds
from errata.cases.deeds import Deed
from errata.cases.model import BulkAction
from errata.cases.texts import priority_of

MAX_CASES = 100
_PAYLOAD = "data.attributes.payload"


def deed_of(action: BulkAction, payload: Mapping[str, str]) -> Deed:
    """The deed of an action. Raises Invalid for a payload that lacks what the action needs, NotAllowed for a value."""
    match action:
        case BulkAction.PRIORITY:
            return deeds.prioritise(priority_of(_needed(payload, "priority"), where=f"{_PAYLOAD}.priority"))
        case BulkAction.STATUS:
            if not {"status", "status_name"} & payload.keys():
                raise Invalid("This action needs status_name, or the deprecated status.", where=_PAYLOAD)
            return deeds.bring_to(word=payload.get("status"), name=payload.get("status_name"))
        case BulkAction.ASSIGN:
            return deeds.assign(UserId(_id(payload, "assignee_id", "user_id")))
        case BulkAction.UNASSIGN:
            return deeds.unassign()
        case BulkAction.ARCHIVE:
            return deeds.archive()
        case BulkAction.UNARCHIVE:
            return deeds.unarchive()
        case BulkAction.UPDATE_PROJECT:
            return deeds.move(ProjectId(_id(payload, "project_id")))
        case BulkAction.JIRA | BulkAction.SERVICENOW | BulkAction.LINEAR:
            raise Invalid(f"No ticketing system is set up, so {action} cannot be done.", where="data.attributes.type")


def _needed(payload: Mapping[str, str], *names: str) -> str:
    for name in names:
        if name in payload:
            return payload[name]
    raise Invalid(f"This action needs {names[0]}.", where=_PAYLOAD)


def _id(payload: Mapping[str, str], *names: str) -> UUID:
    try:
        return UUID(_needed(payload, *names))
    except ValueError as error:
        raise Invalid("This is not a UUID.", where=f"{_PAYLOAD}.{names[0]}") from error
