"""Client tokens: keys that may send and nothing else, for programs that anybody can read, web pages above all."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.access.model import MAX_API_KEYS, KeyKind, KeyRecord, Scope
from errata.access.reads import KeySearch, KeySort
from errata.api.jsonapi import Resource, ToOne, to_one, with_offset
from errata.api.operation import Call, Operation, Style
from errata.api.paging import PAGING, slice_of
from errata.api.parameters import choice, id_in_path, text
from errata.api.rooms import Rooms
from errata.base.errors import NotFound
from errata.base.ids import KeyId

TAG = "Key Management"


class ClientTokenAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A client token. `token` is the token itself, in the answer to its making and nowhere else."""

    name: str
    created_at: str
    last4: str
    last_used_at: str | None
    token: str | UnsetType = UNSET


class ClientTokenRelationships(msgspec.Struct, frozen=True, kw_only=True):
    """Who made the token; absent for one that the server itself made."""

    created_by: ToOne | UnsetType = UNSET


class ClientTokenResource(Resource, frozen=True, kw_only=True):
    """One client token."""

    type: Literal["client_token"]
    attributes: ClientTokenAttributes
    relationships: ClientTokenRelationships


class ClientTokenResponse(msgspec.Struct, frozen=True):
    """One client token."""

    data: ClientTokenResource


class ClientTokensMeta(msgspec.Struct, frozen=True):
    """How many the filter lets through, and how many there may be."""

    total_filtered_count: int
    max_allowed: int


class ClientTokensResponse(msgspec.Struct, frozen=True):
    """A page of the client tokens that are valid."""

    data: list[ClientTokenResource]
    meta: ClientTokensMeta


class ClientTokenCreateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What people call it."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]


class ClientTokenCreateData(msgspec.Struct, frozen=True, kw_only=True):
    """A client token to be made."""

    type: Literal["client_token"]
    attributes: ClientTokenCreateAttributes


class ClientTokenCreateRequest(msgspec.Struct, frozen=True):
    """A client token to be made."""

    data: ClientTokenCreateData


FILTER = text("filter", "Part of the name; case does not matter")
SORT = choice(
    "sort",
    tuple(sign + name for name in ("name", "created_at", "last4") for sign in ("", "-")),
    default="name",
    summary="Field to sort by, falling with a minus in front",
)
TOKEN_ID = id_in_path("token_id", lambda _given: NotFound("Client token not found"), "The token's id")


def list_client_tokens(rooms: Rooms, call: Call[None]) -> ClientTokensResponse:
    """A page of the tokens that are not revoked."""
    offset, limit = slice_of(call)
    order = SORT.of(call)
    search = KeySearch(
        kind=KeyKind.CLIENT,
        text=FILTER.of(call),
        sort=KeySort(order.removeprefix("-")),
        descending=order.startswith("-"),
        offset=offset,
        limit=limit,
    )
    page = rooms.access.keys(search)
    return ClientTokensResponse(
        [_resource(key) for key in page.items], ClientTokensMeta(page.total_filtered, MAX_API_KEYS)
    )


def create_client_token(rooms: Rooms, call: Call[ClientTokenCreateRequest]) -> ClientTokenResponse:
    """The new token, shown this once."""
    name = call.body.data.attributes.name
    created = rooms.access_commands.create_key(call.caller.actor, KeyKind.CLIENT, name=name)
    return ClientTokenResponse(_resource(created.record, created.secret))


def revoke_client_token(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: the token is useless, for good."""
    rooms.access_commands.revoke_key(call.caller.actor, KeyId(TOKEN_ID.of(call)), only=KeyKind.CLIENT)


def _resource(key: KeyRecord, secret: str | None = None) -> ClientTokenResource:
    return ClientTokenResource(
        id=str(key.id),
        type="client_token",
        attributes=ClientTokenAttributes(
            name=key.name,
            created_at=with_offset(key.created_at),
            last4=key.last4,
            last_used_at=with_offset(key.last_used_at) if key.last_used_at else None,
            token=UNSET if secret is None else secret,
        ),
        relationships=ClientTokenRelationships(created_by=to_one(key.created_by, "users") if key.created_by else UNSET),
    )


_ATTRIBUTES = {
    "name": "shop pages",
    "created_at": "2026-01-05T08:00:00.480711+00:00",
    "last4": "9f3c",
    "last_used_at": None,
}
_EXAMPLE = {
    "id": "84dbd164-f3f5-4f30-ac93-e12b27adeada",
    "type": "client_token",
    "attributes": _ATTRIBUTES,
    "relationships": {"created_by": {"data": {"id": "87cb11a0-278c-440a-99fe-701223c80296", "type": "users"}}},
}
_PATH = "/api/errata/v1/client-tokens"
_SAYS = (
    "A client token sends errors and opens nothing else: no operation of this API, no upload of source maps. "
    "It stands in the source of web pages and mobile programs, where everybody can read it."
)

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path=_PATH,
        name="ListClientTokens",
        summary="List client tokens",
        tag=TAG,
        handler=list_client_tokens,
        style=Style.JSON_API,
        scopes=(Scope.API_KEYS_READ,),
        answer=ClientTokensResponse,
        parameters=(*PAGING, FILTER, SORT),
        description=_SAYS,
        answer_example={"data": [_EXAMPLE], "meta": {"total_filtered_count": 1, "max_allowed": MAX_API_KEYS}},
    ),
    Operation(
        method="POST",
        path=_PATH,
        name="CreateClientToken",
        summary="Make a client token",
        tag=TAG,
        handler=create_client_token,
        style=Style.JSON_API,
        scopes=(Scope.CLIENT_TOKENS_WRITE,),
        body=ClientTokenCreateRequest,
        answer=ClientTokenResponse,
        status=201,
        errors=(400, 401, 403, 409, 429),
        description="The answer holds the token itself, this once.",
        request_example={"data": {"type": "client_token", "attributes": {"name": "shop pages"}}},
        answer_example={
            "data": {**_EXAMPLE, "attributes": {**_ATTRIBUTES, "token": "pub4b7d0e3a6c1f8295d4e0b1a7c6f39f3c"}}
        },
    ),
    Operation(
        method="DELETE",
        path=f"{_PATH}/{{token_id}}",
        name="RevokeClientToken",
        summary="Revoke a client token",
        tag=TAG,
        handler=revoke_client_token,
        style=Style.JSON_API,
        scopes=(Scope.CLIENT_TOKENS_WRITE,),
        status=204,
        errors=(401, 403, 404, 429),
        parameters=(TOKEN_ID,),
        description="It works for at most two seconds more.",
    ),
)
