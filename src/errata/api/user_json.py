"""Users, roles and the organisation in the API's JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from errata.access.model import OrganisationId, Role, User, UserStatus
from errata.api.jsonapi import Resource, ToMany, ToOne, to_many, to_one, with_offset
from errata.api.paging import PageMeta

AT = Meta(extra_json_schema={"format": "date-time"})


class UserAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A user. `name` is null until the invitation is accepted; `icon` is empty: pictures would come from elsewhere."""

    name: str | None
    handle: str
    created_at: Annotated[str, AT]
    modified_at: Annotated[str, AT]
    email: str
    icon: str
    title: str | None
    verified: bool
    service_account: bool
    disabled: bool
    allowed_login_methods: list[str]
    status: UserStatus


class UserRelationships(msgspec.Struct, frozen=True):
    """The user's roles, and the one organisation."""

    roles: ToMany
    org: ToOne


class UserResource(Resource, frozen=True, kw_only=True):
    """One user."""

    type: Literal["users"]
    attributes: UserAttributes
    relationships: UserRelationships


class RoleAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A role."""

    name: str
    created_at: Annotated[str, AT]
    modified_at: Annotated[str, AT]


class RoleResource(Resource, frozen=True, kw_only=True):
    """A role that a user of the answer has."""

    type: Literal["roles"]
    attributes: RoleAttributes


class UserResponse(msgspec.Struct, frozen=True):
    """One user."""

    data: UserResource


class UsersResponse(msgspec.Struct, frozen=True):
    """A page of users, with the roles that they have."""

    data: list[UserResource]
    included: list[RoleResource]
    meta: PageMeta


def user_resource(user: User, organisation: OrganisationId) -> UserResource:
    """The user as a resource of the users API; issues show users in another way."""
    return UserResource(
        id=str(user.id),
        type="users",
        attributes=UserAttributes(
            name=user.name,
            handle=user.handle,
            created_at=with_offset(user.created_at),
            modified_at=with_offset(user.modified_at),
            email=user.email,
            icon="",
            title=user.title,
            verified=user.verified,
            service_account=user.service_account,
            disabled=user.disabled,
            allowed_login_methods=[],
            status=user.status,
        ),
        relationships=UserRelationships(to_many(user.role_ids, "roles"), to_one(organisation, "orgs")),
    )


def role_resources(roles: Iterable[Role]) -> list[RoleResource]:
    """The roles as resources."""
    return [
        RoleResource(
            id=str(role.id),
            type="roles",
            attributes=RoleAttributes(
                name=role.name, created_at=with_offset(role.created_at), modified_at=with_offset(role.modified_at)
            ),
        )
        for role in roles
    ]
