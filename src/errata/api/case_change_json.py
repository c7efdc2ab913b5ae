"""What changes of one case are asked for with, in the API's JSON. Pure."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.api.cases import (
    CaseCustomAttributeInput,
    CaseProjectReference,
    DescriptionText,
    PriorityText,
    TitleText,
    Values,
)
from errata.cases.texts import REASON_CHARS


class CaseEmpty(msgspec.Struct, frozen=True):
    """A case; the path says which."""

    type: Literal["case"]


class CaseEmptyRequest(msgspec.Struct, frozen=True):
    """A change that says all by its path."""

    data: CaseEmpty


class CaseAssignAttributes(msgspec.Struct, frozen=True):
    """Who is to work on the case."""

    assignee_id: UUID


class CaseAssign(msgspec.Struct, frozen=True, kw_only=True):
    """A new assignee."""

    type: Literal["case"]
    attributes: CaseAssignAttributes


class CaseAssignRequest(msgspec.Struct, frozen=True):
    """A new assignee."""

    data: CaseAssign


class CaseUpdateAttributesAttributes(msgspec.Struct, frozen=True):
    """Attributes: the list of each key given takes the place of the one there; an empty list removes the key."""

    attributes: Values


class CaseUpdateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """New attributes."""

    type: Literal["case"]
    attributes: CaseUpdateAttributesAttributes


class CaseUpdateAttributesRequest(msgspec.Struct, frozen=True):
    """New attributes. Keys that are not given stay as they are."""

    data: CaseUpdateAttributes


class CaseUpdateCustomAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """A value for the custom attribute that the path names."""

    type: Literal["case"]
    attributes: CaseCustomAttributeInput


class CaseUpdateCustomAttributeRequest(msgspec.Struct, frozen=True):
    """A value for a custom attribute."""

    data: CaseUpdateCustomAttribute


class CaseUpdateTitleAttributes(msgspec.Struct, frozen=True):
    """The new title, one line."""

    title: TitleText


class CaseUpdateTitle(msgspec.Struct, frozen=True, kw_only=True):
    """A new title."""

    type: Literal["case"]
    attributes: CaseUpdateTitleAttributes


class CaseUpdateTitleRequest(msgspec.Struct, frozen=True):
    """A new title."""

    data: CaseUpdateTitle


class CaseUpdateDescriptionAttributes(msgspec.Struct, frozen=True):
    """The new description, Markdown; an empty one is none."""

    description: DescriptionText


class CaseUpdateDescription(msgspec.Struct, frozen=True, kw_only=True):
    """A new description."""

    type: Literal["case"]
    attributes: CaseUpdateDescriptionAttributes


class CaseUpdateDescriptionRequest(msgspec.Struct, frozen=True):
    """A new description."""

    data: CaseUpdateDescription


class CaseUpdatePriorityAttributes(msgspec.Struct, frozen=True):
    """The new priority."""

    priority: PriorityText


class CaseUpdatePriority(msgspec.Struct, frozen=True, kw_only=True):
    """A new priority."""

    type: Literal["case"]
    attributes: CaseUpdatePriorityAttributes


class CaseUpdatePriorityRequest(msgspec.Struct, frozen=True):
    """A new priority."""

    data: CaseUpdatePriority


class CaseUpdateStatusAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """The new status, by its name on the case's type, or by a word of the deprecated list. The name counts if both."""

    status: str | UnsetType = UNSET
    status_name: str | UnsetType = UNSET


class CaseUpdateStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A new status."""

    type: Literal["case"]
    attributes: Annotated[
        CaseUpdateStatusAttributes,
        Meta(extra_json_schema={"anyOf": [{"required": ["status"]}, {"required": ["status_name"]}]}),
    ]


class CaseUpdateStatusRequest(msgspec.Struct, frozen=True):
    """A new status."""

    data: CaseUpdateStatus


class CaseUpdateDueDateAttributes(msgspec.Struct, frozen=True):
    """The day on which the case is due, `YYYY-MM-DD`; null for none."""

    due_date: date | None


class CaseUpdateDueDate(msgspec.Struct, frozen=True, kw_only=True):
    """A new due date."""

    type: Literal["case"]
    attributes: CaseUpdateDueDateAttributes


class CaseUpdateDueDateRequest(msgspec.Struct, frozen=True):
    """A new due date."""

    data: CaseUpdateDueDate


class CaseUpdateResolvedReasonAttributes(msgspec.Struct, frozen=True):
    """Why the case was resolved, for example FALSE_POSITIVE."""

    security_resolved_reason: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": REASON_CHARS})]


class CaseUpdateResolvedReason(msgspec.Struct, frozen=True, kw_only=True):
    """A new reason."""

    type: Literal["case"]
    attributes: CaseUpdateResolvedReasonAttributes


class CaseUpdateResolvedReasonRequest(msgspec.Struct, frozen=True):
    """A new reason."""

    data: CaseUpdateResolvedReason


class CaseMoveRequest(msgspec.Struct, frozen=True):
    """The project that the case goes to."""

    data: CaseProjectReference
