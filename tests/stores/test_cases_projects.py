from __future__ import annotations

import threading
import time
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from errata.access.commands import AccessCommands
from errata.base.clock import FixedClock
from errata.base.errors import Invalid, NotFound
from errata.base.facts import SYSTEM, Actor, ActorKind
from errata.base.ids import CaseId, CaseTypeId, ProjectId, TeamId, UserId, random_id
from errata.cases import deeds, project_store, store
from errata.cases.commands import CaseCommands
from errata.cases.decide_projects import MAX_PROJECTS, ProjectChange
from errata.cases.decide_types import TypeTexts
from errata.cases.model import Case, NewCase, Project, StatusGroup
from errata.cases.project_commands import ProjectCommands
from errata.cases.project_reads import ProjectReads
from errata.cases.reads import CaseReads
from errata.cases.removal import CASES_AT_A_TIME, finish_deletions, remove_project
from errata.cases.tables import (
    case_cells,
    case_contents,
    case_project_access,
    case_project_favorites,
    case_projects,
    case_values,
    cases,
)
from errata.cases.type_commands import TypeCommands
from errata.cases.types import STANDARD
from errata.storage import outbox
from errata.storage.sql import Database

MIRA = Actor(ActorKind.USER, UUID(int=77))


@pytest.fixture
def projects(state: Database, clock: FixedClock) -> ProjectCommands:
    return ProjectCommands(state, clock, random_id)


@pytest.fixture
def project_reads(state: Database) -> ProjectReads:
    return ProjectReads(state)


@pytest.fixture
def case_commands(state: Database, clock: FixedClock) -> CaseCommands:
    return CaseCommands(state, clock, random_id)


def rows(state: Database, table) -> int:
    with state.read() as tx:
        return tx.execute(select(func.count()).select_from(table)).scalar_one()


def facts(state: Database) -> list[tuple[str, dict]]:
    with state.read() as tx:
        return [(one.fact.name, one.fact.data) for one in outbox.read(tx, 0, 1_000)]


def many_cases(state: Database, project: Project, count: int) -> None:
    """Cases written by the store in one transaction; the commands would take a minute for as many."""
    with state.write() as tx:
        for _ in range(count):
            number, public_id = store.next_number(tx, project.key), store.next_number(tx, "*")
            case = Case(
                id=CaseId(uuid4()),
                public_id=public_id,
                project_id=project.id,
                key=f"{project.key}-{number}",
                key_number=number,
                type_id=STANDARD.id,
                title=f"Case {number}",
                status_name="Open",
                status_group=StatusGroup.OPEN,
                created_at=project.created_at,
                active_at=project.created_at,
                attributes={"service": ("web",)},
            )
            store.add(tx, case)


def test_first_project_is_there_from_the_beginning(project_reads: ProjectReads) -> None:
    assert [(project.key, project.name) for project in project_reads.projects()] == [("GEN", "General")]


def test_new_project_has_its_creator_for_manager_and_its_team_for_contributor(
    projects: ProjectCommands, project_reads: ProjectReads, commands: AccessCommands, state: Database, clock: FixedClock
) -> None:
    team = commands.create_team(SYSTEM, handle="web", name="Web")

    made = projects.create(MIRA, key="web", name=" Web shop ", team_id=team.id)

    assert project_reads.project(made.id) == made
    assert (made.key, made.name, made.created_by, made.created_at) == ("WEB", "Web shop", MIRA.id, clock.now())
    assert (made.restricted, made.enabled_type_ids, made.columns, made.settings) == (False, None, None, {})
    with state.read() as tx:
        access = tx.execute(select(case_project_access).order_by(case_project_access.c.level)).all()
    assert [(row.principal_kind, row.principal_id, row.level) for row in access] == [
        ("team", team.id, "contributor"),
        ("user", MIRA.id, "manager"),
    ]
    assert facts(state)[-1] == ("case_project.created", {"key": "WEB", "name": "Web shop"})


def test_key_that_is_taken_is_refused_in_any_case(projects: ProjectCommands, project_reads: ProjectReads) -> None:
    projects.create(MIRA, key="WEB", name="Web shop")

    with pytest.raises(Invalid, match='"WEB" already'):
        projects.create(MIRA, key="web", name="Another")

    assert len(project_reads.projects()) == 2


def test_project_names_a_team_and_types_that_exist(
    projects: ProjectCommands, project_reads: ProjectReads, state: Database, clock: FixedClock
) -> None:
    types = TypeCommands(state, clock, random_id)
    fault = types.create(MIRA, TypeTexts(name="Fault")).id
    types.delete(MIRA, fault)
    unknown = CaseTypeId(uuid4())

    made = projects.create(MIRA, key="WEB", name="Web", enabled_type_ids=[fault])

    assert made.enabled_type_ids == (fault,)
    with pytest.raises(NotFound, match="team not found"):
        projects.create(MIRA, key="A", name="A", team_id=TeamId(uuid4()))
    with pytest.raises(Invalid, match=f"no case type {unknown}") as refused:
        projects.create(MIRA, key="A", name="A", enabled_type_ids=[fault, unknown])
    assert refused.value.where == "data.attributes.enabled_custom_case_types[1]"
    assert project_reads.project(made.id) == made

    projects.update(MIRA, made.id, ProjectChange(enabled_type_ids=(STANDARD.id, fault)))
    assert project_reads.project(made.id).enabled_type_ids == (STANDARD.id, fault)


def test_change_is_kept_and_told_and_the_same_again_is_not(
    projects: ProjectCommands,
    project_reads: ProjectReads,
    commands: AccessCommands,
    state: Database,
    clock: FixedClock,
) -> None:
    web, ops = (commands.create_team(SYSTEM, handle=handle, name=handle) for handle in ("web", "ops"))
    made = projects.create(MIRA, key="WEB", name="Web", team_id=web.id)
    clock.advance(timedelta(hours=1))
    settings = {"integration_jira": {"sync": {"properties": {"custom_fields": {"x": {"value": [1, 2.5, None]}}}}}}
    change = ProjectChange(
        name="Web EU", team=(ops.id,), enabled_type_ids=(), columns={"columns": []}, settings=settings
    )

    after = projects.update(MIRA, made.id, change)

    assert project_reads.project(made.id) == after
    assert (after.name, after.team_id, after.enabled_type_ids) == ("Web EU", ops.id, ())
    assert (after.columns, after.settings, after.modified_at) == ({"columns": []}, settings, clock.now())
    told = {"key": "WEB", "changed": ["name", "team_id", "enabled_type_ids", "columns", "settings"]}
    assert facts(state)[-1] == ("case_project.updated", told)
    with state.read() as tx:
        teams = tx.execute(select(case_project_access.c.principal_id).where(case_project_access.c.level != "manager"))
        assert list(teams.scalars()) == [ops.id]

    count = len(facts(state))
    clock.advance(timedelta(hours=1))
    assert projects.update(MIRA, made.id, change) == after
    assert len(facts(state)) == count


def test_unknown_project_is_told_in_the_recorded_words(projects: ProjectCommands) -> None:
    nowhere = ProjectId(uuid4())

    with pytest.raises(NotFound, match=r"^failed to get project: project not found$"):
        projects.update(MIRA, nowhere, ProjectChange(name="x"))
    for refused in (
        lambda: projects.delete(MIRA, nowhere),
        lambda: projects.favorite(UserId(uuid4()), nowhere),
        lambda: projects.unfavorite(UserId(uuid4()), nowhere),
    ):
        with pytest.raises(NotFound, match=r"^project not found$"):
            refused()


def test_favorites_are_each_users_own_in_the_order_of_their_adding(
    projects: ProjectCommands, project_reads: ProjectReads, clock: FixedClock
) -> None:
    web, ops = (projects.create(MIRA, key=key, name=key).id for key in ("WEB", "OPS"))
    mira, nora = UserId(uuid4()), UserId(uuid4())

    for user, project in ((mira, ops), (mira, web), (nora, web), (mira, ops)):
        clock.advance(timedelta(seconds=1))
        projects.favorite(user, project)

    assert project_reads.favorites(mira) == [ops, web]
    projects.unfavorite(mira, ops)
    projects.unfavorite(mira, ops)
    assert project_reads.favorites(mira) == [web]
    assert project_reads.favorites(nora) == [web]


def test_deleted_project_takes_its_cases_favorites_and_access_with_it(
    projects: ProjectCommands, project_reads: ProjectReads, case_commands: CaseCommands, state: Database
) -> None:
    web, ops = (projects.create(MIRA, key=key, name=key) for key in ("WEB", "OPS"))
    gone = case_commands.create(
        NewCase(project_id=web.id, title="Gone", type_id=STANDARD.id, attributes={"service": ("web",)}), MIRA
    )
    case_commands.comment("WEB-1", "hello", MIRA)
    stays = case_commands.create(
        NewCase(project_id=ops.id, title="Stays", type_id=STANDARD.id, attributes={"service": ("web",)}), MIRA
    )
    user = UserId(uuid4())
    projects.favorite(user, web.id)

    projects.delete(MIRA, web.id)

    reads = CaseReads(state)
    assert {project.key for project in project_reads.projects()} == {"GEN", "OPS"}
    assert project_reads.favorites(user) == []
    assert reads.case("OPS-1").id == stays.id
    for ref in ("WEB-1", str(gone.id)):
        with pytest.raises(NotFound, match="case not found"):
            reads.case(ref)
    with pytest.raises(NotFound, match="project not found"):
        projects.delete(MIRA, web.id)
    left = {table.name: rows(state, table) for table in (cases, case_contents, case_cells, case_values, case_projects)}
    assert left == {"cases": 1, "case_contents": 1, "case_cells": 1, "case_values": 1, "case_projects": 2}
    assert (rows(state, case_project_favorites), rows(state, case_project_access)) == (0, 1)
    assert facts(state)[-1] == ("case_project.deleted", {"key": "WEB", "name": "WEB"})


def test_numbers_go_on_in_a_later_project_of_the_same_key(
    projects: ProjectCommands, case_commands: CaseCommands
) -> None:
    def a_case(project: Project) -> Case:
        return case_commands.create(NewCase(project_id=project.id, title="One", type_id=STANDARD.id), MIRA)

    first = projects.create(MIRA, key="WEB", name="Web")
    assert [a_case(first).key for _ in range(2)] == ["WEB-1", "WEB-2"]

    projects.delete(MIRA, first.id)

    assert a_case(projects.create(MIRA, key="WEB", name="Web again")).key == "WEB-3"


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_deletion_that_stopped_anywhere_is_gone_for_readers_and_is_finished_later(
    turns: int,
    projects: ProjectCommands,
    project_reads: ProjectReads,
    case_commands: CaseCommands,
    state: Database,
    clock: FixedClock,
) -> None:
    web = projects.create(MIRA, key="WEB", name="Web")
    many_cases(state, web, CASES_AT_A_TIME + 20)
    with state.write() as tx:
        project_store.mark_deleted(tx, web.id, clock.now())
    finished = remove_project(state, web.id, turns=turns)

    assert finished is (turns == 3)
    assert [project.key for project in project_reads.projects()] == ["GEN"]
    with pytest.raises(NotFound, match="case not found"):
        CaseReads(state).case(f"WEB-{CASES_AT_A_TIME + 20}")
    with pytest.raises(NotFound, match="project not found"):
        case_commands.create(NewCase(project_id=web.id, title="Late", type_id=STANDARD.id), MIRA)
    if not finished:
        with pytest.raises(Invalid, match="already"):
            projects.create(MIRA, key="WEB", name="Web again")

    assert finish_deletions(state) is not finished
    assert finish_deletions(state) is False
    assert (rows(state, cases), rows(state, case_contents), rows(state, case_values)) == (0, 0, 0)
    assert rows(state, case_projects) == 1
    assert projects.create(MIRA, key="WEB", name="Web again").key == "WEB"


def test_project_that_nobody_deletes_is_not_removed(
    projects: ProjectCommands, project_reads: ProjectReads, state: Database
) -> None:
    web = projects.create(MIRA, key="WEB", name="Web")
    many_cases(state, web, 3)

    assert remove_project(state, web.id) is True

    assert project_reads.project(web.id) == web
    assert rows(state, cases) == 3


def test_cases_that_are_created_while_their_project_is_deleted_are_refused_or_gone(
    projects: ProjectCommands, case_commands: CaseCommands, state: Database
) -> None:
    web = projects.create(MIRA, key="WEB", name="Web")
    begun, told = threading.Event(), []

    def create() -> None:
        for _ in range(50):
            try:
                case_commands.create(NewCase(project_id=web.id, title="Late", type_id=STANDARD.id), MIRA)
                begun.set()
            except NotFound as refused:
                told.append(refused.message)
                return

    creating = [threading.Thread(target=create) for _ in range(4)]
    for one in creating:
        one.start()
    begun.wait(10)
    projects.delete(MIRA, web.id)
    for one in creating:
        one.join()

    assert told == ["project not found"] * 4
    assert (rows(state, cases), rows(state, case_contents), rows(state, case_cells)) == (0, 0, 0)
    assert rows(state, case_projects) == 1


def test_case_that_is_being_moved_away_while_its_project_is_deleted_stays(
    projects: ProjectCommands, case_commands: CaseCommands, state: Database, clock: FixedClock
) -> None:
    web, ops = (projects.create(MIRA, key=key, name=key) for key in ("WEB", "OPS"))
    leaving, staying = (
        case_commands.create(NewCase(project_id=web.id, title=title, type_id=STANDARD.id), MIRA)
        for title in ("leaving", "staying")
    )
    deleting = threading.Thread(target=projects.delete, args=(MIRA, web.id))

    with state.write() as tx:
        case = store.load(tx, leaving.key, for_update=True)
        assert case == leaving
        moved, _ = deeds.move(ops.id)(tx, case, MIRA, clock.now())
        store.save(tx, case, moved)
        deleting.start()
        if state.dialect == "postgresql":  # on SQLite nobody else writes before this ends
            _wait_for_a_deletion_that_waits(state)
    deleting.join()

    reads = CaseReads(state)
    assert reads.case("OPS-1").id == leaving.id
    with pytest.raises(NotFound):
        reads.case(str(staying.id))
    assert (rows(state, cases), rows(state, case_contents), rows(state, case_cells)) == (1, 1, 1)


def _wait_for_a_deletion_that_waits(state: Database) -> None:
    """Until a statement on a server of PostgreSQL waits for what somebody else has changed."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    for _ in range(1000):
        with state.read() as tx:
            if tx.scalar(waiting):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_there_is_a_bound_on_projects(projects: ProjectCommands, state: Database, clock: FixedClock) -> None:
    now = clock.now()
    with state.write() as tx:
        for i in range(MAX_PROJECTS - 2):
            project_store.add(tx, Project(ProjectId(uuid4()), f"P{i}", "one of many", now, now))
    last = projects.create(MIRA, key="LAST", name="Last")

    with pytest.raises(Invalid, match="there are 1000 projects already"):
        projects.create(MIRA, key="MORE", name="More")

    projects.delete(MIRA, last.id)
    assert projects.create(MIRA, key="MORE", name="More").key == "MORE"
