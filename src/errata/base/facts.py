"""Facts: what happened inside Errata. A fact is written with the state it belongs to and never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from errata.base.ids import UserId


class ActorKind(StrEnum):
    """Who acts."""

    USER = "user"
    KEY = "key"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it. `id` is a user's or a key's id and None for the system itself."""

    kind: ActorKind
    id: UUID | None = None

    @property
    def user_id(self) -> UserId | None:
        """The user who acts; None for a key without one and for the system."""
        return UserId(self.id) if self.kind is ActorKind.USER and self.id is not None else None


SYSTEM = Actor(ActorKind.SYSTEM)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened: `name` in dotted lower case (`issue.state_changed`), about `subject` (an id).

    `at` is when Errata decided it, aware UTC. `data` holds plain JSON values. `depth` counts causes behind it, so
    that reactions to reactions can be stopped.
    """

    id: UUID
    name: str
    subject: UUID
    at: datetime
    actor: Actor
    data: dict[str, str | int | bool | list[str] | None] = field(default_factory=dict)
    depth: int = 0
