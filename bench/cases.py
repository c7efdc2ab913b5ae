"""The case search: 100 000 cases, each question asked on its own, its hits counted.

`python -m bench cases` asks SQLite; `--database postgresql://...` an empty database of that server. Straight through
`CaseSearch`, so that what is measured is the state database and the planning, and not HTTP. The last column is processor
time of this process: on SQLite that is all there is, and what a quiet machine takes.
"""

from __future__ import annotations

import argparse
import bisect
import contextlib
import itertools
import pathlib
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from errata.access.tables import users
from errata.base.ids import CaseId, CustomAttributeId, ProjectId, UserId
from errata.cases import store, type_store
from errata.cases.model import (
    AttributeType,
    Case,
    CaseQuery,
    CustomAttribute,
    CustomValue,
    Priority,
    SortField,
    StatusGroup,
)
from errata.cases.search import CaseSearch
from errata.cases.tables import case_projects
from errata.cases.types import BUILTIN_TYPES, STANDARD
from errata.storage import state_migrations
from errata.storage.sql import Database, sqlite_url

CASES = 100_000
NAMES = UUID("0f0e5fd1-6d6c-5b8a-9a3b-3a0f6a1a7c55")
START = datetime(2025, 1, 1, tzinfo=UTC)
PROJECTS = ("SHOP", "OPS", "SEC", "WEB", "DATA")
COMMON = (  # noqa: SIM905 - one list of words
    "the a to of in and error is on not for with failed from by service request payment timeout database order user "
    "customer after when page checkout slow login api connection null version deploy release disk memory retry queue"
).split()
STATUSES = (("Open", StatusGroup.OPEN), ("In Progress", StatusGroup.IN_PROGRESS), ("Closed", StatusGroup.CLOSED))
ROUNDS = 15

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("everything", ""),
    ("open ones", "status:open"),
    ("open or in progress, pressing", "(status:open OR status:in_progress) priority:(P1 OR P2)"),
    ("a project", "project:SHOP"),
    ("an assignee", "assignee:user7@shop.example"),
    ("unassigned", "-assignee:*"),
    ("a service", "service:service-7"),
    ("an environment, half of all", "env:prod"),
    ("without a team", "-team:*"),
    ("a version by wildcard", "version:1.2*"),
    ("a custom number, a range of a tenth", "impact:>900"),
    ("a custom number, equal", "impact:500"),
    ("created in a month", "created_at:[2025-03-01 TO 2025-04-01]"),
    ("a key that nobody has", "key:SHOP-0"),
    ("a rare word", "w19000x"),
    ("a common word, a quarter of all", "payment"),
    ("two common words", "payment timeout"),
    ("a phrase", '"payment timeout"'),
    ("a word's beginning, rare", "w1900*"),
    ("a word's beginning, common", "pay*"),
    ("a word's end", "*9000x"),
    ("a wildcard in the middle of a word", "w19*0x"),
    ("full text, rare", "*:w19000x"),
    ("a word, but not another", "payment -timeout"),
    ("words, filters and a number", "payment status:open priority:(P1 OR P2) impact:>500"),
    ("archived ones", "archived:true"),
)


def main(options: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench cases")
    parser.add_argument("--database", help="address of an empty database; SQLite in a folder of its own if left out")
    parser.add_argument("--cases", type=int, default=CASES)
    given = parser.parse_args(options or [])
    with _database(given.database) as database:
        begun = time.monotonic()
        fill(database, given.cases)
        print(f"{given.cases} cases on {database.dialect}, written at {given.cases / (time.monotonic() - begun):.0f}/s")
        _ask(CaseSearch(database), given.cases)


def fill(database: Database, count: int) -> None:
    """Write cases as the product writes them, a thousand in one transaction."""
    state_migrations.upgrade(database)
    with database.write() as tx:
        _surroundings(tx)
    cases = _cases(count)
    while some := list(itertools.islice(cases, 1000)):
        with database.write() as tx:
            for case in some:
                store.add(tx, case)


@contextlib.contextmanager
def _database(url: str | None) -> Iterator[Database]:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="errata-bench-"))
    database = Database(url or sqlite_url(folder / "state.db"))
    yield database
    database.close()
    shutil.rmtree(folder)


def _surroundings(tx: object) -> None:
    for number in range(50):
        name = f"user{number}@shop.example"
        tx.execute(
            users.insert().values(
                id=_user(number), email=name, handle=name, verified=True, service_account=False, disabled=False,
                search_text="", created_at=START, modified_at=START,
            )
        )  # fmt: skip
    for key in PROJECTS:
        row = {"id": _project(key), "key": key, "name": key, "restricted": False, "settings": {}}
        tx.execute(case_projects.insert().values(**row, created_at=START, modified_at=START))
    for type_id, key, kind in itertools.product(BUILTIN_TYPES, ("impact", "region"), AttributeType):
        if (key, kind) in {("impact", AttributeType.NUMBER), ("region", AttributeType.TEXT)}:
            id_ = _definition(type_id, key)
            type_store.add_attribute(tx, CustomAttribute(id_, type_id, key, key, kind, False, START, START))


def _cases(count: int) -> Iterator[Case]:
    pick = random.Random(7)
    words = _words(pick)
    types = [STANDARD.id] * 6 + list(BUILTIN_TYPES)
    for number in range(1, count + 1):
        project, type_id = pick.choice(PROJECTS), pick.choice(types)
        status, group = pick.choice(STATUSES)
        at = START + timedelta(seconds=300 * number, microseconds=pick.randrange(1_000_000))
        attributes = {"service": (f"service-{pick.randrange(50)}",), "env": (pick.choice(("prod", "dev")),)}
        attributes["version"] = (f"{pick.randrange(3)}.{pick.randrange(30)}.{pick.randrange(10)}",)
        if pick.random() < 0.7:
            attributes["team"] = (f"team-{pick.randrange(20)}",)
        yield Case(
            id=CaseId(uuid5(NAMES, f"case {number}")), public_id=number, project_id=_project(project),
            key=f"{project}-{number}", key_number=number, type_id=type_id,
            title=" ".join(words(pick.randrange(4, 12))), description=" ".join(words(pick.randrange(10, 120))),
            status_name=status, status_group=group, priority=pick.choice(list(Priority)), created_at=at, active_at=at,
            assignee_id=_user(pick.randrange(50)) if pick.random() < 0.8 else None, created_by=_user(pick.randrange(50)),
            closed_at=at if group is StatusGroup.CLOSED else None, archived_at=at if pick.random() < 0.1 else None,
            attributes=attributes,
            custom_attributes={
                _definition(type_id, "impact"): CustomValue(AttributeType.NUMBER, False, float(pick.randrange(1000))),
                _definition(type_id, "region"): CustomValue(AttributeType.TEXT, False, pick.choice(("eu", "us", "ap"))),
            },
        )  # fmt: skip


def _words(pick: random.Random) -> Callable[[int], list[str]]:
    """Words as texts have them: a few in most texts, most in few."""
    vocabulary = [*COMMON, *(f"w{number}x" for number in range(20_000))]
    weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(vocabulary))))
    return lambda count: [vocabulary[bisect.bisect(weights, pick.random() * weights[-1])] for _ in range(count)]


def _ask(search: CaseSearch, count: int) -> None:
    asked: list[tuple[str, Callable[[], int]]] = [
        (name, lambda query=query: search.search(CaseQuery(query)).total) for name, query in QUESTIONS
    ]
    for sort in SortField:
        for query in ("", "payment"):
            told = f"{query or 'everything'} by {sort}"
            asked.append((told, lambda sort=sort, query=query: search.search(CaseQuery(query, sort)).total))
    last = int(count * 0.85) // 100
    asked.append(
        ("everything, a page near the end", lambda: search.search(CaseQuery("", page=last, page_size=100)).total)
    )
    asked.append(("a page of a hundred", lambda: search.search(CaseQuery("payment", page_size=100)).total))
    for fields in (("status",), ("status", "priority", "assignee"), ("service",)):
        for query in ("", "payment"):
            told = f"{query or 'everything'} counted by {', '.join(fields)}"
            asked.append((told, lambda fields=fields, query=query: search.count(query, fields, 10)[1]))
    asked.append(
        ("everything by status and priority together", lambda: search.aggregate("", ("status", "priority"), 50)[1])
    )
    for name, question in asked:
        print(_line(name, question))


def _line(name: str, question: Callable[[], int]) -> str:
    question()
    took, cpu = [], []
    for _ in range(ROUNDS):
        begun, worked = time.perf_counter(), time.thread_time()
        total = question()
        took.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.thread_time() - worked) * 1000)
    p50, p90 = statistics.median(took), statistics.quantiles(took, n=10)[-1]
    return f"| {name} | {total} | {p50:.1f} ms | {p90:.1f} ms | {statistics.median(cpu):.1f} ms |"


def _user(number: int) -> UserId:
    return UserId(uuid5(NAMES, f"user {number}"))


def _project(key: str) -> ProjectId:
    return ProjectId(uuid5(NAMES, f"project {key}"))


def _definition(type_id: UUID, key: str) -> CustomAttributeId:
    return CustomAttributeId(uuid5(NAMES, f"{type_id} {key}"))
