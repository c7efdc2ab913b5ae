"""Data of every released schema comes through the upgrade unharmed, and today's code works on with it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import released_rows as was
import sqlalchemy as sa
from alembic import command
from released_rows import insert, rows_up_to, stored

from errata.access.commands import AccessCommands
from errata.access.credentials import KeyRing
from errata.access.model import BUILTIN_SCOPES, BuiltinRole, KeyKind, Scope, UserStatus
from errata.access.reads import AccessReads, TeamSearch, UserSearch
from errata.base.clock import FixedClock
from errata.base.facts import SYSTEM, Actor, ActorKind
from errata.base.ids import Fingerprint, IssueId, NodeId, TeamId, UserId, random_id
from errata.cases.commands import CaseCommands
from errata.cases.model import NewCase
from errata.cases.reads import CaseReads
from errata.cases.types import STANDARD
from errata.events import batches, recent
from errata.events.batches import Rules
from errata.events.sentry_projects import SentryProjects
from errata.ingest import aside
from errata.issues import store
from errata.issues.causes import Cause
from errata.issues.commands import IssueCommands
from errata.issues.model import IssueState
from errata.sourcemaps import store as source_maps
from errata.storage import outbox, state_migrations
from errata.storage.sql import Database
from states import States

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def since(step: str) -> pytest.MarkDecorator:
    """For tests of what this step brought."""
    return pytest.mark.parametrize("step", [each for each in was.ROWS if each >= step], indirect=True, scope="module")


@pytest.fixture(scope="module", params=was.ROWS)
def step(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def released(states: States, step: str) -> Iterator[str]:
    """The address of a database of an earlier release with what it held; nobody changes it."""
    url = states.empty()
    with opened(url) as database:
        with database.migrate() as tx:
            config = state_migrations._config()
            config.attributes["connection"] = tx
            command.upgrade(config, step)
        with database.write() as tx:
            for table, row in rows_up_to(step):
                insert(tx, table, row)
    yield url
    states.remove(url)


@pytest.fixture(scope="module")
def up_to_date(states: States, released: str) -> Iterator[str]:
    """The same after the upgrade."""
    url = states.copy_of(released)
    with opened(url) as database:
        state_migrations.upgrade(database)
    yield url
    states.remove(url)


@pytest.fixture
def before(states: States, released: str) -> Iterator[Database]:
    """A database of an earlier release with what it held."""
    yield from a_copy(states, released)


@pytest.fixture
def upgraded(states: States, up_to_date: str) -> Iterator[Database]:
    yield from a_copy(states, up_to_date)


def a_copy(states: States, url: str) -> Iterator[Database]:
    copy = states.copy_of(url)
    with opened(copy) as database:
        yield database
    states.remove(copy)


@contextlib.contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


def test_every_row_is_there_with_every_value(before: Database, step: str) -> None:
    lacking = state_migrations.pending(before)

    assert state_migrations.upgrade(before) == lacking

    assert lacking[0] > step
    with before.read() as tx:
        assert [(table, row) for table, row in rows_up_to(step) if not stored(tx, table, row)] == []


def test_upgrade_that_fails_leaves_the_data_at_its_step(before: Database, step: str) -> None:
    with before.write() as tx:
        tx.execute(sa.text("CREATE TABLE case_cells (mine INTEGER)"))  # in the way of a later step

    with pytest.raises(Exception, match="case_cells"):
        state_migrations.upgrade(before)

    with before.read() as tx:
        assert tx.scalar(sa.text("SELECT version_num FROM alembic_version")) == step
        assert all(stored(tx, table, row) for table, row in rows_up_to(step))


def test_people_and_keys_open_what_they_opened(upgraded: Database, clock: FixedClock) -> None:
    reads, ring = AccessReads(upgraded), KeyRing(upgraded, clock)

    users = {user.id: user for user in reads.users(UserSearch()).items}
    [team] = reads.teams(TeamSearch(text="TILL")).items

    assert {UserId(was.MIRA), UserId(was.TIM)} <= users.keys()
    assert (users[UserId(was.MIRA)].name, users[UserId(was.MIRA)].role_ids) == ("Mira Öz", (was.ADMIN,))
    assert users[UserId(was.TIM)].status is UserStatus.DISABLED
    assert reads.roles()[was.READER].scopes == {Scope.ERROR_TRACKING_READ}
    assert (team.id, team.user_count, len(reads.members(TeamId(was.TEAM)))) == (was.TEAM, 2, 2)
    assert ring.find(was.API_SECRET).record.id == was.API_KEY
    assert ring.find(was.APP_SECRET).scopes == BUILTIN_SCOPES[BuiltinRole.ADMIN]
    assert ring.find(was.OLD_SECRET) is None


def test_issues_are_read_as_they_were(upgraded: Database) -> None:
    with upgraded.read() as tx:
        found = store.load_many(tx, [IssueId(each) for each in (was.OPEN, was.RESOLVED, was.BARE)])
        by_print = store.issues_of(tx, [Fingerprint(was.RESOLVED_PRINT)])

    opened, resolved, bare = found[IssueId(was.OPEN)], found[IssueId(was.RESOLVED)], found[IssueId(was.BARE)]
    assert (opened.event_count, opened.assignee_id, opened.team_ids) == (5_000_000_000, was.MIRA, (was.TEAM,))
    assert (opened.first_seen, opened.error_message) == (instant(was.AT), "no card \u2028 é 🐛")
    assert (resolved.state, resolved.regression.regressed_at) == (IssueState.RESOLVED, instant(was.AT + 9))
    assert (bare.service, bare.languages, bare.suspected_cause) == ("", (), Cause.CODE_EXCEPTION)
    assert by_print == {Fingerprint(was.RESOLVED_PRINT): resolved}


def test_versions_of_a_service_are_those_that_its_issues_were_seen_in(upgraded: Database, step: str) -> None:
    with upgraded.read() as tx:
        shop = store.first_sightings(tx, "shop", ["0.9", "1.0", "1.1"])
        nameless = store.first_sightings(tx, "", ["1.0"])

    if step >= "0004":  # that release had counted itself
        assert shop == {"0.9": instant(was.AT - 86_400_000_000)}
    else:
        assert (shop, nameless) == ({"1.0": instant(was.AT + 5), "1.1": instant(was.AT)}, {"1.0": instant(was.AT + 3)})


def test_digest_goes_on_where_it_was(upgraded: Database) -> None:
    with upgraded.write() as tx:
        old = batches.unfinished(tx, NodeId(was.NODE))
        position = batches.position_of(tx, NodeId(was.NODE))
        batches.finish(tx, old)
        new = batches.plan(tx, NodeId(was.NODE), batches.Source.JOURNAL, old.end, old.end + 1, (), old.rules, NOW)
        kept = aside.listing(tx)
        marked = aside.marked(tx, NodeId(was.NODE), limit=5)

    assert (old.rules, position) == (Rules(1, 2_592_000_000, 7_200_000), 1 << 40)
    assert new.id > old.id
    assert (kept[0].body, kept[0].headers) == (bytes(range(256)), {"content-type": "application/json"})
    assert [each.entry for each in marked] == [3]


def test_facts_are_read_on_and_new_ones_come_behind_them(upgraded: Database, clock: FixedClock) -> None:
    commands = IssueCommands(upgraded, clock, random_id)

    commands.set_state(IssueId(was.OPEN), IssueState.RESOLVED, SYSTEM)

    with upgraded.read() as tx:
        facts = outbox.read(tx, 0, 10)
        unread = outbox.read(tx, outbox.position_of(tx, "notify"), 10)
    assert [each.fact.subject for each in facts] == [was.OPEN, was.RESOLVED, was.TIM, was.OPEN]
    assert facts[0].fact.data == {"text": "é", "n": 3, "list": ["a"]}
    assert facts[0].fact.actor == Actor(ActorKind.USER, was.MIRA)
    assert unread == facts[2:]


def test_people_can_be_changed(upgraded: Database, clock: FixedClock) -> None:
    commands = AccessCommands(upgraded, clock, random_id, secrets.token_bytes)

    commands.enable_user(SYSTEM, UserId(was.TIM))
    made = commands.create_key(SYSTEM, KeyKind.TOKEN, name="new", owner_id=UserId(was.TIM))

    assert KeyRing(upgraded, clock).find(made.secret).scopes == {Scope.ERROR_TRACKING_READ}


def test_first_case_can_be_created(upgraded: Database, clock: FixedClock) -> None:
    case = CaseCommands(upgraded, clock, random_id).create(NewCase(None, "pump", type_id=STANDARD.id), SYSTEM)

    assert (case.public_id, case.key_number) == (1, 1)
    assert CaseReads(upgraded).case(case.key) == case


@since("0002")
def test_maps_projects_and_requests_are_read_as_they_were(upgraded: Database, clock: FixedClock) -> None:
    with upgraded.read() as tx:
        [uploaded] = source_maps.alike(tx, "shop", "1.0", "m.js")
        [request] = recent.listing(tx, limit=10)
        joined = store.load(tx, IssueId(was.GONE))

    assert (uploaded.id, uploaded.size, uploaded.uploaded_by) == (was.MAP, 5_000_000_000, was.API_KEY)
    assert [(piece.verdict, piece.issue_id) for piece in request.pieces] == [("error", was.OPEN), ("no_error", None)]
    assert joined.id == was.OPEN
    assert [each.number for each in SentryProjects(upgraded, clock, random_id).all()] == [10**18 - 1]


@since("0003")
def test_aliases_are_read_as_they_were(upgraded: Database) -> None:
    with upgraded.read() as tx:
        changed_at, count = store.aliases_changed_at(tx)
        found = store.issues_of(tx, [Fingerprint(was.ALIAS_PRINT), Fingerprint(was.OPEN_PRINT)])

    assert (changed_at, count) == (instant(was.AT + 86_400_000_000), 1)
    assert {issue.id for issue in found.values()} == {was.OPEN}


def instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
