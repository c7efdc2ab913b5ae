"""Source maps and what they join, the names of Sentry projects, and what came in lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

_INSTANT = sa.BigInteger()  # microseconds since 1970
_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "source_maps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("minified_blob", sa.String(length=64), nullable=False),
        sa.Column("minified_size", sa.BigInteger(), nullable=False),
        sa.Column("project_path", sa.Text(), nullable=False),
        sa.Column("repository_url", sa.Text(), nullable=False),
        sa.Column("commit_sha", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=True),
        sa.Column("uploaded_at", _INSTANT, nullable=False),
        sa.Column("used_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_maps")),
        sa.UniqueConstraint("service", "version", "url", name=op.f("uq_source_maps_service_version_url")),
    )
    op.create_index("ix_source_maps_service_version_name", "source_maps", ["service", "version", "name"], unique=False)
    for column in ("blob", "minified_blob", "used_at"):
        op.create_index(f"ix_source_maps_{column}", "source_maps", [column], unique=False)
    op.create_table(
        "joined_issues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("into_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["into_id"], ["issues.id"], name=op.f("fk_joined_issues_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joined_issues")),
    )
    op.create_index("ix_joined_issues_into_id", "joined_issues", ["into_id"], unique=False)
    op.create_table(
        "former_fingerprints",
        sa.Column("fingerprint", sa.Uuid(), nullable=False),
        sa.Column("current", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_former_fingerprints")),
    )
    op.create_table(
        "sentry_projects",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("modified_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sentry_projects")),
    )
    op.create_table(
        "intake_recent",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("intake", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("outcomes", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_recent")),
        sqlite_autoincrement=True,
    )
