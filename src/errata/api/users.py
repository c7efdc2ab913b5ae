"""Users: list, read, invite, disable, and the one who calls."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from errata.access.model import RoleId, Scope, User, UserStatus
from errata.access.reads import UserSearch, UserSort
from errata.api import examples
from errata.api.operation import Call, Operation, Style
from errata.api.paging import PAGING, Counts, PageMeta, slice_of
from errata.api.parameters import choice, choices, id_in_path, text
from errata.api.rooms import Rooms
from errata.api.user_json import UserResponse, UsersResponse, role_resources, user_resource
from errata.base.errors import NotFound
from errata.base.ids import UserId

TAG = "Users"
USER_ID = id_in_path("user_id", lambda _: NotFound("User not found"), "User UUID")
FILTER = text("filter", "Part of the name, the address or the handle; case does not matter")
FILTER_STATUS = choices("filter[status]", tuple(UserStatus), "Only users that stand so")
_SORTS = tuple(UserSort)
SORT = choice(
    "sort",
    tuple(sign + name for name in _SORTS for sign in ("", "-")),
    default="name",
    summary="Field to sort by, falling with a minus in front",
)
SORT_DIR = choice("sort_dir", ("asc", "desc"), default="asc", summary="Direction, where the field has no minus")


class RoleReference(msgspec.Struct, frozen=True, kw_only=True):
    """Names a role."""

    type: Literal["roles"]
    id: UUID


class RoleReferences(msgspec.Struct, frozen=True):
    """Names roles."""

    data: tuple[RoleReference, ...]


class UserCreateRelationships(msgspec.Struct, frozen=True):
    """The roles of a new user; without them the user may do nothing."""

    roles: RoleReferences | UnsetType = UNSET


class UserCreateAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A new user. The address becomes the handle; both are kept in lower case."""

    email: str
    name: str | UnsetType = UNSET
    title: str | UnsetType = UNSET


class UserCreateData(msgspec.Struct, frozen=True, kw_only=True):
    """A new user."""

    type: Literal["users"]
    attributes: UserCreateAttributes
    relationships: UserCreateRelationships | UnsetType = UNSET


class UserCreateRequest(msgspec.Struct, frozen=True):
    """An invitation."""

    data: UserCreateData


def list_users(rooms: Rooms, call: Call[None]) -> UsersResponse:
    """A page of users, and the roles that they have."""
    offset, limit = slice_of(call)
    sort = SORT.of(call)
    page = rooms.access.users(
        UserSearch(
            text=FILTER.of(call),
            statuses=frozenset(UserStatus(status) for status in FILTER_STATUS.of(call)),
            sort=UserSort(sort.removeprefix("-")),
            descending=sort.startswith("-") or SORT_DIR.of(call) == "desc",
            offset=offset,
            limit=limit,
        )
    )
    organisation = rooms.access.organisation().id
    held = {role_id for user in page.items for role_id in user.role_ids}
    roles = [role for id_, role in rooms.access.roles().items() if id_ in held] if held else []
    return UsersResponse(
        [user_resource(user, organisation) for user in page.items],
        role_resources(roles),
        PageMeta(Counts(page.total, page.total_filtered)),
    )


def get_user(rooms: Rooms, call: Call[None]) -> UserResponse:
    """One user."""
    return _answer(rooms, rooms.access.user(UserId(USER_ID.of(call))))


def get_current_user(rooms: Rooms, call: Call[None]) -> UserResponse:
    """The user whom the application key or token belongs to."""
    return _answer(rooms, call.user)


def create_user(rooms: Rooms, call: Call[UserCreateRequest]) -> UserResponse:
    """The invited user, who is Pending."""
    data = call.body.data
    roles = data.relationships.roles if data.relationships is not UNSET else UNSET
    user = rooms.access_commands.create_user(
        call.caller.actor,
        email=data.attributes.email,
        name=None if data.attributes.name is UNSET else data.attributes.name,
        title=None if data.attributes.title is UNSET else data.attributes.title,
        role_ids=() if roles is UNSET else tuple(RoleId(role.id) for role in roles.data),
    )
    return _answer(rooms, user)


def disable_user(rooms: Rooms, call: Call[None]) -> None:
    """Nothing: the user is shut out, and so are the user's keys."""
    rooms.access_commands.disable_user(call.caller.actor, UserId(USER_ID.of(call)))


def _answer(rooms: Rooms, user: User) -> UserResponse:
    return UserResponse(user_resource(user, rooms.access.organisation().id))


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path="/api/v2/users",
        name="ListUsers",
        summary="List users",
        tag=TAG,
        handler=list_users,
        style=Style.PLAIN,
        scopes=(Scope.USER_ACCESS_READ,),
        answer=UsersResponse,
        parameters=(*PAGING, SORT, SORT_DIR, FILTER, FILTER_STATUS),
        answer_example=examples.USERS_ANSWER,
    ),
    Operation(
        method="POST",
        path="/api/v2/users",
        name="CreateUser",
        summary="Create a user",
        description="The user is Pending until the invitation is accepted, and may be an assignee at once.",
        tag=TAG,
        handler=create_user,
        style=Style.PLAIN,
        scopes=(Scope.USER_ACCESS_INVITE,),
        body=UserCreateRequest,
        answer=UserResponse,
        status=201,
        errors=(400, 401, 403, 409, 429),
        request_example=examples.CREATE_USER,
        answer_example=examples.USER_ANSWER,
    ),
    Operation(
        method="GET",
        path="/api/v2/users/{user_id}",
        name="GetUser",
        summary="Read one user",
        tag=TAG,
        handler=get_user,
        style=Style.PLAIN,
        scopes=(Scope.USER_ACCESS_READ,),
        answer=UserResponse,
        errors=(401, 403, 404, 429),
        parameters=(USER_ID,),
        answer_example=examples.USER_ANSWER,
    ),
    Operation(
        method="DELETE",
        path="/api/v2/users/{user_id}",
        name="DisableUser",
        summary="Disable a user",
        description="Keys and tokens of the user stop working. What the user did stays, under the user's name.",
        tag=TAG,
        handler=disable_user,
        style=Style.PLAIN,
        scopes=(Scope.USER_ACCESS_MANAGE,),
        status=204,
        errors=(401, 403, 404, 409, 429),
        parameters=(USER_ID,),
    ),
    Operation(
        method="GET",
        path="/api/v2/current_user",
        name="GetCurrentUser",
        summary="Read the user of the application key",
        tag=TAG,
        handler=get_current_user,
        style=Style.PLAIN,
        answer=UserResponse,
        errors=(401, 403, 429),
        answer_example=examples.USER_ANSWER,
    ),
)
