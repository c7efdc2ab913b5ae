"""Requests that never reach the journal are told with the key that sent them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from intake_site import KEY, SECRET, Site, served

from errata.events import recent
from errata.events.recent import Recent
from errata.storage import state_migrations
from errata.storage.sql import Database

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path / "journal") as running:
        yield running


def told(site: Site, folder: Path) -> Recent:
    """What is told of the one request that was sent."""
    db = Database(f"sqlite:///{folder / 'state.db'}")
    state_migrations.upgrade(db)
    site.lately.save(db)
    with db.read() as tx:
        (found,) = recent.listing(tx, limit=10)
    return found


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/traces", b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"fine"}]}]}]}', 200),
        ("/v1/traces", b"[", 400),
        ("/api/v2/logs", b"[", 400),
        (f"/api/1/envelope/?sentry_key={SECRET}", b'{}\n{"type":"session"}\n{}', 200),
        ("/api/1/envelope/", b'{"dsn":"https://%s@errata.example/1"}\n{"type":"session"}\n{}' % SECRET.encode(), 200),
    ],
)
def test_key_is_told_of_a_request_that_was_refused_or_held_nothing(
    site: Site, tmp_path: Path, path: str, body: bytes, status: int
) -> None:
    assert site.status(body, JSON, path) == status

    assert told(site, tmp_path).key_id == KEY


def test_unknown_key_is_none(site: Site, tmp_path: Path) -> None:
    assert site.status(b"[]", JSON | {"DD-API-KEY": "0" * 32}) == 403

    assert told(site, tmp_path).key_id is None
