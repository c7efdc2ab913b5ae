"""What searches by issue need: the suspected cause, and which fingerprints are another's aliases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_INSTANT = sa.BigInteger()  # microseconds since 1970


def upgrade() -> None:
    """Add the columns, empty for what is there: causes are worked out when read, and nothing had aliases before."""
    op.add_column("issues", sa.Column("suspected_cause", sa.String(length=24), nullable=True))
    op.add_column("issue_fingerprints", sa.Column("main", sa.Uuid(), nullable=True))
    op.add_column("issue_fingerprints", sa.Column("main_since", _INSTANT, nullable=True))
    op.create_index(
        "ix_issue_fingerprints_main_since",
        "issue_fingerprints",
        ["main_since"],
        unique=False,
        sqlite_where=sa.text("main_since IS NOT NULL"),
        postgresql_where=sa.text("main_since IS NOT NULL"),
    )
