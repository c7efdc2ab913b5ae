"""One change of many cases at once."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from errata.api import case_examples
from errata.api.cases import ERRORS, TAG, WRITE
from errata.api.operation import Call, Operation, Style
from errata.api.rooms import Rooms
from errata.cases.bulk import MAX_CASES
from errata.cases.model import BulkAction

_MAX_PAYLOAD = 10


class CaseBulkUpdateRequestAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What is done to which cases, named by id or key. The payload holds what the action needs.

    `priority` needs `priority`, `status` needs `status_name` (or the deprecated `status`), `assign` needs
    `assignee_id`, `update_project` needs `project_id`; the others need nothing.
    """

    case_ids: Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_CASES)]
    type: BulkAction
    payload: Annotated[dict[str, str], Meta(max_length=_MAX_PAYLOAD)] = {}


class CaseBulkUpdateRequestData(msgspec.Struct, frozen=True, kw_only=True):
    """A change of many cases."""

    type: Literal["bulk"]
    attributes: CaseBulkUpdateRequestAttributes


class CaseBulkUpdateRequest(msgspec.Struct, frozen=True):
    """A change of many cases."""

    data: CaseBulkUpdateRequestData


def bulk_update_cases(rooms: Rooms, call: Call[CaseBulkUpdateRequest]) -> None:
    """Nothing: it was done to all of them."""
    asked = call.body.data.attributes
    rooms.case_commands.bulk(asked.case_ids, asked.type, asked.payload, call.caller.actor)


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path="/api/v2/cases/bulk",
        name="BulkUpdateCases",
        summary="Change up to 100 cases at once",
        description="All of them are changed, or none where one refuses. A success has no body.",
        tag=TAG,
        handler=bulk_update_cases,
        style=Style.CASES,
        scopes=WRITE,
        body=CaseBulkUpdateRequest,
        errors=ERRORS,
        request_example=case_examples.BULK,
    ),
)
