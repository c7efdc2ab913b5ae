"""Minified and mapped forms of one error are one issue, in whatever order they come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from errata.base.clock import FixedClock, to_ms
from errata.base.facts import SYSTEM
from errata.base.ids import Fingerprint, IssueId, UserId, issue_id_of, random_id
from errata.events.search import IssueFold
from errata.issues import store
from errata.issues.attach import attach
from errata.issues.commands import IssueCommands
from errata.issues.former import current_of, excluded
from errata.issues.model import Issue, IssueState
from errata.issues.tables import issue_fingerprints, issue_teams, issue_versions, issues
from errata.storage.sql import Database
from states import States, migrated_state

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def mapped_print(bug: int) -> Fingerprint:
    return Fingerprint(UUID(int=1000 + bug))


def minified_print(bug: int, version: int) -> Fingerprint:
    return Fingerprint(UUID(int=2000 + 100 * bug + version))


@dataclass(frozen=True)
class Sent:
    """One error as it is stored: with its source map or without."""

    bug: int
    version: int
    is_mapped: bool
    minute: int


def fold_of(sent: list[Sent]) -> IssueFold:
    """What the event store says of the errors of one batch that share a fingerprint."""
    first, last = (function(sent, key=lambda one: (one.minute, one.version)) for function in (min, max))
    bug, is_mapped = sent[0].bug, sent[0].is_mapped
    versions = {}
    for one in sent:
        at = to_ms(AT + timedelta(minutes=one.minute))
        before = versions.get(str(one.version), (at, at))
        versions[str(one.version)] = (min(at, before[0]), max(at, before[1]))
    return IssueFold(
        fingerprint=mapped_print(bug) if is_mapped else minified_print(bug, sent[0].version),
        grouping_version=1,
        count=len(sent),
        first_seen=to_ms(AT + timedelta(minutes=first.minute)),
        last_seen=to_ms(AT + timedelta(minutes=last.minute)),
        first_seen_version=str(first.version),
        last_seen_version=str(last.version),
        versions=tuple((version, *times) for version, times in sorted(versions.items())),
        service="shop",
        error_type="TypeError",
        error_message="no",
        file_path="src/cart.ts" if is_mapped else "main.js",
        function_name=f"bug{bug}" if is_mapped else "a",
        languages=("javascript",),
        platforms=("BROWSER",),
        tracks=("rum",),
        is_crash=False,
        has_in_app=True,
        teams=tuple(sorted({f"team-{one.version}" for one in sent})),
        former_fingerprints=tuple(sorted({minified_print(bug, one.version) for one in sent})) if is_mapped else (),
    )


def take(state: Database, batch: list[Sent], number: int) -> int:
    groups: dict[object, list[Sent]] = {}
    for one in batch:
        groups.setdefault((one.bug, True) if one.is_mapped else (one.bug, False, one.version), []).append(one)
    with state.write() as tx:
        return attach(
            tx, number, [fold_of(group) for group in groups.values()], AT + timedelta(hours=number), random_id
        )


def all_issues(state: Database) -> list[Issue]:
    with state.read() as tx:
        ids = [IssueId(issue_id) for issue_id in tx.execute(select(issues.c.id)).scalars()]
        return list(store.load_many(tx, ids).values())


def home_of(state: Database, fingerprint: Fingerprint) -> Issue | None:
    with state.read() as tx:
        return store.issues_of(tx, [fingerprint]).get(fingerprint)


SENT = st.builds(Sent, st.integers(0, 1), st.integers(0, 3), st.booleans(), st.integers(0, 50))


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.lists(SENT, min_size=1, max_size=5), min_size=1, max_size=6))
def test_whatever_the_order_each_bug_is_one_issue_that_counts_all(states: States, batches: list[list[Sent]]) -> None:
    # In the end a map of every version is there, and each bug happens once more in each.
    final = [Sent(bug, version, True, 60) for bug in (0, 1) for version in range(4)]

    sent = [one for batch in [*batches, final] for one in batch]

    with migrated_state(states) as state:
        for number, batch in enumerate([*batches, final], 1):
            take(state, batch, number)

        found = {issue.function_name: issue for issue in all_issues(state)}
        with state.read() as tx:
            versions = Counter(tx.execute(select(issue_versions.c.issue_id)).scalars())
            teams = Counter(tx.execute(select(issue_teams.c.issue_id)).scalars())
            mains = tx.execute(select(issue_fingerprints).where(issue_fingerprints.c.main.is_(None))).all()
            aliases = tx.execute(select(issue_fingerprints).where(issue_fingerprints.c.main.is_not(None))).all()
    assert sorted(found) == ["bug0", "bug1"]
    for bug in (0, 1):
        mine, issue = [one for one in sent if one.bug == bug], found[f"bug{bug}"]
        assert issue.event_count == len(mine)
        assert issue.first_seen == AT + timedelta(minutes=min(one.minute for one in mine))
        assert issue.last_seen == AT + timedelta(minutes=60)
        assert issue.file_path == "src/cart.ts"
        assert versions[issue.id] == teams[issue.id] == 4
    assert {row.issue_id for row in mains} == {issue.id for issue in found.values()}
    assert len(mains) == 2
    main_of = {row.issue_id: row.fingerprint for row in mains}
    assert all(row.main == main_of[row.issue_id] for row in aliases)
    expected = {mapped_print(bug) for bug in (0, 1)} | {
        minified_print(one.bug, one.version) for one in sent if not one.is_mapped
    }
    assert {row.fingerprint for row in [*mains, *aliases]} == expected


def test_late_map_keeps_the_issue_and_tells_its_place(state: Database) -> None:
    take(state, [Sent(0, 1, False, 0)], 1)
    before = home_of(state, minified_print(0, 1))
    opened = take(state, [Sent(0, 1, True, 5)], 2)

    after = home_of(state, mapped_print(0))

    assert opened == 0
    assert before is not None
    assert after is not None
    assert (after.id, after.event_count) == (before.id, 2)
    assert (before.file_path, before.function_name) == ("main.js", "a")
    assert (after.file_path, after.function_name) == ("src/cart.ts", "bug0")


def test_minified_error_that_comes_after_its_mapped_form_finds_it(state: Database) -> None:
    take(state, [Sent(0, 1, True, 0)], 1)

    assert take(state, [Sent(0, 1, False, 5)], 2) == 0
    assert home_of(state, minified_print(0, 1)).event_count == 2


def test_former_fingerprint_that_no_event_has_is_no_alias(state: Database) -> None:
    take(state, [Sent(0, 1, True, 0)], 1)

    with state.read() as tx:
        assert tx.execute(select(issue_fingerprints.c.fingerprint)).scalars().all() == [mapped_print(0)]
        assert current_of(tx, [minified_print(0, 1)]) == {minified_print(0, 1): mapped_print(0)}


def test_two_errors_with_the_same_minified_name_stay_two_issues(state: Database) -> None:
    """Minified names come again: `a` of the next release is another function."""
    one, other = fold_of([Sent(0, 1, True, 0)]), fold_of([Sent(1, 1, True, 0)])
    shared = (Fingerprint(UUID(int=7)),)
    folds = [
        IssueFold(**{name: getattr(fold, name) for name in fold.__slots__} | {"former_fingerprints": shared})
        for fold in (one, other)
    ]
    for number, fold in enumerate(folds, 1):
        with state.write() as tx:
            attach(tx, number, [fold], AT, random_id)

    assert len(all_issues(state)) == 2


def test_ids_of_joined_issues_lead_to_the_older_one(state: Database) -> None:
    take(state, [Sent(0, 1, False, 3)], 1)
    take(state, [Sent(0, 2, False, 1)], 2)
    first, second = (home_of(state, minified_print(0, version)) for version in (1, 2))
    take(state, [Sent(0, 1, True, 9), Sent(0, 2, True, 9)], 3)

    with state.read() as tx:
        found = [store.load(tx, issue.id) for issue in (first, second)]
    changed = IssueCommands(state, FixedClock(AT), random_id).set_state(second.id, IssueState.RESOLVED, SYSTEM)

    assert {issue.id for issue in found} == {first.id} == {changed.id}
    assert found[0].event_count == 4
    assert found[0].first_seen_version == "2"


def test_joined_issues_keep_what_people_said(state: Database) -> None:
    take(state, [Sent(0, 1, False, 3)], 1)
    take(state, [Sent(0, 2, False, 1)], 2)
    second = home_of(state, minified_print(0, 2))
    somebody = UserId(random_id())
    commands = IssueCommands(state, FixedClock(AT), random_id)
    commands.assign(second.id, somebody, SYSTEM)
    commands.set_state(second.id, IssueState.ACKNOWLEDGED, SYSTEM)

    take(state, [Sent(0, 1, True, 9), Sent(0, 2, True, 9)], 3)

    (issue,) = all_issues(state)
    assert (issue.state, issue.assignee_id) == (IssueState.ACKNOWLEDGED, somebody)


def test_join_of_joined_issues_leads_all_ids_on(state: Database) -> None:
    for number in (1, 2, 3):
        take(state, [Sent(0, number, False, number)], number)
    ids = [home_of(state, minified_print(0, version)).id for version in (1, 2, 3)]
    take(state, [Sent(0, 2, True, 9), Sent(0, 3, True, 9)], 4)
    take(state, [Sent(0, 1, True, 9), Sent(0, 2, True, 9)], 5)

    with state.read() as tx:
        assert {store.load(tx, issue_id).id for issue_id in ids} == {ids[0]}
    assert all_issues(state)[0].event_count == 7


def test_mapped_form_of_an_excluded_issue_is_excluded(state: Database) -> None:
    take(state, [Sent(0, 1, False, 0), Sent(1, 1, True, 0)], 1)
    commands = IssueCommands(state, FixedClock(AT), random_id)
    commands.set_state(issue_id_of(minified_print(0, 1)), IssueState.EXCLUDED, SYSTEM)
    none = Fingerprint(UUID(int=0))
    pairs = {
        "itself": (minified_print(0, 1), none),
        "mapped": (mapped_print(0), minified_print(0, 1)),
        "other": (mapped_print(1), minified_print(1, 1)),
        "other with the same minified name": (mapped_print(1), minified_print(0, 1)),
        "other's minified form": (minified_print(1, 1), none),
    }

    with state.read() as tx:
        shut = excluded(tx, set(pairs.values()))

    assert {name for name, pair in pairs.items() if pair in shut} == {"itself", "mapped"}


def test_minified_form_of_an_excluded_mapped_issue_is_excluded(state: Database) -> None:
    take(state, [Sent(0, 1, True, 0)], 1)
    IssueCommands(state, FixedClock(AT), random_id).set_state(issue_id_of(mapped_print(0)), IssueState.EXCLUDED, SYSTEM)
    pair = (minified_print(0, 1), Fingerprint(UUID(int=0)))

    with state.read() as tx:
        assert excluded(tx, {pair}) == {pair}


def test_batch_of_all_forms_opens_what_stays_after_joining(state: Database) -> None:
    assert take(state, [Sent(0, 1, True, 0), Sent(0, 1, False, 1), Sent(0, 2, False, 2), Sent(1, 1, False, 3)], 1) == 3
    assert len(all_issues(state)) == 3
