"""Who calls, and whether they may: the two key headers or a bearer token, then the operation's scopes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from errata.access.decide import require
from errata.access.model import Caller
from errata.api.operation import Needs, Operation
from errata.base.errors import Forbidden, Unauthenticated

_HOW = (
    "send an API key in the header DD-API-KEY and an application key in DD-APPLICATION-KEY, "
    "or a token as Authorization: Bearer"
)
_UNKNOWN = "the key is not known here, was revoked, or belongs to a user who is disabled"


class Doorkeeper(Protocol):
    """Turns secrets into callers; see `errata.access.credentials`.

    All raise `Unauthenticated` for an absent secret, `Forbidden` for a wrong one, `Unavailable` without database.
    """

    def sender(self, api_key: str | None) -> Caller:
        """Who calls with an API key alone."""
        ...

    def principal(self, api_key: str | None, app_key: str | None) -> Caller:
        """The user who calls with both keys."""
        ...

    def bearer(self, token: str) -> Caller:
        """The user who calls with a token."""
        ...


def admit(doorkeeper: Doorkeeper, operation: Operation[Any], headers: Iterable[tuple[bytes, bytes]]) -> Caller:
    """The caller of an operation, who has every scope of it.

    Raises `Unauthenticated` when no credential came, `Forbidden` when one is wrong or lacks a scope, which is named.
    Operations that check keys answer both with the bare word, as documented (behaviour 8).
    """
    api_key, app_key, token = _secrets(headers)
    if operation.needs is Needs.API_KEY:
        try:
            return doorkeeper.bearer(token) if token and not api_key else doorkeeper.sender(api_key)
        except (Unauthenticated, Forbidden):
            raise Forbidden("") from None
    try:
        caller = doorkeeper.bearer(token) if token and not app_key else doorkeeper.principal(api_key, app_key)
    except Unauthenticated:
        raise Unauthenticated(_HOW) from None
    except Forbidden:
        raise Forbidden(_UNKNOWN) from None
    require(caller, *operation.scopes)
    return caller


def _secrets(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str, str]:
    """API key, application key and token; empty where absent. Of a header that came twice the first counts."""
    found: dict[bytes, str] = {}
    for name, value in headers:
        if name in _NAMES:
            found.setdefault(name, value.decode("latin-1").strip())
    scheme, _, token = found.get(b"authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return found.get(b"dd-api-key", ""), found.get(b"dd-application-key", ""), bearer


_NAMES = frozenset({b"dd-api-key", b"dd-application-key", b"authorization"})
