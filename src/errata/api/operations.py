"""The table of operations. Routes, the scope check and the published document all come from this one.

Each family's rows stand in its own file beside its handlers, so that a row is read with what it does.
"""

from __future__ import annotations

from typing import Any

from errata.api import (
    case_bulk,
    case_changes,
    case_comments,
    case_projects,
    case_search,
    case_types,
    cases,
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
    *cases.OPERATIONS,
    *case_search.OPERATIONS,
    *case_bulk.OPERATIONS,
    *case_changes.OPERATIONS,
    *case_comments.OPERATIONS,
    *case_projects.OPERATIONS,
    *case_types.OPERATIONS,
    *source_maps.OPERATIONS,
    *intake.OPERATIONS,
    *sentry_projects.OPERATIONS,
    *users.OPERATIONS,
    *teams.OPERATIONS,
    *keys.OPERATIONS,
    *client_tokens.OPERATIONS,
    *validate.OPERATIONS,
)
