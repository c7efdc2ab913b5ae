"""What both encodings of OTLP are read into, and the bounds under which they are. Pure.

A request nests pieces (spans or log records) in scopes in resources. It is cut into its pieces first, and each piece is
read alone: one that is damaged spoils no other, and what the reader takes in memory is bounded by a piece, not by a
body (a decoded protobuf message may be thirty times its bytes).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from errata.base.errors import Invalid, TooLarge

MAX_PIECE_BYTES = 1 << 20
"""A span or a record larger than this is refused, the others of its request are not."""
MAX_ENTRIES = 20_000
"""Pieces of one request. Collectors send some 8000 at once, SDKs 512."""
MAX_EVENTS = 10_000
"""Events of one span that are looked at."""
MAX_EXCEPTIONS = 256
"""Exceptions of one span that are read; SDKs keep 128 events by default."""
STATUS_ERROR = 2
ENTRY_KINDS = frozenset({2, 5})
"""SERVER and CONSUMER."""


class Signal(StrEnum):
    """What a request carries, by the last part of its path."""

    TRACES = "traces"
    LOGS = "logs"


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A span or a log record as sent, and the resource and scope that it stands in; all still encoded."""

    resource: bytes
    scope: bytes
    raw: bytes


class Span(msgspec.Struct, frozen=True, gc=False):
    """What of every span must be known. Ids are lower-case hex and empty where there is none; times nanoseconds."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    flags: int
    end_ns: int
    status_code: int
    status_message: str
    exceptions: int
    """How many events named `exception` it has."""

    @property
    def may_be_error(self) -> bool:
        """Whether it says that something failed."""
        return bool(self.exceptions) or self.status_code == STATUS_ERROR

    @property
    def has_remote_parent(self) -> bool:
        """Whether the SDK says that its parent is in another process."""
        return self.flags & 0x300 == 0x300  # one bit says that the other is meant


class Noted(msgspec.Struct, frozen=True, gc=False):
    """An event named `exception` of a span."""

    time_ns: int
    attributes: dict[str, Any]


class SpanDetails(msgspec.Struct, frozen=True, gc=False):
    """The rest of a span: its attributes and exceptions. `is_cut`: some of it was left out for its bounds."""

    attributes: dict[str, Any]
    exceptions: tuple[Noted, ...]
    is_cut: bool


class LogRecord(msgspec.Struct, frozen=True, gc=False):
    """A log record. `time_ns` is the event's own time, else when it was observed, else 0."""

    time_ns: int
    severity: int
    severity_text: str
    event_name: str
    body: Any
    attributes: dict[str, Any]
    trace_id: str
    span_id: str
    is_cut: bool


class Encoding(Protocol):
    """One of OTLP's two encodings."""

    def pieces(self, body: bytes, signal: Signal, most: int) -> Iterator[Piece]:
        """The pieces of a request, in order.

        Raises `Invalid` where the body is no such request, `TooLarge` for more than `most` pieces.
        """

    def span(self, raw: bytes) -> Span | None:
        """What of every span must be known; None where it cannot be read."""

    def span_details(self, raw: bytes) -> SpanDetails:
        """The rest of a span that `span` could read."""

    def severity(self, raw: bytes) -> tuple[int, str] | None:
        """Number and text of a log record's severity; None where the record cannot be read."""

    def log_record(self, raw: bytes) -> LogRecord:
        """A log record whose severity could be read."""

    def resource_attributes(self, raw: bytes) -> dict[str, Any]:
        """The attributes of a resource; none where it cannot be read."""

    def scope_name(self, raw: bytes) -> str:
        """The name of an instrumentation scope; empty where there is none."""


class Budget:
    """How many values may still be made of a piece's attributes."""

    __slots__ = ("left",)

    def __init__(self, values: int = 4096) -> None:
        self.left = values

    def spend(self) -> bool:
        """Take one; False when none is left."""
        self.left -= 1
        return self.left >= 0

    @property
    def is_overdrawn(self) -> bool:
        """Whether something was refused."""
        return self.left < 0


MAX_DEPTH = 16
"""Lists and maps inside each other that are kept of an attribute."""


def bounded(count: int, most: int) -> None:
    """Raise `TooLarge` for more pieces than a request may have."""
    if count > most:
        raise TooLarge(f"The request has more than {most} spans or log records.", where="body")


def no_such_request(what: str) -> Invalid:
    """The error for a body that is no OTLP request at all."""
    return Invalid(f"The body is no OTLP request: {what}.", where="body")
