from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from errata.access.commands import AccessCommands
from errata.access.credentials import Credentials, IntakeKeys, KeyRing
from errata.access.first_start import first_start
from errata.access.model import BuiltinRole, KeyKind, Scope, User
from errata.access.reads import AccessReads, KeySearch, KeySort
from errata.access.tables import keys
from errata.base.clock import FixedClock
from errata.base.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from errata.base.facts import SYSTEM, Actor, ActorKind
from errata.base.ids import KeyId, UserId
from errata.storage.sql import Database


class Watch:
    """A monotonic clock that the test turns."""

    seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def ring(state: Database, clock: FixedClock, watch: Watch) -> KeyRing:
    return KeyRing(state, clock, monotonic=watch, max_entries=3)


@pytest.fixture
def mira(commands: AccessCommands, reads: AccessReads, state: Database, clock: FixedClock) -> User:
    first_start(state, clock, lambda size: bytes(range(100, 100 + size)))
    standard = next(role.id for role in reads.roles().values() if role.builtin is BuiltinRole.STANDARD)
    return commands.create_user(SYSTEM, email="mira@errata.example", role_ids=[standard])


@pytest.fixture
def api_secret(commands: AccessCommands, mira: User) -> str:
    return commands.create_key(SYSTEM, KeyKind.API, name="intake").secret


def test_secret_is_shown_once_and_stored_nowhere(commands: AccessCommands, state: Database) -> None:
    made = commands.create_key(SYSTEM, KeyKind.API, name="intake")

    with state.read() as tx:
        row = tx.execute(select(keys)).one()
    assert made.record.last4 == made.secret[-4:] == row.last4
    assert not any(made.secret in str(value) for value in row)
    assert made.secret not in repr(made)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (KeyKind.API, r"[0-9a-f]{32}"),
        (KeyKind.CLIENT, r"pub[0-9a-f]{32}"),
        (KeyKind.APPLICATION, r"[0-9a-f]{40}"),
        (KeyKind.TOKEN, r"ert_[\w-]{40}"),
    ],
)
def test_keys_have_the_form_that_clients_expect(commands: AccessCommands, mira: User, kind: KeyKind, form: str) -> None:
    made = commands.create_key(SYSTEM, kind, name="one", owner_id=mira.id if kind.acts_as_user else None)

    assert re.fullmatch(form, made.secret)


def test_key_pair_opens_the_api_as_its_owner(
    ring: KeyRing, commands: AccessCommands, mira: User, api_secret: str
) -> None:
    made = commands.create_key(SYSTEM, KeyKind.APPLICATION, name="ci", owner_id=mira.id)

    caller = Credentials(ring).principal(api_secret, made.secret)

    assert caller.user == mira
    assert caller.key_id == made.record.id != caller.api_key_id
    assert caller.actor == Actor(ActorKind.USER, mira.id)
    assert Scope.CASES_WRITE in caller.scopes
    assert Scope.USER_ACCESS_MANAGE not in caller.scopes


def test_scopes_of_a_key_cut_what_its_owner_may_and_add_nothing(
    ring: KeyRing, commands: AccessCommands, mira: User, api_secret: str
) -> None:
    made = commands.create_key(
        SYSTEM, KeyKind.APPLICATION, name="ci", owner_id=mira.id, scopes=["cases_read", "user_access_manage"]
    )

    assert Credentials(ring).principal(api_secret, made.secret).scopes == {Scope.CASES_READ}


def test_token_opens_the_api_alone(ring: KeyRing, commands: AccessCommands, mira: User) -> None:
    made = commands.create_key(SYSTEM, KeyKind.TOKEN, name="script", owner_id=mira.id, scopes=["cases_read"])

    caller = Credentials(ring).bearer(made.secret)

    assert (caller.user, caller.scopes, caller.api_key_id) == (mira, {Scope.CASES_READ}, None)


def test_every_kind_opens_its_own_door_only(
    ring: KeyRing, commands: AccessCommands, mira: User, api_secret: str
) -> None:
    made = {
        kind: commands.create_key(SYSTEM, kind, name="one", owner_id=mira.id if kind.acts_as_user else None).secret
        for kind in KeyKind
    }
    credentials, intake = Credentials(ring), IntakeKeys(ring)

    def opens(door: Callable[[str], object]) -> set[KeyKind]:
        opened = set()
        for kind, secret in made.items():
            try:
                if door(secret) is not None:
                    opened.add(kind)
            except Forbidden:
                pass
        return opened

    assert opens(intake.find) == {KeyKind.API, KeyKind.CLIENT}
    assert opens(credentials.api_key) == {KeyKind.API}
    assert opens(credentials.sender) == {KeyKind.API}
    assert opens(credentials.bearer) == {KeyKind.TOKEN}
    assert opens(lambda secret: credentials.principal(api_secret, secret)) == {KeyKind.APPLICATION}
    assert opens(lambda secret: credentials.principal(secret, made[KeyKind.APPLICATION])) == {KeyKind.API}


@pytest.mark.parametrize(
    ("api_key", "app_key", "header"),
    [
        (None, None, "DD-API-KEY"),
        (None, "x" * 40, "DD-API-KEY"),
        ("x" * 32, None, "DD-APPLICATION-KEY"),
        ("", "", "DD-API-KEY"),
    ],
)
def test_absent_key_is_named_by_its_header(
    ring: KeyRing, api_key: str | None, app_key: str | None, header: str
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        Credentials(ring).principal(api_key, app_key)

    assert refused.value.where == header


def test_absent_credentials_are_not_wrong_ones(ring: KeyRing) -> None:
    for ask in (lambda: Credentials(ring).sender(None), lambda: Credentials(ring).bearer("")):
        with pytest.raises(Unauthenticated):
            ask()


@pytest.mark.parametrize(
    "secret", ["", "x" * 15, "x" * 32, "x" * 1_000_000, "ä\ud800" * 10, "\x00" * 32, "' OR 1=1 --      "]
)
def test_unknown_secret_opens_nothing(ring: KeyRing, api_secret: str, secret: str) -> None:
    assert IntakeKeys(ring).find(secret) is None
    assert Credentials(ring).api_key(secret) is None
    if secret:
        for ask in (Credentials(ring).bearer, lambda wrong: Credentials(ring).principal(api_secret, wrong)):
            with pytest.raises(Forbidden) as refused:
                ask(secret)
            assert secret not in str(refused.value)


def test_revoked_key_works_for_two_seconds_at_most(
    ring: KeyRing, watch: Watch, commands: AccessCommands, reads: AccessReads, api_secret: str
) -> None:
    intake = IntakeKeys(ring)
    key_id = intake.find(api_secret)

    commands.revoke_key(SYSTEM, key_id)
    commands.revoke_key(SYSTEM, key_id)

    watch.seconds += 1.99
    assert intake.find(api_secret) == key_id
    watch.seconds += 0.01
    assert intake.find(api_secret) is None
    assert key_id not in {key.id for key in reads.keys(KeySearch(kind=KeyKind.API)).items}


def test_new_key_works_two_seconds_after_it_was_tried_in_vain(
    ring: KeyRing, watch: Watch, state: Database, clock: FixedClock
) -> None:
    assert IntakeKeys(ring).find("chosen-by-a-person") is None

    first_start(state, clock, lambda size: bytes(range(size)), api_key="chosen-by-a-person")

    assert IntakeKeys(ring).find("chosen-by-a-person") is None
    watch.seconds += 2
    assert IntakeKeys(ring).find("chosen-by-a-person") is not None


def test_disabled_users_keys_stop_and_the_organisations_go_on(
    ring: KeyRing, watch: Watch, commands: AccessCommands, mira: User
) -> None:
    by_mira = Actor(ActorKind.USER, mira.id)
    api_secret = commands.create_key(by_mira, KeyKind.API, name="intake").secret
    app_secret = commands.create_key(by_mira, KeyKind.APPLICATION, name="ci", owner_id=mira.id).secret
    token = commands.create_key(by_mira, KeyKind.TOKEN, name="script", owner_id=mira.id).secret
    credentials = Credentials(ring)
    credentials.principal(api_secret, app_secret)

    commands.disable_user(SYSTEM, mira.id)

    watch.seconds += 2
    for ask in (lambda: credentials.principal(api_secret, app_secret), lambda: credentials.bearer(token)):
        with pytest.raises(Forbidden):
            ask()
    assert IntakeKeys(ring).find(api_secret) is not None


def test_unknown_secrets_never_displace_a_key_in_use(ring: KeyRing, state: Database, api_secret: str) -> None:
    key_id = IntakeKeys(ring).find(api_secret)

    for number in range(100):
        ring.find(f"guess number {number:020}")

    assert IntakeKeys(ring).peek(api_secret) == (key_id,)
    assert len(ring._unknown) <= 3


def test_peek_answers_from_memory_or_not_at_all(ring: KeyRing, watch: Watch, api_secret: str) -> None:
    intake = IntakeKeys(ring)

    assert intake.peek(api_secret) is None
    key_id = intake.find(api_secret)
    assert intake.peek(api_secret) == (key_id,)
    assert intake.peek("short") == (None,)
    intake.find("unknown " * 4)
    assert intake.peek("unknown " * 4) == (None,)
    watch.seconds += 2
    assert intake.peek(api_secret) is None


def test_last_use_is_written_once_an_hour(
    ring: KeyRing, clock: FixedClock, reads: AccessReads, api_secret: str
) -> None:
    def last_used() -> object:
        return next(key.last_used_at for key in reads.keys(KeySearch(kind=KeyKind.API)).items if key.name == "intake")

    first = clock.now()
    ring.save_used()
    assert last_used() is None
    for minutes in (0, 30, 29):
        clock.advance(timedelta(minutes=minutes))
        ring.find(api_secret)
        ring.save_used()
        assert last_used() == first
    clock.advance(timedelta(minutes=2))
    ring.find(api_secret)
    ring.save_used()
    assert last_used() == clock.now()


@pytest.mark.parametrize("kind", KeyKind)
def test_keys_that_act_as_a_user_need_one_and_the_others_take_none(
    commands: AccessCommands, mira: User, kind: KeyKind
) -> None:
    with pytest.raises(Invalid):
        commands.create_key(SYSTEM, kind, name="one", owner_id=None if kind.acts_as_user else mira.id)


def test_key_needs_a_name_an_owner_that_exists_and_known_scopes(commands: AccessCommands, mira: User) -> None:
    with pytest.raises(Invalid):
        commands.create_key(SYSTEM, KeyKind.API, name=" ")
    with pytest.raises(Invalid):
        commands.create_key(SYSTEM, KeyKind.API, name="one", scopes=["cases_read"])
    with pytest.raises(Invalid, match="cases_reed"):
        commands.create_key(SYSTEM, KeyKind.TOKEN, name="one", owner_id=mira.id, scopes=["cases_reed"])
    with pytest.raises(NotFound):
        commands.create_key(SYSTEM, KeyKind.TOKEN, name="one", owner_id=UserId(uuid4()))
    with pytest.raises(NotFound):
        commands.revoke_key(SYSTEM, KeyId(uuid4()))


def test_keys_of_one_user_are_bounded_until_one_is_revoked(commands: AccessCommands, mira: User) -> None:
    made = [
        commands.create_key(SYSTEM, KeyKind.APPLICATION, name=f"key {number}", owner_id=mira.id)
        for number in range(100)
    ]

    with pytest.raises(Conflict, match="100 keys"):
        commands.create_key(SYSTEM, KeyKind.APPLICATION, name="one more", owner_id=mira.id)

    commands.revoke_key(SYSTEM, made[0].record.id)
    commands.create_key(SYSTEM, KeyKind.APPLICATION, name="one more", owner_id=mira.id)


def test_keys_are_listed_by_kind_owner_name_and_time(
    commands: AccessCommands, reads: AccessReads, clock: FixedClock, mira: User
) -> None:
    start = clock.now()
    for name in ("b", "A", "c"):
        clock.advance(timedelta(seconds=1))
        commands.create_key(Actor(ActorKind.USER, mira.id), KeyKind.APPLICATION, name=name, owner_id=mira.id)

    def names(**search: object) -> str:
        found = reads.keys(KeySearch(kind=KeyKind.APPLICATION, owner_id=mira.id, **search))
        assert all(key.created_by == key.owner_id == mira.id for key in found.items)
        return "".join(key.name for key in found.items)

    assert names() == "Abc"
    assert names(descending=True) == "cbA"
    assert names(sort=KeySort.CREATED_AT) == "bAc"
    assert len(names(sort=KeySort.LAST4)) == len(names(sort=KeySort.MODIFIED_AT, descending=True)) == 3
    assert names(text="a") == "A"
    assert names(created_from=start + timedelta(seconds=2), created_to=start + timedelta(seconds=3)) == "A"
    assert names(modified_from=start + timedelta(seconds=3)) == "c"
    assert names(offset=1, limit=1) == "b"
    page = reads.keys(KeySearch(kind=KeyKind.APPLICATION, text="c", owner_id=mira.id))
    assert (page.total, page.total_filtered) == (4, 1)
