"""The state database and what stands on it, for every process and command that needs it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from errata.access.commands import AccessCommands
from errata.access.credentials import Credentials, IntakeKeys, KeyRing
from errata.access.first_start import FirstStart, first_start
from errata.access.reads import AccessReads
from errata.base.clock import Clock
from errata.base.errors import Conflict
from errata.base.ids import random_id
from errata.settings import Settings
from errata.storage import state_migrations
from errata.storage.sql import Database, sqlite_url


def open_database(settings: Settings) -> Database:
    """The state database of the settings, as it is. Raises Invalid for a URL that names no engine we speak."""
    return Database(settings.database_url or sqlite_url(settings.data / "state.db"))


def open_current_database(settings: Settings) -> Database:
    """The state database, checked to have the schema of this release. Raises Conflict naming the command that helps."""
    if not settings.database_url and not (settings.data / "state.db").exists():
        raise Conflict(f"data folder {settings.data} holds no Errata yet: start it with `errata serve`")
    database = open_database(settings)
    if state_migrations.pending(database):
        database.close()
        raise Conflict("the state database is older than this release: run `errata migrate`")
    return database


def start_first(settings: Settings, database: Database, clock: Clock) -> FirstStart | None:
    """Make sure that somebody can use the installation; what was made now, None when there was all."""
    return first_start(
        database,
        clock,
        secrets.token_bytes,
        api_key=settings.api_key or None,
        app_key=settings.app_key or None,
        admin_email=settings.admin_email or None,
        admin_password=settings.admin_password or None,
    )


@dataclass(frozen=True, slots=True)
class Access:
    """The access room, built."""

    reads: AccessReads
    commands: AccessCommands
    ring: KeyRing
    credentials: Credentials
    intake_keys: IntakeKeys


def build_access(database: Database, clock: Clock) -> Access:
    """The access room on a database."""
    ring = KeyRing(database, clock)
    return Access(
        AccessReads(database),
        AccessCommands(database, clock, random_id, secrets.token_bytes),
        ring,
        Credentials(ring),
        IntakeKeys(ring),
    )
