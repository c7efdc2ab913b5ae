"""The first schema: people and keys, facts, the digest's progress, issues.

Frozen: what a release has run stays as it is. Later changes are steps of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_INSTANT = sa.BigInteger()  # microseconds since 1970
_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Create everything, parents before children."""
    _create_people()
    _create_facts()
    _create_digest()
    _create_issues()


def _create_people() -> None:
    op.create_table(
        "organisation",
        sa.Column("single", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("given_password_hash", sa.Text(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.CheckConstraint("single = 1", name=op.f("ck_organisation_one_row")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_organisation")),
    )
    op.create_table(
        "roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("builtin", sa.String(length=20), nullable=True),
        sa.Column("scopes", _JSON, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("modified_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("builtin", name=op.f("uq_roles_builtin")),
        sa.UniqueConstraint("name", name=op.f("uq_roles_name")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("handle", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("service_account", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("modified_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("handle", name=op.f("uq_users_handle")),
    )
    op.create_table(
        "user_roles",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_user_roles_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_roles_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_user_roles")),
    )
    op.create_index(op.f("ix_user_roles_role_id"), "user_roles", ["role_id"], unique=False)
    op.create_table(
        "teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.String(length=195), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.String(length=120), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("modified_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("handle", name=op.f("uq_teams_handle")),
        sa.UniqueConstraint("name", name=op.f("uq_teams_name")),
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_team_members_user_id")),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_user_id"), "team_members", ["user_id"], unique=False)
    op.create_table(
        "keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("secret_digest", sa.String(length=64), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("scopes", _JSON, nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("modified_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("modified_at", _INSTANT, nullable=False),
        sa.Column("last_used_at", _INSTANT, nullable=True),
        sa.Column("revoked_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_keys_created_by")),
        sa.ForeignKeyConstraint(["modified_by"], ["users.id"], name=op.f("fk_keys_modified_by")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_keys_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("secret_digest", name=op.f("uq_keys_secret_digest")),
    )
    op.create_index(op.f("ix_keys_kind_created_at"), "keys", ["kind", "created_at"], unique=False)
    op.create_index(op.f("ix_keys_owner_id"), "keys", ["owner_id"], unique=False)


def _create_facts() -> None:
    op.create_table(
        "facts",
        sa.Column("sequence", _COUNTER, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_facts")),
        sa.UniqueConstraint("id", name=op.f("uq_facts_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_facts_subject_sequence"), "facts", ["subject", "sequence"], unique=False)
    op.create_table(
        "fact_readers",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", _COUNTER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_fact_readers")),
    )


def _create_digest() -> None:
    op.create_table(
        "journal_positions",
        sa.Column("node", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_journal_positions")),
    )
    op.create_table(
        "batches",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("node", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("aside", _JSON, nullable=False),
        sa.Column("rules", _JSON, nullable=False),
        sa.Column("planned_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_batches_node", "batches", ["node"], unique=False)
    op.create_table(
        "retry_keys",
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_retry_keys")),
    )
    op.create_index("ix_retry_keys_expires_at", "retry_keys", ["expires_at"], unique=False)
    op.create_table(
        "dropped",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("intake", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "intake", "reason", name=op.f("pk_dropped")),
    )
    op.create_table(
        "aside_records",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("node", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("intake", sa.String(length=16), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("headers", _JSON, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_aside_at", _INSTANT, nullable=False),
        sa.Column("replay", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aside_records")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_aside_records_replay", "aside_records", ["replay"], unique=False)


def _create_issues() -> None:
    op.create_table(
        "issues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("error_type", sa.Text(), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=False),
        sa.Column("file_path", sa.Text(), nullable=False),
        sa.Column("function_name", sa.Text(), nullable=False),
        sa.Column("first_seen", _INSTANT, nullable=False),
        sa.Column("last_seen", _INSTANT, nullable=False),
        sa.Column("first_seen_version", sa.Text(), nullable=False),
        sa.Column("last_seen_version", sa.Text(), nullable=False),
        sa.Column("is_crash", sa.Boolean(), nullable=False),
        sa.Column("has_in_app", sa.Boolean(), nullable=False),
        sa.Column("languages", _JSON, nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("tracks", _JSON, nullable=False),
        sa.Column("grouping_version", sa.Integer(), nullable=False),
        sa.Column("event_count", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("opened_in_batch", sa.BigInteger(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", _INSTANT, nullable=True),
        sa.Column("regression_resolved_at", _INSTANT, nullable=True),
        sa.Column("regressed_at", _INSTANT, nullable=True),
        sa.Column("regressed_at_version", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
    )
    op.create_index("ix_issues_assignee_id", "issues", ["assignee_id"], unique=False)
    op.create_index("ix_issues_first_seen", "issues", ["first_seen"], unique=False)
    op.create_index("ix_issues_last_seen", "issues", ["last_seen"], unique=False)
    op.create_index("ix_issues_state", "issues", ["state"], unique=False)
    op.create_table(
        "issue_fingerprints",
        sa.Column("fingerprint", sa.Uuid(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("grouping_version", sa.Integer(), nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_issue_fingerprints_issue_id")),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_issue_fingerprints")),
    )
    op.create_index("ix_issue_fingerprints_issue_id", "issue_fingerprints", ["issue_id"], unique=False)
    op.create_table(
        "issue_versions",
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("first_seen", _INSTANT, nullable=False),
        sa.Column("last_seen", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_issue_versions_issue_id")),
        sa.PrimaryKeyConstraint("issue_id", "version", name=op.f("pk_issue_versions")),
    )
    op.create_table(
        "issue_teams",
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.String(length=195), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_issue_teams_issue_id")),
        sa.PrimaryKeyConstraint("issue_id", "handle", name=op.f("pk_issue_teams")),
    )
    op.create_index("ix_issue_teams_handle", "issue_teams", ["handle"], unique=False)
