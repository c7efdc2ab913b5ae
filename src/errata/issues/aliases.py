"""The aliases that searches take along, kept between searches as long as they do not change."""

from __future__ import annotations

import threading
from datetime import datetime

from sqlalchemy import Connection

from errata.events.search import Aliases
from errata.issues import store


class KnownAliases:
    """Thread-safe. Each search asks what changes with them, which is quick, and reads them only when it did."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[tuple[datetime | None, int], Aliases] = ((None, 0), Aliases())

    def read(self, tx: Connection) -> Aliases:
        """The aliases as the transaction sees them."""
        changed_at = store.aliases_changed_at(tx)
        with self._lock:
            known_at, known = self._known
        if changed_at == known_at:
            return known
        fresh = store.aliases(tx)
        with self._lock:
            self._known = (changed_at, fresh)
        return fresh
