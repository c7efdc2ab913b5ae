"""What grouping answers: a fingerprint with what an issue shows of it, and the reasons."""

from __future__ import annotations

import msgspec

from errata.base.ids import Fingerprint


class Dropped(msgspec.Struct, frozen=True, gc=False):
    """A bit that took no part, as it stood, and the reason in words for a page."""

    text: str
    reason: str


class Part(msgspec.Struct, frozen=True, gc=False):
    """One thing that makes the fingerprint: what was used (`value`), from what (`raw`), and what of that was not."""

    name: str
    value: str
    raw: str
    dropped: tuple[Dropped, ...] = ()


class Grouping(msgspec.Struct, frozen=True, gc=False):
    """Where an event belongs. `error_type`, `file_path` and `function_name` are for showing, close to as they came.

    `has_in_app` says that the place shown is the program's own code. `parts` are the hashed names and values.
    """

    version: int
    fingerprint: Fingerprint
    error_type: str
    file_path: str
    function_name: str
    has_in_app: bool
    parts: tuple[tuple[str, str], ...]


class Explanation(msgspec.Struct, frozen=True, gc=False):
    """Why an event has its fingerprint: the parts in the order in which they were hashed.

    `is_custom` says that the client named the group itself (`error.fingerprint`), so that nothing else counted.
    """

    version: int
    fingerprint: Fingerprint
    is_custom: bool
    parts: tuple[Part, ...]
