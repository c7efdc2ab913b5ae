"""Questions about users, teams and keys, for the API and the pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, false, func, select, true

from errata.access import key_store, store
from errata.access.decide import folded
from errata.access.model import (
    KeyKind,
    KeyRecord,
    Membership,
    Organisation,
    Page,
    Role,
    RoleId,
    Team,
    User,
    UserStatus,
)
from errata.access.tables import keys, team_members, teams, users
from errata.base.errors import NotFound, Unavailable
from errata.base.ids import TeamId, UserId
from errata.storage.bytewise import ascii_lower, bytewise
from errata.storage.sql import Database, Transaction


class UserSort(StrEnum):
    """What a list of users can be sorted by."""

    NAME = "name"
    EMAIL = "email"
    HANDLE = "handle"
    TITLE = "title"
    STATUS = "status"
    CREATED_AT = "created_at"
    MODIFIED_AT = "modified_at"


class TeamSort(StrEnum):
    """What a list of teams can be sorted by."""

    NAME = "name"
    USER_COUNT = "user_count"


class KeySort(StrEnum):
    """What a list of keys can be sorted by."""

    NAME = "name"
    LAST4 = "last4"
    CREATED_AT = "created_at"
    MODIFIED_AT = "modified_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSearch:
    """Which users. `text` is looked for in name, address and handle, case aside; `statuses` empty means all."""

    text: str = ""
    statuses: frozenset[UserStatus] = frozenset()
    sort: UserSort = UserSort.NAME
    descending: bool = False
    offset: int = 0
    limit: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSearch:
    """Which teams. `text` is looked for in name and handle, case aside; `member` keeps those the user belongs to."""

    text: str = ""
    member: UserId | None = None
    sort: TeamSort = TeamSort.NAME
    descending: bool = False
    offset: int = 0
    limit: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySearch:
    """Which keys that are not revoked. `text` is looked for in the name, case aside. Time ranges are half open."""

    kind: KeyKind
    text: str = ""
    owner_id: UserId | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    modified_from: datetime | None = None
    modified_to: datetime | None = None
    sort: KeySort = KeySort.NAME
    descending: bool = False
    offset: int = 0
    limit: int = 10


class AccessReads:
    """The questions. All raise Unavailable when the state database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def organisation(self) -> Organisation:
        """The organisation of this installation. Raises Unavailable before the first start has made it."""
        with self._database.read() as tx:
            found = store.load_organisation(tx)
        if found is None:
            raise Unavailable("The installation is not set up yet.", where="state")
        return found

    def users(self, search: UserSearch) -> Page[User]:
        """A page of users, equal ones in the order of their ids."""
        wanted: list[ColumnElement[bool]] = _holding(users, search.text)
        if search.statuses:
            wanted.append(_status().in_([status.value for status in search.statuses]))
        order = {
            UserSort.NAME: ascii_lower(func.coalesce(users.c.name, users.c.handle)),
            UserSort.STATUS: bytewise(_status()),
            UserSort.CREATED_AT: users.c.created_at,
            UserSort.MODIFIED_AT: users.c.modified_at,
        }.get(search.sort)
        column = order if order is not None else bytewise(users.c[search.sort.value])
        with self._database.read() as tx:
            total, filtered = _totals(tx, users, [], wanted)
            query = _slice(select(users).where(*wanted), column, users.c.id, search)
            return Page(tuple(store.users_of(tx, query)), total, filtered)

    def user(self, user_id: UserId) -> User:
        """One user. Raises NotFound."""
        with self._database.read() as tx:
            found = store.load_user(tx, user_id)
        if found is None:
            raise NotFound("User not found")
        return found

    def users_by_id(self, ids: Iterable[UserId]) -> dict[UserId, User]:
        """Users by id; those that do not exist are missing."""
        with self._database.read() as tx:
            return store.load_users(tx, list(dict.fromkeys(ids)))

    def roles(self) -> dict[RoleId, Role]:
        """All roles by id, in the order of their names."""
        with self._database.read() as tx:
            return store.load_roles(tx)

    def teams(self, search: TeamSearch) -> Page[Team]:
        """A page of teams, equal ones in the order of their ids."""
        wanted = _holding(teams, search.text)
        if search.member is not None:
            mine = select(team_members.c.team_id).where(team_members.c.user_id == search.member)
            wanted.append(teams.c.id.in_(mine))
        counts = store.TEAM_COLUMNS[-1]
        column = counts if search.sort is TeamSort.USER_COUNT else ascii_lower(teams.c.name)
        with self._database.read() as tx:
            total, filtered = _totals(tx, teams, [], wanted)
            rows = tx.execute(_slice(select(*store.TEAM_COLUMNS).where(*wanted), column, teams.c.id, search))
            return Page(tuple(store.team_of(row) for row in rows), total, filtered)

    def team(self, team_id: TeamId) -> Team:
        """One team. Raises NotFound."""
        with self._database.read() as tx:
            found = store.load_team(tx, team_id)
        if found is None:
            raise NotFound("Team not found")
        return found

    def teams_by_id(self, ids: Iterable[TeamId]) -> dict[TeamId, Team]:
        """Teams by id; those that do not exist are missing."""
        with self._database.read() as tx:
            return store.load_teams(tx, list(dict.fromkeys(ids)))

    def members(self, team_id: TeamId) -> list[Membership]:
        """A team's members in the order in which they joined. Raises NotFound for the team."""
        with self._database.read() as tx:
            if store.load_team(tx, team_id) is None:
                raise NotFound("Team not found")
            return store.load_members(tx, team_id)

    def keys(self, search: KeySearch) -> Page[KeyRecord]:
        """A page of keys that are not revoked, equal ones in the order of their ids. `total`: those of the kind."""
        valid = [keys.c.kind == search.kind.value, keys.c.revoked_at.is_(None)]
        wanted = [*valid, *_holding(keys, search.text)]
        if search.owner_id is not None:
            wanted.append(keys.c.owner_id == search.owner_id)
        wanted += _between(keys.c.created_at, search.created_from, search.created_to)
        wanted += _between(keys.c.modified_at, search.modified_from, search.modified_to)
        order = {KeySort.NAME: ascii_lower(keys.c.name), KeySort.LAST4: bytewise(keys.c.last4)}.get(search.sort)
        column = order if order is not None else keys.c[search.sort.value]
        with self._database.read() as tx:
            total, filtered = _totals(tx, keys, valid, wanted)
            rows = tx.execute(_slice(select(keys).where(*wanted), column, keys.c.id, search))
            return Page(tuple(key_store.key_of(row) for row in rows), total, filtered)


def _status() -> ColumnElement[str]:
    """`User.status` in SQL."""
    return case(
        (users.c.disabled == true(), UserStatus.DISABLED.value),
        (users.c.verified == false(), UserStatus.PENDING.value),
        else_=UserStatus.ACTIVE.value,
    )


def _holding(table: FromClause, text: str) -> list[ColumnElement[bool]]:
    wanted = folded(text.strip())
    return [table.c.search_text.contains(wanted, autoescape=True)] if wanted else []


def _between(column: ColumnElement[Any], first: datetime | None, end: datetime | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if first is not None:
        found.append(column >= first)
    if end is not None:
        found.append(column < end)
    return found


def _totals(
    tx: Transaction, table: FromClause, all_of: list[ColumnElement[bool]], wanted: list[ColumnElement[bool]]
) -> tuple[int, int]:
    total, filtered = (
        tx.execute(select(func.count()).select_from(table).where(*those)).scalar_one() for those in (all_of, wanted)
    )
    return total, filtered


def _slice(
    query: Select[Any],
    column: ColumnElement[Any],
    tie: ColumnElement[Any],
    search: UserSearch | TeamSearch | KeySearch,
) -> Select[Any]:
    order = column.desc() if search.descending else column.asc()
    return query.order_by(order.nulls_last(), tie).offset(search.offset).limit(search.limit)
