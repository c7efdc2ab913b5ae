"""What all doors of the intake share, and what tells one from another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, ClassVar

from errata.base.errors import ErrataError
from errata.ingest.answers import Answer, answer_of
from errata.ingest.request import Said, said_by
from errata.ingest.wire.model import Ignored

POST = frozenset({"POST"})


class Sender(Enum):
    """Who may use a door."""

    KEY = auto()
    """Whoever has an API key or a client token."""
    AGENT = auto()
    """The same; and programs of this machine without any, because tracers send none to their agent."""


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """`max_body_bytes` bounds a body as sent and without its compression, `max_entries` the entries in it."""

    max_body_bytes: int = 5 << 20
    max_entries: int = 1000


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as its door checks it: the path and query without keys, headers by lower-case names, the body plain."""

    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Checked:
    """What a door found. `entries` counts the pieces that may be errors.

    Without `keep` nothing in the request is worth keeping: it is answered and forgotten, and `ignored` says what it
    was. What is kept is judged by the digest. `body` is what to keep instead of the body as it
    came (without a content encoding), where that is a lot less.
    """

    entries: int
    answer: Answer
    keep: bool = True
    ignored: tuple[Ignored, ...] = ()
    body: bytes | None = None


class Door(ABC):
    """One family of addresses whose requests are made durable before they are answered.

    `intake` names the decoder. All methods are pure but for their arguments, and may run in any thread.
    """

    intake: ClassVar[str]
    methods: ClassVar[frozenset[str]] = POST
    sender: ClassVar[Sender] = Sender.KEY
    has_key_in_body: ClassVar[bool] = False
    """Whether the key may stand at the body's beginning, where `key_in` finds it if it is nowhere else."""
    fixed: ClassVar[Answer | None] = None
    """Set where nothing that is sent here matters: the body is read, bounded and dropped, and this is the answer."""

    def __init__(self, limits: DoorLimits) -> None:
        self.limits = limits

    def said(self, scope: Any, path_key: str) -> Said:
        """The key, and what the journal keeps of headers and query. Raises `Invalid`, `Unsupported`."""
        return said_by(scope["headers"], scope["query_string"], path_key)

    def key_in(self, beginning: bytes) -> str:  # noqa: ARG002 - for doors whose clients put it there
        """The key in the first bytes of a body; empty where there is none."""
        return ""

    @abstractmethod
    def check(self, arrival: Arrival) -> Checked:
        """Look at a body as far as its sender must be told. Raises `Invalid`, `Unsupported`, `TooLarge`."""

    def refusal(self, error: ErrataError, scope: Any) -> Answer:  # noqa: ARG002 - for doors that answer in the form they were asked
        """How an error is told to this door's clients."""
        return answer_of(error)


@dataclass(frozen=True, slots=True)
class Route:
    """An address found: its door, the path that the journal keeps, and the key where that stood in the path.

    `otlp` is where a request belongs instead whose header `dd-protocol` says so.
    """

    door: Door
    path: str
    key: str = ""
    otlp: Route | None = None
