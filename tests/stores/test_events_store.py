from __future__ import annotations

import math
from array import array
from uuid import UUID

import pytest
from event_rows import AT, DAY, HOUR, WEEK, a_row, fingerprint

from errata.base.errors import Invalid, Unavailable
from errata.events.facets import EVENTS
from errata.events.model import Platform, Track
from errata.events.search import Aliases, EventSearch, FingerprintSet, KnownIssues, Order, packed
from errata.events.store import EventStore
from errata.query import to_clickhouse
from errata.query.bind import InSet, bind
from errata.query.nodes import And, Field, Not, Or
from errata.query.parse import parse
from errata.stacks.model import Frame
from errata.storage.clickhouse import ClickHouse


def a_search(query: str = "", **changes) -> EventSearch:
    known = {"from_ms": AT - DAY, "to_ms": AT + DAY, "now_ms": AT + DAY}
    if query:
        known["condition"] = to_clickhouse.compile(bind(parse(query), EVENTS))
    return EventSearch(**{**known, **changes})


def counts(hits) -> dict[int, int]:
    return {hit.fingerprint.int: hit.total_count for hit in hits}


def stored(clickhouse: ClickHouse) -> int:
    return clickhouse.query("SELECT count() FROM events")[0][0]


def test_a_row_comes_back_as_it_was_written(events, next_batch):
    frames = (Frame(function="pay", file="shop/pay.py", line=7, in_app=True),)
    text = "NUL \0, quote ' \" \\ `, {p0:String}, new\nline, tab\t, 😀 \u2028"
    row = a_row(
        next_batch(), message=text, error_stack=text, frames=frames, team=("payments", text), tags=("env:prod", text),
        attributes={"a": {"b": [1, 2.5, True, None, text, {"c": "d"}]}, "none": None, "empty": [], "blank": "", text: 1},
        usr_id="u1", session_id="s1", is_crash=True, at=AT + 123,
    )  # fmt: skip

    events.insert(row.batch, [row])

    (found,) = events.latest(fingerprint(1), 10, from_ms=AT, to_ms=AT + DAY)
    assert found.row == row
    assert found.timestamp_ms == AT + 123
    assert found.received_at_ms == AT + 173
    assert found.payload.frames == frames
    assert found.payload.attributes["a"] == {"b": [1, 2.5, True, None, text, {"c": "d"}]}


def test_lone_surrogates_are_stored_as_question_marks(events, next_batch):
    row = a_row(next_batch(), message="broken \ud800 text", attributes={"k\udfff": "v\ud83d"})

    events.insert(row.batch, [row])

    (found,) = events.latest(fingerprint(1), 1, from_ms=AT, to_ms=AT + DAY)
    assert found.row.message == "broken ? text"
    assert found.row.attributes == {"k?": ["v?"]}


def test_the_same_batch_again_adds_nothing(events, next_batch, clickhouse):
    batch = next_batch()
    rows = [a_row(batch, entry, at=AT - entry * WEEK) for entry in range(5)]

    events.insert(batch, rows)
    events.insert(batch, rows)

    assert stored(clickhouse) == 5


def test_equal_rows_of_two_batches_both_count(events, next_batch, clickhouse):
    for _ in range(2):
        batch = next_batch()
        events.insert(batch, [a_row(0)])

    assert stored(clickhouse) == 2


def test_a_large_batch_is_one_block_a_week(events, next_batch, clickhouse):
    batch = next_batch()
    stack = "x" * 3000
    rows = [a_row(batch, entry, at=AT - (entry % 3) * WEEK, error_stack=stack) for entry in range(20_000)]

    events.insert(batch, rows)

    parts = clickhouse.query("SELECT min_block_number, max_block_number, rows FROM system.parts"
                             " WHERE active AND database = currentDatabase() AND table = 'events'")  # fmt: skip
    assert stored(clickhouse) == 20_000
    assert len(parts) == 3
    assert all(first == last for first, last, _ in parts)


def test_a_batch_of_more_issues_than_one_answer_holds_is_folded(events, next_batch):
    batch = next_batch()
    rows = [a_row(batch, entry, issue=entry + 1, error_message="x" * 16_000) for entry in range(5000)]
    events.insert(batch, rows)

    folds = events.fold(batch)

    assert sorted(fold.fingerprint.int for fold in folds) == list(range(1, 5001))
    assert {(fold.count, len(fold.error_message)) for fold in folds} == {(1, 16_000)}


def test_rows_that_the_table_cannot_hold_are_refused_as_invalid(clickhouse):
    with pytest.raises(Invalid):
        clickhouse.insert("events", ["batch"], b'["not a number"]\n', "JSONCompactEachRow", {})

    assert stored(clickhouse) == 0


def test_a_store_that_is_down_is_unavailable():
    store = EventStore(ClickHouse("http://writer:secret@127.0.0.1:1/errata"))

    with pytest.raises(Unavailable):
        store.fold(1)


def test_a_store_without_its_tables_says_that_it_is_not_ready(clickhouse):
    with pytest.raises(Unavailable) as raised:
        clickhouse.query("SELECT count() FROM events_of_next_year")
    assert raised.value.message == (
        "the event store is not ready yet: its tables are being made; try again in a moment"
    )


def test_a_wrong_password_is_unavailable_and_not_told(engine):
    store = ClickHouse(f"http://writer:wrong-secret@127.0.0.1:{engine.port}/errata")

    with pytest.raises(Unavailable) as raised:
        store.query("SELECT 1")

    assert "wrong-secret" not in raised.value.message
    store.close()


def test_a_fold_says_what_a_batch_holds_of_each_fingerprint(events, next_batch):
    batch = next_batch()
    rows = [
        a_row(batch, 0, at=AT + 2, version="2", error_message="late", team=("b", "a"), language="java"),
        a_row(batch, 1, at=AT, version="", error_message="first", is_crash=True, has_in_app=False, file_path="a.py"),
        a_row(batch, 2, at=AT + 1, version="1", team=("c",), platform=Platform.IOS, track=Track.RUM),
        a_row(batch, 3, at=AT + 1, version="2"),
        a_row(batch, 4, issue=2),
    ]
    other = next_batch()

    events.insert(other, [a_row(other, at=AT - 1)])
    events.insert(batch, rows)

    folds = {fold.fingerprint: fold for fold in events.fold(batch)}
    assert set(folds) == {fingerprint(1), fingerprint(2)}
    fold = folds[fingerprint(1)]
    assert (fold.count, fold.first_seen, fold.last_seen) == (4, AT, AT + 2)
    assert (fold.first_seen_version, fold.last_seen_version) == ("", "2")
    assert fold.versions == (("1", AT + 1, AT + 1), ("2", AT + 1, AT + 2))
    assert (fold.error_message, fold.file_path, fold.error_type, fold.service) == ("first", "a.py", "KeyError", "shop")
    assert fold.languages == ("java", "python")
    assert fold.platforms == ("BACKEND", "IOS")
    assert fold.tracks == ("logs", "rum")
    assert fold.teams == ("a", "b", "c")
    assert (fold.is_crash, fold.has_in_app, fold.grouping_version) == (True, True, 1)


def test_a_fold_of_an_unknown_batch_is_empty(events, next_batch):
    assert events.fold(next_batch()) == []


def test_the_earliest_of_equal_times_is_settled_by_the_event_id(events, next_batch):
    batch = next_batch()
    rows = [a_row(batch, entry, error_message=str(entry)) for entry in range(20)]
    events.insert(batch, rows)

    (fold,) = events.fold(batch)

    ids = {row.event_id: row.error_message for row in rows}
    first = min(ids, key=lambda id_: (id_.int & (1 << 64) - 1, id_.int >> 64))  # the engine compares the low half first
    assert fold.error_message in {ids[first], ids[min(ids)]}


def test_counts_are_of_the_window_whose_end_is_open(events, next_batch):
    batch = next_batch()
    events.insert(
        batch, [a_row(batch, entry, at=at) for entry, at in enumerate((AT - 1, AT, AT + HOUR - 1, AT + HOUR))]
    )

    hits = events.count_by_issue(a_search(from_ms=AT, to_ms=AT + HOUR))

    assert counts(hits) == {1: 2}


def test_people_and_sessions_are_counted_once_and_nobody_is_none(events, next_batch):
    batch = next_batch()
    people = [{"usr_id": "a"}, {"usr_id": "a", "usr_email": "x@y"}, {"usr_email": "b"}, {"usr_anonymous_id": "c"}, {}]
    events.insert(batch, [a_row(batch, entry, session_id="s" * (entry % 2), **who) for entry, who in enumerate(people)])

    (hit,) = events.count_by_issue(a_search())

    assert (hit.total_count, hit.impacted_users, hit.impacted_sessions) == (5, 3, 1)


def test_ten_thousand_people_are_counted_exactly(events, next_batch):
    batch = next_batch()
    rows = [a_row(batch, entry, usr_id=f"user {entry}", session_id=f"s{entry}") for entry in range(10_000)]
    events.insert(batch, rows)

    (hit,) = events.count_by_issue(a_search())

    assert (hit.impacted_users, hit.impacted_sessions) == (10_000, 10_000)


@pytest.mark.parametrize("people", [1, 257, 3000])
def test_people_of_several_fingerprints_of_an_issue_are_counted_together_and_exactly(events, next_batch, people):
    batch = next_batch()
    rows = [
        a_row(batch, entry, issue=1 + entry % 3, usr_id=f"user {entry % people}", session_id="only")
        for entry in range(3 * people)
    ]
    events.insert(batch, rows)

    (hit,) = events.count_by_issue(a_search(aliases=Aliases(packed_of(2, 3), packed_of(1, 1))))

    assert (hit.total_count, hit.impacted_users, hit.impacted_sessions) == (3 * people, people, 1)


def test_more_people_than_are_counted_one_by_one_are_estimated_within_five_percent(events, next_batch):
    batch = next_batch()
    rows = [a_row(batch, entry, usr_id=f"user {entry}", session_id=f"s{entry % 20_000}") for entry in range(30_000)]
    events.insert(batch, rows)

    (hit,) = events.count_by_issue(a_search())
    (by_sessions,) = events.count_by_issue(a_search(order=Order.IMPACTED_SESSIONS))

    assert 28_500 <= hit.impacted_users <= 30_000  # never more than there are events
    assert 19_000 <= hit.impacted_sessions <= 21_000
    assert by_sessions.impacted_sessions in range(19_990, 20_001)


def test_of_any_ten_thousand_people_one_at_most_is_taken_for_another(clickhouse):
    counts = clickhouse.query(
        "SELECT DISTINCT uniq(cityHash64(number)) FROM numbers(2000000) GROUP BY intDiv(number, 10000)"
    )

    assert {(10_000,)} <= set(counts) <= {(10_000,), (9_999,)}  # the engine keeps 32 bits of each


def test_hits_are_ordered_by_count_then_by_the_latest_event(events, next_batch):
    batch = next_batch()
    at = {1: [AT, AT], 2: [AT, AT + 5], 3: [AT + 9], 4: [AT + 1]}
    rows = [(issue, when) for issue, whens in at.items() for when in whens]
    events.insert(batch, [a_row(batch, entry, issue=issue, at=when) for entry, (issue, when) in enumerate(rows)])

    hits = events.count_by_issue(a_search(limit=3))

    assert [hit.fingerprint.int for hit in hits] == [2, 1, 3]


def test_track_platform_query_and_unfinished_batches_narrow_a_search(events, next_batch):
    batch, pending = next_batch(), next_batch()
    rows = [
        a_row(batch, 0, issue=1, env="prod", attributes={"http": {"status": 500}}),
        a_row(batch, 1, issue=2, env="dev", platform=Platform.IOS, track=Track.RUM),
    ]
    events.insert(batch, rows)
    events.insert(pending, [a_row(pending, issue=1)])

    assert counts(events.count_by_issue(a_search())) == {1: 2, 2: 1}
    assert counts(events.count_by_issue(a_search(pending=(pending,)))) == {1: 1, 2: 1}
    assert counts(events.count_by_issue(a_search(track=Track.RUM))) == {2: 1}
    assert counts(events.count_by_issue(a_search(platforms=(Platform.IOS, Platform.ANDROID)))) == {2: 1}
    assert counts(events.count_by_issue(a_search("@http.status:500"))) == {1: 1}
    assert counts(events.count_by_issue(a_search("-env:prod"))) == {2: 1}
    assert counts(events.count_by_issue(a_search('env:"x\'); DROP TABLE events --"'))) == {}


def packed_of(*numbers: int) -> bytes:
    return packed([fingerprint(number).hex for number in numbers])


def known_issues(*issues: tuple[int, int, bool]) -> KnownIssues:
    """(fingerprint, first seen, crash) of each."""
    numbers, first_seen, crashed = zip(*issues, strict=True)
    return KnownIssues(packed_of(*numbers), array("q", first_seen).tobytes(), bytes(crashed))


def test_what_the_state_knows_orders_hits_and_leaves_out_the_unknown(events, next_batch):
    batch = next_batch()
    events.insert(batch, [a_row(batch, entry, issue=entry % 4) for entry in range(10)])
    known = known_issues((1, AT, False), (3, AT - 1, False), (2**127 + 5, 0, False))

    hits = events.count_by_issue(a_search(known=known, order=Order.FIRST_SEEN))

    assert [(hit.fingerprint.int, hit.total_count) for hit in hits] == [(1, 3), (3, 2)]


def test_unknown_issues_count_as_old_where_only_some_are_known(events, next_batch):
    batch = next_batch()
    events.insert(batch, [a_row(batch, issue=1), a_row(batch, 1, issue=2)])
    known = known_issues((2, AT, False))

    hits = events.count_by_issue(a_search(known=known, known_in_part=True, order=Order.PRIORITY))

    assert [hit.fingerprint.int for hit in hits] == [2, 1]


def test_many_known_issues_travel_with_a_search(events, next_batch):
    batch = next_batch()
    events.insert(batch, [a_row(batch, issue=77)])
    known = known_issues(*((number, AT, True) for number in range(50_000)))

    assert counts(events.count_by_issue(a_search(known=known, order=Order.FIRST_SEEN))) == {77: 1}


def test_a_condition_may_refer_to_sets_of_issues(events, next_batch):
    batch = next_batch()
    events.insert(batch, [a_row(batch, entry, issue=entry, env="prod" if entry % 2 else "dev") for entry in range(6)])
    sets = (FingerprintSet("one", packed_of(0, 1, 2**127 + 5)), FingerprintSet("two", packed_of(1, 2, 3)))
    in_one, in_two = InSet("fingerprint", "one"), InSet("fingerprint", "two")
    prod = bind(parse("env:prod"), EVENTS)

    def found(tree) -> set[int]:
        return set(counts(events.count_by_issue(a_search(condition=to_clickhouse.compile(tree), sets=sets))))

    assert found(in_one) == {0, 1}
    assert found(Or((in_one, in_two))) == {0, 1, 2, 3}
    assert found(And((Not(in_one), in_two))) == {2, 3}
    assert found(Or((prod, Not(in_two)))) == {0, 1, 3, 4, 5}


@pytest.mark.parametrize("order", [Order.TOTAL_COUNT, Order.IMPACTED_SESSIONS, Order.PRIORITY, Order.FIRST_SEEN])
def test_fingerprints_of_one_issue_are_counted_together(events, next_batch, order):
    batch = next_batch()
    rows = [
        a_row(batch, entry, issue=issue, at=AT - issue, usr_id=f"u{user}", session_id=f"s{user}")
        for entry, (issue, user) in enumerate([(1, 1), (1, 2), (2, 1), (3, 2), (3, 3), (4, 9), (5, 9), (5, 9)])
    ]
    events.insert(batch, rows)
    aliases = Aliases(packed_of(2, 3, 8), packed_of(1, 1, 5))
    known = known_issues(*((number, AT - number, False) for number in (1, 4, 5)))
    needs_known = order in (Order.PRIORITY, Order.FIRST_SEEN)

    hits = events.count_by_issue(a_search(order=order, aliases=aliases, known=known if needs_known else None))

    found = [(hit.fingerprint.int, hit.total_count, hit.impacted_users, hit.impacted_sessions) for hit in hits]
    assert found[0] == (1, 5, 3, 3)
    assert sorted(found) == [(1, 5, 3, 3), (4, 1, 1, 1), (5, 2, 1, 1)]


def test_fifty_thousand_aliases_travel_with_a_search(events, next_batch):
    batch = next_batch()
    events.insert(batch, [a_row(batch, entry, issue=1000 + entry) for entry in range(40)])
    aliases = Aliases(packed_of(*range(1000, 51_000)), packed_of(*(1 + number % 7 for number in range(1000, 51_000))))

    found = counts(events.count_by_issue(a_search(aliases=aliases)))

    assert sum(found.values()) == 40
    assert set(found) == set(range(1, 8))


def test_sessions_order_hits(events, next_batch):
    batch = next_batch()
    rows = [a_row(batch, entry, issue=1) for entry in range(5)]
    rows += [a_row(batch, 10 + entry, issue=2, session_id=f"s{entry}") for entry in range(2)]
    events.insert(batch, rows)

    hits = events.count_by_issue(a_search(order=Order.IMPACTED_SESSIONS))

    assert [hit.fingerprint.int for hit in hits] == [2, 1]


def test_priority_follows_the_published_weights(events, next_batch):
    batch, now = next_batch(), AT
    plan = {  # issue: ages of its events in hours, age of the issue in days, crash, in-app
        1: ([0.5] * 8, 1, False, False),
        2: ([2.0] * 30, 1, False, True),
        3: ([0.5, 2.0], 40, True, True),
        4: ([30.0] * 90, 0, False, False),
    }
    rows = [
        a_row(batch, issue * 1000 + entry, issue=issue, at=now - int(age * HOUR), has_in_app=own)
        for issue, (ages, _, _, own) in plan.items()
        for entry, age in enumerate(ages)
    ]
    events.insert(batch, rows)
    known = known_issues(*((issue, now - days * DAY, crash) for issue, (_, days, crash, _) in plan.items()))

    hits = events.count_by_issue(
        a_search(order=Order.PRIORITY, known=known, from_ms=now - 2 * DAY, to_ms=now, now_ms=now)
    )

    def score(issue: int) -> float:
        ages, days, crash, own = plan[issue]
        day, hour = sum(age <= 24 for age in ages), sum(age <= 1 for age in ages)
        rise = min(4, max(0, math.log2((hour + 1) / ((day - hour) / 23 + 1))))
        return 3 * math.exp(-days / 7) + math.log10(1 + day) + rise + 2 * crash + own

    assert [hit.fingerprint.int for hit in hits] == sorted(plan, key=score, reverse=True)


def test_a_series_counts_every_matching_event_once(events, next_batch):
    batch = next_batch()
    events.insert(batch, [a_row(batch, entry, issue=entry % 2, at=AT + entry * 1000) for entry in range(100)])
    window = a_search(from_ms=AT, to_ms=AT + 100_000)

    whole = events.series(window, 7)
    each = events.series_by_issue(window, 4, [fingerprint(0), fingerprint(1), fingerprint(9)])

    assert (len(whole), sum(whole)) == (7, 100)
    assert max(whole) - min(whole) <= 1
    assert each == {fingerprint(0): [13, 12, 13, 12], fingerprint(1): [12, 13, 12, 13], fingerprint(9): [0] * 4}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (Field("service"), [("shop", 3)]),
        (Field("env"), [("prod", 2)]),
        (Field("region"), [("eu", 2), ("us", 1)]),
        (Field("list", is_attribute=True), [("b", 2), ("a", 1), ("c", 1)]),
        (Field("platform", is_attribute=True), [("BACKEND", 2)]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_values_of_a_facet_are_counted_by_event(events, next_batch, field, expected):
    batch = next_batch()
    rows = [
        a_row(batch, 0, tags=("region:eu", "region:us"), attributes={"list": ["a", "b", "b"]}),
        a_row(batch, 1, tags=("region:eu",), attributes={"list": ["b", "c"]}, platform=Platform.UNKNOWN),
        a_row(batch, 2, env="", attributes={"list": []}),
    ]
    events.insert(batch, rows)

    assert events.facet_values(a_search(), EVENTS.places_of(field)) == expected


def test_the_latest_events_of_an_issue_come_newest_first(events, next_batch):
    batch = next_batch()
    rows = [
        a_row(batch, entry, at=AT - entry * 7 * HOUR, track=Track.RUM if entry % 2 else Track.LOGS)
        for entry in range(9)
    ]
    events.insert(batch, [*rows, a_row(batch, 50, issue=2)])

    newest = events.latest(fingerprint(1), 3, from_ms=AT - WEEK, to_ms=AT + 1)
    rum = events.latest(fingerprint(1), 2, from_ms=AT - WEEK, to_ms=AT + 1, track=Track.RUM)

    assert [found.row.entry for found in newest] == [0, 1, 2]
    assert [found.row.entry for found in rum] == [1, 3]
    assert events.latest(fingerprint(1), 3, from_ms=AT + 1, to_ms=AT + DAY) == []
    assert isinstance(newest[0].row.event_id, UUID)
