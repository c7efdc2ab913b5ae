"""What is kept of the newest requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from errata.events import recent
from errata.events.recent import MAX_PIECES, MAX_REQUESTS, PER_SENDER, Piece, Recent, Verdict, told
from errata.storage.sql import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = UUID(int=7)


def request(client: str, number: int = 0, intake: str = "dd_logs", key_id: UUID | None = KEY) -> Recent:
    pieces = (Piece(Verdict.NO_ERROR, "status_below_error", 3), Piece(Verdict.ERROR, entry=1, issue_id=UUID(int=9)))
    return Recent(NOW + timedelta(seconds=number), intake, "/api/v2/logs", key_id, client, 100, 4, 1, pieces)


def test_requests_come_back_as_they_were_newest_first(state: Database) -> None:
    with state.write() as tx:
        recent.put(tx, [request("curl/8", 1), request("curl/8", 2, key_id=None)])
        found = recent.listing(tx, limit=10)

    assert [each.received_at.second for each in found] == [2, 1]
    assert found[1].pieces == request("curl/8").pieces
    assert (found[0].key_id, found[1].key_id) == (None, KEY)


def test_a_flood_from_one_sender_hides_no_other(state: Database) -> None:
    with state.write() as tx:
        recent.put(tx, [request("quiet")])
        for _ in range(5):
            recent.put(tx, [request("loud", number) for number in range(50)])
        found = recent.listing(tx, limit=1000)

    assert [each.client for each in found].count("loud") == PER_SENDER
    assert found[-1].client == "quiet"


def test_all_senders_together_have_a_bound(state: Database) -> None:
    with state.write() as tx:
        recent.put(tx, [request(f"client {number}") for number in range(MAX_REQUESTS + 200)])
        found = recent.listing(tx, limit=5000)

    assert len(found) == MAX_REQUESTS
    assert found[-1].client == "client 200"


def test_requests_are_listed_by_intake_and_by_key(state: Database) -> None:
    with state.write() as tx:
        recent.put(tx, [request("a"), request("b", intake="sentry"), request("c", key_id=None)])

        assert [each.client for each in recent.listing(tx, limit=10, intake="sentry")] == ["b"]
        assert [each.client for each in recent.listing(tx, limit=10, key_id=KEY)] == ["b", "a"]
        assert [each.client for each in recent.listing(tx, limit=1)] == ["c"]


def test_of_many_pieces_the_last_one_counts_what_is_left_out() -> None:
    pieces = [Piece(Verdict.NO_ERROR, "repeated", count=2, entry=number) for number in range(100)]

    short = told(pieces)

    assert len(short) == MAX_PIECES
    assert short[-1] == Piece(Verdict.NO_ERROR, "more", count=2 * (100 - MAX_PIECES + 1))
    assert told(pieces[:MAX_PIECES]) == tuple(pieces[:MAX_PIECES])
