"""Loading and saving of the organisation, roles, users and teams. Nothing here commits, and nothing here decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, false, func, select, update
from sqlalchemy.exc import IntegrityError

from errata.access.decide import search_text_of
from errata.access.model import (
    BUILTIN_SCOPES,
    BuiltinRole,
    Membership,
    Organisation,
    OrganisationId,
    Role,
    RoleId,
    Scope,
    Team,
    TeamRole,
    User,
)
from errata.access.tables import organisation, roles, team_members, teams, user_roles, users
from errata.base.errors import Conflict
from errata.base.ids import TeamId, UserId
from errata.base.parts import parts
from errata.storage.bytewise import bytewise
from errata.storage.sql import Transaction

TEAM_COLUMNS = (
    *teams.c,
    select(func.count())
    .select_from(team_members)
    .where(team_members.c.team_id == teams.c.id)
    .scalar_subquery()
    .label("user_count"),
)


def load_organisation(tx: Transaction) -> Organisation | None:
    """The organisation, None before the first start."""
    row = tx.execute(select(organisation)).one_or_none()
    return Organisation(OrganisationId(row.id), row.name, row.created_at) if row else None


def add_organisation(tx: Transaction, new: Organisation) -> None:
    """Write the one organisation."""
    tx.execute(organisation.insert().values(single=1, id=new.id, name=new.name, created_at=new.created_at))


def given_password_hash(tx: Transaction) -> str | None:
    """The hash of the password that was last given by setting."""
    return tx.scalar(select(organisation.c.given_password_hash))


def save_given_password_hash(tx: Transaction, password_hash: str) -> None:
    """Remember the password that was given by setting."""
    tx.execute(update(organisation).values(given_password_hash=password_hash))


def load_roles(tx: Transaction, ids: Iterable[RoleId] | None = None) -> dict[RoleId, Role]:
    """Roles by id, in the order of their names; all of them without `ids`."""
    query = select(roles).order_by(bytewise(roles.c.name))
    if ids is not None:
        query = query.where(roles.c.id.in_(list(ids)))
    return {RoleId(row.id): _role(row) for row in tx.execute(query)}


def add_role(tx: Transaction, role: Role) -> None:
    """Write a new role."""
    scopes = None if role.builtin else sorted(scope.value for scope in role.scopes)
    tx.execute(
        roles.insert().values(
            id=role.id,
            name=role.name,
            builtin=role.builtin.value if role.builtin else None,
            scopes=scopes,
            created_at=role.created_at,
            modified_at=role.modified_at,
        )
    )


def load_user(tx: Transaction, user_id: UserId, *, for_update: bool = False) -> User | None:
    """One user, locked until the transaction ends if it is loaded to be changed."""
    query = select(users).where(users.c.id == user_id)
    return _only(users_of(tx, query.with_for_update() if for_update else query))


def load_user_by_email(tx: Transaction, email: str) -> User | None:
    """The user with an address, which is given in lower case."""
    return _only(users_of(tx, select(users).where(users.c.email == email)))


def load_users(tx: Transaction, ids: Sequence[UserId]) -> dict[UserId, User]:
    """Users by id; those that do not exist are missing."""
    return {user.id: user for part in parts(ids) for user in users_of(tx, select(users).where(users.c.id.in_(part)))}


def users_of(tx: Transaction, query: Select[Any]) -> list[User]:
    """The users that a query over the table's columns finds, with their roles, in its order."""
    rows = tx.execute(query).all()
    held: dict[UUID, list[RoleId]] = {}
    for part in parts([row.id for row in rows]):
        links = select(user_roles).where(user_roles.c.user_id.in_(part)).order_by(user_roles.c.role_id)
        for link in tx.execute(links):
            held.setdefault(link.user_id, []).append(RoleId(link.role_id))
    return [_user(row, tuple(held.get(row.id, ()))) for row in rows]


def add_user(tx: Transaction, user: User, password_hash: str | None = None) -> None:
    """Write a new user with roles. Raises Conflict when the address is taken; the transaction is of no use then."""
    try:
        tx.execute(users.insert().values(_user_row(user) | {"id": user.id, "password_hash": password_hash}))
    except IntegrityError as error:
        raise Conflict(f"User with handle {user.handle} already exists.", where="data.attributes.email") from error
    _write_roles(tx, user)


def save_user(tx: Transaction, user: User) -> None:
    """Write a user that exists, with roles; the password stays."""
    tx.execute(update(users).where(users.c.id == user.id).values(_user_row(user)))
    tx.execute(delete(user_roles).where(user_roles.c.user_id == user.id))
    _write_roles(tx, user)


def password_hash_of(tx: Transaction, user_id: UserId) -> str | None:
    """The hash of a user's password; None when there is none."""
    return tx.scalar(select(users.c.password_hash).where(users.c.id == user_id))


def save_password_hash(tx: Transaction, user_id: UserId, password_hash: str, at: datetime) -> None:
    """Set a user's password."""
    values = {"password_hash": password_hash, "modified_at": at}
    tx.execute(update(users).where(users.c.id == user_id).values(values))


def active_administrators(tx: Transaction) -> list[UserId]:
    """Users who are not disabled and hold the built-in role Admin, the oldest first."""
    query = (
        select(users.c.id)
        .join(user_roles, user_roles.c.user_id == users.c.id)
        .join(roles, roles.c.id == user_roles.c.role_id)
        .where(roles.c.builtin == BuiltinRole.ADMIN.value, users.c.disabled == false())
        .order_by(users.c.created_at, users.c.id)
    )
    return [UserId(user_id) for user_id in tx.execute(query).scalars()]


def load_team(tx: Transaction, team_id: TeamId) -> Team | None:
    """One team."""
    row = tx.execute(select(*TEAM_COLUMNS).where(teams.c.id == team_id)).one_or_none()
    return team_of(row) if row else None


def load_teams(tx: Transaction, ids: Sequence[TeamId]) -> dict[TeamId, Team]:
    """Teams by id; those that do not exist are missing."""
    found: dict[TeamId, Team] = {}
    for part in parts(ids):
        rows = tx.execute(select(*TEAM_COLUMNS).where(teams.c.id.in_(part)))
        found |= {TeamId(row.id): team_of(row) for row in rows}
    return found


def add_team(tx: Transaction, team: Team) -> None:
    """Write a new team. Raises Conflict when its handle or name is taken; the transaction is of no use then."""
    try:
        tx.execute(
            teams.insert().values(
                id=team.id,
                handle=team.handle,
                name=team.name,
                summary=team.summary,
                description=team.description,
                search_text=search_text_of(team.name, team.handle),
                created_at=team.created_at,
                modified_at=team.modified_at,
            )
        )
    except IntegrityError as error:
        raise Conflict("Team name and handle must be unique", where="data.attributes.handle") from error


def load_membership(tx: Transaction, team_id: TeamId, user_id: UserId) -> Membership | None:
    """A user's place in a team, None for one who is no member."""
    mine = (team_members.c.team_id == team_id, team_members.c.user_id == user_id)
    row = tx.execute(select(team_members).where(*mine).with_for_update()).one_or_none()
    return _membership(row) if row else None


def load_members(tx: Transaction, team_id: TeamId) -> list[Membership]:
    """A team's members in the order in which they joined."""
    query = select(team_members).where(team_members.c.team_id == team_id)
    return [_membership(row) for row in tx.execute(query.order_by(team_members.c.created_at, team_members.c.user_id))]


def add_membership(tx: Transaction, new: Membership) -> None:
    """Write a new membership. Raises Conflict for a member; the transaction is of no use then."""
    role = new.role.value if new.role else None
    row = {"team_id": new.team_id, "user_id": new.user_id, "role": role, "created_at": new.created_at}
    try:
        tx.execute(team_members.insert().values(row))
    except IntegrityError as error:
        raise Conflict("The user is a member of the team already.", where="data.relationships.user") from error


def save_membership(tx: Transaction, changed: Membership) -> None:
    """Write the role of a membership that exists."""
    mine = (team_members.c.team_id == changed.team_id, team_members.c.user_id == changed.user_id)
    tx.execute(update(team_members).where(*mine).values(role=changed.role.value if changed.role else None))


def remove_membership(tx: Transaction, gone: Membership) -> None:
    """Take a user out of a team."""
    mine = (team_members.c.team_id == gone.team_id, team_members.c.user_id == gone.user_id)
    tx.execute(delete(team_members).where(*mine))


def team_of(row: Row[Any]) -> Team:
    """The team in a row of `TEAM_COLUMNS`."""
    return Team(
        id=TeamId(row.id),
        handle=row.handle,
        name=row.name,
        created_at=row.created_at,
        modified_at=row.modified_at,
        summary=row.summary,
        description=row.description,
        user_count=row.user_count,
    )


def known_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """The scopes of stored names. A name that this release does not know (a newer one wrote it) allows nothing."""
    return frozenset(Scope(name) for name in names if name in _SCOPE_NAMES)


_SCOPE_NAMES = frozenset(scope.value for scope in Scope)


def _only(found: list[User]) -> User | None:
    return found[0] if found else None


def _write_roles(tx: Transaction, user: User) -> None:
    if user.role_ids:
        rows = [{"user_id": user.id, "role_id": role_id} for role_id in user.role_ids]
        tx.execute(user_roles.insert(), rows)


def _role(row: Row[Any]) -> Role:
    builtin = BuiltinRole(row.builtin) if row.builtin else None
    return Role(
        id=RoleId(row.id),
        name=row.name,
        scopes=BUILTIN_SCOPES[builtin] if builtin else known_scopes(row.scopes or ()),
        created_at=row.created_at,
        modified_at=row.modified_at,
        builtin=builtin,
    )


def _user(row: Row[Any], role_ids: tuple[RoleId, ...]) -> User:
    return User(
        id=UserId(row.id),
        email=row.email,
        handle=row.handle,
        created_at=row.created_at,
        modified_at=row.modified_at,
        name=row.name,
        title=row.title,
        verified=row.verified,
        service_account=row.service_account,
        disabled=row.disabled,
        role_ids=role_ids,
    )


def _user_row(user: User) -> dict[str, object]:
    return {
        "email": user.email,
        "handle": user.handle,
        "name": user.name,
        "title": user.title,
        "verified": user.verified,
        "service_account": user.service_account,
        "disabled": user.disabled,
        "search_text": search_text_of(user.name, user.email, user.handle),
        "created_at": user.created_at,
        "modified_at": user.modified_at,
    }


def _membership(row: Row[Any]) -> Membership:
    role = TeamRole(row.role) if row.role else None
    return Membership(TeamId(row.team_id), UserId(row.user_id), role, row.created_at)
