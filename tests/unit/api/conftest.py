"""The API in memory: real access rooms on SQLite, and issues that are remembered in a dictionary."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from case_calls import CASES, new_case

from errata.access.commands import AccessCommands
from errata.access.credentials import Credentials, KeyRing
from errata.access.first_start import first_start
from errata.access.model import KeyKind, Scope, Team, User
from errata.access.reads import AccessReads, TeamSearch, UserSearch
from errata.api.build import build_api
from errata.api.rooms import Rooms
from errata.base.clock import FixedClock
from errata.base.errors import NotFound
from errata.base.facts import SYSTEM, Actor
from errata.base.ids import EventId, IssueId, UserId, random_id
from errata.cases.commands import CaseCommands
from errata.cases.project_commands import ProjectCommands
from errata.cases.project_reads import ProjectReads
from errata.cases.reads import CaseReads
from errata.cases.search import CaseSearch
from errata.cases.type_commands import TypeCommands
from errata.cases.type_reads import TypeReads
from errata.events.help import Cost, Match
from errata.events.model import Platform, Track
from errata.events.recent import RecentRequests
from errata.events.sentry_projects import SentryProjects
from errata.issues.help import Explanation, PlaceKind, Suggestion
from errata.issues.model import Issue, IssueHit, IssueSearch, IssueState
from errata.issues.occurrences import Occurrence
from errata.query.nodes import Field
from errata.query.parse import parse
from errata.query.render import render
from errata.query.sentences import in_words
from errata.query.sexpr import sexpr
from errata.sourcemaps.commands import SourceMapCommands
from errata.sourcemaps.reads import SourceMapReads
from errata.storage.blobs import FolderBlobs
from errata.storage.sql import Database
from states import SqliteStates, migrated_state

API_KEY = "a" * 32
APP_KEY = "b" * 40
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def an_issue(**changes: object) -> Issue:
    issue = Issue(
        id=IssueId(random_id()),
        state=IssueState.OPEN,
        service="shop-web",
        error_type="KeyError",
        error_message="total",
        file_path="shop/checkout.py",
        function_name="total_of",
        first_seen=datetime(2026, 2, 1, tzinfo=UTC),
        last_seen=datetime(2026, 2, 2, 3, 4, 5, 678000, tzinfo=UTC),
        first_seen_version="1.0.0",
        last_seen_version="",
        is_crash=False,
        has_in_app=True,
        languages=("PYTHON",),
        platform=Platform.BACKEND,
        tracks=(Track.LOGS,),
        grouping_version=1,
        event_count=3,
        opened_at=datetime(2026, 2, 1, tzinfo=UTC),
    )
    return replace(issue, **changes)


@dataclass
class RememberedIssues:
    """Issues behind the two seams of the rim. `asked` is the last search."""

    hits: list[IssueHit] = field(default_factory=list)
    issues: dict[IssueId, Issue] = field(default_factory=dict)
    asked: IssueSearch | None = None
    fault: Exception | None = None
    delay_s: float = 0

    def add(self, issue: Issue) -> Issue:
        self.issues[issue.id] = issue
        return issue

    def search(self, search: IssueSearch) -> list[IssueHit]:
        if self.fault:
            raise self.fault
        self.asked = search
        return self.hits

    def get(self, issue_id: IssueId) -> Issue:
        time.sleep(self.delay_s)
        if issue_id not in self.issues:
            raise NotFound("issue not found")
        return self.issues[issue_id]

    def set_state(self, issue_id: IssueId, state: IssueState, _actor: Actor) -> Issue:
        return self.add(replace(self.get(issue_id), state=state))

    def assign(self, issue_id: IssueId, user_id: UserId, _actor: Actor) -> Issue:
        return self.add(replace(self.get(issue_id), assignee_id=user_id))

    def unassign(self, issue_id: IssueId, _actor: Actor) -> None:
        self.add(replace(self.get(issue_id), assignee_id=None))


@dataclass
class RememberedHelp:
    """Help without events behind the rim's seam; queries are read as ever. `asked` is the last search."""

    asked: IssueSearch | None = None

    def explain(self, search: IssueSearch) -> Explanation:
        self.asked = search
        tree = parse(search.query)
        return Explanation(render(tree), in_words(tree), sexpr(tree), (), Match(0, 0), Cost(0, 0, 0.04), 0.06)

    def keys(self, search: IssueSearch, prefix: str, limit: int) -> list[Suggestion]:
        self.asked = search
        return [Suggestion(f"{prefix}{number}", PlaceKind.TAG, number) for number in range(limit)]

    def values(self, search: IssueSearch, key: Field, prefix: str, limit: int) -> list[Suggestion]:
        self.asked = search
        return [Suggestion(f"{key.name}.{prefix}", None, None)][:limit]


@dataclass
class RememberedOccurrences:
    """Errors in memory behind the rim's seam. `asked` is the last question for a list."""

    issues: RememberedIssues
    known: list[Occurrence] = field(default_factory=list)
    asked: dict[str, object] = field(default_factory=dict)

    def of_issue(self, issue_id: IssueId, limit: int, **window: object) -> list[Occurrence]:
        self.issues.get(issue_id)
        self.asked = {"limit": limit, **window}
        return [one for one in self.known if one.issue_id == issue_id][:limit]

    def one(self, event_id: EventId) -> Occurrence:
        for one in self.known:
            if one.id == event_id:
                return one
        raise NotFound("event not found")


@dataclass
class Caller:
    """Calls the application. Both keys are sent unless `headers` says otherwise."""

    app: object
    issues: RememberedIssues
    rooms: Rooms
    admin: User
    commands: AccessCommands

    def __call__(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: object
    ) -> httpx.Response:
        sent = {"DD-API-KEY": API_KEY, "DD-APPLICATION-KEY": APP_KEY} if headers is None else headers
        return asyncio.run(self._send(method, path, headers=sent, **options))

    def at_once(self, count: int, method: str, path: str) -> list[httpx.Response]:
        """The same call several times, none waiting for the one before."""
        keys = {"DD-API-KEY": API_KEY, "DD-APPLICATION-KEY": APP_KEY}

        async def calls() -> list[httpx.Response]:
            return list(await asyncio.gather(*(self._send(method, path, headers=keys) for _ in range(count))))

        return asyncio.run(calls())

    async def _send(self, method: str, path: str, **options: object) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://errata.test") as client:
            return await client.request(method, path, **options)

    def app_key(self, *scopes: Scope) -> str:
        """A further application key of the administrator, cut to these scopes."""
        made = self.commands.create_key(
            SYSTEM, KeyKind.APPLICATION, name="cut", owner_id=self.admin.id, scopes=[scope.value for scope in scopes]
        )
        return made.secret

    def token(self) -> str:
        return self.commands.create_key(SYSTEM, KeyKind.TOKEN, name="token", owner_id=self.admin.id).secret

    def a_user(self, email: str, name: str | None = None) -> User:
        return self.commands.create_user(SYSTEM, email=email, name=name)

    def a_team(self, handle: str) -> Team:
        return self.commands.create_team(SYSTEM, handle=handle, name=handle.title())


@pytest.fixture
def state(sqlite_states: SqliteStates) -> Iterator[Database]:
    with migrated_state(sqlite_states) as database:
        yield database


@pytest.fixture
def make_call(state: Database, tmp_path: Path) -> Callable[..., Caller]:
    """Makes the application with bounds of the test's own."""

    def make(**bounds: object) -> Caller:
        clock = FixedClock(NOW)
        first_start(
            state, clock, secrets.token_bytes, api_key=API_KEY, app_key=APP_KEY, admin_email="mira@errata.example",
            admin_password="correct-horse",
        )  # fmt: skip
        reads, commands = AccessReads(state), AccessCommands(state, clock, random_id, secrets.token_bytes)
        issues = RememberedIssues()
        search_help = RememberedHelp()
        recent, projects = RecentRequests(state), SentryProjects(state, clock, random_id)
        blobs = FolderBlobs(tmp_path / "blobs")
        rooms = Rooms(
            issues, issues, search_help, reads, commands, recent, projects, clock, RememberedOccurrences(issues),
            SourceMapReads(state), SourceMapCommands(state, blobs, clock, max_bytes=1 << 20), CaseReads(state),
            CaseCommands(state, clock, random_id), CaseSearch(state), ProjectReads(state),
            ProjectCommands(state, clock, random_id), TypeReads(state), TypeCommands(state, clock, random_id),
        )  # fmt: skip
        app = build_api(rooms, Credentials(KeyRing(state, clock)), version="0.0.0", **bounds)
        admin = reads.users(UserSearch(text="mira@")).items[0]
        assert not reads.teams(TeamSearch()).items
        return Caller(app, issues, rooms, admin, commands)

    return make


@pytest.fixture
def call(make_call: Callable[..., Caller]) -> Caller:
    return make_call()


@pytest.fixture
def an_issue_here(call: Caller) -> Issue:
    return call.issues.add(an_issue())


@pytest.fixture
def project(call) -> str:
    """The id of the project that is there from the start."""
    [first] = call("GET", f"{CASES}/projects").json()["data"]
    return first["id"]


@pytest.fixture
def created(call, project) -> Callable[..., dict[str, Any]]:
    """Creates a case and answers its resource: `created(title="...", assignee=..., ...)`."""

    def create(assignee: str | None = None, **attributes: object) -> dict[str, Any]:
        response = call("POST", CASES, json=new_case(project, assignee, **attributes))
        assert response.status_code == 201, response.text
        return response.json()["data"]

    return create


@pytest.fixture
def change(call) -> Callable[..., Any]:
    """Posts a change of a case: `change(case, "title", title="...")`."""

    def post(case: dict[str, Any] | str, action: str, **attributes: object) -> Any:
        ref = case if isinstance(case, str) else case["id"]
        data = {"type": "case"} | ({"attributes": attributes} if attributes else {})
        return call("POST", f"{CASES}/{ref}/{action}", json={"data": data})

    return post
