from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from errata.app.case_upkeep import CaseUpkeep
from errata.base.clock import FixedClock
from errata.base.facts import SYSTEM
from errata.base.ids import ProjectId, random_id
from errata.cases import project_store
from errata.cases.commands import CaseCommands
from errata.cases.model import NewCase, Project
from errata.cases.reads import CaseReads
from errata.cases.types import STANDARD
from errata.storage.sql import Database


def test_cases_that_nobody_touches_are_closed_within_a_day(state: Database, clock: FixedClock) -> None:
    settings = {"auto_close_inactive_cases": {"enabled": True, "max_inactive_time_in_secs": 7 * 86_400}}
    project = Project(ProjectId(uuid4()), "IDLE", "Idle", clock.now(), clock.now(), settings=settings)
    with state.write() as tx:
        project_store.add(tx, project)
    commands, reads = CaseCommands(state, clock, random_id), CaseReads(state)
    commands.create(NewCase(project.id, "Checkout slow", type_id=STANDARD.id), SYSTEM)
    upkeep = CaseUpkeep(state, clock)

    statuses = []
    for _ in range(9):
        assert upkeep.turn() is False
        statuses.append(reads.case("IDLE-1").status_name)
        clock.advance(timedelta(days=1))

    assert statuses == ["Open"] * 8 + ["Closed"]
