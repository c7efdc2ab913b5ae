"""Tables of the issues. An index stands beside the query that it serves."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, Uuid, text

from errata.storage.sql import Instant, Json, metadata

MAX_HANDLE_CHARS = 195
"""Length of a team's handle."""

issues = Table(
    "issues",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("service", String(200), nullable=False),
    Column("error_type", Text, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("file_path", Text, nullable=False),
    Column("function_name", Text, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("first_seen_version", Text, nullable=False),
    Column("last_seen_version", Text, nullable=False),
    Column("is_crash", Boolean, nullable=False),
    Column("has_in_app", Boolean, nullable=False),
    Column("languages", Json, nullable=False),
    Column("platform", String(16), nullable=False),
    Column("tracks", Json, nullable=False),
    Column("grouping_version", Integer, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opened_in_batch", BigInteger, nullable=False),
    Column("assignee_id", Uuid, nullable=True),  # no foreign key: the API takes users that it does not know
    Column("resolved_at", Instant, nullable=True),
    Column("regression_resolved_at", Instant, nullable=True),
    Column("regressed_at", Instant, nullable=True),
    Column("regressed_at_version", Text, nullable=True),
    Column("suspected_cause", String(24), nullable=True),  # NULL: opened before there was one, worked out when read
    Index("ix_issues_last_seen", "last_seen"),  # candidates of a search: issues seen since the window began
    Index("ix_issues_first_seen", "first_seen"),  # candidates ordered by FIRST_SEEN
    Index("ix_issues_state", "state"),  # the states filter; the digest's question for EXCLUDED ones
    Index("ix_issues_assignee_id", "assignee_id"),  # the assignee filter
)

issue_fingerprints = Table(
    "issue_fingerprints",
    metadata,
    Column("fingerprint", Uuid, primary_key=True),
    Column("issue_id", Uuid, ForeignKey("issues.id"), nullable=False),
    Column("grouping_version", Integer, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("main", Uuid, nullable=True),
    Column("main_since", Instant, nullable=True),
    Index("ix_issue_fingerprints_issue_id", "issue_id"),  # from issues to the fingerprints that the events carry
    # Searches ask at each start whether aliases changed, and read all of them when they did.
    Index(
        "ix_issue_fingerprints_main_since",
        "main_since",
        sqlite_where=text("main_since IS NOT NULL"),
        postgresql_where=text("main_since IS NOT NULL"),
    ),
)
"""One issue has one fingerprint as a rule, whose `main` is NULL, and any number of aliases.

`main` of an alias is the fingerprint of its issue under which searches count both. `main_since` rises with every change
of it, so that the highest one tells whether anything changed. Only `store.add_aliases` writes the two.
"""

issue_versions = Table(
    "issue_versions",
    metadata,
    Column("issue_id", Uuid, ForeignKey("issues.id"), primary_key=True),
    Column("version", String(200), primary_key=True),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
)

service_versions = Table(
    "service_versions",
    metadata,
    Column("service", String(200), primary_key=True),
    Column("version", String(200), primary_key=True),
    Column("first_seen", Instant, nullable=False),
)
"""When each version of a service was first seen: which of two versions is the newer one."""

issue_teams = Table(
    "issue_teams",
    metadata,
    Column("issue_id", Uuid, ForeignKey("issues.id"), primary_key=True),
    Column("handle", String(MAX_HANDLE_CHARS), primary_key=True),
    Index("ix_issue_teams_handle", "handle"),  # the team filter
)
"""Handles that the events themselves named; a team made later under that handle owns the issue from then on."""

former_fingerprints = Table(
    "former_fingerprints",
    metadata,
    Column("fingerprint", Uuid, primary_key=True),
    Column("current", Uuid, nullable=False),
)
"""What errors are grouped under since their calls could be told: `fingerprint` is the one that they had without a map.

Minified names are short and come again: the first error that is known by one keeps it, and no other is joined by it.
"""

joined_issues = Table(
    "joined_issues",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("into_id", Uuid, ForeignKey("issues.id"), nullable=False),
    Column("joined_at", Instant, nullable=False),
    Index("ix_joined_issues_into_id", "into_id"),  # when an issue that took others in is joined itself
)
"""Issues that turned out to be another one: their ids lead there for ever."""
