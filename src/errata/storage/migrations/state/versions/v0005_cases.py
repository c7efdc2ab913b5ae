"""Cases: projects, types, custom attributes, cases with their timelines, and the index of their words.

A first project is there at once, so that a case can be created.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from errata.base.clock import SystemClock, to_ms
from errata.base.ids import random_id

revision = "0005"
down_revision = "0004"

_INSTANT = sa.BigInteger()  # microseconds since 1970
_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _bytewise(chars: int | None = None) -> sa.String:
    return sa.String(length=chars).with_variant(sa.String(length=chars, collation="C"), "postgresql")


_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Create everything, parents before children."""
    projects, counters = _create_projects()
    _create_types()
    _create_cases()
    _create_word_index()
    now = to_ms(SystemClock().now()) * 1000
    first = {"id": random_id(), "key": "GEN", "name": "General", "restricted": False, "settings": {}}
    op.bulk_insert(projects, [first | {"created_at": now, "modified_at": now}])
    op.bulk_insert(counters, [{"name": first["key"], "last": 0}, {"name": "*", "last": 0}])


def _create_projects() -> tuple[sa.Table, sa.Table]:
    projects = op.create_table(
        "case_projects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", _bytewise(10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("enabled_type_ids", _JSON, nullable=True),
        sa.Column("columns", _JSON, nullable=True),
        sa.Column("settings", _JSON, nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("modified_at", _INSTANT, nullable=False),
        sa.Column("deleted_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_projects")),
        sa.UniqueConstraint("key", name=op.f("uq_case_projects_key")),
    )
    op.create_table(
        "case_project_access",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("principal_kind", sa.String(length=16), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("granted_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["case_projects.id"], name=op.f("fk_case_project_access_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "principal_kind", "principal_id", name=op.f("pk_case_project_access")),
    )
    op.create_table(
        "case_project_favorites",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["case_projects.id"], name=op.f("fk_case_project_favorites_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "project_id", name=op.f("pk_case_project_favorites")),
    )
    op.create_index(op.f("ix_case_project_favorites_project_id"), "case_project_favorites", ["project_id"])
    counters = op.create_table(
        "case_counters",
        sa.Column("name", _bytewise(10), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_case_counters")),
    )
    return projects, counters


def _create_types() -> None:
    op.create_table(
        "case_types",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("emoji", sa.String(length=40), nullable=False),
        sa.Column("statuses", _JSON, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("modified_at", _INSTANT, nullable=False),
        sa.Column("deleted_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_types")),
    )
    op.create_table(
        "case_custom_attributes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_type_id", sa.Uuid(), nullable=False),
        sa.Column("key", _bytewise(100), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("is_multi", sa.Boolean(), nullable=False),
        sa.Column("options", _JSON, nullable=True),
        sa.Column("map_from", sa.Text(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("modified_at", _INSTANT, nullable=False),
        sa.Column("deleted_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_custom_attributes")),
    )
    _create_partial_index(
        "uq_case_custom_attributes_case_type_id_key",
        "case_custom_attributes",
        ["case_type_id", "key"],
        "deleted_at IS NULL",
        unique=True,
    )


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("public_id", _COUNTER, autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("key", _bytewise(32), nullable=False),
        sa.Column("key_number", sa.BigInteger(), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=False),
        sa.Column("status_name", _bytewise(100), nullable=False),
        sa.Column("status_group", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("due_date", _bytewise(10), nullable=True),
        sa.Column("resolved_reason", sa.String(length=100), nullable=True),
        sa.Column("creation_source", _bytewise(100), nullable=False),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("modified_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("modified_at", _INSTANT, nullable=True),
        sa.Column("closed_at", _INSTANT, nullable=True),
        sa.Column("archived_at", _INSTANT, nullable=True),
        sa.Column("active_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["case_projects.id"], name=op.f("fk_cases_project_id")),
        sa.PrimaryKeyConstraint("public_id", name=op.f("pk_cases")),
        sa.UniqueConstraint("id", name=op.f("uq_cases_id")),
        sa.UniqueConstraint("key", name=op.f("uq_cases_key")),
    )
    op.create_index(op.f("ix_cases_project_id"), "cases", ["project_id"])
    op.create_index(op.f("ix_cases_status_group_status_name"), "cases", ["status_group", "status_name"])
    op.create_index(op.f("ix_cases_creation_source"), "cases", ["creation_source"])
    for name, columns in (
        ("ix_cases_living_project_id", ["project_id", "created_at"]),
        ("ix_cases_living_status_group", ["status_group", "created_at"]),
        ("ix_cases_living_priority", ["priority", "created_at"]),
        ("ix_cases_living_assignee_id", ["assignee_id", "created_at"]),
        ("ix_cases_living", ["created_at"]),
    ):
        _create_partial_index(name, "cases", columns, "archived_at IS NULL")
    _create_partial_index("ix_cases_archived", "cases", ["archived_at"], "archived_at IS NOT NULL")
    op.create_table(
        "case_contents",
        sa.Column("public_id", _COUNTER, autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("attributes", _JSON, nullable=False),
        sa.Column("custom_attributes", _JSON, nullable=False),
        _to_case("case_contents"),
        sa.PrimaryKeyConstraint("public_id", name=op.f("pk_case_contents")),
    )
    op.create_table(
        "case_insights",
        sa.Column("public_id", _COUNTER, autoincrement=False, nullable=False),
        sa.Column("type", _bytewise(60), nullable=False),
        sa.Column("resource_id", _bytewise(300), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        _to_case("case_insights"),
        sa.PrimaryKeyConstraint("public_id", "type", "resource_id", name=op.f("pk_case_insights")),
    )
    op.create_index(op.f("ix_case_insights_type_resource_id"), "case_insights", ["type", "resource_id"])
    _create_partial_index(
        "uq_case_insights_issue", "case_insights", ["resource_id"], "type = 'ERROR_TRACKING'", unique=True
    )
    op.create_table(
        "case_values",
        sa.Column("public_id", _COUNTER, autoincrement=False, nullable=False),
        sa.Column("field", _bytewise(120), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("head", _bytewise(100), nullable=False),
        sa.Column("folded", _bytewise(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        _to_case("case_values"),
        sa.PrimaryKeyConstraint("public_id", "field", "position", name=op.f("pk_case_values")),
    )
    for value in ("head", "number"):
        op.create_index(op.f(f"ix_case_values_field_{value}_public_id"), "case_values", ["field", value, "public_id"])
    op.create_table(
        "case_cells",
        sa.Column("sequence", _COUNTER, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", _COUNTER, nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("author_kind", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("content", _JSON, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("modified_at", _INSTANT, nullable=True),
        sa.Column("deleted_at", _INSTANT, nullable=True),
        _to_case("case_cells"),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_case_cells")),
        sa.UniqueConstraint("id", name=op.f("uq_case_cells_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_case_cells_public_id_sequence"), "case_cells", ["public_id", "sequence"])


def _create_partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    clause = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=clause, postgresql_where=clause)


def _to_case(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["public_id"], ["cases.public_id"], name=op.f(f"fk_{table}_public_id"), ondelete="CASCADE"
    )


def _create_word_index() -> None:
    """The texts of a case with the edges of their words marked, and an index of these words.

    On SQLite a virtual table with `public_id` as its rowid, on PostgreSQL a column of lexemes beside the texts.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE case_words USING fts5"
            """(title, "key", description, attributes, tokenize = "ascii tokenchars '_'")"""
        )
        return
    op.create_table(
        "case_words",
        sa.Column("public_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("tokens", postgresql.TSVECTOR(), nullable=False),
        _to_case("case_words"),
        sa.PrimaryKeyConstraint("public_id", name=op.f("pk_case_words")),
    )
    op.create_index(op.f("ix_case_words_tokens"), "case_words", ["tokens"], postgresql_using="gin")
