"""What people do to cases. One method, one transaction: load, decide, save, cells, facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from errata.base.clock import Clock
from errata.base.errors import Forbidden, Invalid, NotFound
from errata.base.facts import SYSTEM, Actor, Fact
from errata.base.ids import CaseId, CaseTypeId, CellId, CustomAttributeId, NewId, ProjectId, UserId
from errata.cases import bulk, cell_store, decide, deeds, project_store, store, type_store
from errata.cases.deeds import Deed
from errata.cases.history import cells_for, comment_fact, facts_for
from errata.cases.model import (
    BulkAction,
    Case,
    Cell,
    CellType,
    CustomValue,
    GivenValue,
    NewCase,
    Priority,
    Project,
)
from errata.cases.tables import ALL_CASES
from errata.cases.texts import comment_of
from errata.cases.types import legacy_type_id
from errata.cases.values import checked
from errata.storage import outbox
from errata.storage.sql import Database, Transaction


class CaseCommands:
    """The commands on cases. `ref` is the id or the key of a case, in upper or lower case.

    Every method but `create` raises NotFound for a case that does not exist, and writes nothing where nothing changes.
    """

    def __init__(self, db: Database, clock: Clock, new_id: NewId) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id

    def create(self, new: NewCase, actor: Actor) -> Case:
        """Open a case under the next number of its project.

        Raises Invalid for texts, attributes and types, NotAllowed for a status, NotFound for the project, the
        assignee, the type and keys of custom attributes, in this order; Conflict for an issue that has a case.
        """
        new = decide.well_formed(new)
        type_id = new.type_id or legacy_type_id(new.legacy_type)
        with self._db.write() as tx:
            project = deeds.project_to_fill(tx, new.project_id)
            if new.assignee_id is not None:
                deeds.check_assignee(tx, new.assignee_id, where="data.relationships.assignee.data.id")
            case_type = deeds.type_of(tx, type_id)
            decide.check_type(case_type, project, creating=True)
            custom_attributes = _checked_all(tx, type_id, new.custom_attributes)
            # The counters last but for the facts: all who create cases queue here.
            key_number = deeds.number_in(tx, project)
            at = self._clock.now()
            case, changes = decide.opened(
                new,
                case_id=CaseId(self._new_id()),
                public_id=store.next_number(tx, ALL_CASES),
                key_number=key_number,
                project=project,
                case_type=case_type,
                custom_attributes=custom_attributes,
                actor=actor,
                at=at,
            )
            store.add(tx, case)
            cell_store.add(tx, case.public_id, cells_for(changes, actor, at, self._new_id))
            outbox.append(tx, facts_for(case, changes, actor, at, self._new_id))
        return case

    def set_title(self, ref: str, title: str, actor: Actor) -> Case:
        """Give another title: one line of 1 to 1000 characters. Raises Invalid."""
        return self._do(ref, deeds.entitle(title), actor)

    def set_description(self, ref: str, description: str, actor: Actor) -> Case:
        """Give another description of at most 100 000 characters; it may be empty. Raises Invalid."""
        return self._do(ref, deeds.describe(description), actor)

    def set_status(self, ref: str, *, status: str | None, status_name: str | None, actor: Actor) -> Case:
        """Bring the case into a status of its type; `status_name` counts where both are given.

        Raises NotAllowed for a status that there is not, Invalid where neither is given.
        """
        return self._do(ref, deeds.bring_to(word=status, name=status_name), actor)

    def set_priority(self, ref: str, priority: Priority, actor: Actor) -> Case:
        """Give another priority."""
        return self._do(ref, deeds.prioritise(priority), actor)

    def assign(self, ref: str, user_id: UserId, actor: Actor) -> Case:
        """Make a user the assignee. Raises NotFound for one who is unknown, Invalid for one who is shut out."""
        return self._do(ref, deeds.assign(user_id), actor)

    def unassign(self, ref: str, actor: Actor) -> Case:
        """Take the assignee away."""
        return self._do(ref, deeds.unassign(), actor)

    def set_attributes(self, ref: str, attributes: Mapping[str, tuple[str, ...]], actor: Actor) -> Case:
        """Set the values of some keys; an empty list removes a key, keys not given stay. Raises Invalid."""
        return self._do(ref, deeds.describe_by(attributes), actor)

    def set_custom_attribute(self, ref: str, key: str, value: GivenValue, actor: Actor) -> Case:
        """Set a custom attribute of the case's type. Raises NotFound for the key, Invalid for the value."""
        return self._do(ref, deeds.set_custom_attribute(key, value), actor)

    def remove_custom_attribute(self, ref: str, key: str, actor: Actor) -> Case:
        """Take a custom attribute's value away. Raises NotFound for a key that the case's type does not define."""
        return self._do(ref, deeds.remove_custom_attribute(key), actor)

    def set_due_date(self, ref: str, due: date | None, actor: Actor) -> Case:
        """Set the day on which the case is due; None takes it away."""
        return self._do(ref, deeds.make_due(due), actor)

    def set_resolved_reason(self, ref: str, reason: str, actor: Actor) -> Case:
        """Say why the case was resolved: one line of 1 to 100 characters. Raises Invalid."""
        return self._do(ref, deeds.explain(reason), actor)

    def archive(self, ref: str, actor: Actor) -> Case:
        """Put the case away: searches leave it out, its status stays."""
        return self._do(ref, deeds.archive(), actor)

    def unarchive(self, ref: str, actor: Actor) -> Case:
        """Take the case out again."""
        return self._do(ref, deeds.unarchive(), actor)

    def move(self, ref: str, project_id: ProjectId, actor: Actor) -> Case:
        """Move the case to another project, where it gets a new key; the old key finds nothing any more.

        Raises NotFound for the project, Invalid for one that does not take the case's type.
        """
        return self._do(ref, deeds.move(project_id), actor)

    def bulk(self, refs: Collection[str], action: BulkAction, payload: Mapping[str, str], actor: Actor) -> None:
        """Do one thing to 1 to 100 cases: to all of them, or to none where one of them refuses.

        Raises what the action raises for one case; NotFound names the first that does not exist.
        """
        if not 1 <= len(refs) <= bulk.MAX_CASES:
            raise Invalid(f"Name 1 to {bulk.MAX_CASES} cases.", where="data.attributes.case_ids")
        deed = bulk.deed_of(action, payload)
        with self._db.write() as tx:
            found = _all_of(tx, refs)
            at = self._clock.now()
            facts: list[Fact] = []
            for case in found:
                facts += self._done(tx, case, deed, actor, at)[1]
            outbox.append(tx, facts)

    def close_inactive(self, *, most: int = 500) -> int:
        """Close cases to which nobody has done anything for as long as their project's settings say.

        The system does it, at most `most` of them at once; returns how many it closed.
        """
        with self._db.read() as tx:
            projects = [(project, decide.closes_after(project)) for project in project_store.load_all(tx)]
        closed = 0
        for project, patience in projects:
            while patience is not None and closed < most:
                some = self._close_some(project, patience, min(bulk.MAX_CASES, most - closed))
                closed += some
                if not some:
                    break
        return closed

    def comment(self, ref: str, text: str, actor: Actor) -> Cell:
        """Add a comment of 1 to 100 000 characters to the timeline. Raises Invalid."""
        text = comment_of(text)
        with self._db.write() as tx:
            case, at = self._case(tx, ref)
            cell = Cell(CellId(self._new_id()), CellType.COMMENT, actor, {"message": text}, at)
            cell_store.add(tx, case.public_id, [cell])
            self._note(tx, case, "case.comment", cell, actor, at, more=1)
        return cell

    def edit_comment(self, ref: str, cell_id: CellId, text: str, actor: Actor) -> Cell:
        """Give a comment another text. Raises Invalid, NotFound for the comment, Forbidden for all but its author."""
        text = comment_of(text)
        with self._db.write() as tx:
            case, at = self._case(tx, ref)
            cell = _comment(tx, case, cell_id)
            if cell.author != actor:
                raise Forbidden("Only the author of a comment can change it.")
            if cell.content.get("message") == text:
                return cell
            cell = replace(cell, content={"message": text}, modified_at=at)
            cell_store.save(tx, cell)
            self._note(tx, case, "case.comment_edited", cell, actor, at, more=0)
        return cell

    def delete_comment(self, ref: str, cell_id: CellId, actor: Actor, *, moderates: bool) -> None:
        """Take a comment's text out of the timeline for good; its place stays.

        Raises NotFound for the comment, Forbidden for who is neither its author nor `moderates`.
        """
        with self._db.write() as tx:
            case, at = self._case(tx, ref)
            cell = _comment(tx, case, cell_id)
            if cell.author != actor and not moderates:
                raise Forbidden("Only its author, and who has cases_shared_settings_write, can delete a comment.")
            cell = replace(cell, content={}, deleted_at=at)
            cell_store.save(tx, cell)
            self._note(tx, case, "case.comment_deleted", cell, actor, at, more=-1)

    def _close_some(self, project: Project, patience: timedelta, most: int) -> int:
        """In short transactions, so that nobody waits for long."""
        with self._db.write() as tx:
            since = self._clock.now() - patience
            public_ids = store.idle_in_project(tx, project.id, since, most)
            store.lock(tx, public_ids)
            at = self._clock.now()
            facts: list[Fact] = []
            for case in store.load_many(tx, public_ids):
                facts += self._done(tx, case, deeds.close_when_idle(since), SYSTEM, at)[1]
            outbox.append(tx, facts)
        return len(facts)

    def _do(self, ref: str, deed: Deed, actor: Actor) -> Case:
        with self._db.write() as tx:
            case, at = self._case(tx, ref)
            changed, facts = self._done(tx, case, deed, actor, at)
            outbox.append(tx, facts)
        return changed

    def _done(self, tx: Transaction, case: Case, deed: Deed, actor: Actor, at: datetime) -> tuple[Case, list[Fact]]:
        changed, changes = deed(tx, case, actor, at)
        if not changes:
            return case, []
        changed = decide.touched(changed, actor, at)
        store.save(tx, case, changed)
        cell_store.add(tx, case.public_id, cells_for(changes, actor, at, self._new_id))
        return changed, facts_for(changed, changes, actor, at, self._new_id)

    def _note(
        self, tx: Transaction, case: Case, name: str, cell: Cell, actor: Actor, at: datetime, *, more: int
    ) -> None:
        store.save(tx, case, decide.commented(case, actor, at, more=more))
        outbox.append(tx, [comment_fact(case, name, cell.id, actor, at, self._new_id)])

    def _case(self, tx: Transaction, ref: str) -> tuple[Case, datetime]:
        """The case, locked, and the time from then on: changes of one case are in the order of their times."""
        case = store.load(tx, ref, for_update=True)
        if case is None:
            raise NotFound("case not found")
        return case, self._clock.now()


def _all_of(tx: Transaction, refs: Collection[str]) -> list[Case]:
    """The cases, each once, locked in the order of their numbers, so that two such commands never wait in a circle."""
    public_ids = set()
    for ref in refs:
        public_id = store.find(tx, ref)
        if public_id is None:
            raise NotFound("case not found", meta={"case_id": ref[:100]})
        public_ids.add(public_id)
    store.lock(tx, public_ids)
    found = store.load_many(tx, sorted(public_ids))
    if len(found) < len(public_ids):
        raise NotFound("case not found")
    return found


def _comment(tx: Transaction, case: Case, cell_id: CellId) -> Cell:
    """A comment that is still there; the two ways to miss one are told apart as recorded (behaviour 1.3)."""
    cell = cell_store.load(tx, case.public_id, cell_id)
    if cell is None or cell.type is not CellType.COMMENT:
        raise NotFound("failed to get timeline cell: timeline cell not found")
    if cell.deleted_at is not None:
        raise NotFound("timeline cell not found")
    return cell


def _checked_all(
    tx: Transaction, type_id: CaseTypeId, given: Mapping[str, GivenValue]
) -> dict[CustomAttributeId, CustomValue]:
    if not given:
        return {}
    by_key = {definition.key: definition for definition in type_store.load_attributes(tx, [type_id])}
    for key in given:
        if key not in by_key:
            raise NotFound("custom attribute configuration not found", meta={"key": key[:200]})
    return {
        by_key[key].id: checked(by_key[key], value, where=f"data.attributes.custom_attributes.{key}")
        for key, value in given.items()
    }
