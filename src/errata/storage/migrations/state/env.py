"""What Alembic runs around the steps: it works on the transaction that `state_migrations` opened, and on no other."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
