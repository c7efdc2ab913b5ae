"""What an operation of the API is: one row of the table from which routes, the scope check and OpenAPI come. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar, cast

from errata.access.model import Caller, Scope, User
from errata.api.rooms import Rooms

B = TypeVar("B")
T = TypeVar("T")

Wording = Mapping[Any, Callable[[object], str]]
"""How a value that is none of a type's is told where the real service's own words are known.

A type is an enumeration, whose values are words; or a kind of list, for what is no list at all.
"""


class Style(Enum):
    """The family an operation belongs to: its content type, the shape of its errors (behaviour 1.1) and their words."""

    JSON_API = "json_api"
    """Errors are objects with a status."""
    CASES = "cases"
    """Errors are objects, of three shapes: wrong requests, values outside a list, and what does not exist."""
    PLAIN = "plain"
    """Errors are sentences."""

    @property
    def content_type(self) -> str:
        """What answers are sent as, errors included."""
        return "application/json" if self is Style.PLAIN else "application/vnd.api+json"


class Needs(Enum):
    """Which credentials open an operation."""

    USER = "user"
    """An API key together with an application key, or a bearer token: the caller acts as a user."""
    API_KEY = "api_key"
    """An API key alone; a bearer token will do as well."""


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """A value in the path or the query.

    `parse` gets the text as sent, percent-decoded, and raises `Invalid` (or `NotFound`, where an id that cannot
    exist is answered that way). `schema` is the JSON schema for the published document. A parameter of the query
    that is absent has the value `default`; a list is given as a comma list or by repeating the parameter.
    """

    name: str
    parse: Callable[[str], T]
    default: T
    schema: Mapping[str, Any]
    summary: str = ""
    in_path: bool = False

    def of(self, call: Call[Any]) -> T:
        """The value that this call has for the parameter."""
        return cast("T", call.values[self.name])

    @property
    def is_list(self) -> bool:
        """Whether several values may be given."""
        return self.schema.get("type") == "array"


@dataclass(frozen=True, slots=True)
class Call(Generic[B]):
    """A request whose caller is known and whose values are checked. `body` is None where the operation has none."""

    caller: Caller
    body: B
    values: Mapping[str, object]

    @property
    def user(self) -> User:
        """The user who calls, for operations that are open to users only."""
        if self.caller.user is None:
            raise RuntimeError("an operation for users was let through without one")
        return self.caller.user


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[B]):
    """One operation. `errors` are the documented refusals; 413, 500 and 503 go without saying.

    `scopes` are all needed. `answer` None means that a success has no body. `wording` see `Wording`.
    """

    method: str
    path: str
    name: str
    summary: str
    tag: str
    handler: Callable[[Rooms, Call[B]], object]
    style: Style
    scopes: tuple[Scope, ...] = ()
    needs: Needs = Needs.USER
    body: type[B] | None = None
    answer: type | None = None
    status: int = 200
    errors: tuple[int, ...] = (400, 401, 403, 429)
    parameters: tuple[Parameter[Any], ...] = ()
    wording: Wording = field(default_factory=dict)
    description: str = ""
    request_example: object = None
    answer_example: object = None
