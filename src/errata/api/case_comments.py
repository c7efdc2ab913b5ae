"""Comments on cases, and the timeline that they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from errata.access.model import Scope
from errata.api import case_examples
from errata.api.case_json import TimelineResponse, cell_resource
from errata.api.cases import CASE_ID, ERRORS, READ, TAG, WRITE
from errata.api.operation import Call, Operation, Style
from errata.api.parameters import choices, flag, id_in_path, no_uuid, whole
from errata.api.rooms import Rooms
from errata.base.ids import CellId
from errata.cases.model import Cell, CellType
from errata.cases.texts import COMMENT_CHARS

# Recorded: this name, though the documents call the parameter `cell_id`.
CELL_ID = id_in_path("cell_id", no_uuid("CommentID"), "Timeline cell UUID")
SIZE = whole("page[size]", default=100, least=1, most=100, summary="Cells on a page")
NUMBER = whole("page[number]", default=0, least=0, most=1_000_000, summary="Number of the page, the first is 0")
ASCENDING = flag("sort[ascending]", default=False, summary="Oldest cell first")
_ALL = "all"
CELL_TYPES = choices(
    "cell_types",
    (_ALL, *(type_.value for type_ in CellType)),
    "Kinds of cells to list: COMMENT when absent, `all` for everything that was done to the case. Not in the real "
    "service, whose clients know comments only.",
)

CommentText = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": COMMENT_CHARS})]


class CaseCommentAttributes(msgspec.Struct, frozen=True):
    """What is said, Markdown."""

    comment: CommentText


class CaseComment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment on the case that the path names."""

    type: Literal["case"]
    attributes: CaseCommentAttributes


class CaseCommentRequest(msgspec.Struct, frozen=True):
    """A comment."""

    data: CaseComment


def comment_case(rooms: Rooms, call: Call[CaseCommentRequest]) -> TimelineResponse:
    """The new cell, in a list of one."""
    text = call.body.data.attributes.comment
    return _timeline(rooms, [rooms.case_commands.comment(CASE_ID.of(call), text, call.caller.actor)])


def update_comment(rooms: Rooms, call: Call[CaseCommentRequest]) -> None:
    """Nothing: the comment says something else now."""
    text = call.body.data.attributes.comment
    rooms.case_commands.edit_comment(CASE_ID.of(call), CellId(CELL_ID.of(call)), text, call.caller.actor)


def delete_comment(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: the comment is gone."""
    moderates = Scope.CASES_SHARED_SETTINGS_WRITE in call.caller.scopes
    cell = CellId(CELL_ID.of(call))
    rooms.case_commands.delete_comment(CASE_ID.of(call), cell, call.caller.actor, moderates=moderates)


def list_timeline(rooms: Rooms, call: Call[None]) -> TimelineResponse:
    """A page of the case's timeline."""
    asked = CELL_TYPES.of(call)
    types = frozenset(CellType(name) for name in asked if name != _ALL) or frozenset({CellType.COMMENT})
    size = SIZE.of(call)
    cells = rooms.cases.timeline(
        CASE_ID.of(call),
        types=None if _ALL in asked else types,
        offset=NUMBER.of(call) * size,
        limit=size,
        ascending=ASCENDING.of(call),
    )
    return _timeline(rooms, cells)


def _timeline(rooms: Rooms, cells: Sequence[Cell]) -> TimelineResponse:
    authors = [user for cell in cells if (user := cell.author.user_id)]
    known = rooms.access.users_by_id(authors) if authors else {}
    return TimelineResponse([cell_resource(cell, known) for cell in cells])


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="POST",
        path="/api/v2/cases/{case_id}/comment",
        name="CommentCase",
        summary="Comment on a case",
        tag=TAG,
        handler=comment_case,
        style=Style.CASES,
        scopes=WRITE,
        body=CaseCommentRequest,
        answer=TimelineResponse,
        errors=ERRORS,
        parameters=(CASE_ID,),
        request_example=case_examples.COMMENT,
        answer_example=case_examples.TIMELINE_ANSWER,
    ),
    Operation(
        method="PUT",
        path="/api/v2/cases/{case_id}/comment/{cell_id}",
        name="UpdateCaseComment",
        summary="Change a comment",
        description="Its author may. A success has no body.",
        tag=TAG,
        handler=update_comment,
        style=Style.CASES,
        scopes=WRITE,
        body=CaseCommentRequest,
        errors=ERRORS,
        parameters=(CASE_ID, CELL_ID),
        request_example=case_examples.COMMENT,
    ),
    Operation(
        method="DELETE",
        path="/api/v2/cases/{case_id}/comment/{cell_id}",
        name="DeleteCaseComment",
        summary="Delete a comment",
        description="Its author may, and whoever has the scope cases_shared_settings_write.",
        tag=TAG,
        handler=delete_comment,
        style=Style.CASES,
        scopes=WRITE,
        status=204,
        errors=ERRORS,
        parameters=(CASE_ID, CELL_ID),
    ),
    Operation(
        method="GET",
        path="/api/v2/cases/{case_id}/timelines",
        name="ListCaseTimeline",
        summary="List what was said about a case, and done to it",
        description="Newest first, comments only unless `cell_types` asks for more.",
        tag=TAG,
        handler=list_timeline,
        style=Style.CASES,
        scopes=READ,
        answer=TimelineResponse,
        errors=ERRORS,
        parameters=(CASE_ID, SIZE, NUMBER, ASCENDING, CELL_TYPES),
        answer_example=case_examples.TIMELINE_ANSWER,
    ),
)
