"""Alembic scripts of the state database."""
