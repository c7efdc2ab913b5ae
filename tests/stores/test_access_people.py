from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from errata.access.commands import AccessCommands
from errata.access.first_start import first_start
from errata.access.model import BuiltinRole, RoleId, TeamRole, User, UserStatus
from errata.access.reads import AccessReads, TeamSearch, TeamSort, UserSearch, UserSort
from errata.base.clock import FixedClock
from errata.base.errors import Conflict, Invalid, NotFound, Unavailable
from errata.base.facts import SYSTEM, Actor, ActorKind
from errata.base.ids import TeamId, UserId
from errata.storage import outbox
from errata.storage.sql import Database


def fact_names(state: Database) -> list[str]:
    with state.read() as tx:
        return [written.fact.name for written in outbox.read(tx, 0, 1_000)]


def role(reads: AccessReads, builtin: BuiltinRole) -> RoleId:
    return next(role.id for role in reads.roles().values() if role.builtin is builtin)


def emails(found: tuple[User, ...]) -> list[str]:
    return [user.email for user in found]


def test_new_user_is_pending_and_known_by_the_address_in_lower_case(
    commands: AccessCommands, reads: AccessReads, clock: FixedClock, state: Database
) -> None:
    made = commands.create_user(SYSTEM, email="Nora@Errata.example", title="developer")

    found = reads.user(made.id)
    assert found == made
    assert (found.email, found.handle) == ("nora@errata.example", "nora@errata.example")
    assert (found.name, found.title, found.status) == (None, "developer", UserStatus.PENDING)
    assert found.created_at == found.modified_at == clock.now()
    assert fact_names(state) == ["user.created"]


def test_service_account_is_active_at_once(commands: AccessCommands) -> None:
    made = commands.create_user(SYSTEM, email="ci@errata.example", service_account=True)

    assert made.status is UserStatus.ACTIVE


def test_address_in_use_is_refused_in_any_case(commands: AccessCommands, reads: AccessReads) -> None:
    commands.create_user(SYSTEM, email="nora@errata.example")

    with pytest.raises(Conflict, match=r"nora@errata\.example"):
        commands.create_user(SYSTEM, email="NORA@errata.example")

    assert reads.users(UserSearch()).total == 1


def test_user_with_a_role_that_does_not_exist_is_not_made(commands: AccessCommands, reads: AccessReads) -> None:
    with pytest.raises(Invalid, match="no role"):
        commands.create_user(SYSTEM, email="nora@errata.example", role_ids=[RoleId(uuid4())])

    assert reads.users(UserSearch()).total == 0


def test_disabled_user_stays_and_can_be_let_in_again(
    commands: AccessCommands, reads: AccessReads, clock: FixedClock, state: Database
) -> None:
    user = commands.create_user(SYSTEM, email="nora@errata.example")
    clock.advance(timedelta(hours=1))

    commands.disable_user(SYSTEM, user.id)
    commands.disable_user(SYSTEM, user.id)

    found = reads.user(user.id)
    assert found.status is UserStatus.DISABLED
    assert found.modified_at == clock.now() > found.created_at
    assert commands.enable_user(SYSTEM, user.id).status is UserStatus.PENDING
    assert fact_names(state) == ["user.created", "user.disabled", "user.enabled"]


def test_unknown_user_is_not_found(commands: AccessCommands, reads: AccessReads) -> None:
    nobody = UserId(uuid4())

    for ask in (reads.user, lambda user_id: commands.disable_user(SYSTEM, user_id)):
        with pytest.raises(NotFound):
            ask(nobody)
    assert reads.users_by_id([nobody]) == {}


def test_last_administrator_cannot_leave(
    commands: AccessCommands, reads: AccessReads, state: Database, clock: FixedClock
) -> None:
    first_start(state, clock, lambda size: bytes(range(size)))
    admin = reads.users(UserSearch()).items[0]

    for leave in (
        lambda: commands.disable_user(SYSTEM, admin.id),
        lambda: commands.set_user_roles(SYSTEM, admin.id, [role(reads, BuiltinRole.STANDARD)]),
    ):
        with pytest.raises(Conflict, match="last administrator"):
            leave()

    assert reads.user(admin.id) == admin


def test_administrator_may_leave_when_another_stays(
    commands: AccessCommands, reads: AccessReads, state: Database, clock: FixedClock
) -> None:
    first_start(state, clock, lambda size: bytes(range(size)))
    admin = reads.users(UserSearch()).items[0]
    commands.create_user(SYSTEM, email="nora@errata.example", role_ids=[role(reads, BuiltinRole.ADMIN)])

    assert commands.disable_user(SYSTEM, admin.id).disabled


def test_roles_are_replaced_as_a_whole(
    commands: AccessCommands, reads: AccessReads, state: Database, clock: FixedClock
) -> None:
    first_start(state, clock, lambda size: bytes(range(size)))
    standard, read_only = role(reads, BuiltinRole.STANDARD), role(reads, BuiltinRole.READ_ONLY)
    user = commands.create_user(SYSTEM, email="nora@errata.example", role_ids=[standard, standard])

    commands.set_user_roles(SYSTEM, user.id, [read_only])
    commands.set_user_roles(SYSTEM, user.id, [read_only])

    assert user.role_ids == (standard,)
    assert reads.user(user.id).role_ids == (read_only,)
    assert fact_names(state)[-2:] == ["user.created", "user.roles_changed"]


@pytest.fixture
def crowd(commands: AccessCommands, clock: FixedClock) -> dict[str, User]:
    made = {}
    for name, email in (
        ("Zoë", "a@errata.example"),
        ("anna", "b@errata.example"),
        (None, "mira_x@errata.example"),
        ("ÖZGÜR 100%", "d@other.example"),
    ):
        clock.advance(timedelta(seconds=1))
        made[email[0]] = commands.create_user(SYSTEM, email=email, name=name)
    made["b"] = commands.disable_user(SYSTEM, made["b"].id)
    return made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "abdm"),
        ("errata", "abm"),
        ("ERRATA", "abm"),
        ("anna", "b"),
        ("özgür", "d"),
        ("ZOË", "a"),
        ("%", "d"),
        ("mira_", "m"),
        ("a_e", ""),
        ("nobody", ""),
        (" zoë ", "a"),
    ],
)
def test_users_are_found_by_any_part_of_what_they_are_called(
    crowd: dict[str, User], reads: AccessReads, text: str, found: str
) -> None:
    page = reads.users(UserSearch(text=text))

    assert sorted(email[0] for email in emails(page.items)) == sorted(found)
    assert (page.total, page.total_filtered) == (4, len(found))


def test_users_are_found_by_status(crowd: dict[str, User], reads: AccessReads) -> None:
    disabled = reads.users(UserSearch(statuses=frozenset({UserStatus.DISABLED})))
    others = reads.users(UserSearch(statuses=frozenset({UserStatus.ACTIVE, UserStatus.PENDING})))

    assert disabled.items == (crowd["b"],)
    assert others.total_filtered == 3


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", UserSort)
def test_users_are_sorted_in_both_directions(
    crowd: dict[str, User], reads: AccessReads, sort: UserSort, descending: bool
) -> None:
    page = reads.users(UserSearch(sort=sort, descending=descending))

    assert {user.id for user in page.items} == {user.id for user in crowd.values()}
    if sort is UserSort.CREATED_AT:
        assert "".join(email[0] for email in emails(page.items)) == ("dmba" if descending else "abmd")


def test_pages_of_users_hold_each_once(crowd: dict[str, User], reads: AccessReads) -> None:
    pages = [reads.users(UserSearch(offset=offset, limit=3)) for offset in (0, 3, 6)]

    assert [len(page.items) for page in pages] == [3, 1, 0]
    assert {user.id for page in pages for user in page.items} == {user.id for user in crowd.values()}
    assert {page.total_filtered for page in pages} == {4}


def test_organisation_is_unavailable_before_the_first_start(reads: AccessReads) -> None:
    with pytest.raises(Unavailable):
        reads.organisation()


def test_new_team_is_found_by_id_and_has_no_members(
    commands: AccessCommands, reads: AccessReads, state: Database
) -> None:
    made = commands.create_team(SYSTEM, handle="Shop", name="The Shop", summary="sells", description="a\nb")

    assert reads.team(made.id) == made
    assert (made.handle, made.user_count) == ("shop", 0)
    assert reads.teams_by_id([made.id, TeamId(uuid4())]) == {made.id: made}
    assert fact_names(state) == ["team.created"]


@pytest.mark.parametrize(("handle", "name"), [("shop", "Other"), ("SHOP", "Other"), ("other", "The Shop")])
def test_team_needs_a_handle_and_a_name_of_its_own(commands: AccessCommands, handle: str, name: str) -> None:
    commands.create_team(SYSTEM, handle="shop", name="The Shop")

    with pytest.raises(Conflict, match="Team name and handle must be unique"):
        commands.create_team(SYSTEM, handle=handle, name=name)


def test_members_come_change_and_go(commands: AccessCommands, reads: AccessReads, state: Database) -> None:
    team = commands.create_team(SYSTEM, handle="shop", name="Shop")
    nora = commands.create_user(SYSTEM, email="nora@errata.example")
    actor = Actor(ActorKind.USER, nora.id)

    commands.add_member(actor, team.id, nora.id)
    commands.set_member_role(actor, team.id, nora.id, TeamRole.ADMIN)
    commands.set_member_role(actor, team.id, nora.id, TeamRole.ADMIN)

    assert [(member.user_id, member.role) for member in reads.members(team.id)] == [(nora.id, TeamRole.ADMIN)]
    assert reads.team(team.id).user_count == 1
    with pytest.raises(Conflict):
        commands.add_member(actor, team.id, nora.id)
    commands.remove_member(actor, team.id, nora.id)
    assert reads.members(team.id) == []
    with pytest.raises(NotFound):
        commands.remove_member(actor, team.id, nora.id)
    assert fact_names(state)[2:] == ["team.member_added", "team.member_role_changed", "team.member_removed"]


def test_membership_needs_a_team_and_a_user(commands: AccessCommands, reads: AccessReads) -> None:
    team = commands.create_team(SYSTEM, handle="shop", name="Shop")
    nora = commands.create_user(SYSTEM, email="nora@errata.example")

    for team_id, user_id in ((TeamId(uuid4()), nora.id), (team.id, UserId(uuid4()))):
        with pytest.raises(NotFound):
            commands.add_member(SYSTEM, team_id, user_id)
    for ask in (reads.team, reads.members):
        with pytest.raises(NotFound):
            ask(TeamId(uuid4()))


def test_teams_are_found_sorted_and_counted(commands: AccessCommands, reads: AccessReads) -> None:
    nora = commands.create_user(SYSTEM, email="nora@errata.example")
    made = {handle: commands.create_team(SYSTEM, handle=handle, name=f"Team {handle}") for handle in ("b", "a", "c")}
    commands.add_member(SYSTEM, made["b"].id, nora.id)

    def handles(**search: object) -> str:
        return "".join(team.handle for team in reads.teams(TeamSearch(**search)).items)

    assert handles() == "abc"
    assert handles(descending=True) == "cba"
    assert handles(sort=TeamSort.USER_COUNT, descending=True)[0] == "b"
    assert handles(member=nora.id) == "b"
    assert handles(text="TEAM A") == "a"
    assert handles(offset=1, limit=1) == "b"
    assert reads.teams(TeamSearch(text="team a")).total == 3
