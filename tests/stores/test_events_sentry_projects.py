"""Names for the project numbers of Sentry DSNs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from errata.base.clock import FixedClock
from errata.base.errors import Invalid, NotFound
from errata.base.facts import SYSTEM
from errata.base.ids import random_id
from errata.events.sentry_projects import MAX_NUMBER, ProjectNames, SentryProjects
from errata.storage import outbox
from errata.storage.sql import Database, sqlite_url


@pytest.fixture
def projects(state: Database, clock: FixedClock) -> SentryProjects:
    return SentryProjects(state, clock, random_id)


def told(state: Database) -> list[tuple[str, object, object]]:
    with state.read() as tx:
        found = [written.fact for written in outbox.read(tx, after=0, limit=10)]
    return [(fact.name, fact.data["number"], fact.data["name"]) for fact in found if "sentry" in fact.name]


def test_a_name_is_given_changed_and_forgotten(projects: SentryProjects, state: Database, clock: FixedClock) -> None:
    first = projects.put(42, " checkout ", SYSTEM)
    projects.put(MAX_NUMBER, "last", SYSTEM)
    clock.advance(timedelta(hours=1))

    second = projects.put(42, "basket", SYSTEM)

    assert (first.name, second.name) == ("checkout", "basket")
    assert second.created_at == first.created_at
    assert second.modified_at == first.created_at + timedelta(hours=1)
    assert projects.all() == [second, projects.all()[1]]
    assert [project.number for project in projects.all()] == [42, MAX_NUMBER]
    projects.delete(42, SYSTEM)
    assert [project.number for project in projects.all()] == [MAX_NUMBER]
    assert told(state) == [
        ("sentry_project.named", 42, "checkout"),
        ("sentry_project.named", MAX_NUMBER, "last"),
        ("sentry_project.named", 42, "basket"),
        ("sentry_project.unnamed", 42, None),
    ]


def test_the_same_name_again_changes_nothing(projects: SentryProjects, state: Database, clock: FixedClock) -> None:
    first = projects.put(42, "checkout", SYSTEM)
    clock.advance(timedelta(hours=1))

    assert projects.put(42, "checkout", SYSTEM) == first
    assert len(told(state)) == 1


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0b", "x" * 101])
def test_what_no_service_can_be_called_is_refused(projects: SentryProjects, name: str) -> None:
    with pytest.raises(Invalid, match="1 to 100 printable"):
        projects.put(42, name, SYSTEM)
    assert projects.all() == []


def test_a_project_without_a_name_cannot_lose_it(projects: SentryProjects) -> None:
    with pytest.raises(NotFound, match="42"):
        projects.delete(42, SYSTEM)


def test_the_digest_sees_a_new_name_within_seconds_and_asks_no_more_often(
    projects: SentryProjects, state: Database
) -> None:
    seconds = [100.0]
    names = ProjectNames(state, every_s=3, monotonic=lambda: seconds[0])
    assert dict(names()) == {}
    projects.put(42, "checkout", SYSTEM)

    seconds[0] += 2.9
    assert dict(names()) == {}
    seconds[0] += 0.1
    assert dict(names()) == {42: "checkout"}


def test_the_digest_goes_on_without_names_while_the_database_is_away(tmp_path: Path) -> None:
    away = Database(sqlite_url(tmp_path))  # a folder is no database

    assert dict(ProjectNames(away)()) == {}
    away.close()
