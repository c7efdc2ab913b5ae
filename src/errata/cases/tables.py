"""Tables of cases. An index stands beside the question that it serves.

A case lies in three rows: `cases` has what is filtered, sorted and counted, and is narrow so that reading all of it is
quick; `case_contents` has what is only shown; the word index (`storage/text_index.py`) has what words are looked for
in. `case_values` repeats attributes one value a row, for searches only: the truth is in `case_contents`.

Texts that are compared are `bytewise_text`, since the locale of a PostgreSQL is nobody's promise.
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

from errata.storage.sql import Counter, Instant, Json, bytewise_text, metadata

KEY_CHARS = 10
HEAD_CHARS = 100
ALL_CASES = "*"
"""The counter of `public_id`; the others are named after a project's key."""

case_projects = Table(
    "case_projects",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", bytewise_text(KEY_CHARS), nullable=False, unique=True),
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
    Column("name", bytewise_text(KEY_CHARS), primary_key=True),
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
    Column("key", bytewise_text(100), nullable=False),
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

_LIVING = column("archived_at").is_(None)
_ARCHIVED = column("archived_at").is_not(None)

cases = Table(
    "cases",
    metadata,
    Column("public_id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False, unique=True),
    Column("project_id", ForeignKey(case_projects.c.id), nullable=False),
    Column("key", bytewise_text(32), nullable=False, unique=True),
    Column("key_number", BigInteger, nullable=False),
    Column("type_id", Uuid, nullable=False),
    Column("status_name", bytewise_text(100), nullable=False),
    # 0 open, 1 in progress, 2 closed.
    Column("status_group", SmallInteger, nullable=False),
    # 1 to 5 for P1 to P5, 6 for NOT_DEFINED.
    Column("priority", SmallInteger, nullable=False),
    Column("assignee_id", Uuid),
    # ISO text, which sorts as it should on both engines.
    Column("due_date", bytewise_text(10)),
    Column("resolved_reason", String(100)),
    Column("creation_source", bytewise_text(100), nullable=False),
    Column("comment_count", Integer, nullable=False),
    Column("created_by", Uuid),
    Column("modified_by", Uuid),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant),
    Column("closed_at", Instant),
    Column("archived_at", Instant),
    Column("active_at", Instant, nullable=False),
    Index(None, "project_id"),
    # Which statuses and sources there are.
    Index(None, "status_group", "status_name"),
    Index(None, "creation_source"),
    # Nearly every search leaves out what is archived: indexes without it cost least, and no planner takes "is not
    # archived" for a rare property.
    *(
        Index(f"ix_cases_living_{name}", name, "created_at", sqlite_where=_LIVING, postgresql_where=_LIVING)
        for name in ("project_id", "status_group", "priority", "assignee_id")
    ),
    Index("ix_cases_living", "created_at", sqlite_where=_LIVING, postgresql_where=_LIVING),
    Index("ix_cases_archived", "archived_at", sqlite_where=_ARCHIVED, postgresql_where=_ARCHIVED),
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
)

case_insights = Table(
    "case_insights",
    metadata,
    Column("public_id", ForeignKey(cases.c.public_id, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("type", bytewise_text(60), primary_key=True),
    Column("resource_id", bytewise_text(300), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("ref", Text, nullable=False),
    # The cases of something; an issue has one at most.
    Index(None, "type", "resource_id"),
    Index(
        "uq_case_insights_issue",
        "resource_id",
        unique=True,
        sqlite_where=column("type") == "ERROR_TRACKING",
        postgresql_where=column("type") == "ERROR_TRACKING",
    ),
)

case_values = Table(
    "case_values",
    metadata,
    Column("public_id", ForeignKey(cases.c.public_id, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # `attribute:service`, or `custom:` with the definition's id in hexadecimal digits.
    Column("field", bytewise_text(120), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    # The first characters of `folded`, few enough for every index.
    Column("head", bytewise_text(HEAD_CHARS), nullable=False),
    # As comparisons see it: letters in one case.
    Column("folded", bytewise_text(), nullable=False),
    # As it was given, for those who count values.
    Column("text", Text, nullable=False),
    # What the value counts as where it reads as a number.
    Column("number", Double),
    # With what is asked for, so that rows need not be read.
    Index(None, "field", "head", "public_id"),
    Index(None, "field", "number", "public_id"),
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
