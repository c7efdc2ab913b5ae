"""The one place where an error becomes HTTP: status, headers and the body's shape by family of operations."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from errata.api.operation import Style
from errata.api.parameters import WrongParameter
from errata.base.errors import (
    Conflict,
    ErrataError,
    Fault,
    Forbidden,
    Invalid,
    NotAllowed,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)

CONCURRENT_CALLS = "concurrent_calls"
"""Name of the one bound on the rate that this rim has; told in `X-RateLimit-Name`."""

_STATUS: dict[type[ErrataError], HTTPStatus] = {
    Invalid: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_ALWAYS_TEXT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
"""Documented with plain texts for every family (behaviour 1.4)."""


class APIErrorResponse(msgspec.Struct, frozen=True):
    """Errors as plain sentences."""

    errors: list[str]


class JSONAPIErrorItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One error. `status` is a text, never a number."""

    status: str
    title: str
    detail: str = ""


class JSONAPIErrorResponse(msgspec.Struct, frozen=True):
    """Errors as objects, one for each fault."""

    errors: list[JSONAPIErrorItem]


class CaseErrorItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One error. What does not exist has a code, a value outside a list neither that nor a status."""

    code: str = ""
    status: str = ""
    title: str
    detail: str = ""
    meta: dict[str, str] = {}


class CaseErrorResponse(msgspec.Struct, frozen=True):
    """Errors of the operations on cases, one for each fault."""

    errors: list[CaseErrorItem]


class Refusal(msgspec.Struct, frozen=True):
    """An answer that is not a success. `headers` come on top of the content type, which is the operation's."""

    status: int
    body: APIErrorResponse | JSONAPIErrorResponse | CaseErrorResponse
    headers: tuple[tuple[str, str], ...] = ()


def refusal_of(error: ErrataError, style: Style, *, limit: int) -> Refusal:
    """The answer to an error, in the shape of the operation's family. `limit`: how many calls there may be at once."""
    status = _STATUS.get(type(error), HTTPStatus.BAD_REQUEST)
    of_cases = _case_items(error) if style is Style.CASES else []
    if of_cases:
        return Refusal(status.value, CaseErrorResponse(of_cases))
    return refusal(status, _faults(error, status), style, headers=_headers(error, limit))


def refusal(
    status: HTTPStatus, faults: tuple[Fault, ...], style: Style, headers: tuple[tuple[str, str], ...] = ()
) -> Refusal:
    """An answer with one error for each fault; `where` stands before the message that does not begin with it."""
    texts = [_placed(fault) for fault in faults]
    if style is Style.PLAIN or status in _ALWAYS_TEXT:
        return Refusal(status.value, APIErrorResponse(texts), headers)
    if style is Style.CASES:
        of_cases = [CaseErrorItem(status=str(status.value), title=status.phrase, detail=text) for text in texts]
        return Refusal(status.value, CaseErrorResponse(of_cases), headers)
    items = [JSONAPIErrorItem(str(status.value), status.phrase, text) for text in texts]
    return Refusal(status.value, JSONAPIErrorResponse(items), headers)


def _case_items(error: ErrataError) -> list[CaseErrorItem]:
    """The errors of cases that have a shape of their own (behaviour 1.1); none for all others."""
    if isinstance(error, NotFound):
        return [CaseErrorItem(code="resource_not_found", title=error.message, meta=error.meta)]
    if isinstance(error, NotAllowed):
        return [CaseErrorItem(title="Generic Error", detail=fault.message) for fault in error.faults]
    if isinstance(error, WrongParameter):
        status = str(HTTPStatus.BAD_REQUEST.value)
        return [
            CaseErrorItem(status=status, title="Invalid Parameter", detail=_placed(fault)) for fault in error.faults
        ]
    return []


def _placed(fault: Fault) -> str:
    if not fault.where or fault.message.startswith(f"{fault.where}: "):
        return fault.message
    return f"{fault.where}: {fault.message}"


def _faults(error: ErrataError, status: HTTPStatus) -> tuple[Fault, ...]:
    if isinstance(error, Invalid):
        return error.faults
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        # The documented word comes first, for programs; what to do about it follows, for people.
        return (Fault("", f"{status.phrase}: {error.message}" if error.message else status.phrase),)
    return (Fault("", error.message),)


def _headers(error: ErrataError, limit: int) -> tuple[tuple[str, str], ...]:
    if isinstance(error, Unauthenticated):
        return (("WWW-Authenticate", 'Bearer realm="errata"'),)
    if isinstance(error, TooMany):
        return _rate_limit(error.retry_after_s, limit)
    if isinstance(error, Unavailable):
        return _retry(error.retry_after_s)
    return ()


def _rate_limit(reset_s: int, limit: int) -> tuple[tuple[str, str], ...]:
    """The official clients wait `X-RateLimit-Reset` seconds and ignore `Retry-After`."""
    return (
        *_retry(reset_s),
        ("X-RateLimit-Limit", str(limit)),
        ("X-RateLimit-Period", "1"),
        ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Name", CONCURRENT_CALLS),
    )


def _retry(after_s: int) -> tuple[tuple[str, str], ...]:
    return (("Retry-After", str(after_s)), ("X-RateLimit-Reset", str(after_s)))
