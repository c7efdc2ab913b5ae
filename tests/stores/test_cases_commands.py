from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, func, select

from errata.access.commands import AccessCommands
from errata.base.clock import FixedClock
from errata.base.errors import Conflict, Forbidden, Invalid, NotAllowed, NotFound
from errata.base.facts import SYSTEM, Actor, ActorKind
from errata.base.ids import CaseTypeId, CustomAttributeId, ProjectId, UserId, random_id
from errata.cases import project_store, store, type_store
from errata.cases.commands import CaseCommands
from errata.cases.model import (
    AttributeType,
    BulkAction,
    Case,
    Cell,
    CellType,
    CustomAttribute,
    CustomValue,
    GivenValue,
    Insight,
    NewCase,
    Priority,
    Project,
    StatusGroup,
)
from errata.cases.reads import CaseReads
from errata.cases.tables import case_cells, case_contents, case_projects, case_values, cases
from errata.cases.types import CHANGE_REQUEST, ERROR_TRACKING, STANDARD
from errata.storage import outbox
from errata.storage.sql import Database

EVERYTHING = {"types": None, "offset": 0, "limit": 1000, "ascending": True}


@pytest.fixture
def work(state: Database, clock: FixedClock) -> CaseCommands:
    return CaseCommands(state, clock, random_id)


@pytest.fixture
def look(state: Database) -> CaseReads:
    return CaseReads(state)


@pytest.fixture
def general(state: Database) -> ProjectId:
    with state.read() as tx:
        return ProjectId(tx.execute(select(case_projects.c.id)).scalar_one())


@pytest.fixture
def other(state: Database, clock: FixedClock) -> Project:
    later = clock.now() + timedelta(days=9999)  # than the project of the migration
    project = Project(ProjectId(uuid4()), "OPS", "Operations", later, later)
    with state.write() as tx:
        project_store.add(tx, project)
    return project


@pytest.fixture
def invite(commands: AccessCommands) -> Callable[[str], Actor]:
    def invite(name: str) -> Actor:
        return Actor(ActorKind.USER, commands.create_user(SYSTEM, email=f"{name}@errata.example").id)

    return invite


@pytest.fixture
def mira(invite: Callable[[str], Actor]) -> Actor:
    return invite("mira")


@pytest.fixture
def size(state: Database, clock: FixedClock) -> CustomAttribute:
    definition = CustomAttribute(
        CustomAttributeId(uuid4()), STANDARD.id, "size", "Size", AttributeType.NUMBER, is_multi=False,
        created_at=clock.now(), modified_at=clock.now(),
    )  # fmt: skip
    with state.write() as tx:
        type_store.add_attribute(tx, definition)
    return definition


def new_case(project: ProjectId, **changes) -> NewCase:
    return NewCase(**{"project_id": project, "title": "Checkout slow", "type_id": STANDARD.id} | changes)


def types_of(cells: list[Cell]) -> list[CellType]:
    return [cell.type for cell in cells]


def case_facts(state: Database) -> list[str]:
    with state.read() as tx:
        written = outbox.read(tx, 0, 1000)
    return [one.fact.name for one in written if one.fact.name.startswith("case.")]


def number_of_rows(state: Database) -> dict[str, int]:
    tables = (cases, case_contents, case_values, case_cells, outbox.facts)
    with state.read() as tx:
        return {table.name: tx.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def test_case_is_read_as_it_was_created(
    work: CaseCommands, look: CaseReads, general: ProjectId, size: CustomAttribute, mira: Actor, clock: FixedClock
) -> None:
    made = work.create(
        new_case(
            general,
            title="Checkout slow 😀",
            description="    code\n" * 100,
            priority=Priority.P4,
            assignee_id=UserId(mira.id),
            attributes={"service": ("web", "api"), "gone": ()},
            custom_attributes={"size": GivenValue("NUMBER", False, 4)},
            insights=(Insight("EVENT", "/e?id=1", "1"),),
        ),
        mira,
    )

    assert look.case(str(made.id)) == made
    assert (made.key, made.key_number, made.public_id) == ("GEN-1", 1, 1)
    assert (made.created_by, made.created_at, made.modified_at) == (mira.id, clock.now(), None)
    assert (made.status_name, made.status_group, made.creation_source) == ("Open", StatusGroup.OPEN, "MANUAL")
    assert made.attributes == {"service": ("web", "api")}
    assert made.custom_attributes == {size.id: CustomValue(AttributeType.NUMBER, False, 4.0)}


def test_case_is_found_by_id_and_by_key_in_any_case(
    work: CaseCommands, look: CaseReads, general: ProjectId, mira: Actor
) -> None:
    made = work.create(new_case(general), mira)

    for ref in (str(made.id), str(made.id).upper(), "GEN-1", "gen-1", "Gen-1"):
        assert look.case(ref) == made


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "GEN-2",
        "GEN-01",
        "GEN-1 ",
        "GEN",
        "1",
        "GEN-\u0661",
        "ge\u00df-1",
        "GEN-1\x00",
        "x" * 5000,
        str(UUID(int=4)),
    ],
    ids=range(11),
)
def test_case_that_does_not_exist_is_not_found(
    work: CaseCommands, look: CaseReads, general: ProjectId, mira: Actor, ref: str
) -> None:
    work.create(new_case(general), mira)

    with pytest.raises(NotFound, match=r"^case not found$"):
        look.case(ref)
    with pytest.raises(NotFound, match=r"^case not found$"):
        work.set_title(ref, "x", mira)
    with pytest.raises(NotFound, match=r"^case not found$"):
        look.timeline(ref, **EVERYTHING)


def test_numbers_run_by_project_and_over_all_of_them_without_gaps(
    work: CaseCommands, look: CaseReads, general: ProjectId, other: Project, mira: Actor
) -> None:
    made = [work.create(new_case(project), mira) for project in (general, other.id, other.id, general)]
    with pytest.raises(NotFound):
        work.create(new_case(general, custom_attributes={"unknown": GivenValue("TEXT", False, "x")}), mira)
    with pytest.raises(NotAllowed):
        work.create(new_case(general, status_name="Never"), mira)
    made.append(work.create(new_case(general), mira))

    assert [case.key for case in made] == ["GEN-1", "OPS-1", "OPS-2", "GEN-2", "GEN-3"]
    assert [case.public_id for case in made] == [1, 2, 3, 4, 5]


def test_issue_has_one_case_at_most(
    work: CaseCommands, look: CaseReads, state: Database, general: ProjectId, mira: Actor
) -> None:
    issue = Insight("ERROR_TRACKING", "/error-tracking?issueId=1", "1")
    first = work.create(new_case(general, insights=(issue,)), mira)
    rows = number_of_rows(state)

    with pytest.raises(Conflict, match="one case"):
        work.create(new_case(general, insights=(issue,)), mira)

    assert number_of_rows(state) == rows
    assert look.case("GEN-1") == first
    assert work.create(new_case(general, insights=(Insight("MONITOR", "/m", "1"),)), mira).key == "GEN-2"


def test_creation_tells_what_is_missing_in_the_recorded_order(
    work: CaseCommands, general: ProjectId, mira: Actor, state: Database
) -> None:
    before = number_of_rows(state)
    nobody, nowhere = UserId(uuid4()), ProjectId(uuid4())
    for new, message in (
        (new_case(nowhere, assignee_id=nobody), "project not found"),
        (new_case(general, assignee_id=nobody, type_id=CaseTypeId(uuid4())), "user not found"),
        (new_case(general, type_id=CaseTypeId(uuid4())), "case_type not found"),
    ):
        with pytest.raises(NotFound, match=f"^{message}$"):
            work.create(new, mira)
    with pytest.raises(Invalid, match="1 to 1000"):
        work.create(new_case(nowhere, title=""), mira)
    assert number_of_rows(state) == before


def test_case_without_a_project_is_created_in_the_oldest(
    work: CaseCommands, state: Database, general: ProjectId, other: Project, mira: Actor, clock: FixedClock
) -> None:
    assert work.create(new_case(None), mira).key == "GEN-1"
    with state.write() as tx:
        project_store.mark_deleted(tx, general, clock.now())
    assert work.create(new_case(None), mira).key == "OPS-1"
    with state.write() as tx:
        project_store.mark_deleted(tx, other.id, clock.now())
    with pytest.raises(Invalid, match="no project"):
        work.create(new_case(None), mira)


def test_old_word_for_the_type_creates_as_well(work: CaseCommands, general: ProjectId, mira: Actor) -> None:
    old = work.create(new_case(general, type_id=None, legacy_type="STANDARD"), mira)
    both = work.create(new_case(general, legacy_type="ERROR_TRACKING_ISSUE"), mira)
    issue = work.create(new_case(general, type_id=None, legacy_type="ERROR_TRACKING_ISSUE"), mira)

    assert [old.type_id, both.type_id, issue.type_id] == [STANDARD.id, STANDARD.id, ERROR_TRACKING.id]


def test_each_change_is_kept_with_its_cell_its_fact_and_who_did_it_when(
    work: CaseCommands,
    look: CaseReads,
    state: Database,
    general: ProjectId,
    other: Project,
    size: CustomAttribute,
    invite: Callable[[str], Actor],
    clock: FixedClock,
) -> None:
    mira, noor = invite("mira"), invite("noor")
    ref = str(work.create(new_case(general), mira).id)
    created_at = clock.now()
    for name, change in (
        ("TITLE_CHANGED", lambda: work.set_title(ref, "Checkout is slow", noor)),
        ("DESCRIPTION_CHANGED", lambda: work.set_description(ref, "since noon", noor)),
        ("STATUS_CHANGED", lambda: work.set_status(ref, status="CLOSED", status_name=None, actor=noor)),
        ("PRIORITY_CHANGED", lambda: work.set_priority(ref, Priority.P1, noor)),
        ("ASSIGNEE_CHANGED", lambda: work.assign(ref, UserId(mira.id), noor)),
        ("ASSIGNEE_CHANGED", lambda: work.unassign(ref, noor)),
        ("ATTRIBUTES_CHANGED", lambda: work.set_attributes(ref, {"service": ("web",)}, noor)),
        (
            "CUSTOM_ATTRIBUTE_CHANGED",
            lambda: work.set_custom_attribute(ref, "size", GivenValue("NUMBER", False, 2.5), noor),
        ),
        ("CUSTOM_ATTRIBUTE_CHANGED", lambda: work.remove_custom_attribute(ref, "size", noor)),
        ("DUE_DATE_CHANGED", lambda: work.set_due_date(ref, date(2026, 12, 24), noor)),
        ("RESOLVED_REASON_CHANGED", lambda: work.set_resolved_reason(ref, "TESTING", noor)),
        ("PROJECT_CHANGED", lambda: work.move(ref, other.id, noor)),
        ("ARCHIVED", lambda: work.archive(ref, noor)),
        ("UNARCHIVED", lambda: work.unarchive(ref, noor)),
    ):
        clock.advance(timedelta(minutes=1))
        changed = change()
        assert look.case(ref) == changed
        assert (changed.modified_at, changed.modified_by, changed.active_at) == (clock.now(), noor.id, clock.now())
        newest = look.timeline(ref, **EVERYTHING)[-1]
        assert (newest.type, newest.author, newest.created_at) == (CellType(name), noor, clock.now())
        assert case_facts(state)[-1] == f"case.{name.lower()}"
        rows = number_of_rows(state)
        assert change() == changed
        assert number_of_rows(state) == rows

    assert (look.case(ref).created_at, look.case(ref).created_by) == (created_at, mira.id)
    assert len(look.timeline(ref, **EVERYTHING)) == len(case_facts(state)) == 15


def test_same_value_later_leaves_the_time_of_the_last_change(
    work: CaseCommands, look: CaseReads, state: Database, general: ProjectId, mira: Actor, clock: FixedClock
) -> None:
    work.create(new_case(general), mira)
    changed = work.set_priority("GEN-1", Priority.P2, mira)
    rows = number_of_rows(state)
    clock.advance(timedelta(days=1))

    for again in (
        lambda: work.set_title("GEN-1", "Checkout slow", SYSTEM),
        lambda: work.set_priority("GEN-1", Priority.P2, SYSTEM),
        lambda: work.set_status("GEN-1", status="OPEN", status_name=None, actor=SYSTEM),
        lambda: work.set_status("GEN-1", status=None, status_name="open", actor=SYSTEM),
        lambda: work.unassign("GEN-1", SYSTEM),
        lambda: work.unarchive("GEN-1", SYSTEM),
        lambda: work.set_due_date("GEN-1", None, SYSTEM),
        lambda: work.set_attributes("GEN-1", {"env": ()}, SYSTEM),
        lambda: work.move("GEN-1", general, SYSTEM),
    ):
        assert again() == changed
    assert look.case("GEN-1") == changed
    assert number_of_rows(state) == rows


def test_moved_case_is_found_by_its_new_key_and_its_id_only(
    work: CaseCommands, look: CaseReads, general: ProjectId, other: Project, mira: Actor
) -> None:
    made = work.create(new_case(general), mira)

    moved = work.move("GEN-1", other.id, mira)
    back = work.move("OPS-1", general, mira)

    assert (moved.key, moved.public_id, moved.id) == ("OPS-1", 1, made.id)
    assert back.key == "GEN-2"
    assert look.case(str(made.id)) == look.case("gen-2") == back
    for gone in ("GEN-1", "OPS-1"):
        with pytest.raises(NotFound):
            look.case(gone)
    with pytest.raises(NotFound, match=r"^project not found$"):
        work.move("GEN-2", ProjectId(uuid4()), mira)


def test_assignee_must_be_known_and_not_shut_out(
    work: CaseCommands, commands: AccessCommands, general: ProjectId, mira: Actor
) -> None:
    work.create(new_case(general), mira)

    assert work.assign("GEN-1", UserId(mira.id), SYSTEM).assignee_id == mira.id
    with pytest.raises(NotFound, match=r"^user not found$"):
        work.assign("GEN-1", UserId(uuid4()), mira)
    work.unassign("GEN-1", mira)
    commands.disable_user(SYSTEM, UserId(mira.id))
    with pytest.raises(Invalid, match="disabled"):
        work.assign("GEN-1", UserId(mira.id), SYSTEM)


def test_open_case_goes_on_when_somebody_takes_it_where_the_project_says_so(
    work: CaseCommands, state: Database, clock: FixedClock, invite: Callable[[str], Actor]
) -> None:
    mira, noor = invite("mira"), invite("noor")
    settings = {"auto_transition_assigned_cases": {"auto_transition_assigned_cases_on_self_assigned": True}}
    project = Project(ProjectId(uuid4()), "SELF", "Self", clock.now(), clock.now(), settings=settings)
    with state.write() as tx:
        project_store.add(tx, project)
    for _ in range(2):
        work.create(new_case(project.id), mira)

    taken = work.assign("SELF-1", UserId(noor.id), noor)
    given = work.assign("SELF-2", UserId(noor.id), mira)

    assert (taken.status_name, given.status_name) == ("In Progress", "Open")
    assert case_facts(state)[-3:] == ["case.assignee_changed", "case.status_changed", "case.assignee_changed"]


def test_cases_that_wait_in_vain_are_closed_where_the_project_says_so(
    work: CaseCommands, look: CaseReads, state: Database, general: ProjectId, mira: Actor, clock: FixedClock
) -> None:
    settings = {"auto_close_inactive_cases": {"enabled": True, "max_inactive_time_in_secs": 7 * 86_400}}
    project = Project(ProjectId(uuid4()), "IDLE", "Idle", clock.now(), clock.now(), settings=settings)
    with state.write() as tx:
        project_store.add(tx, project)
    for number in range(6):
        work.create(new_case(project.id, type_id=CHANGE_REQUEST.id if number == 5 else STANDARD.id), mira)
    work.create(new_case(general), mira)
    work.archive("IDLE-1", mira)
    closed_before = work.set_status("IDLE-2", status="CLOSED", status_name=None, actor=mira)
    clock.advance(timedelta(days=7))
    work.comment("IDLE-3", "still there?", mira)
    assert work.close_inactive() == 0
    clock.advance(timedelta(microseconds=1))

    assert [work.close_inactive(most=2), work.close_inactive(most=2), work.close_inactive()] == [2, 1, 0]

    statuses = [look.case(f"IDLE-{number}").status_name for number in range(1, 7)]
    assert statuses == ["Open", "Closed", "Open", "Closed", "Closed", "Completed"]
    assert look.case("GEN-1").status_name == "Open"
    assert look.case("IDLE-2") == closed_before
    closed = look.case("IDLE-4")
    assert (closed.closed_at, closed.modified_at, closed.modified_by) == (clock.now(), clock.now(), None)
    assert closed.active_at == closed.created_at
    assert look.timeline("IDLE-4", **EVERYTHING)[-1].author == SYSTEM


def test_a_page_of_cases_is_read_in_few_statements(
    work: CaseCommands, state: Database, general: ProjectId, mira: Actor
) -> None:
    for _ in range(100):
        work.create(new_case(general, attributes={"service": ("web",)}), mira)
    statements: list[str] = []
    with state.read() as tx:

        @event.listens_for(tx, "before_cursor_execute")
        def _note(_connection, _cursor, statement, *_) -> None:
            statements.append(statement)

        found = store.load_many(tx, range(1, 101))
    assert len(found) == 100
    assert len(statements) <= 3


def test_custom_attribute_that_the_type_does_not_define_is_not_found_in_the_recorded_words(
    work: CaseCommands, general: ProjectId, size: CustomAttribute, mira: Actor
) -> None:
    work.create(new_case(general, type_id=CHANGE_REQUEST.id), mira)
    given = GivenValue("NUMBER", False, 1)

    with pytest.raises(NotFound) as told:
        work.set_custom_attribute("GEN-1", "size", given, mira)
    assert told.value.message.endswith("domain.UpdateCustomAttribute command: custom attribute configuration not found")
    assert told.value.meta == {"key": "size"}
    with pytest.raises(NotFound, match=r"domain\.RemoveCustomAttribute command"):
        work.remove_custom_attribute("GEN-1", "size", mira)


def test_value_of_a_deleted_definition_is_kept_and_not_shown(
    work: CaseCommands,
    look: CaseReads,
    state: Database,
    general: ProjectId,
    size: CustomAttribute,
    mira: Actor,
    clock: FixedClock,
) -> None:
    work.create(new_case(general, custom_attributes={"size": GivenValue("NUMBER", False, 1)}), mira)
    assert look.definitions_of([STANDARD.id]) == {size.id: size}
    deleted = CustomAttribute(**{name: getattr(size, name) for name in size.__slots__} | {"deleted_at": clock.now()})
    with state.write() as tx:
        type_store.save_attribute(tx, deleted)

    assert look.case("GEN-1").custom_attributes == {size.id: CustomValue(AttributeType.NUMBER, False, 1.0)}
    assert look.definitions_of([STANDARD.id]) == {}
    with pytest.raises(NotFound):
        work.remove_custom_attribute("GEN-1", "size", mira)


def test_comments_stand_in_the_timeline_in_the_order_they_were_added(
    work: CaseCommands, look: CaseReads, state: Database, general: ProjectId, mira: Actor, clock: FixedClock
) -> None:
    made = work.create(new_case(general), mira)
    added = [work.comment("GEN-1", f"comment {number}", mira) for number in range(5)]
    work.set_title("GEN-1", "other", mira)
    only = frozenset({CellType.COMMENT})

    assert look.timeline("GEN-1", types=only, offset=0, limit=10, ascending=True) == added
    assert look.timeline("GEN-1", types=only, offset=1, limit=2, ascending=False) == [added[3], added[2]]
    assert look.timeline("GEN-1", types=None, offset=2**80, limit=1000, ascending=True) == []
    assert look.timeline("GEN-1", types=frozenset(), offset=0, limit=1000, ascending=True) == []
    assert types_of(look.timeline("GEN-1", **EVERYTHING)) == ["CREATED", *["COMMENT"] * 5, "TITLE_CHANGED"]
    assert added[0].content == {"message": "comment 0"}
    assert (look.case("GEN-1").comment_count, made.comment_count) == (5, 0)
    assert case_facts(state).count("case.comment") == 5


def test_comment_is_activity_and_no_change_of_the_case(
    work: CaseCommands, look: CaseReads, general: ProjectId, mira: Actor, clock: FixedClock
) -> None:
    work.create(new_case(general), mira)
    clock.advance(timedelta(hours=1))
    work.comment("GEN-1", "Hello", mira)

    case = look.case("GEN-1")
    assert (case.modified_at, case.modified_by, case.active_at) == (None, None, clock.now())


def test_only_its_author_edits_a_comment(
    work: CaseCommands,
    look: CaseReads,
    state: Database,
    general: ProjectId,
    invite: Callable[[str], Actor],
    clock: FixedClock,
) -> None:
    mira, noor = invite("mira"), invite("noor")
    work.create(new_case(general), mira)
    cell = work.comment("GEN-1", "Helo", mira)
    clock.advance(timedelta(minutes=1))

    with pytest.raises(Forbidden):
        work.edit_comment("GEN-1", cell.id, "mine", noor)
    edited = work.edit_comment("GEN-1", cell.id, "Hello", mira)
    same = work.edit_comment("GEN-1", cell.id, "Hello", mira)

    assert (edited.content, edited.modified_at, edited.created_at) == (
        {"message": "Hello"},
        clock.now(),
        cell.created_at,
    )
    assert same == edited == look.timeline("GEN-1", **EVERYTHING)[-1]
    assert case_facts(state) == ["case.created", "case.comment", "case.comment_edited"]


def test_deleted_comment_keeps_its_place_without_its_text(
    work: CaseCommands, look: CaseReads, state: Database, general: ProjectId, invite: Callable[[str], Actor]
) -> None:
    mira, noor = invite("mira"), invite("noor")
    work.create(new_case(general), mira)
    first, second = (work.comment("GEN-1", f"secret {number}", mira) for number in range(2))
    with pytest.raises(Forbidden):
        work.delete_comment("GEN-1", first.id, noor, moderates=False)

    work.delete_comment("GEN-1", first.id, noor, moderates=True)
    work.delete_comment("GEN-1", second.id, mira, moderates=False)

    cells = look.timeline("GEN-1", **EVERYTHING)
    assert types_of(cells) == ["CREATED", "COMMENT", "COMMENT"]
    assert all(cell.deleted_at is not None and cell.content == {} for cell in cells[1:])
    assert look.timeline("GEN-1", types=frozenset({CellType.COMMENT}), offset=0, limit=9, ascending=True) == []
    assert look.case("GEN-1").comment_count == 0
    with state.read() as tx:
        facts = [written.fact for written in outbox.read(tx, 0, 1000)]
    assert not any("secret" in str(fact.data) for fact in facts)
    for missed in (
        lambda: work.delete_comment("GEN-1", first.id, mira, moderates=True),
        lambda: work.edit_comment("GEN-1", first.id, "again", mira),
    ):
        with pytest.raises(NotFound, match=r"^timeline cell not found$"):
            missed()


def test_cell_that_is_no_comment_of_this_case_is_not_found(
    work: CaseCommands, look: CaseReads, general: ProjectId, mira: Actor
) -> None:
    work.create(new_case(general), mira)
    work.create(new_case(general), mira)
    elsewhere = work.comment("GEN-2", "Hello", mira)
    creation = look.timeline("GEN-1", **EVERYTHING)[0]

    for cell_id in (uuid4(), elsewhere.id, creation.id):
        with pytest.raises(NotFound, match=r"^failed to get timeline cell: timeline cell not found$"):
            work.delete_comment("GEN-1", cell_id, mira, moderates=True)


@pytest.mark.parametrize(
    ("action", "payload", "field", "expected"),
    [
        (BulkAction.PRIORITY, {"priority": "P1"}, "priority", Priority.P1),
        (BulkAction.STATUS, {"status": "IN_PROGRESS"}, "status_name", "In Progress"),
        (BulkAction.STATUS, {"status_name": "closed", "status": "OPEN"}, "status_name", "Closed"),
        (BulkAction.ASSIGN, {"assignee_id": "{mira}"}, "assignee_id", "{mira}"),
        (BulkAction.ASSIGN, {"user_id": "{mira}"}, "assignee_id", "{mira}"),
        (BulkAction.UPDATE_PROJECT, {"project_id": "{ops}"}, "project_id", "{ops}"),
    ],
)
def test_bulk_does_one_thing_to_all(
    work: CaseCommands,
    look: CaseReads,
    general: ProjectId,
    other: Project,
    mira: Actor,
    action,
    payload,
    field,
    expected,
) -> None:
    ids = {"mira": mira.id, "ops": other.id}
    for _ in range(3):
        work.create(new_case(general), mira)
    refs = [str(look.case(f"GEN-{number}").id) for number in (3, 1)]

    work.bulk([*refs, refs[0].upper()], action, {name: text.format(**ids) for name, text in payload.items()}, mira)

    values = [str(getattr(look.case(ref), field)) for ref in refs]
    assert values == [str(expected).format(**ids)] * 2
    assert look.case("GEN-2").modified_at is None
    assert [len(look.timeline(ref, **EVERYTHING)) for ref in refs] == [2, 2]


def test_bulk_archives_unarchives_and_unassigns(
    work: CaseCommands, look: CaseReads, general: ProjectId, mira: Actor
) -> None:
    for _ in range(2):
        work.create(new_case(general, assignee_id=UserId(mira.id)), mira)
    refs = ["gen-1", "GEN-2"]

    work.bulk(refs, BulkAction.ARCHIVE, {}, mira)
    assert all(look.case(ref).archived_at for ref in refs)
    work.bulk(refs, BulkAction.UNARCHIVE, {}, mira)
    work.bulk(refs, BulkAction.UNASSIGN, {}, mira)
    assert [(look.case(ref).archived_at, look.case(ref).assignee_id) for ref in refs] == [(None, None)] * 2


@pytest.mark.parametrize(
    ("refs", "action", "payload", "error"),
    [
        (["GEN-1", "GEN-9"], BulkAction.PRIORITY, {"priority": "P1"}, NotFound),
        (["GEN-1"], BulkAction.PRIORITY, {"priority": "P9"}, NotAllowed),
        (["GEN-1"], BulkAction.PRIORITY, {}, Invalid),
        (["GEN-1"], BulkAction.STATUS, {}, Invalid),
        (["GEN-1", "GEN-2"], BulkAction.STATUS, {"status_name": "Approved"}, NotAllowed),
        (["GEN-1"], BulkAction.ASSIGN, {"assignee_id": "mira"}, Invalid),
        (["GEN-1"], BulkAction.ASSIGN, {"assignee_id": str(UUID(int=4))}, NotFound),
        (["GEN-1"], BulkAction.UPDATE_PROJECT, {"project_id": str(UUID(int=4))}, NotFound),
        (["GEN-1"], BulkAction.JIRA, {}, Invalid),
        ([], BulkAction.ARCHIVE, {}, Invalid),
        ([f"GEN-{number}" for number in range(1, 102)], BulkAction.ARCHIVE, {}, Invalid),
    ],
)
def test_bulk_that_one_case_refuses_changes_none(
    work: CaseCommands, state: Database, general: ProjectId, mira: Actor, refs, action, payload, error
) -> None:
    work.create(new_case(general, type_id=CHANGE_REQUEST.id), mira)
    work.create(new_case(general), mira)
    with state.read() as tx:
        before = store.load_many(tx, [1, 2])
    rows = number_of_rows(state)

    with pytest.raises(error):
        work.bulk(refs, action, payload, mira)

    with state.read() as tx:
        assert store.load_many(tx, [1, 2]) == before
    assert number_of_rows(state) == rows


def test_case_of_a_project_that_is_being_deleted_is_gone_for_everybody(
    work: CaseCommands, look: CaseReads, state: Database, other: Project, mira: Actor, clock: FixedClock
) -> None:
    made = work.create(new_case(other.id), mira)
    with state.write() as tx:
        project_store.mark_deleted(tx, other.id, clock.now())

    for gone in (
        lambda: look.case(str(made.id)),
        lambda: work.comment("OPS-1", "Hello", mira),
        lambda: work.bulk(["OPS-1"], BulkAction.ARCHIVE, {}, mira),
    ):
        with pytest.raises(NotFound, match=r"^case not found$"):
            gone()
    with pytest.raises(NotFound, match=r"^project not found$"):
        work.create(new_case(other.id), mira)


def test_purged_cases_leave_nothing_behind(
    work: CaseCommands, look: CaseReads, state: Database, general: ProjectId, other: Project, mira: Actor
) -> None:
    kept = work.create(new_case(general, attributes={"service": ("web",)}), mira)
    for _ in range(3):
        work.create(new_case(other.id, attributes={"service": ("web",)}), mira)
    work.comment("OPS-2", "Hello", mira)

    with state.write() as tx:
        assert store.lock_some_of_project(tx, other.id, 2) == [2, 3]
        store.purge(tx, store.lock_some_of_project(tx, other.id, 9))

    rows = number_of_rows(state)
    assert [rows[name] for name in ("cases", "case_contents", "case_values", "case_cells")] == [1, 1, 1, 1]
    assert case_facts(state) == ["case.created"]
    assert look.case("GEN-1") == kept
    assert work.create(new_case(other.id), mira).key == "OPS-4"


def test_many_cases_are_read_in_the_order_asked_for(
    work: CaseCommands, state: Database, general: ProjectId, mira: Actor
) -> None:
    made: list[Case] = [work.create(new_case(general, title=f"case {number}"), mira) for number in range(5)]

    with state.read() as tx:
        assert store.load_many(tx, [4, 2, 99, 5]) == [made[3], made[1], made[4]]
        assert store.load_many(tx, []) == []
