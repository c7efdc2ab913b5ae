"""Tables of cases. An index stands beside the question that it serves.

A case lies in three rows: `cases` has what is filtered, sorted and counted, and is narrow so that reading all of it is
quick; `case_contents` has what is only shown; the word index (`storage/text_index.py`) has what words are looked for
in. `case_values` repeats attributes one value a row, for searches only: the truth is in `case_contents`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    column,
)

from errata.storage.sql import Counter, Instant, Json, metadata

KEY_CHARS = 10
ALL_CASES = "*"
"""The counter of `public_id`; the others are named after a project's key."""

case_projects = Table(
    "case_projects",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", String(KEY_CHARS), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("team_id", Uuid),
    Column("restricted", Boolean, nullable=False),
    Column("enabled_type_ids", Json),
    Column("columns", Json),
    Column("settings", Json, nullable=False),
    Column("created_by", Uuid),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    # Set while its cases are being removed: to everybody else it is gone already.
    Column("deleted_at", Instant),
)

case_project_access = Table(
    "case_project_access",
    metadata,
    Column("project_id", ForeignKey(case_projects.c.id, ondelete="CASCADE"), primary_key=True),
    Column("principal_kind", String(16), primary_key=True),
    Column("principal_id", Uuid, primary_key=True),
    Column("level", String(16), nullable=False),
    Column("granted_at", Instant, nullable=False),
)

case_project_favorites = Table(
    "case_project_favorites",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("project_id", ForeignKey(case_projects.c.id, ondelete="CASCADE"), primary_key=True),
    Column("added_at", Instant, nullable=False),
    Index(None, "project_id"),
)

case_counters = Table(
    "case_counters",
    metadata,
    # A project's key, which outlives the project: its numbers are not given again to a later one of the same key.
    Column("name", String(KEY_CHARS), primary_key=True),
    Column("last", BigInteger, nullable=False),
)

case_types = Table(
    "case_types",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("description", Text),
    Column("emoji", String(40), nullable=False),
    Column("statuses", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("deleted_at", Instant),
)

case_custom_attributes = Table(
    "case_custom_attributes",
    metadata,
    Column("id", Uuid, primary_key=True),
    # No foreign key: the built-in types stand in the program.
    Column("case_type_id", Uuid, nullable=False),
    Column("key", String(100), nullable=False),
    Column("display_name", String(200), nullable=False),
    Column("description", Text),
    Column("type", String(16), nullable=False),
    Column("is_multi", Boolean, nullable=False),
    Column("options", Json),
    Column("map_from", Text),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    # One living definition of a key for each type; deleted ones stay for a while.
    Index(
        "uq_case_custom_attributes_case_type_id_key",
        "case_type_id",
        "key",
        unique=True,
        sqlite_where=column("deleted_at").is_(None),
        postgresql_where=column("deleted_at").is_(None),
    ),
)

cases = Table(
    "cases",
    metadata,
    Column("public_id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False, unique=True),
    Column("project_id", ForeignKey(case_projects.c.id), nullable=False),
    Column("key", String(32), nullable=False, unique=True),
    Column("key_number", BigInteger, nullable=False),
    Column("type_id", Uuid, nullable=False),
    Column("status_name", String(100), nullable=False),
    # The name as searches compare it: lower case, without white space and underscores.
    Column("status_folded", String(400), nullable=False),
    # 0 open, 1 in progress, 2 closed.
    Column("status_group", SmallInteger, nullable=False),
    # 1 to 5 for P1 to P5, 6 for NOT_DEFINED.
    Column("priority", SmallInteger, nullable=False),
    Column("assignee_id", Uuid),
    # ISO text, which sorts as it should on both engines.
    Column("due_date", String(10)),
    Column("resolved_reason", String(100)),
    Column("creation_source", String(100), nullable=False),
    Column("comment_count", Integer, nullable=False),
    Column("created_by", Uuid),
    Column("modified_by", Uuid),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant),
    Column("closed_at", Instant),
    Column("archived_at", Instant),
    Column("active_at", Instant, nullable=False),
    Index(None, "project_id", "created_at"),
    Index(None, "created_at"),
    Index(None, "status_group", "created_at"),
    Index(None, "priority", "created_at"),
    Index(None, "assignee_id"),
    Index(None, "archived_at"),
)

case_contents = Table(
    "case_contents",
    metadata,
    Column(
        "public_id",
        ForeignKey(cases.c.public_id, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("attributes", Json, nullable=False),
    Column("custom_attributes", Json, nullable=False),
    Column("insights", Json, nullable=False),
)

case_values = Table(
    "case_values",
    metadata,
    Column("public_id", ForeignKey(cases.c.public_id, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # `attribute:service`, or `custom:` with the definition's id in hexadecimal digits.
    Column("field", String(120), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    # The first characters of `folded`, few enough for every index.
    Column("head", String(100), nullable=False),
    Column("folded", Text, nullable=False),
    # What the value counts as where it reads as a number.
    Column("number", Double),
    Index(None, "field", "head"),
    Index(None, "field", "number"),
)

case_cells = Table(
    "case_cells",
    metadata,
    # The one order of a timeline: cells of one case are written one after the other.
    Column("sequence", Counter, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("public_id", ForeignKey(cases.c.public_id, ondelete="CASCADE"), nullable=False),
    Column("type", String(40), nullable=False),
    Column("author_kind", String(16), nullable=False),
    Column("author_id", Uuid),
    Column("content", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant),
    Column("deleted_at", Instant),
    Index(None, "public_id", "sequence"),
    sqlite_autoincrement=True,
)
