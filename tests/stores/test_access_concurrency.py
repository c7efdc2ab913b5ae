"""People and keys changed by many at once: bounds and rules hold as if they had come one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from errata.access.commands import AccessCommands
from errata.access.first_start import first_start
from errata.access.model import MAX_API_KEYS, BuiltinRole, KeyKind
from errata.access.reads import AccessReads, KeySearch, TeamSearch, UserSearch
from errata.base.clock import FixedClock
from errata.base.errors import Conflict
from errata.base.facts import SYSTEM
from errata.storage.sql import Database

MANY = 16


def told(*deeds: Callable[[], object]) -> Counter[str]:
    """Do all of them at the same moment; how often they were done, and how often refused with a Conflict."""
    start = Barrier(len(deeds))

    def begun(deed: Callable[[], object]) -> str:
        start.wait(60)
        try:
            deed()
        except Conflict:
            return "refused"
        return "done"

    with ThreadPoolExecutor(len(deeds)) as pool:
        return Counter(pool.map(begun, deeds))


def test_last_place_for_a_key_is_given_once(commands: AccessCommands, reads: AccessReads) -> None:
    for number in range(MAX_API_KEYS - 1):
        commands.create_key(SYSTEM, KeyKind.API, name=f"key {number}")

    found = told(*(lambda n=n: commands.create_key(SYSTEM, KeyKind.API, name=f"last {n}") for n in range(MANY)))

    assert found == {"done": 1, "refused": MANY - 1}
    assert reads.keys(KeySearch(kind=KeyKind.API)).total == MAX_API_KEYS


def test_address_is_invited_once(commands: AccessCommands, reads: AccessReads) -> None:
    found = told(*(lambda: commands.create_user(SYSTEM, email="ida@errata.example") for _ in range(MANY)))

    assert found == {"done": 1, "refused": MANY - 1}
    assert reads.users(UserSearch()).total == 1


def test_name_of_a_team_is_given_once(commands: AccessCommands, reads: AccessReads) -> None:
    found = told(*(lambda n=n: commands.create_team(SYSTEM, handle=f"team-{n}", name="Till") for n in range(MANY)))

    assert found == {"done": 1, "refused": MANY - 1}
    assert reads.teams(TeamSearch()).total == 1


def test_one_administrator_is_left_when_all_are_shut_out_at_once(
    state: Database, commands: AccessCommands, reads: AccessReads, clock: FixedClock
) -> None:
    first_start(state, clock, lambda size: bytes(range(100, 100 + size)))
    admin = next(role.id for role in reads.roles().values() if role.builtin is BuiltinRole.ADMIN)
    for number in range(7):
        commands.create_user(SYSTEM, email=f"admin{number}@errata.example", role_ids=[admin])
    everybody = reads.users(UserSearch(limit=100)).items

    found = told(*(lambda user=user: commands.disable_user(SYSTEM, user.id) for user in everybody))

    assert found == {"done": 7, "refused": 1}
    assert sum(not user.disabled for user in reads.users(UserSearch(limit=100)).items) == 1
