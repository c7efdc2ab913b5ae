from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from case_story import PROJECTS, STEPS, USERS, PlainCase, holds_together, replayed, told
from errata.access import store as access_store
from errata.access.model import User
from errata.base.clock import FixedClock
from errata.base.errors import Forbidden, Invalid, NotFound
from errata.base.facts import Actor, ActorKind
from errata.base.ids import CustomAttributeId, ProjectId, UserId, random_id
from errata.cases import project_store, type_store
from errata.cases.commands import CaseCommands
from errata.cases.model import AttributeType, Case, Cell, CellType, CustomAttribute, GivenValue, NewCase, Project
from errata.cases.reads import CaseReads
from errata.cases.tables import case_counters
from errata.cases.types import CHANGE_REQUEST
from errata.query.numbers import number_text
from errata.storage import outbox
from errata.storage.sql import Database
from states import States, migrated_state

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACTORS = tuple(Actor(ActorKind.USER, user) for user in USERS)
DEFINITIONS = tuple(
    CustomAttribute(
        CustomAttributeId(uuid4()), CHANGE_REQUEST.id, key, key, kind, is_multi=many, created_at=AT, modified_at=AT
    )
    for key, kind, many in (("size", AttributeType.NUMBER, False), ("tags", AttributeType.TEXT, True))
)


@dataclass
class Desk:
    """A database with two people and two projects, and a case that is worked on."""

    state: Database
    projects: dict[str, ProjectId]
    clock: FixedClock = field(default_factory=lambda: FixedClock(AT))
    added: list[Cell] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.work = CaseCommands(self.state, self.clock, random_id)
        self.look = CaseReads(self.state)

    def opened(self) -> tuple[Case, PlainCase]:
        self.added = []
        new = NewCase(self.projects["ONE"], "Upgrade", type_id=CHANGE_REQUEST.id)
        case = self.work.create(new, ACTORS[0])
        named = ("title", "description", "priority", "status_name", "assignee_id", "attributes", "due_date", "key")
        rest = {"resolved_reason": None, "size": None, "tags": None, "archived": False, "project": "ONE"}
        with self.state.read() as tx:
            numbers = {row.name: row.last for row in tx.execute(select(case_counters))}
        return case, PlainCase({name: getattr(case, name) for name in named} | rest, numbers)

    def do(self, ref: str, step: tuple, actor: Actor) -> None:
        work = self.work
        match step:
            case ("title", text):
                work.set_title(ref, text, actor)
            case ("description", text):
                work.set_description(ref, text, actor)
            case ("priority", priority):
                work.set_priority(ref, priority, actor)
            case ("status_name", name):
                work.set_status(ref, status=None, status_name=name, actor=actor)
            case ("status", word):
                work.set_status(ref, status=word, status_name=None, actor=actor)
            case ("assign", user):
                work.assign(ref, UserId(user), actor)
            case ("unassign",):
                work.unassign(ref, actor)
            case ("attributes", given_):
                work.set_attributes(ref, given_, actor)
            case ("size" | "tags", None):
                work.remove_custom_attribute(ref, step[0], actor)
            case ("size", size):
                work.set_custom_attribute(ref, "size", GivenValue("NUMBER", False, size), actor)
            case ("tags", tags):
                work.set_custom_attribute(ref, "tags", GivenValue("TEXT", True, list(tags)), actor)
            case ("due_date", due):
                work.set_due_date(ref, due, actor)
            case ("resolved_reason", reason):
                work.set_resolved_reason(ref, reason, actor)
            case ("archive",):
                work.archive(ref, actor)
            case ("unarchive",):
                work.unarchive(ref, actor)
            case ("move", key):
                work.move(ref, self.projects[key], actor)
            case ("comment", text):
                self.added.append(work.comment(ref, text, actor))
            case ("edit", place, text):
                work.edit_comment(ref, self.added[place].id, text, actor)
            case ("delete", place):
                work.delete_comment(ref, self.added[place].id, actor, moderates=False)
            case _:
                raise AssertionError(step)

    def may(self, step: tuple, actor: Actor, plain: PlainCase) -> bool:
        """Whether a step is possible: a comment must be there, and be the actor's own."""
        if step[0] not in ("edit", "delete"):
            return True
        return plain.has_comment(step[1]) and self.added[step[1]].author == actor


@pytest.fixture(scope="module")
def desk(states: States) -> Iterator[Desk]:
    with migrated_state(states) as state:
        projects = {key: ProjectId(uuid4()) for key in PROJECTS}
        with state.write() as tx:
            for user in USERS:
                address = f"{user.int}@errata.example"
                access_store.add_user(tx, User(user, address, address, AT, AT))
            for key, project_id in projects.items():
                project_store.add(tx, Project(project_id, key, key, AT, AT))
            for definition in DEFINITIONS:
                type_store.add_attribute(tx, definition)
        yield Desk(state, projects)


@given(steps=st.lists(st.tuples(STEPS, st.sampled_from(ACTORS)), max_size=25))
@settings(max_examples=60, deadline=None)
def test_any_sequence_of_commands_leaves_what_a_plain_model_says(desk: Desk, steps: list[tuple[tuple, Actor]]) -> None:
    made, plain = desk.opened()
    ref, beginning, modified_at = str(made.id), told(made, {}), None
    for step, actor in steps:
        desk.clock.advance(timedelta(seconds=1))
        if not desk.may(step, actor, plain):
            with suppress(IndexError), pytest.raises((NotFound, Forbidden)):
                desk.do(ref, step, actor)
            continue
        changes = plain.takes(step)
        desk.do(ref, step, actor)
        if changes and step[0] not in ("comment", "edit", "delete"):
            modified_at = desk.clock.now()
        case = desk.look.case(ref)
        holds_together(case, plain)
        assert case.modified_at == modified_at
        assert case.comment_count == sum(text is not None for text in plain.comments)

    case, cells = desk.look.case(plain.fields["key"]), timeline(desk, ref)
    assert (case.id, case.public_id) == (made.id, made.public_id)
    assert [cell.type for cell in cells] == plain.cells
    assert replayed(beginning, cells) == told(case, shown(case))
    comments = [cell for cell in cells if cell.type is CellType.COMMENT]
    assert [cell.content.get("message") for cell in comments] == plain.comments
    assert [cell.created_at for cell in cells] == sorted(cell.created_at for cell in cells)
    assert facts_of_changes(desk.state, case) == [f"case.{cell.type.lower()}" for cell in cells]


HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x00\x01\x02\x1b\x85\u2028\ud800\udfff\ufeff'\"\\%_*\t\n\r \u0301\u1e9e\u0130"),
    ),
    max_size=60,
)


@given(title=HOSTILE, lines=HOSTILE, value=HOSTILE, comment=HOSTILE)
@settings(max_examples=100, deadline=None)
def test_any_text_is_kept_as_it_is_or_refused(desk: Desk, title: str, lines: str, value: str, comment: str) -> None:
    made, _ = desk.opened()
    ref = str(made.id)
    for change, kept in (
        (lambda: desk.work.set_title(ref, title, ACTORS[0]).title, lambda case: case.title),
        (lambda: desk.work.set_description(ref, lines, ACTORS[0]).description, lambda case: case.description),
        (
            lambda: desk.work.set_attributes(ref, {"service": (value,)}, ACTORS[0]).attributes,
            lambda case: case.attributes,
        ),
        (
            lambda: desk.work.set_custom_attribute(ref, "tags", GivenValue("TEXT", True, [value]), ACTORS[0]),
            lambda case: case,
        ),
    ):
        before = desk.look.case(ref)
        try:
            changed = change()
        except Invalid:
            assert desk.look.case(ref) == before
        else:
            assert kept(desk.look.case(ref)) == changed
    try:
        cell = desk.work.comment(ref, comment, ACTORS[0])
    except Invalid:
        assert desk.look.case(ref).comment_count == 0
    else:
        assert cell.content == {"message": comment}
        assert timeline(desk, ref)[-1] == cell


def timeline(desk: Desk, ref: str) -> list[Cell]:
    """The whole timeline, read in small pages from its end, oldest first."""
    pages: list[Cell] = []
    while page := desk.look.timeline(ref, types=None, offset=len(pages), limit=7, ascending=False):
        pages += page
    return pages[::-1]


def shown(case: Case) -> dict[str, object]:
    values: dict[str, object] = {}
    for definition in DEFINITIONS:
        if value := case.custom_attributes.get(definition.id):
            texts = [number_text(item) if isinstance(item, float) else item for item in value.items]
            values[definition.key] = texts if value.is_multi else texts[0]
    return values


def facts_of_changes(state: Database, case: Case) -> list[str]:
    mine = select(outbox.facts.c.name).where(outbox.facts.c.subject == case.id).order_by(outbox.facts.c.sequence)
    with state.read() as tx:
        names = list(tx.execute(mine).scalars())
    return [name for name in names if name not in ("case.comment_edited", "case.comment_deleted")]
