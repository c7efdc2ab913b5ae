"""A stored batch becomes part of its issues: found, opened, joined, counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from errata.base.clock import from_ms
from errata.base.facts import Fact
from errata.base.ids import Fingerprint, IssueId, NewId
from errata.events.search import IssueFold
from errata.issues import decide, former, store
from errata.issues.model import Issue, IssueState
from errata.issues.regression import regressed
from errata.issues.tables import MAX_HANDLE_CHARS
from errata.storage import outbox


def attach(tx: Connection, batch: int, folds: Sequence[IssueFold], at: datetime, new_id: NewId) -> int:
    """Fold what the event store holds of a batch into its issues, and say how many were opened.

    A fingerprint belongs to its issue. One that is not known belongs where the fingerprint belongs that its events had
    without their source maps; where both are known and differ, their issues are joined and the older one stays.
    Belongs into the transaction that finishes the batch: run once for each batch, it counts each event once.
    """
    folds = sorted(folds, key=lambda fold: fold.fingerprint)
    known, groups = _groups(tx, folds)
    openings = [group.opening(at) for group in groups if not group.issues]
    store.add_new(tx, batch, [(fold.fingerprint, issue) for fold, issue in openings])
    new = store.opened_in(tx, batch) if openings else set()
    homes = {fold.fingerprint: issue.id for fold, issue in openings}
    facts: list[Fact] = []
    for group in groups:
        group.home = _settle(tx, group, homes, known, at, new_id, facts)
    ids = {fold.fingerprint: group.home for group in groups for fold in group.folds}
    issues = store.load_many(tx, list(set(ids.values())), for_update=True)
    store.add_service_versions(
        tx, [(fold.service, version, from_ms(first)) for fold in folds for version, first, _ in fold.versions]
    )
    for fold in folds:
        issue_id = ids[fold.fingerprint]
        issue, told = _reopened(tx, issues[issue_id], fold, at, new_id)
        issues[issue_id] = decide.grown(issue, fold)
        facts += told
    store.save(tx, issues.values())
    facts += [decide.fact_of_opening(issues[issue_id], at, new_id) for issue_id in sorted(new)]
    outbox.append(tx, facts)
    _note_sets(tx, folds, ids)
    return len(new)


@dataclass(slots=True)
class _Group:
    """Folds of one bug, with the issues that it has already."""

    folds: list[IssueFold] = field(default_factory=list)
    issues: dict[IssueId, Issue] = field(default_factory=dict)
    home: IssueId = field(default=None)  # type: ignore[assignment]  # set before it is read

    def opening(self, at: datetime) -> tuple[IssueFold, Issue]:
        """The fold that opens the issue, and the issue. One with a source map tells more than one without."""
        fold = min(self.folds, key=lambda one: (not one.former_fingerprints, one.first_seen, one.fingerprint))
        return fold, decide.opened(fold, at)


def _groups(tx: Connection, folds: Sequence[IssueFold]) -> tuple[dict[Fingerprint, Issue], list[_Group]]:
    """The folds by bug, and the issue of every fingerprint that has one already."""
    mine = {fold.fingerprint for fold in folds}
    before = {each for fold in folds for each in fold.former_fingerprints}
    current = former.current_of(tx, mine | before) if before or folds else {}
    known = store.issues_of(tx, sorted(mine | before | set(current.values())))
    claims: dict[Fingerprint, Fingerprint] = {}
    roots = _Roots()
    for fold in folds:
        for each in fold.former_fingerprints:
            if each not in current:
                current[each] = claims[each] = fold.fingerprint
            if current[each] == fold.fingerprint and (each in known or each in mine):
                roots.join(fold.fingerprint, each)
    former.remember(tx, claims)
    for fingerprint in mine:
        into = current.get(fingerprint)
        if into is not None and (into in known or into in mine):
            roots.join(fingerprint, into)
    return known, _gathered(folds, known, roots)


def _gathered(folds: Sequence[IssueFold], known: Mapping[Fingerprint, Issue], roots: _Roots) -> list[_Group]:
    """One group for all that hang together, by shared fingerprints or by a shared issue."""
    by_issue: dict[IssueId, Fingerprint] = {}
    linked = [fingerprint for fold in folds for fingerprint in roots.members(fold.fingerprint)]
    for fingerprint in dict.fromkeys(linked):
        if (issue := known.get(fingerprint)) is not None:
            roots.join(by_issue.setdefault(issue.id, fingerprint), fingerprint)
    groups: defaultdict[Fingerprint, _Group] = defaultdict(_Group)
    for fold in folds:
        groups[roots.of(fold.fingerprint)].folds.append(fold)
    for fingerprint in dict.fromkeys(linked):
        if (issue := known.get(fingerprint)) is not None:
            groups[roots.of(fingerprint)].issues[issue.id] = issue
    return list(groups.values())


def _settle(
    tx: Connection,
    group: _Group,
    homes: Mapping[Fingerprint, IssueId],
    known: Mapping[Fingerprint, Issue],
    at: datetime,
    new_id: NewId,
    facts: list[Fact],
) -> IssueId:
    """The one issue of a group: joined if it had several, and owning all fingerprints."""
    if not group.issues:
        home = next(homes[fold.fingerprint] for fold in group.folds if fold.fingerprint in homes)
    else:
        home = _join(tx, group, at, new_id, facts)
    added = [fold for fold in group.folds if fold.fingerprint not in known and fold.fingerprint not in homes]
    if added:
        store.add_aliases(tx, [(fold.fingerprint, home, fold.grouping_version) for fold in added], at)
    changed = len(group.issues) > 1 or (group.issues and added)
    told = next((fold for fold in group.folds if fold.former_fingerprints), None)
    if changed and told is not None:
        shown = known.get(told.fingerprint, told)
        (issue,) = store.load_many(tx, [home], for_update=True).values()
        store.save(tx, [decide.shown_as(issue, shown.file_path, shown.function_name)])
    return home


def _join(tx: Connection, group: _Group, at: datetime, new_id: NewId, facts: list[Fact]) -> IssueId:
    if len(group.issues) == 1:
        return next(iter(group.issues))
    locked = store.load_many(tx, list(group.issues), for_update=True)
    kept, *others = sorted(locked.values(), key=decide.older_first)
    issue, told = decide.joined(kept, others, at, new_id)
    former.give_up(tx, [other.id for other in others], kept.id, at)
    store.save(tx, [issue])
    facts += told
    return kept.id


def _reopened(tx: Connection, issue: Issue, fold: IssueFold, at: datetime, new_id: NewId) -> tuple[Issue, list[Fact]]:
    """The issue as the fold leaves it, where it was resolved. Its versions are those before this batch."""
    if issue.state is not IssueState.RESOLVED:
        return issue, []
    compared = {issue.last_seen_version, *(version for version, _, _ in fold.sightings)}
    known, sighted = store.versions_of(tx, issue.id), store.first_sightings(tx, issue.service, compared)
    return regressed(issue, fold, known=known, first_sightings=sighted, at=at, new_id=new_id)


def _note_sets(tx: Connection, folds: Sequence[IssueFold], ids: Mapping[Fingerprint, IssueId]) -> None:
    """Versions and teams that the events named."""
    store.add_versions(
        tx,
        [
            (ids[fold.fingerprint], version, from_ms(first), from_ms(last))
            for fold in folds
            for version, first, last in fold.versions
        ],
    )
    # A longer handle is no team's, and some databases take none.
    named = [(fold.fingerprint, handle) for fold in folds for handle in fold.teams if len(handle) <= MAX_HANDLE_CHARS]
    store.add_teams(tx, sorted({(ids[fingerprint], handle) for fingerprint, handle in named}))


class _Roots:
    """Which fingerprints hang together."""

    def __init__(self) -> None:
        self._parent: dict[Fingerprint, Fingerprint] = {}
        self._members: dict[Fingerprint, list[Fingerprint]] = {}

    def of(self, fingerprint: Fingerprint) -> Fingerprint:
        """The one that stands for all that hang together with a fingerprint."""
        while (parent := self._parent.get(fingerprint, fingerprint)) != fingerprint:
            fingerprint = parent
        return fingerprint

    def members(self, fingerprint: Fingerprint) -> list[Fingerprint]:
        """All that hang together with a fingerprint, itself included."""
        root = self.of(fingerprint)
        return self._members.get(root, [root])

    def join(self, one: Fingerprint, other: Fingerprint) -> None:
        """Have two hang together from now on."""
        first, second = self.of(one), self.of(other)
        if first != second:
            few, many = sorted((first, second), key=lambda root: len(self.members(root)))
            self._members[many] = self.members(many) + self.members(few)
            self._members.pop(few, None)
            self._parent[few] = many
