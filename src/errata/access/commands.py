"""What people do to users, teams and keys. One method, one transaction: load, decide, save, append facts.

Whether the caller may is asked before, with the scopes of the operation.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import UUID

from errata.access import key_store, store
from errata.access.decide import email_of, name_of, scopes_of, team_handle_of, text_of
from errata.access.model import (
    MAX_API_KEYS,
    MAX_APPLICATION_KEYS_PER_USER,
    CreatedKey,
    KeyKind,
    KeyRecord,
    Membership,
    RoleId,
    Scope,
    Team,
    TeamRole,
    User,
)
from errata.base.clock import Clock
from errata.base.errors import Conflict, Invalid, NotFound
from errata.base.facts import Actor, ActorKind, Fact
from errata.base.ids import KeyId, NewId, TeamId, UserId
from errata.storage import outbox
from errata.storage.sql import Database, Transaction, serialize

NewSecret = Callable[[int], bytes]
"""Where that many unguessable bytes come from: `secrets.token_bytes`."""


class AccessCommands:
    """The commands on users, teams and keys. A command that changes nothing writes nothing."""

    def __init__(self, database: Database, clock: Clock, new_id: NewId, new_secret: NewSecret) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._new_secret = new_secret

    def create_user(
        self,
        actor: Actor,
        *,
        email: str,
        name: str | None = None,
        title: str | None = None,
        role_ids: Iterable[RoleId] = (),
        service_account: bool = False,
    ) -> User:
        """Invite a person, who is Pending until the invitation is accepted; a service account is Active at once.

        Raises Invalid for an address that is none or a role that does not exist, Conflict for an address that is taken.
        """
        now = self._clock.now()
        address = email_of(email, where="data.attributes.email")
        user = User(
            id=UserId(self._new_id()),
            email=address,
            handle=address,
            created_at=now,
            modified_at=now,
            name=text_of(name, where="data.attributes.name"),
            title=text_of(title, where="data.attributes.title"),
            verified=service_account,
            service_account=service_account,
            role_ids=tuple(dict.fromkeys(role_ids)),
        )
        with self._database.write() as tx:
            _check_roles(tx, user.role_ids)
            store.add_user(tx, user)
            outbox.append(tx, [self._fact("user.created", user.id, actor)])
        return user

    def disable_user(self, actor: Actor, user_id: UserId) -> User:
        """Shut a user out: keys and tokens stop working, what the user did stays.

        Raises NotFound, and Conflict for the last active administrator.
        """
        return self._set_disabled(actor, user_id, disabled=True)

    def enable_user(self, actor: Actor, user_id: UserId) -> User:
        """Let a disabled user in again, with the roles and keys of before. Raises NotFound."""
        return self._set_disabled(actor, user_id, disabled=False)

    def set_user_roles(self, actor: Actor, user_id: UserId, role_ids: Iterable[RoleId]) -> User:
        """Give a user these roles and no others.

        Raises NotFound for the user, Invalid for a role, Conflict when the last active administrator would be none.
        """
        with self._database.write() as tx:
            user = _user(tx, user_id)
            wanted = tuple(dict.fromkeys(role_ids))
            if set(wanted) == set(user.role_ids):
                return user
            _check_roles(tx, wanted)
            changed = replace(user, role_ids=wanted, modified_at=self._clock.now())
            _save_user(tx, user, changed)
            given = sorted(str(role_id) for role_id in wanted)
            outbox.append(tx, [self._fact("user.roles_changed", user.id, actor, role_ids=given)])
        return changed

    def create_team(
        self, actor: Actor, *, handle: str, name: str, summary: str | None = None, description: str | None = None
    ) -> Team:
        """Found a team without members. Raises Invalid, or Conflict when handle or name is taken."""
        now = self._clock.now()
        team = Team(
            id=TeamId(self._new_id()),
            handle=team_handle_of(handle, where="data.attributes.handle"),
            name=name_of(name, where="data.attributes.name"),
            created_at=now,
            modified_at=now,
            summary=text_of(summary, where="data.attributes.summary", max_chars=120),
            description=text_of(description, where="data.attributes.description", max_chars=10_000, lines=True),
        )
        with self._database.write() as tx:
            store.add_team(tx, team)
            outbox.append(tx, [self._fact("team.created", team.id, actor)])
        return team

    def add_member(self, actor: Actor, team_id: TeamId, user_id: UserId, role: TeamRole | None = None) -> Membership:
        """Take a user into a team. Raises NotFound for either, Conflict for a member."""
        new = Membership(team_id, user_id, role, self._clock.now())
        with self._database.write() as tx:
            _team(tx, team_id)
            _user(tx, user_id)
            store.add_membership(tx, new)
            outbox.append(tx, [self._member_fact("team.member_added", new, actor)])
        return new

    def set_member_role(self, actor: Actor, team_id: TeamId, user_id: UserId, role: TeamRole | None) -> Membership:
        """Change what a member may in the team. Raises NotFound for one who is no member."""
        with self._database.write() as tx:
            member = _member(tx, team_id, user_id)
            changed = replace(member, role=role)
            if changed != member:
                store.save_membership(tx, changed)
                outbox.append(tx, [self._member_fact("team.member_role_changed", changed, actor)])
        return changed

    def remove_member(self, actor: Actor, team_id: TeamId, user_id: UserId) -> None:
        """Take a user out of a team. Raises NotFound for one who is no member."""
        with self._database.write() as tx:
            gone = _member(tx, team_id, user_id)
            store.remove_membership(tx, gone)
            outbox.append(tx, [self._member_fact("team.member_removed", gone, actor)])

    def create_key(
        self,
        actor: Actor,
        kind: KeyKind,
        *,
        name: str,
        owner_id: UserId | None = None,
        scopes: Iterable[str] | None = None,
    ) -> CreatedKey:
        """Make a key; its secret is in the answer and nowhere else.

        Application keys and tokens need an owner and may be cut to `scopes`; the others take neither. Raises Invalid,
        NotFound for the owner, Conflict when there are as many as there may be.
        """
        if kind.acts_as_user is (owner_id is None):
            needs = "needs a user who owns it" if kind.acts_as_user else "belongs to the organisation, not to a user"
            raise Invalid(f"A key of the kind {kind.value} {needs}.", where="owned_by")
        if scopes is not None and not kind.acts_as_user:
            raise Invalid(f"A key of the kind {kind.value} has no scopes.", where="data.attributes.scopes")
        cut_to = None if scopes is None else scopes_of(scopes, where="data.attributes.scopes")
        secret = new_key_secret(kind, self._new_secret)
        record = self._new_record(actor, kind, name, secret, owner_id, cut_to)
        with self._database.write() as tx:
            if owner_id is not None:
                _user(tx, owner_id)
            _check_room_for(tx, kind, owner_id)
            key_store.add_key(tx, record, key_store.digest_of(secret))
            outbox.append(tx, [self._fact("key.created", record.id, actor, kind=kind.value)])
        return CreatedKey(record, secret)

    def revoke_key(self, actor: Actor, key_id: KeyId, *, only: KeyKind | None = None) -> KeyRecord:
        """Make a key useless, for good; it works for at most two seconds more.

        Raises NotFound, also for a key of another kind than `only` where that is given.
        """
        with self._database.write() as tx:
            key = key_store.load_key(tx, key_id)
            if key is None or only not in (None, key.kind):
                raise NotFound("Client token not found" if only is KeyKind.CLIENT else "API key not found")
            if key.revoked_at is not None:
                return key
            now = self._clock.now()
            revoked = replace(key, revoked_at=now, modified_at=now, modified_by=user_behind(actor))
            key_store.save_revoked(tx, revoked)
            outbox.append(tx, [self._fact("key.revoked", key.id, actor, kind=key.kind.value)])
        return revoked

    def _new_record(
        self,
        actor: Actor,
        kind: KeyKind,
        name: str,
        secret: str,
        owner_id: UserId | None,
        scopes: frozenset[Scope] | None,
    ) -> KeyRecord:
        now = self._clock.now()
        maker = user_behind(actor)
        return KeyRecord(
            id=KeyId(self._new_id()),
            kind=kind,
            name=name_of(name, where="data.attributes.name"),
            last4=secret[-4:],
            created_at=now,
            modified_at=now,
            owner_id=owner_id,
            scopes=scopes,
            created_by=maker,
            modified_by=maker,
        )

    def _set_disabled(self, actor: Actor, user_id: UserId, *, disabled: bool) -> User:
        with self._database.write() as tx:
            user = _user(tx, user_id)
            if user.disabled is disabled:
                return user
            changed = replace(user, disabled=disabled, modified_at=self._clock.now())
            _save_user(tx, user, changed)
            outbox.append(tx, [self._fact("user.disabled" if disabled else "user.enabled", user.id, actor)])
        return changed

    def _fact(self, name: str, subject: UUID, actor: Actor, **data: str | list[str] | None) -> Fact:
        return Fact(self._new_id(), name, subject, self._clock.now(), actor, dict(data))

    def _member_fact(self, name: str, member: Membership, actor: Actor) -> Fact:
        role = member.role.value if member.role else None
        return self._fact(name, member.team_id, actor, user_id=str(member.user_id), role=role)


def new_key_secret(kind: KeyKind, new_secret: NewSecret) -> str:
    """A fresh secret in the form that clients of the kind expect: lengths and alphabets of the real service's."""
    match kind:
        case KeyKind.API:
            return new_secret(16).hex()
        case KeyKind.CLIENT:
            return "pub" + new_secret(16).hex()
        case KeyKind.APPLICATION:
            return new_secret(20).hex()
        case KeyKind.TOKEN:
            return "ert_" + base64.urlsafe_b64encode(new_secret(30)).decode()


def user_behind(actor: Actor) -> UserId | None:
    """The user who acts; None for a key and for the system."""
    return UserId(actor.id) if actor.kind is ActorKind.USER and actor.id else None


def _user(tx: Transaction, user_id: UserId) -> User:
    user = store.load_user(tx, user_id, for_update=True)
    if user is None:
        raise NotFound("User not found")
    return user


def _team(tx: Transaction, team_id: TeamId) -> Team:
    team = store.load_team(tx, team_id)
    if team is None:
        raise NotFound("Team not found")
    return team


def _member(tx: Transaction, team_id: TeamId, user_id: UserId) -> Membership:
    member = store.load_membership(tx, team_id, user_id)
    if member is None:
        raise NotFound("The user is no member of the team.")
    return member


def _check_roles(tx: Transaction, role_ids: tuple[RoleId, ...]) -> None:
    known = store.load_roles(tx, role_ids)
    for role_id in role_ids:
        if role_id not in known:
            raise Invalid(f"There is no role {role_id}.", where="data.relationships.roles")


def _save_user(tx: Transaction, user: User, changed: User) -> None:
    serialize(tx, "administrators")  # or two could leave at once, each counting on the other
    was_administrator = user.id in store.active_administrators(tx)
    store.save_user(tx, changed)
    if was_administrator and not store.active_administrators(tx):
        raise Conflict("The last administrator can neither be disabled nor lose the role Admin.")


def _check_room_for(tx: Transaction, kind: KeyKind, owner_id: UserId | None) -> None:
    serialize(tx, "keys")  # or two could both take the last place
    limit = MAX_APPLICATION_KEYS_PER_USER if kind.acts_as_user else MAX_API_KEYS
    if key_store.count_valid(tx, kind, owner_id) >= limit:
        raise Conflict(f"There are {limit} keys of the kind {kind.value} already: revoke one that is not used.")
