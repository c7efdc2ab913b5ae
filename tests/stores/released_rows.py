"""What each step of the state's schema held when it was the newest: rows as the release of that time wrote them.

Frozen like the steps themselves. A new step gets rows of its own below; those of earlier steps stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

Row = Mapping[str, Any]

ADMIN, READER, MIRA, TIM, TEAM = (UUID(int=number) for number in range(1, 6))
API_KEY, APP_KEY, OLD_KEY = (UUID(int=number) for number in range(11, 14))
API_SECRET, APP_SECRET, OLD_SECRET = "0123456789abcdef" * 2, "0123456789abcdef" * 2 + "01234567", "f" * 32
OPEN, RESOLVED, BARE = (UUID(int=number) for number in range(21, 24))
OPEN_PRINT, RESOLVED_PRINT, BARE_PRINT, ALIAS_PRINT = (UUID(int=number) for number in range(31, 35))
NODE = UUID(int=41)
MAP = UUID(int=51)
GONE = UUID(int=61)
AT = 1_772_366_400_123_456
"""Microseconds since 1970, in March 2026."""
DAY = 86_400_000_000

_TIMES = {"created_at": AT, "modified_at": AT + 1}
_USER = {"title": None, "verified": True, "service_account": False, "disabled": False, "password_hash": None} | _TIMES
_KEY = {"owner_id": None, "scopes": None, "created_by": None, "modified_by": None, "last_used_at": None} | _TIMES
_ISSUE = {
    "state": "OPEN", "service": "shop", "error_type": "KeyError", "error_message": "no card \u2028 \u00e9 \U0001f41b",
    "file_path": "shop/cart.py", "function_name": "pay", "first_seen": AT, "last_seen": AT + DAY,
    "first_seen_version": "1.0", "last_seen_version": "1.1", "is_crash": False, "has_in_app": True,
    "languages": ["PYTHON"], "platform": "BACKEND", "tracks": ["logs", "trace"], "grouping_version": 1,
    "event_count": 5_000_000_000, "opened_at": AT, "opened_in_batch": 3, "assignee_id": None, "resolved_at": None,
    "regression_resolved_at": None, "regressed_at": None, "regressed_at_version": None,
}  # fmt: skip
_ASIDE = {
    "node": NODE, "position": 1 << 40, "entry": -1, "received_at": AT, "intake": "dd_logs", "key_id": API_KEY,
    "path": "/api/v2/logs", "query": "ddtags=a:b", "headers": {"content-type": "application/json"},
    "body": bytes(range(256)), "reason": "no JSON", "set_aside_at": AT, "replay": False,
}  # fmt: skip


def _digest(secret: str) -> dict[str, str]:
    return {"secret_digest": sha256(secret.encode()).hexdigest(), "last4": secret[-4:]}


def _fact(number: int, name: str, subject: UUID, data: Row) -> Row:
    actor = {"actor_kind": "user", "actor_id": MIRA} if number % 2 else {"actor_kind": "system", "actor_id": None}
    known = {"id": UUID(int=100 + number), "name": name, "subject": subject, "at": AT + number, "depth": 0}
    return known | actor | {"data": data}


def _link(fingerprint: UUID, issue: UUID) -> Row:
    return {"fingerprint": fingerprint, "issue_id": issue, "grouping_version": 1, "added_at": AT}


def _seen(issue: UUID, version: str, first: int) -> Row:
    return {"issue_id": issue, "version": version, "first_seen": first, "last_seen": first + 1}


ROWS: dict[str, list[tuple[str, list[Row]]]] = {
    "0001": [
        ("organisation", [{"single": 1, "id": UUID(int=9), "name": "Errata", "given_password_hash": "$argon2id$", "created_at": AT}]),
        ("roles", [
            {"id": ADMIN, "name": "Admin", "builtin": "Admin", "scopes": None} | _TIMES,
            {"id": READER, "name": "Readers", "builtin": None, "scopes": ["error_tracking_read", "of_the_future"]} | _TIMES,
        ]),
        ("users", [
            {"id": MIRA, "email": "mira@errata.example", "handle": "mira@errata.example", "name": "Mira \u00d6z", "search_text": "mira \u00f6z\nmira@errata.example"} | _USER,
            {"id": TIM, "email": "tim@errata.example", "handle": "tim@errata.example", "name": None, "search_text": "tim@errata.example"} | _USER | {"disabled": True},
        ]),
        ("user_roles", [{"user_id": MIRA, "role_id": ADMIN}, {"user_id": TIM, "role_id": READER}]),
        ("teams", [{"id": TEAM, "handle": "till", "name": "Till", "summary": None, "description": "Two\nlines", "search_text": "till"} | _TIMES]),
        ("team_members", [{"team_id": TEAM, "user_id": TIM, "role": None, "created_at": AT}, {"team_id": TEAM, "user_id": MIRA, "role": "admin", "created_at": AT}]),
        ("keys", [
            {"id": API_KEY, "kind": "api", "name": "first", "search_text": "first", "revoked_at": None} | _digest(API_SECRET) | _KEY,
            {"id": APP_KEY, "kind": "application", "name": "mine", "search_text": "mine", "revoked_at": None} | _digest(APP_SECRET) | _KEY | {"owner_id": MIRA},
            {"id": OLD_KEY, "kind": "api", "name": "old", "search_text": "old", "revoked_at": AT + 5} | _digest(OLD_SECRET) | _KEY | {"created_by": MIRA, "last_used_at": AT},
        ]),
        ("facts", [_fact(1, "issue.opened", OPEN, {"text": "\u00e9", "n": 3, "list": ["a"]}), _fact(2, "issue.resolved", RESOLVED, {}), _fact(3, "user.created", TIM, {"no": None, "yes": True})]),
        ("fact_readers", [{"name": "notify", "position": 2}]),
        ("journal_positions", [{"node": NODE, "position": 1 << 40}]),
        ("batches", [{"node": NODE, "source": "journal", "start": 1 << 40, "end": (1 << 40) + 500, "aside": [], "rules": {"grouping": 1, "past_ms": 2_592_000_000, "future_ms": 7_200_000}, "planned_at": AT}]),
        ("retry_keys", [{"key": bytes(range(16)), "batch": 2, "position": 1 << 40, "entry": -1, "expires_at": AT + DAY}]),
        ("dropped", [{"day": date(2026, 3, 1), "intake": "dd_logs", "reason": "status_below_error", "count": 5_000_000_000}]),
        ("aside_records", [_ASIDE, _ASIDE | {"entry": 3, "replay": True, "key_id": None}]),
        ("issues", [
            _ISSUE | {"id": OPEN, "assignee_id": MIRA},
            _ISSUE | {"id": RESOLVED, "state": "RESOLVED", "service": "till", "resolved_at": AT + DAY, "regressed_at": AT + 9, "regression_resolved_at": AT + 8, "regressed_at_version": "1.1"},
            _ISSUE | {"id": BARE, "service": "", "error_type": "", "error_message": "", "languages": [], "tracks": ["rum"], "platform": "BROWSER"},
        ]),
        ("issue_fingerprints", [_link(OPEN_PRINT, OPEN), _link(RESOLVED_PRINT, RESOLVED), _link(BARE_PRINT, BARE)]),
        ("issue_versions", [_seen(OPEN, "1.0", AT + 5), _seen(OPEN, "1.1", AT), _seen(BARE, "1.0", AT + 3), _seen(RESOLVED, "1.0", AT + 2)]),
        ("issue_teams", [{"issue_id": OPEN, "handle": "till"}, {"issue_id": OPEN, "handle": "nobody"}]),
    ],
    "0002": [
        ("source_maps", [{
            "id": MAP, "service": "shop", "version": "1.0", "url": "https://a.example/js/m.js", "path": "/js/m.js", "name": "m.js", "blob": "b" * 64, "size": 5_000_000_000,
            "minified_blob": "", "minified_size": 0, "project_path": "", "repository_url": "", "commit_sha": "", "uploaded_by": API_KEY, "uploaded_at": AT, "used_at": AT,
        }]),
        ("joined_issues", [{"id": GONE, "into_id": OPEN, "joined_at": AT}]),
        ("former_fingerprints", [{"fingerprint": UUID(int=71), "current": OPEN_PRINT}]),
        ("sentry_projects", [{"number": 10**18 - 1, "name": "till", "created_at": AT, "modified_at": AT}]),
        ("intake_recent", [{
            "received_at": AT, "intake": "dd_logs", "path": "/api/v2/logs", "key_id": API_KEY, "client": "curl/8", "bytes": 5_000_000_000, "entries": 2, "errors": 1,
            "outcomes": [{"verdict": "error", "issue_id": str(OPEN)}, {"verdict": "no_error", "reason": "status_below_error", "entry": 1}],
        }]),
    ],
    "0003": [
        ("issue_fingerprints", [_link(ALIAS_PRINT, OPEN) | {"main": OPEN_PRINT, "main_since": AT + DAY}]),
        ("issues", [_ISSUE | {"id": UUID(int=24), "suspected_cause": "FAILED_REQUEST"}]),
    ],
    "0004": [
        ("service_versions", [{"service": "shop", "version": "0.9", "first_seen": AT - DAY}, {"service": "new", "version": "1", "first_seen": AT}]),
    ],
}  # fmt: skip
"""By step: tables and their rows, in the order in which they can be inserted."""


def rows_up_to(step: str) -> Iterator[tuple[str, Row]]:
    """Table and row of everything that a database of this step can hold."""
    for each, tables in ROWS.items():
        if each <= step:
            for table, rows in tables:
                yield from ((table, row) for row in rows)


def insert(tx: sa.Connection, table: str, row: Row) -> None:
    """Insert a row without asking what the tables look like today."""
    columns = [sa.column(name, _type(value)) for name, value in row.items()]
    tx.execute(sa.insert(sa.table(table, *columns)).values(dict(row)))


def stored(tx: sa.Connection, table: str, row: Row) -> bool:
    """Whether a row is there, with these values in these columns."""
    columns = [sa.column(name, _type(value)) for name, value in row.items()]
    found = tx.execute(sa.select(*columns).select_from(sa.table(table, *columns)))
    return any(dict(each) == dict(row) for each in found.mappings())


def _type(value: object) -> sa.types.TypeEngine[Any]:
    if isinstance(value, UUID):
        return sa.Uuid()
    if isinstance(value, list | dict):
        return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    plain = {bool: sa.Boolean(), int: sa.BigInteger(), bytes: sa.LargeBinary(), date: sa.Date(), str: sa.Text()}
    return plain.get(type(value), sa.types.NullType())
