"""A batch that is stopped after any step and taken up again by a new digest counts every error once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from digest_site import AT, DAY_MS, HOUR_MS, KEY, Line, Site, Stopped
from sqlalchemy import select

from errata.base.clock import to_ms
from errata.base.errors import Unavailable
from errata.base.facts import SYSTEM
from errata.base.ids import random_id
from errata.events import recent
from errata.events.batches import Rules
from errata.events.recent import Piece, Verdict
from errata.events.store import EventStore
from errata.events.tables import retry_keys
from errata.ingest.digest import Bounds
from errata.issues import store
from errata.issues.commands import IssueCommands
from errata.issues.model import IssueState, Regression
from errata.issues.tables import issues
from errata.storage.clickhouse import ClickHouse
from errata.storage.journal.format import offset_of, segment_name, segment_of
from errata.storage.sql import Database


@pytest.fixture
def site(tmp_path: Path, state: Database, clickhouse: ClickHouse) -> Iterator[Site]:
    made = Site(tmp_path, state, clickhouse)
    yield made
    made.writer.close()


def an_error(person: str, error_type: str = "KeyError", at: datetime = AT, **more: object) -> dict[str, object]:
    return {
        "service": "till",
        "status": "error",
        "timestamp": to_ms(at),
        "error": {"kind": error_type, "message": "no card"},
        "usr": {"id": person},
        **more,
    }


def three_requests(site: Site) -> None:
    """Errors of two issues in two weeks, one request that is marked for retries, one entry that is no error."""
    site.send(an_error("ann"), an_error("bob", "ValueError", AT - timedelta(days=9)))
    site.send(an_error("cleo"), dd_idempotency_key="one")
    site.send(an_error("dan", "ValueError"), {"service": "till", "status": "info", "message": "fine"}, an_error("eve"))


PLACES = [
    "before a commit",
    "after a commit",
    "before a commit",
    "after a commit",
    "before the insert",
    "after the insert",
    "after the fold",
    "before a commit",
    "after a commit",
]
"""Plan, claim, insert, fold, finish."""


@pytest.mark.parametrize("at", range(len(PLACES)), ids=lambda at: f"{at}-{PLACES[at]}")
def test_a_batch_stopped_anywhere_counts_each_error_once(site: Site, at: int) -> None:
    three_requests(site)

    assert site.stop_at(at) == PLACES[at]
    site.finish()

    assert site.stored() == ["ann", "bob", "cleo", "dan", "eve"]
    assert site.counted() == {"KeyError": 3, "ValueError": 2}
    assert site.dropped() == {"status_below_error": 1}


def test_a_batch_stopped_at_every_place_in_turn_counts_each_error_once(site: Site) -> None:
    three_requests(site)

    stopped = [site.stop_at(at) for at in range(len(PLACES)) for _ in range(2)]
    site.finish()

    assert stopped.count("after the insert") > 1
    assert site.stored() == ["ann", "bob", "cleo", "dan", "eve"]
    assert site.counted() == {"KeyError": 3, "ValueError": 2}


def test_requests_that_come_between_two_attempts_belong_to_the_next_batch(site: Site) -> None:
    three_requests(site)
    site.stop_at(PLACES.index("after the insert"))

    site.send(an_error("finn"))
    site.restart_writer()
    site.send(an_error("gus"))
    site.finish()

    assert site.stored() == ["ann", "bob", "cleo", "dan", "eve", "finn", "gus"]
    assert site.counted() == {"KeyError": 5, "ValueError": 2}


@pytest.mark.parametrize("excluded", [["KeyError"], ["KeyError", "ValueError"]], ids=["some", "all"])
def test_an_issue_excluded_between_two_attempts_counts_what_is_stored_already(site: Site, excluded: list[str]) -> None:
    site.send(an_error("zoe"), an_error("yan", "ValueError"))
    site.finish()
    three_requests(site)
    site.stop_at(PLACES.index("after the insert"))

    for error_type in excluded:
        site.exclude(error_type)
    site.finish()

    assert site.stored() == ["ann", "bob", "cleo", "dan", "eve", "yan", "zoe"]
    assert site.counted() == {"KeyError": 4, "ValueError": 3}
    assert site.dropped() == {"status_below_error": 1}


def test_an_issue_excluded_before_the_insert_collects_nothing_more(site: Site) -> None:
    site.send(an_error("zoe"))
    site.finish()
    three_requests(site)
    site.stop_at(PLACES.index("before the insert"))

    site.exclude("KeyError")
    site.finish()

    assert site.stored() == ["bob", "dan", "zoe"]
    assert site.counted() == {"KeyError": 1, "ValueError": 2}
    assert site.dropped() == {"status_below_error": 1, "issue_excluded": 3}


def test_an_issue_opened_again_between_two_attempts_loses_nothing(site: Site) -> None:
    site.send(an_error("zoe"))
    site.finish()
    site.exclude("KeyError")
    three_requests(site)
    site.stop_at(PLACES.index("after the insert"))

    site.exclude("KeyError", IssueState.OPEN)
    site.finish()

    assert site.stored() == ["ann", "bob", "cleo", "dan", "eve", "zoe"]
    assert site.counted() == {"KeyError": 4, "ValueError": 2}


def test_a_batch_keeps_the_rules_it_was_planned_with(site: Site) -> None:
    site.send(an_error("ann", at=AT - timedelta(days=20)))
    site.stop_at(PLACES.index("after a commit"))

    site.rules = Rules(1, 1 * DAY_MS, 2 * HOUR_MS)
    site.finish()

    with site.state.read() as tx:
        assert tx.scalar(select(issues.c.first_seen)) == AT - timedelta(days=20)
    site.send(an_error("bob", at=AT - timedelta(days=20)))
    site.finish()
    with site.state.read() as tx:
        assert tx.scalar(select(issues.c.last_seen)) == AT


def test_two_equal_log_lines_are_two_errors(site: Site) -> None:
    site.send(an_error("ann"), an_error("ann"))
    site.send(an_error("ann"), an_error("ann"))
    site.finish()

    assert site.stored() == ["ann"] * 4
    assert site.counted() == {"KeyError": 4}


@pytest.mark.parametrize("at", [None, *range(len(PLACES))])
def test_a_request_sent_twice_under_one_idempotency_key_counts_once(site: Site, at: int | None) -> None:
    site.send(an_error("ann"), dd_idempotency_key="same")
    site.send(an_error("ann"), dd_idempotency_key="same")
    site.send(an_error("bob"), dd_idempotency_key="other")
    if at is not None:
        site.stop_at(at)
    site.finish()
    site.send(an_error("ann"), dd_idempotency_key="same")
    site.finish()

    assert site.stored() == ["ann", "bob"]
    assert site.counted() == {"KeyError": 2}
    assert site.dropped() == {"repeated": 2}


def test_an_idempotency_key_may_be_used_again_when_its_time_is_over(site: Site) -> None:
    site.send(an_error("ann"), dd_idempotency_key="same")
    site.finish()

    site.clock.advance(timedelta(minutes=11))
    site.send(an_error("ann"), dd_idempotency_key="same")
    site.finish()

    assert site.stored() == ["ann", "ann"]
    with site.state.read() as tx:
        assert len(tx.execute(select(retry_keys)).all()) == 1


def a_named_error(person: str, service: str = "till", name: str = "a" * 32) -> bytes:
    """An event that its source names, as Sentry's SDKs send it."""
    event = {
        "event_id": name,
        "timestamp": to_ms(AT) / 1000,
        "tags": {"service": service},
        "user": {"id": person},
        "exception": {"values": [{"type": "KeyError", "value": "no card"}]},
    }
    return b"\n".join(json.dumps(part).encode() for part in ({}, {"type": "event"}, event))


@pytest.mark.parametrize("at", [None, *range(len(PLACES))])
def test_an_error_with_a_name_counts_once_a_day_in_its_service(site: Site, at: int | None) -> None:
    for body in (a_named_error("ann"), a_named_error("ann"), a_named_error("bob", "kiosk")):
        site.send(body=body, intake="sentry")
    site.send(body=a_named_error("cleo", name="b" * 32), intake="sentry")
    if at is not None:
        site.stop_at(at)
    site.finish()
    site.clock.advance(timedelta(hours=23))
    site.send(body=a_named_error("ann"), intake="sentry")
    site.finish()

    assert site.stored() == ["ann", "bob", "cleo"]
    assert site.dropped() == {"repeated": 2}

    site.clock.advance(timedelta(hours=2))
    site.send(body=a_named_error("ann"), intake="sentry")
    site.finish()

    assert site.stored() == ["ann", "ann", "bob", "cleo"]


def test_a_clock_that_was_set_back_loses_nothing_and_counts_nothing_twice(site: Site) -> None:
    site.send(an_error("ann"), dd_idempotency_key="same")
    site.finish()

    site.clock.advance(timedelta(days=-3))
    site.send(an_error("ann"), dd_idempotency_key="same")
    site.send(an_error("bob", at=AT - timedelta(days=3)))
    site.restart_writer()
    site.send(an_error("cleo", at=AT - timedelta(days=3)))
    site.finish()

    assert site.stored() == ["ann", "bob", "cleo"]
    assert site.counted() == {"KeyError": 3}


@pytest.mark.parametrize("at", [None, *range(5)])
def test_a_damaged_stretch_is_set_aside_and_its_neighbours_are_counted(site: Site, at: int | None) -> None:
    site.send(an_error("ann"))
    damaged = site.send(an_error("lost"))
    site.send(an_error("bob"))
    with (site.folder / segment_name(segment_of(damaged))).open("r+b") as file:
        file.seek(offset_of(damaged) + 100)
        file.write(b"\xff\xff\xff")
    if at is not None:
        site.stop_at(at)
    site.finish()

    assert site.stored() == ["ann", "bob"]
    (kept,) = site.set_aside()
    assert (kept.intake, kept.position) == ("damaged", damaged)
    site.replay()
    site.finish()
    assert site.stored() == ["ann", "bob"]
    assert len(site.set_aside()) == 1


@pytest.mark.parametrize("at", [None, *range(8)])
def test_an_entry_set_aside_is_counted_once_when_it_can_be_read(
    site: Site, at: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = json.dumps(an_error("late")).encode()
    site.send(body=b"[" + json.dumps(an_error("ann")).encode() + b", 17, " + entry + b"]")
    site.send(an_error("new"), intake="next_year")
    site.finish()
    assert site.stored() == ["ann", "late"]
    assert [(each.entry, each.intake) for each in site.set_aside()] == [(1, "dd_logs"), (-1, "next_year")]

    from errata.ingest.wires import WIRES

    monkeypatch.setitem(WIRES, "next_year", WIRES["dd_logs"])
    site.replay()
    if at is not None:
        site.stop_at(at)
        site.send(an_error("bob"))
    site.finish()

    assert site.stored() == sorted(["ann", "late", "new", *(["bob"] if at is not None else [])])
    assert site.counted() == {"KeyError": len(site.stored())}
    assert [each.body for each in site.set_aside()] == [b"[17]"]


def test_a_resolved_issue_comes_back_with_a_newer_version_only(site: Site) -> None:
    site.send(an_error("ann", version="1"), an_error("bob", "ValueError", version="1"))
    site.finish()
    later = AT + timedelta(hours=1)
    with site.state.read() as tx:
        ids = {row.error_type: row.id for row in tx.execute(select(issues.c.error_type, issues.c.id))}
    for issue_id in ids.values():
        IssueCommands(site.state, site.clock, random_id).set_state(issue_id, IssueState.RESOLVED, SYSTEM)
    site.clock.advance(timedelta(hours=1))

    site.send(an_error("cleo", at=later, version="2"), an_error("dan", "ValueError", later, version="1"))
    site.stop_at(PLACES.index("after the fold"))
    site.finish()

    with site.state.read() as tx:
        found = store.load_many(tx, list(ids.values()))
    assert found[ids["ValueError"]].state is IssueState.RESOLVED
    back = found[ids["KeyError"]]
    assert (back.state, back.last_seen_version) == (IssueState.OPEN, "2")
    assert back.regression == Regression(AT, later, "2")


def test_an_error_whose_clock_is_far_off_brings_no_issue_back(site: Site) -> None:
    site.send(an_error("ann", version="1"))
    site.finish()
    with site.state.read() as tx:
        (issue_id,) = tx.execute(select(issues.c.id)).scalars()
    IssueCommands(site.state, site.clock, random_id).set_state(issue_id, IssueState.RESOLVED, SYSTEM)
    site.clock.advance(timedelta(hours=1))

    site.send(an_error("bob", at=AT + timedelta(days=400), version="2"))
    site.finish()

    with site.state.read() as tx:
        assert store.load_many(tx, [issue_id])[issue_id].state is IssueState.RESOLVED
    assert site.counted() == {"KeyError": 2}


def test_the_newest_requests_tell_what_became_of_each_piece(site: Site) -> None:
    site.send(an_error("ann"), {"service": "till", "status": "info", "message": "fine"}, 17, user_agent="curl/8")
    site.finish()

    with site.state.read() as tx:
        (told,) = recent.listing(tx, limit=10)
        (issue,) = tx.execute(select(issues.c.id)).scalars()
    assert (told.client, told.key_id, told.path, told.entries, told.errors) == ("curl/8", KEY, "/api/v2/logs", 3, 1)
    assert told.pieces == (
        Piece(Verdict.ERROR, entry=0, what="KeyError", service="till", issue_id=issue),
        Piece(Verdict.NO_ERROR, "status_below_error", entry=1, what="", service="till"),
        Piece(Verdict.SET_ASIDE, "An entry is an object or a text, not a number.", entry=2),
    )


@pytest.mark.parametrize("at", range(8))
def test_a_repeated_batch_tells_each_request_once(site: Site, at: int) -> None:
    three_requests(site)
    site.stop_at(at)
    site.finish()

    with site.state.read() as tx:
        told = recent.listing(tx, limit=10)
    assert [each.errors for each in told] == [2, 1, 2]
    assert [sum(piece.count for piece in each.pieces) for each in told] == [3, 1, 2]


def test_a_planned_stretch_that_the_journal_does_not_show_yet_is_waited_for(site: Site) -> None:
    """The file that says how far the journal is durable is not synced: after a power loss it may be old."""
    site.send(an_error("ann"))
    end = (site.folder / "end").read_bytes()
    site.send(an_error("bob"))
    site.stop_at(PLACES.index("after a commit"))
    site.writer.close()
    (site.folder / "end").write_bytes(end)

    with pytest.raises(Unavailable):
        site.digest().run_once()
    site.restart_writer()
    site.finish()

    assert site.stored() == ["ann", "bob"]
    assert site.counted() == {"KeyError": 2}


def test_an_insert_that_is_carried_out_after_its_repetition_adds_nothing(site: Site) -> None:
    three_requests(site)
    line = Line(site.clickhouse)
    line.late = []
    with pytest.raises(Stopped):
        site.digest(store=EventStore(line)).run_once()

    site.finish()
    line.arrive()

    assert len(line.late) == 1
    assert site.stored() == ["ann", "bob", "cleo", "dan", "eve"]
    assert site.counted() == {"KeyError": 3, "ValueError": 2}


@pytest.mark.parametrize("cut_after", range(6))
def test_a_batch_that_is_too_large_for_one_statement_is_stored_in_several(site: Site, cut_after: int) -> None:
    people = [f"{number:02}" for number in range(10)]
    site.send(*(an_error(person, at=AT - timedelta(days=9 * (int(person) % 2))) for person in people))
    line = Line(site.clickhouse)
    line.cut_after = cut_after
    with pytest.raises(Stopped):
        site.digest(store=EventStore(line, max_insert_bytes=1000)).run_once()

    line.cut_after = None
    site.digest(store=EventStore(line, max_insert_bytes=1000)).run_once()

    assert site.stored() == people
    assert site.counted() == {"KeyError": 10}


@pytest.mark.parametrize("at", [None, *range(len(PLACES))])
def test_an_error_that_the_store_refuses_waits_alone(site: Site, at: int | None) -> None:
    people = [f"p{number}" for number in range(10)]
    site.send(*map(an_error, people[:5]), dd_idempotency_key="same")
    site.send(*map(an_error, people[5:]))
    line = Line(site.clickhouse)
    line.refuses = b'"p7"'
    if at is not None:
        site.stop_at_with(line, at)
    digest = site.digest(store=EventStore(line))
    while digest.run_once():
        pass

    later = [] if at is not None and at >= PLACES.index("after the insert") else ["p7"]
    assert site.stored() == [person for person in people if person not in later]
    assert [each.entry for each in site.set_aside()] == [2 for _ in later]
    site.replay()
    site.finish()
    assert site.stored() == people
    assert site.counted() == {"KeyError": 10}
    assert site.set_aside() == []


def test_a_store_that_refuses_everything_is_waited_for(site: Site) -> None:
    site.send(*(an_error(f"{number:03}") for number in range(300)))
    line = Line(site.clickhouse)
    line.refuses = b"till"
    with pytest.raises(Unavailable):
        site.digest(store=EventStore(line)).run_once()

    site.finish()

    assert len(site.stored()) == 300
    assert site.counted() == {"KeyError": 300}
    assert site.set_aside() == []


def test_a_restored_state_never_gives_the_number_of_a_stored_batch_again(site: Site, state: Database) -> None:
    site.send(an_error("ann"))
    site.finish()
    with state.write() as tx:  # as a backup from before the first batch, but for the journal's position
        before = site.clickhouse.query("SELECT max(batch) FROM events")[0][0] - 1
        if state.dialect == "sqlite":
            tx.exec_driver_sql("UPDATE sqlite_sequence SET seq = ? WHERE name = 'batches'", (before,))
        else:
            tx.exec_driver_sql(f"ALTER SEQUENCE batches_id_seq RESTART WITH {before + 1}")

    site.send(an_error("bob"))
    site.finish()

    assert site.stored() == ["ann", "bob"]
    assert site.counted() == {"KeyError": 2}


ODD = [
    an_error("odd", attributes={"number": 10**30, "deep": [[[[[[[[[[[[[1]]]]]]]]]]]]], "none": None, "": ""}),
    an_error("odd", at=datetime(1970, 1, 1, tzinfo=UTC)),
    an_error("odd", at=datetime(2200, 1, 1, tzinfo=UTC)),
    an_error("odd", timestamp=-(2**63)),
    an_error("odd", timestamp=2**80),
    an_error("odd", timestamp=1e300),
    an_error("odd", "T" * 5000, version="v" * 5000, host="h" * 5000),
    an_error("odd", "\ud800type\0", message="\ud800\0", version="\udfff\0"),
    an_error("odd", ddtags=",".join(f"team:{'t' * 196}{number},k{number}:\0" for number in range(200))),
    an_error("odd", error={"kind": ["a", {"b": 1}], "message": 10**400, "stack": "\n" * 200_000}),
    an_error("odd", error={"kind": "E", "causes": [{"type": "\udc00" * 9000, "message": 7, "stack": [1, "x"]}] * 50}),
    an_error("odd", **{f"key{number}.{'x' * 300}": "\x01" * 100 for number in range(500)}),
    {
        "service": "s" * 300,
        "status": "error",
        "message": 'Traceback (most recent call last):\n  File "a", line 1\nE: x',
    },
]


def test_odd_errors_are_counted_or_set_aside_and_never_stop_the_line(site: Site) -> None:
    for entry in ODD:
        site.send_large(an_error("ann"), entry)
    site.send(an_error("last"))

    site.finish()

    assert site.stored().count("ann") == len(ODD)
    assert "last" in site.stored()
    kept = len(site.set_aside())
    assert len(site.stored()) + kept + sum(site.dropped().values()) == 2 * len(ODD) + 1
    with site.state.read() as tx:
        assert sum(row.event_count for row in tx.execute(select(issues))) == len(site.stored())


def test_what_a_request_says_of_all_its_entries_counts_for_each_of_them(site: Site) -> None:
    """Entries of a few bytes, and tags of some hundreds that every one of their rows holds."""
    site.bounds = Bounds(pause_s=0, inflated_bytes=100_000)
    for person in ("ann", "bob", "cleo"):
        site.send(*[an_error(person)] * 100, ddtags="region:" + "x" * 500)

    digest = site.digest()
    while digest.run_once():
        pass

    assert digest.counts.batches == 2
    assert site.counted() == {"KeyError": 300}


def test_what_is_set_aside_is_bounded_in_bytes_and_the_rest_is_said(site: Site) -> None:
    site.bounds = Bounds(pause_s=0, aside_bytes=1000)
    for _ in range(3):
        site.send(body=b"[" + b"x" * 400 + b"]", intake="next_year")
    site.finish()

    assert len(site.set_aside()) == 2
    assert site.dropped() == {"aside_full": 1}


def test_a_request_without_entries_of_its_own_is_set_aside_once(site: Site) -> None:
    site.send(*range(5000), intake="dd_errors")
    site.finish()

    (record,) = site.set_aside()
    assert (record.entry, record.reason) == (0, "A report is an object. (And 4999 further pieces.)")


def test_records_are_tried_again_in_batches_that_fit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        site.send(an_error(f"{number:02}"), intake="next_year")
    site.finish()

    from errata.ingest.wires import WIRES

    monkeypatch.setitem(WIRES, "next_year", WIRES["dd_logs"])
    site.bounds = Bounds(pause_s=0, inflated_bytes=1000)
    site.replay()
    site.finish()

    assert site.stored() == [f"{number:02}" for number in range(50)]
    assert site.counted() == {"KeyError": 50}
    assert site.set_aside() == []
