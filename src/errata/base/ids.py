"""Ids: distinct types, made by us, opaque to clients.

An issue's id is computed from its fingerprint and a record's event ids from their place in the journal, so that a
repeated batch names the same things. Ids of things that people make (users, teams, keys, cases) are random.
"""

from __future__ import annotations

from hashlib import sha1
from typing import NewType, Protocol
from uuid import UUID, uuid4, uuid5

IssueId = NewType("IssueId", UUID)
Fingerprint = NewType("Fingerprint", UUID)
"""128 bits of a keyed hash, carried as a UUID because every store has a column type for it."""
EventId = NewType("EventId", UUID)
UserId = NewType("UserId", UUID)
TeamId = NewType("TeamId", UUID)
KeyId = NewType("KeyId", UUID)
NO_KEY = KeyId(UUID(int=0))
"""Stands for the key of a request that needed none."""
CaseId = NewType("CaseId", UUID)
ProjectId = NewType("ProjectId", UUID)
CaseTypeId = NewType("CaseTypeId", UUID)
CustomAttributeId = NewType("CustomAttributeId", UUID)
CellId = NewType("CellId", UUID)
NodeId = NewType("NodeId", UUID)
"""Names one data folder's journal, for ever."""

_ISSUES = UUID("6d2f5c1e-8b0a-5f43-9c57-2f1f0c4a7e10")
_EVENTS = UUID("b3b5a6d8-4b8e-5d0c-8f39-0c9b6a2d51e4").bytes
_UUID_FREE_BITS = ~(0xF000 << 64 | 0xC000 << 48)
_UUID_VERSION_5 = 0x5000 << 64 | 0x8000 << 48


class NewId(Protocol):
    """Where random ids come from; passed in, so that tests can name them."""

    def __call__(self) -> UUID:
        """An id that was never given before."""
        ...


def random_id() -> UUID:
    """A random UUID (version 4)."""
    return uuid4()


def issue_id_of(fingerprint: Fingerprint) -> IssueId:
    """The id of the issue that a fingerprint opens: UUID version 5, so that two workers name the same issue."""
    return IssueId(uuid5(_ISSUES, fingerprint.hex))


def event_id_at(node: NodeId, position: int, entry: int) -> EventId:
    """The id of an event without an id of its own: its node, journal position and index in the request.

    It is `uuid5`, written out: made for every event, and `UUID` takes a number in half the time of a name.
    """
    name = f"{node.hex}:{position}:{entry}"
    digest = sha1(_EVENTS + name.encode(), usedforsecurity=False).digest()
    return EventId(UUID(int=int.from_bytes(digest[:16]) & _UUID_FREE_BITS | _UUID_VERSION_5))
