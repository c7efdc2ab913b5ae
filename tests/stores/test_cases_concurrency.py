"""Thirty-two people at once: every number is given once, nobody's change is lost, and nobody is told of a lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select

from errata.base.clock import SystemClock
from errata.base.errors import Conflict, NotFound
from errata.base.facts import SYSTEM, Actor, ActorKind
from errata.base.ids import ProjectId, random_id
from errata.cases.commands import CaseCommands
from errata.cases.model import BulkAction, Case, Cell, CellType, Insight, NewCase, Priority
from errata.cases.project_commands import ProjectCommands
from errata.cases.reads import CaseReads
from errata.cases.tables import case_projects
from errata.cases.types import STANDARD
from errata.storage import outbox
from errata.storage.sql import Database

PEOPLE = 32
T = TypeVar("T")


@pytest.fixture
def work(state: Database) -> CaseCommands:
    return CaseCommands(state, SystemClock(), random_id)


@pytest.fixture
def look(state: Database) -> CaseReads:
    return CaseReads(state)


@pytest.fixture
def projects(state: Database) -> list[ProjectId]:
    """The first project, GEN, and two more."""
    commands = ProjectCommands(state, SystemClock(), random_id)
    made = [commands.create(SYSTEM, key=key, name=key).id for key in ("OPS", "WEB")]
    with state.read() as tx:
        first = tx.scalars(select(case_projects.c.id).where(case_projects.c.key == "GEN")).one()
    return [ProjectId(first), *made]


def a_case(project: ProjectId | None, title: str = "pump", **more: object) -> NewCase:
    return NewCase(project, title, type_id=STANDARD.id, **more)


def person(number: int) -> Actor:
    return Actor(ActorKind.USER, UUID(int=1000 + number))


def all_at_once(*deeds: Callable[[], T]) -> list[T]:
    """Do all of them at the same moment, a thread each; raises what the first of them raised."""
    start = Barrier(len(deeds))

    def begun(deed: Callable[[], T]) -> T:
        start.wait(60)
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(begun, deeds))


def numbers(keys: Iterable[str]) -> dict[str, list[int]]:
    """By project, in order."""
    found: dict[str, list[int]] = defaultdict(list)
    for key in keys:
        project, _, number = key.partition("-")
        found[project].append(int(number))
    return {project: sorted(given) for project, given in found.items()}


def without_gaps(count: int) -> list[int]:
    return list(range(1, count + 1))


def test_cases_that_many_create_are_numbered_without_gaps(
    work: CaseCommands, look: CaseReads, projects: list[ProjectId]
) -> None:
    def create(number: int) -> list[Case]:
        return [work.create(a_case(projects[(number + turn) % 3]), person(number)) for turn in range(6)]

    made = [case for some in all_at_once(*(lambda n=n: create(n) for n in range(PEOPLE))) for case in some]

    assert sorted(case.public_id for case in made) == without_gaps(PEOPLE * 6)
    assert numbers(case.key for case in made) == {key: without_gaps(PEOPLE * 2) for key in ("GEN", "OPS", "WEB")}
    assert all(look.case(case.key).id == case.id for case in made)


def test_creation_that_is_refused_at_the_end_leaves_no_gap(work: CaseCommands, projects: list[ProjectId]) -> None:
    issue = Insight("ERROR_TRACKING", "/issues/1", "5e1b7a52-0000-4000-8000-000000000001")

    def create(number: int) -> list[Case]:
        made = [work.create(a_case(projects[0]), person(number))]
        try:
            made.append(work.create(a_case(projects[0], insights=(issue,)), person(number)))
        except Conflict:
            made.append(work.create(a_case(projects[0]), person(number)))
        return made

    made = [case for some in all_at_once(*(lambda n=n: create(n) for n in range(PEOPLE))) for case in some]

    assert [len(case.insights) for case in made].count(1) == 1
    assert sorted(case.public_id for case in made) == without_gaps(PEOPLE * 2)
    assert numbers(case.key for case in made) == {"GEN": without_gaps(PEOPLE * 2)}


def test_cases_that_are_moved_while_others_are_created_take_the_next_numbers(
    work: CaseCommands, look: CaseReads, projects: list[ProjectId]
) -> None:
    def create_and_move(number: int) -> list[str]:
        case = work.create(a_case(projects[number % 3]), person(number))
        keys = [case.key]
        for turn in range(1, 4):
            case = work.move(str(case.id), projects[(number + turn) % 3], person(number))
            keys.append(case.key)
        return keys

    keys = all_at_once(*(lambda n=n: create_and_move(n) for n in range(PEOPLE)))

    every = numbers(key for some in keys for key in some)
    assert every == {project: without_gaps(len(given)) for project, given in every.items()}
    assert sum(map(len, every.values())) == PEOPLE * 4
    for *former, last in keys:
        assert look.case(last).key == last
        for key in set(former) - {last}:
            with pytest.raises(NotFound):
                look.case(key)


def test_changes_of_different_fields_of_one_case_are_all_there(
    work: CaseCommands, look: CaseReads, projects: list[ProjectId]
) -> None:
    ref = work.create(a_case(projects[0]), person(0)).key

    def describe(number: int) -> None:
        for turn in range(3):
            work.set_attributes(ref, {f"of_{number}": (f"{turn}",)}, person(number))

    single = [
        lambda: work.set_title(ref, "valve", person(1)),
        lambda: work.set_description(ref, "It leaks.", person(2)),
        lambda: work.set_priority(ref, Priority.P2, person(3)),
        lambda: work.set_status(ref, status=None, status_name="In Progress", actor=person(4)),
        lambda: work.set_due_date(ref, date(2027, 1, 2), person(5)),
        lambda: work.set_resolved_reason(ref, "worn out", person(6)),
        lambda: work.archive(ref, person(7)),
    ]
    all_at_once(*single, *(lambda n=n: describe(n) for n in range(PEOPLE - len(single))))

    case = look.case(ref)
    cells = everything(look, ref)
    assert (case.title, case.description, case.priority) == ("valve", "It leaks.", Priority.P2)
    assert (case.status_name, case.due_date, case.resolved_reason) == ("In Progress", date(2027, 1, 2), "worn out")
    assert case.archived_at is not None
    assert case.attributes == {f"of_{number}": ("2",) for number in range(PEOPLE - len(single))}
    assert len(cells) == 1 + len(single) + 3 * (PEOPLE - len(single))
    assert [cell.created_at for cell in cells] == sorted(cell.created_at for cell in cells)
    assert case.modified_at == case.active_at == cells[-1].created_at


def test_last_of_many_changes_of_one_field_is_the_one_that_stands(
    work: CaseCommands, look: CaseReads, projects: list[ProjectId], state: Database
) -> None:
    ref = work.create(a_case(projects[0]), person(0)).key

    all_at_once(*(lambda n=n: work.set_title(ref, f"title {n}", person(n)) for n in range(PEOPLE)))

    changes = [cell for cell in everything(look, ref) if cell.type is CellType.TITLE_CHANGED]
    with state.read() as tx:
        facts = [each.fact for each in outbox.read(tx, 0, 1000) if each.fact.name == "case.title_changed"]
    assert len(changes) == PEOPLE
    assert [fact.actor for fact in facts] == [cell.author for cell in changes]
    assert look.case(ref).title == f"title {changes[-1].author.id.int - 1000}"
    assert look.case(ref).modified_by == changes[-1].author.id


def test_comments_of_many_are_all_there_and_each_persons_in_order(
    work: CaseCommands, look: CaseReads, projects: list[ProjectId]
) -> None:
    ref = work.create(a_case(projects[0]), person(0)).key

    def talk(number: int) -> None:
        said = [work.comment(ref, f"{number} says {turn}", person(number)) for turn in range(4)]
        work.edit_comment(ref, said[1].id, f"{number} says 1 again", person(number))
        work.delete_comment(ref, said[3].id, person(number), moderates=False)

    all_at_once(*(lambda n=n: talk(n) for n in range(PEOPLE)))

    comments = look.timeline(ref, types=frozenset({CellType.COMMENT}), offset=0, limit=1000, ascending=True)
    assert look.case(ref).comment_count == len(comments) == PEOPLE * 3
    for number in range(PEOPLE):
        mine = [cell.content["message"] for cell in comments if cell.author == person(number)]
        assert mine == [f"{number} says 0", f"{number} says 1 again", f"{number} says 2"]


def test_many_change_the_same_cases_together_and_never_wait_in_a_circle(
    work: CaseCommands, look: CaseReads, projects: list[ProjectId]
) -> None:
    refs = [work.create(a_case(projects[0]), person(0)).key for _ in range(12)]

    def change(number: int) -> None:
        mine = refs[number % 12 :] + refs[: number % 12]
        ordered = mine if number % 2 else mine[::-1]
        if number % 4 == 0:
            work.bulk(ordered, BulkAction.UPDATE_PROJECT, {"project_id": str(projects[number % 3])}, person(number))
        elif number % 4 == 1:
            work.set_priority(ordered[0], Priority.P1, person(number))
        else:
            work.bulk(ordered, BulkAction.PRIORITY, {"priority": f"P{number % 5 + 1}"}, person(number))

    by_id = [str(look.case(ref).id) for ref in refs]
    refs[:] = by_id  # keys change meanwhile
    all_at_once(*(lambda n=n: change(n) for n in range(PEOPLE)))

    now = [look.case(ref) for ref in refs]
    assert len({case.project_id for case in now}) == 1
    assert len({case.key for case in now}) == 12
    for case in now:
        moved = [cell for cell in everything(look, str(case.id)) if cell.type is CellType.PROJECT_CHANGED]
        assert len({cell.created_at for cell in moved}) == len(moved)


def everything(look: CaseReads, ref: str) -> list[Cell]:
    return look.timeline(ref, types=None, offset=0, limit=1000, ascending=True)
