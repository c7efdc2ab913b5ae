"""Errors of minified code, joined issues and regressions in a batch that is stopped after any step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from digest_site import AT, Site
from source_map_site import Site as Uploads
from sqlalchemy import select

from errata.base.clock import to_ms
from errata.base.facts import SYSTEM
from errata.base.ids import random_id
from errata.events import recent
from errata.events.recent import Verdict
from errata.issues import store
from errata.issues.commands import IssueCommands
from errata.issues.model import Issue, IssueState, Regression
from errata.issues.tables import issues, joined_issues
from errata.sourcemaps import store as source_maps
from errata.sourcemaps.mapper import Mapper
from errata.sourcemaps.symbolicator import Symbolicator
from errata.storage.clickhouse import ClickHouse
from errata.storage.outbox import facts
from errata.storage.sql import Database

URL = "https://cdn.example/js/m.js"
LATER = AT + timedelta(hours=1)
PLACES = 11
"""More than a batch passes: the last ones stop nothing."""


@pytest.fixture(scope="module")
def mapper() -> Iterator[Mapper]:
    running = Mapper()
    yield running
    running.close()


@pytest.fixture
def uploads(tmp_path: Path, state: Database, site: Site) -> Uploads:
    return Uploads(tmp_path / "blobs", state, site.clock)


@pytest.fixture
def site(tmp_path: Path, state: Database, clickhouse: ClickHouse) -> Iterator[Site]:
    made = Site(tmp_path, state, clickhouse)
    yield made
    made.writer.close()


@pytest.fixture(autouse=True)
def places(site: Site, uploads: Uploads, mapper: Mapper) -> None:
    site.places = Symbolicator(site.state, uploads.blobs, mapper, site.clock)


def upload(uploads: Uploads, *versions: str) -> None:
    """Maps of builds in which the minifier gave `pay` a name of its own."""
    text = "function pay() {\n  throw Error()\n}\n"
    source = {"version": 3, "sources": ["pay.ts"], "sourcesContent": [text], "names": [], "mappings": "AACE"}
    for version in versions:
        uploads.upload(URL, json.dumps(source).encode(), version=version)


def an_error(person: str, version: str, at: datetime = AT) -> dict[str, object]:
    stack = f"TypeError: no\n    at f{version} ({URL}:1:5)"
    return {
        "service": "shop",
        "version": version,
        "status": "error",
        "ddsource": "browser",
        "timestamp": to_ms(at),
        "error": {"kind": "TypeError", "message": "no", "stack": stack},
        "usr": {"id": person},
    }


def all_issues(site: Site) -> list[Issue]:
    with site.state.read() as tx:
        ids = list(tx.execute(select(issues.c.id).order_by(issues.c.opened_at)).scalars())
        found = store.load_many(tx, ids)
    return [found[each] for each in ids]


def told(site: Site) -> list[str]:
    with site.state.read() as tx:
        return sorted(tx.execute(select(facts.c.name)).scalars())


def two_resolved_issues(site: Site) -> None:
    """One bug, told by two builds without maps, and taken for two that are fixed."""
    site.send(an_error("ann", "1"))
    site.send(an_error("bob", "2"))
    site.finish()
    commands = IssueCommands(site.state, site.clock, random_id)
    for issue in all_issues(site):
        commands.set_state(issue.id, IssueState.RESOLVED, SYSTEM)
    site.clock.advance(timedelta(hours=1))


@pytest.mark.parametrize("at", range(PLACES))
def test_issues_are_joined_and_come_back_once_wherever_the_batch_was_stopped(
    site: Site, uploads: Uploads, at: int
) -> None:
    two_resolved_issues(site)
    before = all_issues(site)
    upload(uploads, "1", "2", "3")
    site.send(an_error("cleo", "1", LATER), an_error("dan", "2", LATER), an_error("eve", "3", LATER))

    site.stop_at(at)
    site.finish()

    (issue,) = all_issues(site)
    assert site.stored() == ["ann", "bob", "cleo", "dan", "eve"]
    assert issue.event_count == 5
    assert (issue.file_path, issue.function_name) == ("pay.ts", "pay")
    assert (issue.state, issue.regression) == (IssueState.OPEN, Regression(AT, LATER, "3"))
    assert [name for name in told(site) if name != "issue.state_changed"] == [
        "issue.joined",
        "issue.opened",
        "issue.opened",
        "issue.regressed",
    ]
    with site.state.read() as tx:
        led = {row.id: row.into_id for row in tx.execute(select(joined_issues))}
        newest = recent.listing(tx, limit=1)[0]
    assert led == {each.id: issue.id for each in before if each.id != issue.id}
    errors = [piece for piece in newest.pieces if piece.verdict is Verdict.ERROR]
    assert (newest.errors, len(errors)) == (3, 3)


@pytest.mark.parametrize("at", range(PLACES))
def test_map_that_comes_between_two_attempts_splits_no_issue(site: Site, uploads: Uploads, at: int) -> None:
    site.send(an_error("ann", "1"), an_error("bob", "1"))
    site.stop_at(at)

    upload(uploads, "1")
    site.finish()
    site.send(an_error("cleo", "1"))
    site.finish()

    (issue,) = all_issues(site)
    assert site.stored() == ["ann", "bob", "cleo"]
    assert (issue.event_count, issue.function_name) == (3, "pay")
    assert told(site) == ["issue.opened"]


@pytest.mark.parametrize("at", range(PLACES))
def test_map_that_goes_between_two_attempts_splits_no_issue(site: Site, uploads: Uploads, at: int) -> None:
    upload(uploads, "1")
    site.send(an_error("ann", "1"))
    site.finish()
    site.send(an_error("bob", "1"))
    site.stop_at(at)

    with site.state.read() as tx:
        (there,) = [each.id for each in source_maps.page(tx)[0]]
    uploads.commands.remove([there])
    site.finish()

    (issue,) = all_issues(site)
    assert site.stored() == ["ann", "bob"]
    assert (issue.event_count, issue.function_name) == (2, "pay")
