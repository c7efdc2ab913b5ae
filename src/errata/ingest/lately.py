"""What intake answered without the journal: refusals, and requests in which nothing was worth keeping.

Gathered in memory, a bounded number of the newest, and written beside what the digest tells every few seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from errata.base.ids import KeyId
from errata.events import recent
from errata.events.recent import Piece, Recent, Verdict, told
from errata.ingest.wire.model import Ignored
from errata.storage.sql import Database

_MOST = 100
_MAX_WORDS = 300


class Lately:
    """Requests that no digest will see. Filled by the event loop, saved by another thread."""

    def __init__(self) -> None:
        self._found: deque[Recent] = deque(maxlen=_MOST)

    def refused(self, at: datetime, intake: str, path: str, client: str, key: KeyId | None, words: str) -> None:
        """A request was answered with an error; `words` say which, as its sender read them."""
        piece = Piece(Verdict.REFUSED, words[:_MAX_WORDS])
        self._found.append(Recent(at, intake, path, key, client, 0, 0, 0, (piece,)))

    def ignored(
        self, at: datetime, intake: str, path: str, client: str, key: KeyId | None, found: Sequence[Ignored]
    ) -> None:
        """A request was answered and held nothing to keep."""
        pieces = [Piece(Verdict.NO_ERROR, each.reason, each.count, each.entry, each.what) for each in found]
        entries = sum(piece.count for piece in pieces)
        self._found.append(Recent(at, intake, path, key, client, 0, entries, 0, told(pieces)))

    def save(self, db: Database) -> None:
        """Write what came since the last call. Raises Unavailable, and loses then what it could not write."""
        taken = [self._found.popleft() for _ in range(len(self._found))]
        if taken:
            with db.write() as tx:
                recent.put(tx, taken)
