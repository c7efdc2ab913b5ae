from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from errata.access import passwords
from errata.access.commands import AccessCommands
from errata.access.credentials import Credentials, IntakeKeys, KeyRing
from errata.access.first_start import FirstStart, first_start
from errata.access.model import BuiltinRole, KeyKind, Scope, UserStatus
from errata.access.reads import AccessReads, KeySearch, UserSearch
from errata.access.tables import users
from errata.base.clock import FixedClock
from errata.base.errors import Conflict, Invalid
from errata.base.facts import SYSTEM
from errata.storage.sql import Database

API_KEY, APP_KEY = "a" * 32, "b" * 40


@pytest.fixture
def start(state: Database, clock: FixedClock):
    def started(**given: str | None) -> FirstStart | None:
        clock.advance(timedelta(seconds=1))
        return first_start(state, clock, secrets.token_bytes, **given)

    return started


@pytest.fixture
def credentials(state: Database, clock: FixedClock) -> Credentials:
    return Credentials(KeyRing(state, clock, remembered_s=0))


def signs_in(state: Database, email: str, password: str) -> bool:
    with state.read() as tx:
        return passwords.matches(tx.scalar(select(users.c.password_hash).where(users.c.email == email)), password)


def test_first_start_makes_everything_and_says_it_once(start, state, reads: AccessReads, credentials) -> None:
    made = start()

    assert start() is None
    assert reads.organisation() == made.organisation
    assert [role.builtin for role in reads.roles().values()] == [
        BuiltinRole.ADMIN,
        BuiltinRole.READ_ONLY,
        BuiltinRole.STANDARD,
    ]
    caller = credentials.principal(made.api_key, made.app_key)
    assert caller.scopes == set(Scope)
    assert (caller.user.email, caller.user.status) == ("admin@localhost", UserStatus.ACTIVE)
    assert signs_in(state, "admin@localhost", made.password)


def test_the_first_client_token_sends_and_opens_nothing(start, state, clock, credentials) -> None:
    made = start()

    assert IntakeKeys(KeyRing(state, clock)).find(made.client_token) is not None
    assert credentials.api_key(made.client_token) is None


def test_text_form_of_a_first_start_holds_no_secret(start) -> None:
    made = start()

    assert not any(secret in repr(made) for secret in (made.api_key, made.app_key, made.client_token, made.password))


def test_given_values_are_taken_instead_of_made_ones(start, state, credentials) -> None:
    made = start(api_key=API_KEY, app_key=APP_KEY, admin_email="Boss@Errata.example", admin_password="correct horse")

    assert (made.api_key, made.app_key, made.admin_email) == (API_KEY, APP_KEY, "boss@errata.example")
    assert made.password is None
    assert credentials.principal(API_KEY, APP_KEY).user.email == "boss@errata.example"
    assert signs_in(state, "boss@errata.example", "correct horse")


@pytest.mark.parametrize(
    "given",
    [
        {"api_key": "short"},
        {"app_key": "with a blank in it"},
        {"admin_email": "nobody"},
        {"admin_password": "1234567"},
        {"api_key": API_KEY, "app_key": API_KEY},
    ],
    ids=["api key", "application key", "email", "password", "one key for both"],
)
def test_given_value_that_cannot_be_used_stops_the_start(start, reads: AccessReads, given: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        start(**given)

    assert reads.users(UserSearch()).total == 0


def test_processes_that_start_at_once_make_one_installation(state, reads: AccessReads, clock: FixedClock) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: first_start(state, clock, secrets.token_bytes), range(4)))

    assert sum(one is not None for one in made) == 1
    assert reads.users(UserSearch()).total == 1
    assert reads.keys(KeySearch(kind=KeyKind.API)).total == 1


def test_key_given_later_is_added_beside_the_first(start, credentials) -> None:
    made = start()

    assert start(api_key=API_KEY, app_key=APP_KEY) is None

    for api_key, app_key in ((made.api_key, made.app_key), (API_KEY, APP_KEY), (made.api_key, APP_KEY)):
        assert credentials.principal(api_key, app_key).user.email == "admin@localhost"


def test_same_key_given_at_every_start_is_one_key(start, reads: AccessReads) -> None:
    for _ in range(3):
        start(api_key=API_KEY, app_key=APP_KEY)

    assert [reads.keys(KeySearch(kind=kind)).total for kind in (KeyKind.API, KeyKind.APPLICATION)] == [1, 1]


def test_given_key_that_was_revoked_stays_revoked(start, commands: AccessCommands, credentials) -> None:
    start(api_key=API_KEY)
    commands.revoke_key(SYSTEM, credentials.api_key(API_KEY).id)

    start(api_key=API_KEY)

    assert credentials.api_key(API_KEY) is None


def test_key_known_as_another_kind_is_refused(start, state, clock) -> None:
    start(app_key=APP_KEY)

    with pytest.raises(Conflict):
        start(api_key=APP_KEY)
    assert IntakeKeys(KeyRing(state, clock)).find(APP_KEY) is None


def test_administrator_given_later_is_added_and_gets_the_given_key(start, state, credentials) -> None:
    made = start()

    start(api_key=API_KEY, app_key=APP_KEY, admin_email="boss@errata.example", admin_password="correct horse")

    caller = credentials.principal(API_KEY, APP_KEY)
    assert caller.user.email == "boss@errata.example"
    assert Scope.USER_ACCESS_MANAGE in caller.scopes
    assert signs_in(state, "boss@errata.example", "correct horse")
    assert signs_in(state, "admin@localhost", made.password)


def test_new_password_given_later_is_set(start, state) -> None:
    start(admin_password="correct horse")

    start(admin_password="battery staple")

    assert signs_in(state, "admin@localhost", "battery staple")


def test_same_password_given_again_does_not_undo_a_change(start, state) -> None:
    start(admin_password="correct horse")
    with state.write() as tx:
        tx.execute(users.update().values(password_hash=passwords.hash_of("changed by its owner")))

    start(admin_password="correct horse")

    assert signs_in(state, "admin@localhost", "changed by its owner")


def test_password_without_address_is_the_oldest_administrators(start, state) -> None:
    start(admin_email="boss@errata.example")

    start(admin_password="correct horse")

    assert signs_in(state, "boss@errata.example", "correct horse")


def test_existing_user_named_as_administrator_is_left_alone(
    start, commands: AccessCommands, reads: AccessReads
) -> None:
    start()
    nora = commands.create_user(SYSTEM, email="nora@errata.example")
    commands.disable_user(SYSTEM, nora.id)

    start(admin_email="nora@errata.example")

    assert reads.user(nora.id).disabled
    assert reads.user(nora.id).role_ids == ()
