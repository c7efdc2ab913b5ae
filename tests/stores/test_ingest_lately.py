"""Refusals and requests without anything to keep are told as well."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from errata.base.ids import NO_KEY, KeyId
from errata.events import recent
from errata.events.model import NotAnError
from errata.events.recent import Piece, Verdict
from errata.ingest.lately import Lately
from errata.ingest.wire.model import Ignored
from errata.storage.sql import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = KeyId(UUID(int=3))


def test_what_the_journal_never_saw_is_written_once(state: Database) -> None:
    lately = Lately()
    lately.refused(NOW, "dd_logs", "/api/v2/logs", "curl/8", None, "The API key is unknown or revoked.")
    found = [Ignored(NotAnError.TELEMETRY, 4, what="app-started")]
    lately.ignored(NOW, "dd_errors", "/telemetry", "ddtrace", NO_KEY, found)
    lately.ignored(NOW, "otlp", "/v1/traces", "otel", KEY, [Ignored(NotAnError.SPAN_OK, 2)])

    lately.save(state)
    lately.save(state)

    with state.read() as tx:
        with_key, ignored, refused = recent.listing(tx, limit=10)
    assert refused.pieces == (Piece(Verdict.REFUSED, "The API key is unknown or revoked."),)
    assert ignored.pieces == (Piece(Verdict.NO_ERROR, "telemetry", 4, what="app-started"),)
    assert (refused.client, ignored.entries) == ("curl/8", 4)
    assert (refused.key_id, ignored.key_id, with_key.key_id) == (None, None, KEY)


def test_of_a_flood_the_newest_are_kept(state: Database) -> None:
    lately = Lately()
    for number in range(10_000):
        lately.refused(NOW, "dd_logs", "/api/v2/logs", f"client {number}", None, "no")
    lately.save(state)

    with state.read() as tx:
        found = recent.listing(tx, limit=1000)
    assert (len(found), found[0].client) == (100, "client 9999")
