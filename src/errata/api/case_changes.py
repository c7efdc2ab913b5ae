"""Changes of one case. Each answers the case as it is afterwards; what was already so changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import UNSET

from errata.api import case_examples
from errata.api.case_change_json import (
    CaseAssignRequest,
    CaseEmptyRequest,
    CaseMoveRequest,
    CaseUpdateAttributesRequest,
    CaseUpdateCustomAttributeRequest,
    CaseUpdateDescriptionRequest,
    CaseUpdateDueDateRequest,
    CaseUpdatePriorityRequest,
    CaseUpdateResolvedReasonRequest,
    CaseUpdateStatusRequest,
    CaseUpdateTitleRequest,
)
from errata.api.case_json import CaseResponse
from errata.api.cases import CASE_ID, ERRORS, TAG, WORDING, WRITE, answered, given_value
from errata.api.operation import Call, Operation, Parameter, Style
from errata.api.rooms import Rooms
from errata.base.ids import ProjectId, UserId
from errata.cases.texts import priority_of

B = TypeVar("B")

ATTRIBUTE_KEY: Parameter[str] = Parameter(
    "custom_attribute_key", str, "", {"type": "string"}, "Key of the custom attribute, not its id", in_path=True
)


def assign_case(rooms: Rooms, call: Call[CaseAssignRequest]) -> CaseResponse:
    """The case with its new assignee."""
    user = UserId(call.body.data.attributes.assignee_id)
    return answered(rooms, rooms.case_commands.assign(CASE_ID.of(call), user, call.caller.actor))


def unassign_case(rooms: Rooms, call: Call[CaseEmptyRequest]) -> CaseResponse:
    """The case without assignee."""
    return answered(rooms, rooms.case_commands.unassign(CASE_ID.of(call), call.caller.actor))


def update_attributes(rooms: Rooms, call: Call[CaseUpdateAttributesRequest]) -> CaseResponse:
    """The case with its new attributes."""
    given = call.body.data.attributes.attributes
    return answered(rooms, rooms.case_commands.set_attributes(CASE_ID.of(call), given, call.caller.actor))


def update_custom_attribute(rooms: Rooms, call: Call[CaseUpdateCustomAttributeRequest]) -> CaseResponse:
    """The case with the value, and without who set it, as recorded."""
    value = given_value(call.body.data.attributes)
    case = rooms.case_commands.set_custom_attribute(CASE_ID.of(call), ATTRIBUTE_KEY.of(call), value, call.caller.actor)
    return answered(rooms, case, modifier=False)


def delete_custom_attribute(rooms: Rooms, call: Call[None]) -> CaseResponse:
    """The case without a value of the custom attribute."""
    case = rooms.case_commands.remove_custom_attribute(CASE_ID.of(call), ATTRIBUTE_KEY.of(call), call.caller.actor)
    return answered(rooms, case)


def update_title(rooms: Rooms, call: Call[CaseUpdateTitleRequest]) -> CaseResponse:
    """The case with its new title."""
    title = call.body.data.attributes.title
    return answered(rooms, rooms.case_commands.set_title(CASE_ID.of(call), title, call.caller.actor))


def update_description(rooms: Rooms, call: Call[CaseUpdateDescriptionRequest]) -> CaseResponse:
    """The case with its new description."""
    text = call.body.data.attributes.description
    return answered(rooms, rooms.case_commands.set_description(CASE_ID.of(call), text, call.caller.actor))


def update_priority(rooms: Rooms, call: Call[CaseUpdatePriorityRequest]) -> CaseResponse:
    """The case with its new priority."""
    priority = priority_of(call.body.data.attributes.priority)
    return answered(rooms, rooms.case_commands.set_priority(CASE_ID.of(call), priority, call.caller.actor))


def update_status(rooms: Rooms, call: Call[CaseUpdateStatusRequest]) -> CaseResponse:
    """The case in its new status."""
    asked = call.body.data.attributes
    case = rooms.case_commands.set_status(
        CASE_ID.of(call),
        status=asked.status if asked.status is not UNSET else None,
        status_name=asked.status_name if asked.status_name is not UNSET else None,
        actor=call.caller.actor,
    )
    return answered(rooms, case)


def update_due_date(rooms: Rooms, call: Call[CaseUpdateDueDateRequest]) -> CaseResponse:
    """The case with its new due date."""
    due = call.body.data.attributes.due_date
    return answered(rooms, rooms.case_commands.set_due_date(CASE_ID.of(call), due, call.caller.actor))


def update_resolved_reason(rooms: Rooms, call: Call[CaseUpdateResolvedReasonRequest]) -> CaseResponse:
    """The case with the reason."""
    reason = call.body.data.attributes.security_resolved_reason
    return answered(rooms, rooms.case_commands.set_resolved_reason(CASE_ID.of(call), reason, call.caller.actor))


def archive_case(rooms: Rooms, call: Call[CaseEmptyRequest]) -> CaseResponse:
    """The case, put away; its status stays."""
    return answered(rooms, rooms.case_commands.archive(CASE_ID.of(call), call.caller.actor))


def unarchive_case(rooms: Rooms, call: Call[CaseEmptyRequest]) -> CaseResponse:
    """The case, taken out again."""
    return answered(rooms, rooms.case_commands.unarchive(CASE_ID.of(call), call.caller.actor))


def move_case(rooms: Rooms, call: Call[CaseMoveRequest]) -> CaseResponse:
    """The case in the other project, with a new key."""
    project = ProjectId(call.body.data.id)
    return answered(rooms, rooms.case_commands.move(CASE_ID.of(call), project, call.caller.actor))


def _change(
    action: str,
    name: str,
    summary: str,
    handler: Callable[[Rooms, Call[B]], object],
    body: type[B],
    example: object,
    description: str = "",
) -> Operation[B]:
    """The row of an operation that posts a change to `/api/v2/cases/{case_id}/ACTION`."""
    return Operation(
        method="POST",
        path=f"/api/v2/cases/{{case_id}}/{action}",
        name=name,
        summary=summary,
        description=description,
        tag=TAG,
        handler=handler,
        style=Style.CASES,
        scopes=WRITE,
        body=body,
        answer=CaseResponse,
        errors=ERRORS,
        parameters=(CASE_ID,),
        wording=WORDING,
        request_example=example,
        answer_example=case_examples.CASE_ANSWER,
    )


_CUSTOM_PATH = "/api/v2/cases/{case_id}/custom_attributes/{custom_attribute_key}"

OPERATIONS: tuple[Operation[Any], ...] = (
    _change("archive", "ArchiveCase", "Put a case away", archive_case, CaseEmptyRequest, case_examples.EMPTY),
    _change("unarchive", "UnarchiveCase", "Bring a case back", unarchive_case, CaseEmptyRequest, case_examples.EMPTY),
    _change("assign", "AssignCase", "Assign a case to a user", assign_case, CaseAssignRequest, case_examples.ASSIGN),
    _change("unassign", "UnassignCase", "Clear the assignee", unassign_case, CaseEmptyRequest, case_examples.EMPTY),
    _change(
        "attributes", "UpdateAttributes", "Set attributes", update_attributes, CaseUpdateAttributesRequest,
        case_examples.ATTRIBUTES,
        "The list of each key given takes the place of the one there; an empty one removes the key. Other keys stay.",
    ),
    _change("title", "UpdateCaseTitle", "Set the title", update_title, CaseUpdateTitleRequest, case_examples.TITLE),
    _change(
        "description", "UpdateCaseDescription", "Set the description", update_description,
        CaseUpdateDescriptionRequest, case_examples.DESCRIPTION,
    ),
    _change(
        "priority", "UpdatePriority", "Set the priority", update_priority, CaseUpdatePriorityRequest,
        case_examples.PRIORITY,
    ),
    _change(
        "status", "UpdateStatus", "Set the status", update_status, CaseUpdateStatusRequest, case_examples.STATUS,
        "By the status's name, or by a word of the deprecated list. Any status may follow any other.",
    ),
    _change(
        "due_date", "UpdateCaseDueDate", "Set or clear the due date", update_due_date, CaseUpdateDueDateRequest,
        case_examples.DUE_DATE,
    ),
    _change(
        "resolved_reason", "UpdateCaseResolvedReason", "Say why a case was resolved", update_resolved_reason,
        CaseUpdateResolvedReasonRequest, case_examples.RESOLVED_REASON,
    ),
    Operation(
        method="PATCH",
        path="/api/v2/cases/{case_id}/relationships/project",
        name="MoveCaseToProject",
        summary="Move a case to another project",
        description="It gets a new key there, and the old one finds nothing any more; its id stays.",
        tag=TAG,
        handler=move_case,
        style=Style.CASES,
        scopes=WRITE,
        body=CaseMoveRequest,
        answer=CaseResponse,
        errors=ERRORS,
        parameters=(CASE_ID,),
        request_example=case_examples.MOVE,
        answer_example=case_examples.CASE_ANSWER,
    ),
    Operation(
        method="POST",
        path=_CUSTOM_PATH,
        name="UpdateCaseCustomAttribute",
        summary="Set a custom attribute",
        tag=TAG,
        handler=update_custom_attribute,
        style=Style.CASES,
        scopes=WRITE,
        body=CaseUpdateCustomAttributeRequest,
        answer=CaseResponse,
        errors=ERRORS,
        parameters=(CASE_ID, ATTRIBUTE_KEY),
        request_example=case_examples.CUSTOM_ATTRIBUTE,
        answer_example=case_examples.CASE_ANSWER,
    ),
    Operation(
        method="DELETE",
        path=_CUSTOM_PATH,
        name="DeleteCaseCustomAttribute",
        summary="Remove the value of a custom attribute",
        tag=TAG,
        handler=delete_custom_attribute,
        style=Style.CASES,
        scopes=WRITE,
        answer=CaseResponse,
        errors=(401, 403, 404, 429),
        parameters=(CASE_ID, ATTRIBUTE_KEY),
        answer_example=case_examples.CASE_ANSWER,
    ),
)  # fmt: skip
