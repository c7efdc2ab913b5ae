"""The table of operations. Routes, the scope check and the published document all come from this one.

Each family's rows stand in its own file beside its handlers, so that a row is read with what it does.
"""

from __future__ import annotations

from typing import Any

from errata.api import (
    client_tokens,
    error_tracking,
    events,
    intake,
    keys,
    search_help,
    sentry_projects,
    source_maps,
    teams,
    users,
    validate,
)
from errata.api.operation import Operation

OPERATIONS: tuple[Operation[Any], ...] = (
    *error_tracking.OPERATIONS,
    *search_help.OPERATIONS,
    *events.OPERATIONS,
    *source_maps.OPERATIONS,
    *intake.OPERATIONS,
    *sentry_projects.OPERATIONS,
    *users.OPERATIONS,
    *teams.OPERATIONS,
    *keys.OPERATIONS,
    *client_tokens.OPERATIONS,
    *validate.OPERATIONS,
)
