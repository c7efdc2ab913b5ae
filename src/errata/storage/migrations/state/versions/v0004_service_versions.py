"""When each version of a service was first seen, by which a regression is told from an old version's late error."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT = sa.BigInteger()  # microseconds since 1970


def upgrade() -> None:
    """Create the table, and fill it with what issues were seen in so far."""
    op.create_table(
        "service_versions",
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("first_seen", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("service", "version", name=op.f("pk_service_versions")),
    )
    op.execute(
        "INSERT INTO service_versions (service, version, first_seen) "
        "SELECT issues.service, issue_versions.version, min(issue_versions.first_seen) "
        "FROM issue_versions JOIN issues ON issues.id = issue_versions.issue_id "
        "GROUP BY issues.service, issue_versions.version"
    )
