"""The one error tree. Domain code raises these; each rim turns them into its own wire form at one place.

No error knows an HTTP status: that is the rims' business (`api/errors.py`, `ingest/answers.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class ErrataError(Exception):
    """Something that is an answer, not a bug.

    `code` is stable and meant for programs, `message` is one sentence for a person, `where` names the place:
    a JSON path (`data.attributes.state`), a parameter, or an offset in a query.
    """

    code = "error"

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (`data.attributes.state`) and what, as a sentence."""

    where: str
    message: str


class Invalid(ErrataError):
    """The request or the payload is wrong; sending it again unchanged will fail again.

    `faults` holds every fault that was found, in reading order; at least one.
    """

    code = "invalid"

    def __init__(self, message: str, *, where: str = "", faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message, where=where)
        self.faults = faults or (Fault(where, message),)


class NotAllowed(Invalid):
    """A value stands outside a list of values; the message repeats it and names those that are allowed."""

    code = "not_allowed"


class Unsupported(Invalid):
    """The body's media type or encoding is none that is read here; the message lists those that are."""

    code = "unsupported"


class Unauthenticated(ErrataError):
    """No credential was given where one is needed."""

    code = "unauthenticated"


class Forbidden(ErrataError):
    """The credential is unknown, revoked, or lacks a scope; the message names the scope, never the key."""

    code = "forbidden"


class NotFound(ErrataError):
    """What was asked for does not exist, or not for this reader. `meta` says by name what was looked for."""

    code = "not_found"

    def __init__(self, message: str, *, where: str = "", meta: Mapping[str, str] | None = None) -> None:
        super().__init__(message, where=where)
        self.meta = dict(meta or {})


class Conflict(ErrataError):
    """The request is well formed but clashes with what is stored (a handle that is taken)."""

    code = "conflict"


class TooLarge(ErrataError):
    """A bound on size was passed; the message names the bound and its setting."""

    code = "too_large"


class TooMany(ErrataError):
    """A bound on the rate was passed. `retry_after_s`: whole seconds after which trying again makes sense."""

    code = "too_many"

    def __init__(self, message: str, *, where: str = "", retry_after_s: int = 1) -> None:
        super().__init__(message, where=where)
        self.retry_after_s = retry_after_s


class Unavailable(ErrataError):
    """A part that is needed does not answer now (engine down, journal full). `retry_after_s` as in `TooMany`."""

    code = "unavailable"

    def __init__(self, message: str, *, where: str = "", retry_after_s: int = 1) -> None:
        super().__init__(message, where=where)
        self.retry_after_s = retry_after_s
