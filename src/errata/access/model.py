"""People, teams, roles and keys as values, and the scopes that say what they may.

One installation is one organisation. API keys and client tokens belong to it; application keys and bearer tokens belong
to a user and act as that user.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, NewType, TypeVar
from uuid import UUID

from errata.base.facts import Actor, ActorKind
from errata.base.ids import KeyId, TeamId, UserId

OrganisationId = NewType("OrganisationId", UUID)
RoleId = NewType("RoleId", UUID)

T = TypeVar("T")


class Scope(StrEnum):
    """One thing that an operation asks for. Names are the public API's."""

    ERROR_TRACKING_READ = "error_tracking_read"
    ERROR_TRACKING_WRITE = "error_tracking_write"
    CASES_READ = "cases_read"
    CASES_WRITE = "cases_write"
    CASES_SHARED_SETTINGS_WRITE = "cases_shared_settings_write"
    EVENT_CORRELATION_CONFIG_READ = "event_correlation_config_read"
    EVENT_CORRELATION_CONFIG_WRITE = "event_correlation_config_write"
    USER_ACCESS_READ = "user_access_read"
    USER_ACCESS_INVITE = "user_access_invite"
    USER_ACCESS_MANAGE = "user_access_manage"
    TEAMS_READ = "teams_read"
    TEAMS_MANAGE = "teams_manage"
    API_KEYS_READ = "api_keys_read"
    API_KEYS_WRITE = "api_keys_write"
    CLIENT_TOKENS_WRITE = "client_tokens_write"
    USER_APP_KEYS = "user_app_keys"
    ORG_APP_KEYS_READ = "org_app_keys_read"
    ORG_APP_KEYS_WRITE = "org_app_keys_write"


class BuiltinRole(StrEnum):
    """The roles that every installation has. The value is the name people see."""

    ADMIN = "Admin"
    STANDARD = "Standard"
    READ_ONLY = "Read Only"


_READING = frozenset(
    {
        Scope.ERROR_TRACKING_READ,
        Scope.CASES_READ,
        Scope.EVENT_CORRELATION_CONFIG_READ,
        Scope.USER_ACCESS_READ,
        Scope.TEAMS_READ,
        Scope.USER_APP_KEYS,
    }
)

BUILTIN_SCOPES: dict[BuiltinRole, frozenset[Scope]] = {
    BuiltinRole.ADMIN: frozenset(Scope),
    BuiltinRole.STANDARD: _READING
    | {
        Scope.ERROR_TRACKING_WRITE,
        Scope.CASES_WRITE,
        Scope.EVENT_CORRELATION_CONFIG_WRITE,
        Scope.API_KEYS_READ,
        Scope.TEAMS_MANAGE,
    },
    BuiltinRole.READ_ONLY: _READING,
}
"""What the built-in roles allow. Kept here and not in the database, so that a new scope reaches them with a release."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """The one organisation of this installation."""

    id: OrganisationId
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Role:
    """A set of scopes with a name. `builtin` is set for the three that cannot be changed."""

    id: RoleId
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    modified_at: datetime
    builtin: BuiltinRole | None = None


class UserStatus(StrEnum):
    """Where a user stands; the values are the public API's."""

    ACTIVE = "Active"
    PENDING = "Pending"
    DISABLED = "Disabled"


@dataclass(frozen=True, slots=True)
class User:
    """A person, or a program with an account of its own (`service_account`).

    `email` and `handle` are in lower case. `verified` says that the invitation was accepted; `name` is None until then.
    Users are never removed: what they did keeps their name.
    """

    id: UserId
    email: str
    handle: str
    created_at: datetime
    modified_at: datetime
    name: str | None = None
    title: str | None = None
    verified: bool = False
    service_account: bool = False
    disabled: bool = False
    role_ids: tuple[RoleId, ...] = ()

    @property
    def status(self) -> UserStatus:
        """Disabled before all; Pending until the invitation was accepted."""
        if self.disabled:
            return UserStatus.DISABLED
        return UserStatus.ACTIVE if self.verified else UserStatus.PENDING


class TeamRole(StrEnum):
    """What a member may do in a team; a member without one is an ordinary member."""

    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Team:
    """People who own things together. `handle` is what a `team` attribute of an event names; lower case, unique.

    `user_count` is the number of members when it was read.
    """

    id: TeamId
    handle: str
    name: str
    created_at: datetime
    modified_at: datetime
    summary: str | None = None
    description: str | None = None
    user_count: int = 0


@dataclass(frozen=True, slots=True)
class Membership:
    """One user in one team."""

    team_id: TeamId
    user_id: UserId
    role: TeamRole | None
    created_at: datetime


class KeyKind(StrEnum):
    """What a secret opens.

    `API`: the intake, and with an application key the API. `CLIENT`: sending from browsers and SDKs, nothing else.
    `APPLICATION`: beside an API key, the API as its owner. `TOKEN`: alone, as `Authorization: Bearer`, the same.
    """

    API = "api"
    CLIENT = "client"
    APPLICATION = "application"
    TOKEN = "token"  # noqa: S105 - the name of a kind

    @property
    def acts_as_user(self) -> bool:
        """Whether keys of this kind belong to a user, and stop working with that user."""
        return self in {KeyKind.APPLICATION, KeyKind.TOKEN}


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of a key once its secret was shown: never the secret.

    `scopes` None means all that the owner may. `last_used_at` is right to about an hour.
    """

    id: KeyId
    kind: KeyKind
    name: str
    last4: str
    created_at: datetime
    modified_at: datetime
    owner_id: UserId | None = None
    scopes: frozenset[Scope] | None = None
    created_by: UserId | None = None
    modified_by: UserId | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key and its secret, which is shown this once and stored nowhere."""

    record: KeyRecord
    secret: str = field(repr=False)


MAX_API_KEYS = 200
"""API keys that are not revoked; answered as `meta.max_allowed`."""
MAX_APPLICATION_KEYS_PER_USER = 100
"""Application keys of one user that are not revoked; answered as `meta.max_allowed_per_user`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, for the length of that request.

    `user` is the owner of the application key or token, None where an API key alone was needed. `scopes` is what the
    user's roles and the key allow together, empty without a user. `key_id` is the application key or token, else the
    API key; `api_key_id` the API key, None with a token.
    """

    key_id: KeyId
    api_key_id: KeyId | None = None
    user: User | None = None
    scopes: frozenset[Scope] = frozenset()

    @property
    def actor(self) -> Actor:
        """Who facts name."""
        return Actor(ActorKind.USER, self.user.id) if self.user else Actor(ActorKind.KEY, self.key_id)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A slice of a list. `total` counts everything there is, `total_filtered` what the filter lets through."""

    items: tuple[T, ...]
    total: int
    total_filtered: int
