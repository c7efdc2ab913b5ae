"""What a command does to a case. Pure.

Each rule returns the case as it is afterwards, and what changed about it. What was already so changes nothing: the same
case and an empty list. Who changed a case when is noted by `touched`, for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import TypeAlias

from errata.base.errors import Invalid
from errata.base.facts import Actor, ActorKind
from errata.base.ids import CaseId, CustomAttributeId, UserId
from errata.cases.model import (
    Case,
    CaseType,
    CellType,
    Change,
    CustomAttribute,
    CustomValue,
    Insight,
    Json,
    NewCase,
    Priority,
    Project,
    Statuses,
    StatusGroup,
)
from errata.cases.statuses import by_legacy_word, by_name, group_of
from errata.cases.texts import description_of, reason_of, source_of, title_of
from errata.cases.values import attributes_of, merged
from errata.query.numbers import number_text

MAX_VALUES_BYTES = 64 << 10
"""Of all values of attributes of both kinds on one case, as UTF-8; searches keep each of them apart."""

_DAY_S = 86_400

Decision: TypeAlias = tuple[Case, list[Change]]


def well_formed(new: NewCase) -> NewCase:
    """What a case is created from, with its texts and attributes as they are kept. Raises Invalid."""
    return replace(
        new,
        title=title_of(new.title),
        description=description_of(new.description),
        attributes=merged({}, attributes_of(new.attributes)),
        creation_source=source_of(new.creation_source),
        insights=_once(new.insights),
    )


def opened(
    new: NewCase,
    *,
    case_id: CaseId,
    public_id: int,
    key_number: int,
    project: Project,
    case_type: CaseType,
    custom_attributes: Mapping[CustomAttributeId, CustomValue],
    actor: Actor,
    at: datetime,
) -> Decision:
    """The case that something well formed makes; without a status it begins in the default one of the open group.

    Raises NotAllowed for a status that the type does not have.
    """
    statuses = case_type.statuses
    status = statuses.open.default if new.status_name is None else by_name(statuses, new.status_name)
    case = Case(
        id=case_id,
        public_id=public_id,
        project_id=project.id,
        key=f"{project.key}-{key_number}",
        key_number=key_number,
        type_id=case_type.id,
        title=new.title,
        description=new.description,
        status_name=status,
        status_group=group_of(statuses, status) or StatusGroup.OPEN,
        priority=new.priority,
        assignee_id=new.assignee_id,
        attributes=dict(new.attributes),
        custom_attributes=dict(custom_attributes),
        creation_source=new.creation_source,
        insights=new.insights,
        created_by=actor.user_id,
        created_at=at,
        active_at=at,
    )
    _check_size(case)
    case = replace(case, closed_at=at if case.status_group is StatusGroup.CLOSED else None)
    return case, [Change(CellType.CREATED, _beginning(case))]


def check_type(case_type: CaseType, project: Project, *, creating: bool) -> None:
    """Raise Invalid where a project may not have cases of a type; a deleted type keeps its cases and takes no new."""
    if creating and case_type.deleted_at is not None:
        raise Invalid("This case type was deleted.", where="data.attributes.type_id")
    enabled = project.enabled_type_ids
    if not case_type.internal and enabled and case_type.id not in enabled:
        where = "data.attributes.type_id" if creating else "data.id"
        raise Invalid(f"Project {project.key} does not take cases of type {case_type.name}.", where=where)


def touched(case: Case, actor: Actor, at: datetime) -> Case:
    """A changed case with who did it and when. What the system does of itself is no activity of a person."""
    active_at = case.active_at if actor.kind is ActorKind.SYSTEM else at
    return replace(case, modified_at=at, modified_by=actor.user_id, active_at=active_at)


def with_title(case: Case, title: str) -> Decision:
    """The case with another title. Raises Invalid."""
    title = title_of(title)
    return _set(case, CellType.TITLE_CHANGED, case.title, title, replace(case, title=title))


def with_description(case: Case, description: str) -> Decision:
    """The case with another description; it may be empty. Raises Invalid."""
    text = description_of(description)
    return _set(case, CellType.DESCRIPTION_CHANGED, case.description, text, replace(case, description=text))


def with_priority(case: Case, priority: Priority) -> Decision:
    """The case with another priority."""
    return _set(case, CellType.PRIORITY_CHANGED, case.priority.value, priority.value, replace(case, priority=priority))


def with_status(case: Case, statuses: Statuses, *, name: str | None, word: str | None, at: datetime) -> Decision:
    """The case in a status of its type, given by name or by a word of the old list; the name counts if both are.

    Any status may follow any. Raises NotAllowed for a status that there is not, Invalid where neither is given.
    """
    if name is not None:
        return _in_status(case, statuses, by_name(statuses, name), at)
    if word is not None:
        return _in_status(case, statuses, by_legacy_word(statuses, word, case.status_name), at)
    raise Invalid("Give status_name, or the deprecated status.", where="data.attributes")


def with_assignee(case: Case, user: UserId | None) -> Decision:
    """The case assigned to a user, or to nobody (None)."""
    return _set(case, CellType.ASSIGNEE_CHANGED, _text(case.assignee_id), _text(user), replace(case, assignee_id=user))


def taken(case: Case, user: UserId, statuses: Statuses, at: datetime) -> Decision:
    """The case assigned to the one who asks for it, in a project where work begins with that.

    An open case goes on to the default status in progress; others only get the assignee.
    """
    case, changes = with_assignee(case, user)
    if not changes or case.status_group is not StatusGroup.OPEN:
        return case, changes
    case, further = _in_status(case, statuses, statuses.in_progress.default, at)
    return case, changes + further


def begins_when_taken(project: Project) -> bool:
    """Whether the project's settings move an open case on when somebody assigns it to themselves."""
    group = project.settings.get("auto_transition_assigned_cases")
    return isinstance(group, dict) and group.get("auto_transition_assigned_cases_on_self_assigned") is True


def closes_after(project: Project) -> timedelta | None:
    """After how long without anybody's doing the project's settings close a case; None where they do not.

    7 to 180 days are offered. Less than a day, which who looks daily cannot keep, means nothing.
    """
    group = project.settings.get("auto_close_inactive_cases")
    if not isinstance(group, dict) or group.get("enabled") is not True:
        return None
    seconds = group.get("max_inactive_time_in_secs")
    if not isinstance(seconds, int) or seconds < _DAY_S:
        return None
    return timedelta(seconds=seconds)


def closed_when_idle(case: Case, statuses: Statuses, since: datetime, at: datetime) -> Decision:
    """The case closed, where nobody has done anything to it since an instant and it is not archived."""
    if case.status_group is StatusGroup.CLOSED or case.archived_at is not None or case.active_at >= since:
        return case, []
    return _in_status(case, statuses, statuses.closed.default, at)


def with_attributes(case: Case, given: Mapping[str, tuple[str, ...]]) -> Decision:
    """The case with these attributes: a key's list is replaced, an empty one removes the key, other keys stay.

    So two people who change different keys at once lose nothing. Raises Invalid.
    """
    after = merged(case.attributes, attributes_of(given))
    changes = [
        Change(
            CellType.ATTRIBUTES_CHANGED,
            {"key": key, "from": _list(case.attributes.get(key)), "to": _list(after.get(key))},
        )
        for key in given
        if case.attributes.get(key) != after.get(key)
    ]
    if not changes:
        return case, []
    case = replace(case, attributes=after)
    _check_size(case)
    return case, changes


def with_custom_attribute(case: Case, definition: CustomAttribute, value: CustomValue | None) -> Decision:
    """The case with a value of a custom attribute, or without one (None)."""
    before = case.custom_attributes.get(definition.id)
    if before == value:
        return case, []
    values = {key: kept for key, kept in case.custom_attributes.items() if key != definition.id}
    if value is not None:
        values[definition.id] = value
    shown = value or before
    content: dict[str, Json] = {
        "key": definition.key,
        "attribute_id": str(definition.id),
        "value_type": shown.type.value if shown else None,
        "from": _value(before),
        "to": _value(value),
    }
    case = replace(case, custom_attributes=values)
    _check_size(case)
    return case, [Change(CellType.CUSTOM_ATTRIBUTE_CHANGED, content)]


def with_due_date(case: Case, due: date | None) -> Decision:
    """The case due on a day, or on none."""
    before = case.due_date.isoformat() if case.due_date else None
    after = due.isoformat() if due else None
    return _set(case, CellType.DUE_DATE_CHANGED, before, after, replace(case, due_date=due))


def with_resolved_reason(case: Case, reason: str) -> Decision:
    """The case with why it was resolved. Raises Invalid."""
    reason = reason_of(reason)
    return _set(
        case, CellType.RESOLVED_REASON_CHANGED, case.resolved_reason, reason, replace(case, resolved_reason=reason)
    )


def archived(case: Case, at: datetime) -> Decision:
    """The case put away; its status stays. One that is put away already keeps its time."""
    if case.archived_at is not None:
        return case, []
    return replace(case, archived_at=at), [Change(CellType.ARCHIVED)]


def unarchived(case: Case) -> Decision:
    """The case taken out again."""
    if case.archived_at is None:
        return case, []
    return replace(case, archived_at=None), [Change(CellType.UNARCHIVED)]


def moved(case: Case, project: Project, key_number: int) -> Decision:
    """The case in another project, under a new key; the old one finds nothing any more."""
    key = f"{project.key}-{key_number}"
    content: dict[str, Json] = {
        "from": str(case.project_id),
        "to": str(project.id),
        "from_key": case.key,
        "to_key": key,
    }
    there = replace(case, project_id=project.id, key=key, key_number=key_number)
    return there, [Change(CellType.PROJECT_CHANGED, content)]


def commented(case: Case, actor: Actor, at: datetime, *, more: int) -> Case:
    """A case with `more` comments (1, 0 for one that was edited, -1). That is activity, but no change of the case."""
    active_at = case.active_at if actor.kind is ActorKind.SYSTEM else at
    return replace(case, comment_count=case.comment_count + more, active_at=active_at)


def _in_status(case: Case, statuses: Statuses, name: str, at: datetime) -> Decision:
    """Into the closed group sets the time of closing, out of it removes it; between two closed ones it stays."""
    if name == case.status_name:
        return case, []
    group = group_of(statuses, name) or case.status_group
    closed_at = (case.closed_at or at) if group is StatusGroup.CLOSED else None
    content: dict[str, Json] = {
        "from": case.status_name,
        "to": name,
        "from_group": case.status_group.value,
        "to_group": group.value,
    }
    then = replace(case, status_name=name, status_group=group, closed_at=closed_at)
    return then, [Change(CellType.STATUS_CHANGED, content)]


def _set(case: Case, kind: CellType, before: str | None, after: str | None, then: Case) -> Decision:
    return (case, []) if before == after else (then, [Change(kind, {"from": before, "to": after})])


def _check_size(case: Case) -> None:
    plain = (value for values in case.attributes.values() for value in values)
    custom = (item for value in case.custom_attributes.values() for item in value.items if isinstance(item, str))
    if sum(len(text.encode()) for text in chain(plain, custom)) > MAX_VALUES_BYTES:
        raise Invalid(
            f"The values of all attributes of a case have at most {MAX_VALUES_BYTES} bytes together.",
            where="data.attributes",
        )


def _once(insights: tuple[Insight, ...]) -> tuple[Insight, ...]:
    """The first of each type and resource."""
    first: dict[tuple[str, str], Insight] = {}
    for one in insights:
        first.setdefault((one.type, one.resource_id), one)
    return tuple(first.values())


def _beginning(case: Case) -> dict[str, Json]:
    """What a case began as; what is not told here is the `from` of its first change, or still so."""
    told: dict[str, Json] = {
        "key": case.key,
        "title": case.title,
        "type_id": str(case.type_id),
        "project_id": str(case.project_id),
        "status": case.status_name,
        "status_group": case.status_group.value,
        "priority": case.priority.value,
    }
    return told | ({"assignee_id": str(case.assignee_id)} if case.assignee_id else {})


def _text(user: UserId | None) -> str | None:
    return None if user is None else str(user)


def _list(values: tuple[str, ...] | None) -> Json:
    return None if values is None else list(values)


def _value(value: CustomValue | None) -> Json:
    if value is None:
        return None
    texts: list[Json] = [item if isinstance(item, str) else number_text(item) for item in value.items]
    return texts if value.is_multi else texts[0]
