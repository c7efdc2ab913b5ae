"""Tables of people, teams, roles and keys. An index stands beside the question that it serves."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, SmallInteger, String, Table, Text, Uuid

from errata.storage.sql import Instant, Json, metadata

organisation = Table(
    "organisation",
    metadata,
    # One row: its key can have one value.
    Column("single", SmallInteger, primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False),
    Column("name", String(200), nullable=False),
    # Hash of the password last given by setting: a setting that did not change does not undo what the person changed.
    Column("given_password_hash", Text),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("single = 1", name="one_row"),
)

roles = Table(
    "roles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("builtin", String(20), unique=True),
    # NULL for built-in roles, whose scopes come with the release.
    Column("scopes", Json),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("handle", String(254), nullable=False, unique=True),
    Column("name", String(200)),
    Column("title", String(200)),
    Column("verified", Boolean, nullable=False),
    Column("service_account", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("password_hash", Text),
    # Name, email and handle, case folded by Python: the engines fold differently, SQLite only ASCII.
    Column("search_text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
    Column("role_id", Uuid, ForeignKey("roles.id"), primary_key=True),
    Index(None, "role_id"),  # who holds a role: the last administrator stays
)

teams = Table(
    "teams",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("handle", String(195), nullable=False, unique=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("summary", String(120)),
    Column("description", Text),
    Column("search_text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
)

team_members = Table(
    "team_members",
    metadata,
    Column("team_id", Uuid, ForeignKey("teams.id"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
    Column("role", String(20)),
    Column("created_at", Instant, nullable=False),
    Index(None, "user_id"),  # a user's teams
)

keys = Table(
    "keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(20), nullable=False),
    # SHA-256 of the secret in hex. The secrets are random and long, so a slow hash would only slow the intake.
    Column("secret_digest", String(64), nullable=False, unique=True),
    Column("last4", String(4), nullable=False),
    Column("name", String(200), nullable=False),
    Column("search_text", Text, nullable=False),
    Column("owner_id", Uuid, ForeignKey("users.id")),
    Column("scopes", Json),
    Column("created_by", Uuid, ForeignKey("users.id")),
    Column("modified_by", Uuid, ForeignKey("users.id")),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Index(None, "kind", "created_at"),  # lists of keys
    Index(None, "owner_id"),  # a user's keys
)
