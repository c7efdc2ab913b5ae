"""Keys in the API's JSON: their last four characters, never the secret. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.access.model import KeyRecord
from errata.api.jsonapi import Resource, ToOne, any_of, to_one, with_offset
from errata.api.user_json import AT, UserResource

_RECENTLY = timedelta(hours=24)
_INCLUDED = Meta(extra_json_schema=any_of([UserResource]))


class APIKeyAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """An API key. All are of the category `default`, and none reads remote configuration."""

    created_at: Annotated[str, AT]
    last4: str
    modified_at: Annotated[str, AT]
    remote_config_read_enabled: bool
    category: str
    name: str
    date_last_used: Annotated[str, AT] | None
    used_in_last_24_hours: bool


class APIKeyRelationships(msgspec.Struct, frozen=True, kw_only=True):
    """Who made and last changed the key; absent for a key that the server itself made."""

    created_by: ToOne | UnsetType = UNSET
    modified_by: ToOne | UnsetType = UNSET


class APIKeyResource(Resource, frozen=True, kw_only=True):
    """One API key."""

    type: Literal["api_keys"]
    attributes: APIKeyAttributes
    relationships: APIKeyRelationships


class FilteredCount(msgspec.Struct, frozen=True):
    """How many keys the filter lets through."""

    total_filtered_count: int


class APIKeysMeta(msgspec.Struct, frozen=True):
    """How many keys there are and may be."""

    page: FilteredCount
    max_allowed: int


class APIKeysResponse(msgspec.Struct, frozen=True):
    """A page of API keys."""

    data: list[APIKeyResource]
    meta: APIKeysMeta
    included: Annotated[list[Resource], _INCLUDED] | UnsetType = UNSET


class ApplicationKeyAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """An application key. `scopes` null: all that its owner may."""

    name: str
    created_at: Annotated[str, AT]
    last4: str
    scopes: list[str] | None
    last_used_at: Annotated[str, AT] | None


class ApplicationKeyRelationships(msgspec.Struct, frozen=True):
    """Whose key it is."""

    owned_by: ToOne | UnsetType = UNSET


class ApplicationKeyResource(Resource, frozen=True, kw_only=True):
    """One application key."""

    type: Literal["application_keys"]
    attributes: ApplicationKeyAttributes
    relationships: ApplicationKeyRelationships | UnsetType = UNSET


class ApplicationKeysMeta(msgspec.Struct, frozen=True):
    """How many keys there are and may be."""

    page: FilteredCount
    max_allowed_per_user: int


class ListApplicationKeysResponse(msgspec.Struct, frozen=True):
    """A page of application keys."""

    data: list[ApplicationKeyResource]
    meta: ApplicationKeysMeta
    included: Annotated[list[Resource], _INCLUDED] | UnsetType = UNSET


def api_key_resource(key: KeyRecord, now: datetime) -> APIKeyResource:
    """The API key as a resource."""
    used = key.last_used_at
    return APIKeyResource(
        id=str(key.id),
        type="api_keys",
        attributes=APIKeyAttributes(
            created_at=with_offset(key.created_at),
            last4=key.last4,
            modified_at=with_offset(key.modified_at),
            remote_config_read_enabled=False,
            category="default",
            name=key.name,
            date_last_used=with_offset(used) if used else None,
            used_in_last_24_hours=used is not None and now - used < _RECENTLY,
        ),
        relationships=APIKeyRelationships(
            created_by=to_one(key.created_by, "users") if key.created_by else UNSET,
            modified_by=to_one(key.modified_by, "users") if key.modified_by else UNSET,
        ),
    )


def application_key_resource(key: KeyRecord, *, with_owner: bool) -> ApplicationKeyResource:
    """The application key as a resource; the list of one's own keys does not name the owner."""
    owner = ApplicationKeyRelationships(to_one(key.owner_id, "users") if key.owner_id else UNSET)
    return ApplicationKeyResource(
        id=str(key.id),
        type="application_keys",
        attributes=ApplicationKeyAttributes(
            name=key.name,
            created_at=with_offset(key.created_at),
            last4=key.last4,
            scopes=None if key.scopes is None else sorted(scope.value for scope in key.scopes),
            last_used_at=with_offset(key.last_used_at) if key.last_used_at else None,
        ),
        relationships=owner if with_owner else UNSET,
    )
