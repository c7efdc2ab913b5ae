"""The single errors of an issue, read back from a real engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from event_rows import AT, DAY, HOUR, NODE, a_row, fingerprint
from source_map_site import Site

from errata.base.clock import FixedClock, from_ms
from errata.base.errors import NotFound
from errata.base.ids import EventId, Fingerprint, IssueId, issue_id_of, random_id
from errata.events import batches
from errata.events.batches import Rules, Source
from errata.events.model import Intake, Minified, Track
from errata.events.pages import Before, EventPages
from errata.events.store import EventStore
from errata.issues.attach import attach
from errata.issues.occurrences import Occurrence, Occurrences
from errata.issues.store import add_aliases
from errata.sourcemaps.mapper import Mapper
from errata.sourcemaps.symbolicator import Symbolicator
from errata.storage.clickhouse import ClickHouse
from errata.storage.sql import Database

URL = "https://shop.example/m.js"
STACK = f"TypeError: no\n    at a ({URL}:1:5)"
MINIFIED = b"function a(){throw Error()}\n"
MAP = {"version": 3, "sources": ["../src/pay.ts"], "sourcesContent": ["one\ntwo\n"], "names": [], "mappings": "AACA"}
JS = {"service": "shop", "version": "1", "language": "javascript", "track": Track.RUM, "intake": Intake.DD_RUM}


@pytest.fixture(scope="module")
def mapper() -> Iterator[Mapper]:
    running = Mapper()
    yield running
    running.close()


@pytest.fixture
def site(tmp_path: Path, state: Database, clock: FixedClock) -> Site:
    return Site(tmp_path / "blobs", state, clock)


@pytest.fixture
def read(site: Site, clickhouse: ClickHouse, mapper: Mapper) -> Occurrences:
    places = Symbolicator(site.state, site.blobs, mapper, site.clock)
    return Occurrences(site.state, EventPages(clickhouse), places)


@pytest.fixture
def put(state: Database, events: EventStore, next_batch: Callable[[], int]) -> Callable[..., IssueId]:
    """Stores errors of one fingerprint as a batch does; the times are milliseconds after `AT`."""

    def put(*after: int, issue: int = 1, **changes: object) -> IssueId:
        batch = next_batch()
        rows = [a_row(batch, entry, issue=issue, at=AT + at, **changes) for entry, at in enumerate(after)]
        assert events.insert(batch, rows) == []
        with state.write() as tx:
            attach(tx, batch, events.fold(batch), from_ms(AT), random_id)
        return issue_id_of(Fingerprint(fingerprint(issue)))

    return put


def times(found: list[Occurrence]) -> list[int]:
    return [round((one.timestamp - from_ms(AT)) / timedelta(milliseconds=1)) for one in found]


def test_errors_come_newest_first_and_page_by_page(read: Occurrences, put) -> None:
    issue = put(0, 5, 3, DAY, 3)

    first = read.of_issue(issue, 3)
    rest = read.of_issue(issue, 3, before=Before(AT + 3, first[-1].id))

    assert times(first) == [DAY, 5, 3]
    assert times(rest) == [3, 0]
    assert len({one.id for one in first + rest}) == 5


def test_window_bounds_what_is_read(read: Occurrences, put) -> None:
    issue = put(0, HOUR, 2 * HOUR)

    assert times(read.of_issue(issue, 9, from_at=from_ms(AT + 1), to_at=from_ms(AT + 2 * HOUR))) == [HOUR]


def test_errors_of_all_fingerprints_of_the_issue_are_its_errors(read: Occurrences, put, state: Database) -> None:
    issue = put(0, issue=1)
    put(1, issue=3)
    with state.write() as tx:
        add_aliases(tx, [(Fingerprint(fingerprint(2)), issue, 1)], from_ms(AT))
    put(2, issue=2)

    assert times(read.of_issue(issue, 9)) == [2, 0]


def test_batch_that_is_not_folded_yet_does_not_show(
    read: Occurrences, put, state: Database, events: EventStore
) -> None:
    issue = put(0)
    with state.write() as tx:
        batch = batches.plan(tx, NODE, Source.JOURNAL, 0, 1, (), Rules(1, 0, 0), from_ms(AT))
    row = a_row(batch.id, 0, at=AT)
    events.insert(batch.id, [row])

    assert times(read.of_issue(issue, 9)) == [0]
    with pytest.raises(NotFound):
        read.one(EventId(row.event_id))


def test_unknown_issue_and_event_are_not_found(read: Occurrences) -> None:
    with pytest.raises(NotFound):
        read.of_issue(IssueId(random_id()), 1)
    with pytest.raises(NotFound):
        read.one(EventId(random_id()))


def test_one_error_is_read_with_its_issue_and_its_reasons(read: Occurrences, put) -> None:
    issue = put(0, error_type="KeyError", error_message="'total'", details={"contexts": {"os": "linux"}})
    (listed,) = read.of_issue(issue, 1)

    found = read.one(listed.id)

    assert found == listed
    assert found.issue_id == issue
    assert found.event.details == {"contexts": {"os": "linux"}}
    assert [part.name for part in found.grouped.parts][:3] == ["service", "type", "message"]
    assert (found.exceptions[0].type, found.exceptions[0].message) == ("KeyError", "'total'")


def test_map_that_comes_later_tells_what_is_stored(read: Occurrences, put, site: Site) -> None:
    issue = put(0, error_stack=STACK, error_type="TypeError", error_message="no", **JS)
    before = read.of_issue(issue, 1)[0]
    site.upload(URL, json.dumps(MAP).encode(), MINIFIED)

    after = read.of_issue(issue, 1)[0]

    (unmapped,) = before.exceptions[0].frames
    (mapped,) = after.exceptions[0].frames
    assert (unmapped.frame.file, unmapped.sent) == (URL, None)
    assert unmapped.unmapped is not None
    assert (mapped.frame.file, mapped.frame.line, mapped.frame.function) == ("src/pay.ts", 2, "a")
    assert (mapped.before, mapped.frame.context, mapped.sent) == (("one",), "two", unmapped.frame)
    assert mapped.unmapped is None
    assert after.event.error_stack == "TypeError: no\n    at a (src/pay.ts:2:1)"
    assert after.grouped == before.grouped


def test_map_in_the_place_of_a_wrong_one_tells_anew(read: Occurrences, put, site: Site) -> None:
    told_wrongly = "TypeError: no\n    at wrong (src/wrong.ts:9:9)"
    changes = {"error_stack": told_wrongly, "minified": Minified(STACK), "error_type": "TypeError", **JS}
    issue = put(0, **changes)
    kept = read.of_issue(issue, 1)[0]
    site.upload(URL, json.dumps(MAP).encode(), MINIFIED)

    anew = read.of_issue(issue, 1)[0]

    assert kept.event.error_stack == told_wrongly
    assert [frame.frame.file for frame in kept.exceptions[0].frames] == ["src/wrong.ts"]
    assert [frame.frame.file for frame in anew.exceptions[0].frames] == ["src/pay.ts"]
