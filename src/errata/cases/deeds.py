"""What can be done to a case that exists, one function for each command: a deed looks up what its rule must know.

Commands on one case and on many run the same deeds. A deed writes nothing, but takes a number for a case that moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeAlias

from errata.access.store import load_user
from errata.base.errors import Invalid, NotFound
from errata.base.facts import Actor
from errata.base.ids import CaseTypeId, ProjectId, UserId
from errata.cases import decide, project_store, store, type_store
from errata.cases.decide import Decision
from errata.cases.model import (
    Case,
    CaseType,
    CustomAttribute,
    GivenValue,
    Priority,
    Project,
    StatusGroup,
)
from errata.cases.values import checked
from errata.storage.sql import Transaction

Deed: TypeAlias = Callable[[Transaction, Case, Actor, datetime], Decision]
"""What happens to a case by somebody at a time. Raises what its rule raises."""


def entitle(title: str) -> Deed:
    """Give another title."""
    return lambda _tx, case, _actor, _at: decide.with_title(case, title)


def describe(description: str) -> Deed:
    """Give another description."""
    return lambda _tx, case, _actor, _at: decide.with_description(case, description)


def prioritise(priority: Priority) -> Deed:
    """Give another priority."""
    return lambda _tx, case, _actor, _at: decide.with_priority(case, priority)


def bring_to(*, word: str | None, name: str | None) -> Deed:
    """Bring into another status of the case's type, given by a word of the old list or by name."""
    return lambda tx, case, _actor, at: decide.with_status(
        case, type_of(tx, case.type_id).statuses, name=name, word=word, at=at
    )


def assign(user_id: UserId) -> Deed:
    """Make a user the assignee. Raises NotFound for one who is unknown, Invalid for one who is shut out."""

    def deed(tx: Transaction, case: Case, actor: Actor, at: datetime) -> Decision:
        if case.assignee_id == user_id:
            return case, []
        check_assignee(tx, user_id, where="data.attributes.assignee_id")
        if case.status_group is StatusGroup.OPEN and actor.user_id == user_id:
            project = project_store.load(tx, case.project_id)
            if project is not None and decide.begins_when_taken(project):
                return decide.taken(case, user_id, type_of(tx, case.type_id).statuses, at)
        return decide.with_assignee(case, user_id)

    return deed


def unassign() -> Deed:
    """Take the assignee away."""
    return lambda _tx, case, _actor, _at: decide.with_assignee(case, None)


def describe_by(attributes: Mapping[str, tuple[str, ...]]) -> Deed:
    """Set attributes: keys given replace theirs, an empty list removes, others stay."""
    return lambda _tx, case, _actor, _at: decide.with_attributes(case, attributes)


def set_custom_attribute(key: str, given: GivenValue) -> Deed:
    """Set a custom attribute. Raises NotFound for a key that the type does not define, Invalid for the value."""

    def deed(tx: Transaction, case: Case, _actor: Actor, _at: datetime) -> Decision:
        definition = _defined(tx, case, key, "UpdateCustomAttribute")
        return decide.with_custom_attribute(case, definition, checked(definition, given))

    return deed


def remove_custom_attribute(key: str) -> Deed:
    """Take a custom attribute's value away. Raises NotFound for a key that the type does not define."""

    def deed(tx: Transaction, case: Case, _actor: Actor, _at: datetime) -> Decision:
        return decide.with_custom_attribute(case, _defined(tx, case, key, "RemoveCustomAttribute"), None)

    return deed


def make_due(due: date | None) -> Deed:
    """Set the day on which a case is due, or take it away."""
    return lambda _tx, case, _actor, _at: decide.with_due_date(case, due)


def explain(reason: str) -> Deed:
    """Say why a case was resolved."""
    return lambda _tx, case, _actor, _at: decide.with_resolved_reason(case, reason)


def archive() -> Deed:
    """Put a case away."""
    return lambda _tx, case, _actor, at: decide.archived(case, at)


def unarchive() -> Deed:
    """Take a case out again."""
    return lambda _tx, case, _actor, _at: decide.unarchived(case)


def close_when_idle(since: datetime) -> Deed:
    """Close a case to which nobody has done anything since an instant."""
    return lambda tx, case, _actor, at: decide.closed_when_idle(case, type_of(tx, case.type_id).statuses, since, at)


def move(project_id: ProjectId) -> Deed:
    """Move a case to another project, where it gets that project's next number.

    Raises NotFound for the project, Invalid for one that does not take the case's type.
    """

    def deed(tx: Transaction, case: Case, _actor: Actor, _at: datetime) -> Decision:
        if case.project_id == project_id:
            return case, []
        project = project_to_fill(tx, project_id)
        decide.check_type(type_of(tx, case.type_id), project, creating=False)
        return decide.moved(case, project, number_in(tx, project))

    return deed


def project_to_fill(tx: Transaction, project_id: ProjectId | None) -> Project:
    """A project that is about to get a case (see `number_in`); None means the oldest.

    Raises NotFound, and Invalid where there is no project at all.
    """
    project = project_store.oldest(tx) if project_id is None else project_store.load(tx, project_id)
    if project is not None:
        return project
    if project_id is None:
        raise Invalid("There is no project to create a case in.", where="data.relationships.project")
    raise NotFound("project not found")


def number_in(tx: Transaction, project: Project) -> int:
    """The next number of the project, which is not deleted before the transaction ends.

    Raises NotFound where it was deleted since it was loaded.
    """
    number = store.next_number(tx, project.key)
    if not project_store.is_alive(tx, project.id):
        raise NotFound("project not found")
    return number


def type_of(tx: Transaction, type_id: CaseTypeId) -> CaseType:
    """A case type. Raises NotFound."""
    found = type_store.load_type(tx, type_id)
    if found is None:
        raise NotFound("case_type not found")
    return found


def check_assignee(tx: Transaction, user_id: UserId, *, where: str) -> None:
    """Raise NotFound for a user who is unknown, Invalid for one who is shut out; who is only invited is welcome."""
    user = load_user(tx, user_id)
    if user is None:
        raise NotFound("user not found")
    if user.disabled:
        raise Invalid("This user is disabled and cannot be assigned.", where=where)


def _defined(tx: Transaction, case: Case, key: str, command: str) -> CustomAttribute:
    for definition in type_store.load_attributes(tx, [case.type_id]):
        if definition.key == key:
            return definition
    raise NotFound(
        "failed to update batch: failed to apply command: "
        f"failed to apply domain.{command} command: custom attribute configuration not found",
        meta={"key": key[:200]},
    )
