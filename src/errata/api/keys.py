"""Lists of keys. Secrets are shown once, when a key is made, and never here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from errata.access.model import (
    MAX_API_KEYS,
    MAX_APPLICATION_KEYS_PER_USER,
    KeyKind,
    KeyRecord,
    Page,
    Scope,
)
from errata.access.reads import KeySearch, KeySort
from errata.api import examples
from errata.api.jsonapi import included
from errata.api.key_json import (
    APIKeysMeta,
    APIKeysResponse,
    ApplicationKeysMeta,
    FilteredCount,
    ListApplicationKeysResponse,
    api_key_resource,
    application_key_resource,
)
from errata.api.operation import Call, Operation, Parameter, Style
from errata.api.paging import PAGING, slice_of
from errata.api.parameters import choice, choices, flag, instant, text, uuid_of
from errata.api.rooms import Rooms
from errata.api.user_json import UserResource, user_resource
from errata.base.errors import Invalid
from errata.base.ids import UserId

TAG = "Key Management"


def _sort(*names: str) -> Parameter[str]:
    allowed = tuple(sign + name for name in names for sign in ("", "-"))
    return choice("sort", allowed, default="name", summary="Field to sort by, falling with a minus in front")


FILTER = text("filter", "Part of the name; case does not matter")
CREATED_FROM = instant("filter[created_at][start]", "Created at this time or later")
CREATED_TO = instant("filter[created_at][end]", "Created before this time")
MODIFIED_FROM = instant("filter[modified_at][start]", "Changed at this time or later")
MODIFIED_TO = instant("filter[modified_at][end]", "Changed before this time")
REMOTE = flag("filter[remote_config_read_enabled]", default=False, summary="Only keys that read remote configuration")
CATEGORY = text("filter[category]", "Only keys of this category; all are of the category `default`")
API_SORT = _sort("name", "created_at", "modified_at", "last4")
APP_SORT = _sort("name", "created_at", "last4")
API_INCLUDE = choices("include", ("created_by", "modified_by"), "Related users to put in `included`")
APP_INCLUDE = choices("include", ("owned_by",), "Related users to put in `included`")


def _owner(given: str) -> UserId | None:
    found = uuid_of(given)
    if found is None:
        raise Invalid("expected the UUID of a user", where="filter[owned_by]")
    return UserId(found)


OWNED_BY: Parameter[UserId | None] = Parameter(
    "filter[owned_by]", _owner, None, {"type": "string", "format": "uuid"}, "Only keys of this user"
)


def list_api_keys(rooms: Rooms, call: Call[None]) -> APIKeysResponse:
    """A page of the organisation's API keys."""
    search = replace(
        _search(call, KeyKind.API, API_SORT), modified_from=MODIFIED_FROM.of(call), modified_to=MODIFIED_TO.of(call)
    )
    matching = not REMOTE.of(call) and CATEGORY.of(call) in ("", "default")
    page: Page[KeyRecord] = rooms.access.keys(search) if matching else Page((), 0, 0)
    wanted = API_INCLUDE.of(call)
    people = [
        *(key.created_by for key in page.items if "created_by" in wanted),
        *(key.modified_by for key in page.items if "modified_by" in wanted),
    ]
    now = rooms.clock.now()
    return APIKeysResponse(
        [api_key_resource(key, now) for key in page.items],
        APIKeysMeta(FilteredCount(page.total_filtered), MAX_API_KEYS),
        included(_users(rooms, people)),
    )


def list_application_keys(rooms: Rooms, call: Call[None]) -> ListApplicationKeysResponse:
    """A page of all users' application keys."""
    search = replace(_search(call, KeyKind.APPLICATION, APP_SORT), owner_id=OWNED_BY.of(call))
    return _application_keys(rooms, call, search, with_owner=True)


def list_own_application_keys(rooms: Rooms, call: Call[None]) -> ListApplicationKeysResponse:
    """A page of the caller's own application keys."""
    search = replace(_search(call, KeyKind.APPLICATION, APP_SORT), owner_id=call.user.id)
    return _application_keys(rooms, call, search, with_owner=False)


def _application_keys(
    rooms: Rooms, call: Call[None], search: KeySearch, *, with_owner: bool
) -> ListApplicationKeysResponse:
    page = rooms.access.keys(search)
    owners = [key.owner_id for key in page.items] if APP_INCLUDE.of(call) else []
    return ListApplicationKeysResponse(
        [application_key_resource(key, with_owner=with_owner) for key in page.items],
        ApplicationKeysMeta(FilteredCount(page.total_filtered), MAX_APPLICATION_KEYS_PER_USER),
        included(_users(rooms, owners)),
    )


def _search(call: Call[None], kind: KeyKind, sort: Parameter[str]) -> KeySearch:
    offset, limit = slice_of(call)
    order = sort.of(call)
    return KeySearch(
        kind=kind,
        text=FILTER.of(call),
        created_from=CREATED_FROM.of(call),
        created_to=CREATED_TO.of(call),
        sort=KeySort(order.removeprefix("-")),
        descending=order.startswith("-"),
        offset=offset,
        limit=limit,
    )


def _users(rooms: Rooms, ids: Iterable[UserId | None]) -> list[UserResource]:
    wanted = list(dict.fromkeys(id_ for id_ in ids if id_))
    if not wanted:
        return []
    known = rooms.access.users_by_id(wanted)
    organisation = rooms.access.organisation().id
    return [user_resource(known[id_], organisation) for id_ in wanted if id_ in known]


_COMMON: tuple[Parameter[Any], ...] = (*PAGING, FILTER, CREATED_FROM, CREATED_TO)

OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path="/api/v2/api_keys",
        name="ListAPIKeys",
        summary="List API keys",
        tag=TAG,
        handler=list_api_keys,
        style=Style.PLAIN,
        scopes=(Scope.API_KEYS_READ,),
        answer=APIKeysResponse,
        parameters=(*_COMMON, API_SORT, MODIFIED_FROM, MODIFIED_TO, API_INCLUDE, REMOTE, CATEGORY),
        answer_example=examples.API_KEYS_ANSWER,
    ),
    Operation(
        method="GET",
        path="/api/v2/application_keys",
        name="ListApplicationKeys",
        summary="List application keys of the organisation",
        tag=TAG,
        handler=list_application_keys,
        style=Style.PLAIN,
        scopes=(Scope.ORG_APP_KEYS_READ,),
        answer=ListApplicationKeysResponse,
        parameters=(*_COMMON, APP_SORT, OWNED_BY, APP_INCLUDE),
        answer_example=examples.APPLICATION_KEYS_ANSWER,
    ),
    Operation(
        method="GET",
        path="/api/v2/current_user/application_keys",
        name="ListCurrentUserApplicationKeys",
        summary="List application keys of the current user",
        tag=TAG,
        handler=list_own_application_keys,
        style=Style.PLAIN,
        scopes=(Scope.USER_APP_KEYS,),
        answer=ListApplicationKeysResponse,
        parameters=(*_COMMON, APP_SORT, APP_INCLUDE),
    ),
)
