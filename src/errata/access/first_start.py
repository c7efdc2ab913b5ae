"""What an installation needs before anybody can sign in: organisation, roles, an administrator, a key of each kind.

Settings that name keys, an administrator or a password count at every start, by one rule: what is given and new is
added; nothing that people changed since is undone.

- A given key that is not known is added; those of before stay valid until they are revoked, so keys can be exchanged
  without a gap. One that was revoked stays revoked, and the log says so: otherwise a restart would undo a revocation.
- A given administrator that does not exist is created; one that exists is left alone.
- A given password is set when it differs from the one given before, and not at every start: otherwise a restart would
  bring back a password that its owner has changed.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from errata.access import decide, key_store, passwords, store
from errata.access.commands import NewSecret, new_key_secret
from errata.access.model import (
    BUILTIN_SCOPES,
    BuiltinRole,
    KeyKind,
    KeyRecord,
    Organisation,
    OrganisationId,
    Role,
    RoleId,
    User,
)
from errata.base.clock import Clock
from errata.base.errors import Conflict, Invalid
from errata.base.facts import SYSTEM, Fact
from errata.base.ids import KeyId, NewId, UserId, random_id
from errata.storage import outbox
from errata.storage.sql import Database, Transaction, serialize

DEFAULT_ADMIN_EMAIL = "admin@localhost"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What the very first start made, to be shown once to whoever started it. `password` None: the one that was given.

    Secrets are left out of the text form.
    """

    organisation: Organisation
    admin_email: str
    password: str | None = field(repr=False)
    api_key: str = field(repr=False)
    app_key: str = field(repr=False)
    client_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Given:
    """What the settings say, checked; empty is absent."""

    api_key: str | None = field(repr=False)
    app_key: str | None = field(repr=False)
    admin_email: str | None
    admin_password: str | None = field(repr=False)


def first_start(
    database: Database,
    clock: Clock,
    new_secret: NewSecret,
    *,
    new_id: NewId = random_id,
    api_key: str | None = None,
    app_key: str | None = None,
    admin_email: str | None = None,
    admin_password: str | None = None,
) -> FirstStart | None:
    """Make sure that the installation can be used; what it was given decides as the module says.

    Returns what was made at the first start, None at every later one. Of two processes that start at once, one makes
    it. Raises Invalid for a given value that cannot be used, Conflict when a given API key is known as another kind.
    """
    given = _checked(api_key, app_key, admin_email, admin_password)
    starter = _Starter(database, clock, new_secret, new_id)
    with database.read() as tx:
        is_first = store.load_organisation(tx) is None
    if is_first:
        made = starter.found(given)
        if made is not None:
            return made
    starter.add(given)
    return None


class _Starter:
    def __init__(self, database: Database, clock: Clock, new_secret: NewSecret, new_id: NewId) -> None:
        self._database = database
        self._clock = clock
        self._new_secret = new_secret
        self._new_id = new_id

    def found(self, given: _Given) -> FirstStart | None:
        """Make everything; None when another process did meanwhile."""
        password = given.admin_password or base64.urlsafe_b64encode(self._new_secret(15)).decode()
        hashed = passwords.hash_of(password)  # slow on purpose: outside the transaction
        now = self._clock.now()
        organisation = Organisation(OrganisationId(self._new_id()), "Errata", now)
        api_key = given.api_key or new_key_secret(KeyKind.API, self._new_secret)
        app_key = given.app_key or new_key_secret(KeyKind.APPLICATION, self._new_secret)
        client_token = new_key_secret(KeyKind.CLIENT, self._new_secret)
        with self._database.write() as tx:
            serialize(tx, "first start")
            if store.load_organisation(tx) is not None:
                return None
            store.add_organisation(tx, organisation)
            if given.admin_password:
                store.save_given_password_hash(tx, hashed)
            for builtin in BuiltinRole:
                role = Role(RoleId(self._new_id()), builtin.value, BUILTIN_SCOPES[builtin], now, now, builtin)
                store.add_role(tx, role)
            user = self._add_administrator(tx, given.admin_email or DEFAULT_ADMIN_EMAIL, hashed)
            self._add_key(tx, KeyKind.API, api_key, user)
            self._add_key(tx, KeyKind.APPLICATION, app_key, user)
            self._add_key(tx, KeyKind.CLIENT, client_token, user)
        shown = None if given.admin_password else password
        return FirstStart(organisation, user.email, shown, api_key, app_key, client_token)

    def add(self, given: _Given) -> None:
        """Add what is given and new."""
        if given == _Given(None, None, None, None) or self._is_all_known(given):
            return
        hashed = passwords.hash_of(given.admin_password) if given.admin_password else None
        with self._database.write() as tx:
            serialize(tx, "first start")
            user = self._administrator(tx, given, hashed)
            if given.api_key:
                self._add_key(tx, KeyKind.API, given.api_key, user)
            if given.app_key:
                self._add_key(tx, KeyKind.APPLICATION, given.app_key, user)

    def _is_all_known(self, given: _Given) -> bool:
        """Whether an ordinary later start may go on without taking the write lock."""
        with self._database.read() as tx:
            for kind, secret in ((KeyKind.API, given.api_key), (KeyKind.APPLICATION, given.app_key)):
                key = key_store.load_key_by_digest(tx, key_store.digest_of(secret)) if secret else None
                if secret and (key is None or key.kind is not kind or key.revoked_at is not None):
                    return False
            if given.admin_email and store.load_user_by_email(tx, given.admin_email) is None:
                return False
            before = store.given_password_hash(tx)
        return not given.admin_password or passwords.matches(before, given.admin_password)

    def _administrator(self, tx: Transaction, given: _Given, hashed: str | None) -> User:
        """Whom the settings mean: the address given, else the default one, else the oldest active administrator."""
        user = store.load_user_by_email(tx, given.admin_email or DEFAULT_ADMIN_EMAIL)
        is_new = user is None and given.admin_email is not None
        if user is None and given.admin_email:
            user = self._add_administrator(tx, given.admin_email, hashed)
        if user is None:
            oldest = next(iter(store.active_administrators(tx)), None)
            user = store.load_user(tx, oldest) if oldest else None
        if user is None:
            raise Conflict("No active administrator is left to give the keys to: set ERRATA_ADMIN_EMAIL.")
        if hashed and given.admin_password:
            if not is_new and not passwords.matches(store.given_password_hash(tx), given.admin_password):
                store.save_password_hash(tx, user.id, hashed, self._clock.now())
                outbox.append(tx, [self._fact("user.password_given", user.id)])
            store.save_given_password_hash(tx, hashed)
        return user

    def _add_administrator(self, tx: Transaction, email: str, hashed: str | None) -> User:
        now = self._clock.now()
        admin = next(role.id for role in store.load_roles(tx).values() if role.builtin is BuiltinRole.ADMIN)
        user = User(
            id=UserId(self._new_id()),
            email=email,
            handle=email,
            created_at=now,
            modified_at=now,
            name=email.partition("@")[0],
            verified=True,
            role_ids=(admin,),
        )
        store.add_user(tx, user, hashed)
        outbox.append(tx, [self._fact("user.created", user.id)])
        return user

    def _add_key(self, tx: Transaction, kind: KeyKind, secret: str, user: User) -> None:
        digest = key_store.digest_of(secret)
        new = _first_key(KeyId(self._new_id()), kind, secret, user, self._clock.now())
        if key_store.add_key(tx, new, digest):
            outbox.append(tx, [self._fact("key.created", new.id, kind=kind.value)])
            return
        known = key_store.load_key_by_digest(tx, digest)
        if known is None or known.kind is not kind:
            raise Conflict(f"The key given as {kind.value} key is known as another kind of key: choose another one.")
        if known.revoked_at is not None:
            _log.warning("given_key_is_revoked", kind=kind.value, key_id=str(known.id))

    def _fact(self, name: str, subject: UserId | KeyId, **data: str) -> Fact:
        return Fact(self._new_id(), name, subject, self._clock.now(), SYSTEM, dict(data))


def _first_key(key_id: KeyId, kind: KeyKind, secret: str, user: User, now: datetime) -> KeyRecord:
    key = KeyRecord(
        id=key_id,
        kind=kind,
        name="first key",
        last4=secret[-4:],
        created_at=now,
        modified_at=now,
        created_by=user.id,
        modified_by=user.id,
    )
    return replace(key, owner_id=user.id) if kind.acts_as_user else key


def _checked(api_key: str | None, app_key: str | None, email: str | None, password: str | None) -> _Given:
    if api_key and api_key == app_key:
        raise Invalid("The API key and the application key must differ.", where="app_key")
    return _Given(
        api_key=decide.secret_of(api_key, where="api_key") if api_key else None,
        app_key=decide.secret_of(app_key, where="app_key") if app_key else None,
        admin_email=decide.email_of(email, where="admin_email") if email else None,
        admin_password=decide.password_of(password, where="admin_password") if password else None,
    )
