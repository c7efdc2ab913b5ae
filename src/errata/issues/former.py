"""Loading and saving of what errors were grouped under before their calls were known, and of issues that were joined.

A fingerprint that is only remembered here costs no search anything; it becomes an alias when an event carries it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from errata.base.ids import Fingerprint, IssueId
from errata.base.parts import parts
from errata.events.rows import NO_FINGERPRINT
from errata.issues import store
from errata.issues.tables import (
    former_fingerprints,
    issue_fingerprints,
    issue_teams,
    issue_versions,
    issues,
    joined_issues,
)
from errata.storage.sql import upsert


def current_of(tx: Connection, fingerprints: Collection[Fingerprint]) -> dict[Fingerprint, Fingerprint]:
    """What errors with some fingerprints are grouped under since their calls are known; others are missing."""
    found: dict[Fingerprint, Fingerprint] = {}
    for part in parts(sorted(fingerprints)):
        query = select(former_fingerprints).where(former_fingerprints.c.fingerprint.in_(part))
        found |= {Fingerprint(row.fingerprint): Fingerprint(row.current) for row in tx.execute(query)}
    return found


def remember(tx: Connection, claims: Mapping[Fingerprint, Fingerprint]) -> None:
    """Note what former fingerprints became; the first word on each stays."""
    rows = [{"fingerprint": former, "current": current} for former, current in sorted(claims.items())]
    upsert(tx, former_fingerprints, rows, key=("fingerprint",))


def excluded(
    tx: Connection, pairs: Collection[tuple[Fingerprint, Fingerprint]]
) -> set[tuple[Fingerprint, Fingerprint]]:
    """Those of some pairs (fingerprint, former one or zeros) that belong to an excluded issue."""
    shut = store.excluded_fingerprints(tx)
    if not shut:
        return set()
    current = current_of(tx, {fingerprint for pair in pairs for fingerprint in pair} - {NO_FINGERPRINT})
    homes = store.issues_of(tx, [fingerprint for fingerprint, former in pairs if former in shut])

    def is_shut(fingerprint: Fingerprint, former: Fingerprint) -> bool:
        if fingerprint in shut or current.get(fingerprint) in shut:
            return True
        # Its own issue decides where it has one; what it was before only where nobody else claims that.
        return former in shut and fingerprint not in homes and current.get(former, fingerprint) == fingerprint

    return {pair for pair in pairs if is_shut(*pair)}


def fingerprints_of(tx: Connection, ids: Sequence[IssueId]) -> list[tuple[Fingerprint, IssueId, int]]:
    """All fingerprints of some issues: (fingerprint, issue, grouping version)."""
    found: list[tuple[Fingerprint, IssueId, int]] = []
    columns = (issue_fingerprints.c.fingerprint, issue_fingerprints.c.issue_id, issue_fingerprints.c.grouping_version)
    for part in parts(ids):
        query = select(*columns).where(issue_fingerprints.c.issue_id.in_(part)).order_by(columns[0])
        found += [(Fingerprint(row[0]), IssueId(row[1]), int(row[2])) for row in tx.execute(query)]
    return found


def give_up(tx: Connection, ids: Sequence[IssueId], into: IssueId, at: datetime) -> None:
    """Move everything that issues own to another one, and have their ids lead there. No event is touched."""
    moved = [(fingerprint, into, version) for fingerprint, _, version in fingerprints_of(tx, ids)]
    store.add_aliases(tx, moved, at)
    seen = tx.execute(select(issue_versions).where(issue_versions.c.issue_id.in_(ids))).all()
    store.add_versions(tx, [(into, row.version, row.first_seen, row.last_seen) for row in seen])
    handles = tx.execute(select(issue_teams.c.handle).where(issue_teams.c.issue_id.in_(ids))).scalars().all()
    store.add_teams(tx, [(into, handle) for handle in handles])
    for table in (issue_versions, issue_teams):
        tx.execute(delete(table).where(table.c.issue_id.in_(ids)))
    tx.execute(update(joined_issues).where(joined_issues.c.into_id.in_(ids)).values(into_id=into))
    tx.execute(delete(issues).where(issues.c.id.in_(ids)))
    tx.execute(insert(joined_issues), [{"id": issue_id, "into_id": into, "joined_at": at} for issue_id in ids])


def led_to(tx: Connection, ids: Iterable[IssueId]) -> dict[IssueId, IssueId]:
    """Where the ids of issues that were joined lead; others are missing."""
    found: dict[IssueId, IssueId] = {}
    for part in parts(sorted(ids)):
        query = select(joined_issues).where(joined_issues.c.id.in_(part))
        found |= {IssueId(row.id): IssueId(row.into_id) for row in tx.execute(query)}
    return found
