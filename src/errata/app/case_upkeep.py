"""What happens to cases by itself: deletions that are not finished yet, and what becomes due with time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from errata.base.clock import Clock
from errata.base.ids import random_id
from errata.cases.commands import CaseCommands
from errata.cases.removal import finish_deletions, finish_hiding, forget_values
from errata.storage.sql import Database

EVERY = timedelta(days=1)
CLOSED_AT_A_TIME = 500
"""Cases that are closed in one turn because nobody has done anything to them."""


class CaseUpkeep:
    """Looks after the cases of a state database; several may at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._commands = CaseCommands(database, clock, random_id)
        self._daily_at = datetime.min.replace(tzinfo=UTC)

    def turn(self) -> bool:
        """Do some of what there is to do; whether there was any. Once a day, and at first, what is looked at daily."""
        now = self._clock.now()
        busy = finish_deletions(self._database)
        busy |= finish_hiding(self._database, now)
        if now >= self._daily_at:
            if forget_values(self._database, now):
                return True  # and maybe more of it
            if self._commands.close_inactive(most=CLOSED_AT_A_TIME) == CLOSED_AT_A_TIME:
                return True  # there may be more, and the day's look is not done
            self._daily_at = now + EVERY
        return busy
