"""Loading and saving of issues. Nothing here commits, and nothing here decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    String,
    bindparam,
    cast,
    func,
    select,
    update,
)

from errata.access.tables import teams
from errata.base.ids import Fingerprint, IssueId, TeamId, UserId
from errata.base.parts import parts
from errata.events.model import Platform, Track
from errata.events.search import Aliases, packed
from errata.issues.causes import Cause, cause_of
from errata.issues.model import Issue, IssueState, Regression
from errata.issues.tables import (
    issue_fingerprints,
    issue_teams,
    issue_versions,
    issues,
    joined_issues,
    service_versions,
)
from errata.storage.bytewise import bytewise
from errata.storage.sql import upsert


def load(tx: Connection, issue_id: IssueId, *, for_update: bool = False) -> Issue | None:
    """One issue with its owners, or None. The id of one that was joined to another leads there."""
    found = load_many(tx, [issue_id], for_update=for_update)
    if issue_id in found:
        return found[issue_id]
    into = tx.scalar(select(joined_issues.c.into_id).where(joined_issues.c.id == issue_id))
    return load_many(tx, [IssueId(into)], for_update=for_update).get(IssueId(into)) if into else None


def load_many(tx: Connection, ids: Sequence[IssueId], *, for_update: bool = False) -> dict[IssueId, Issue]:
    """Issues by id with their owners; ids that do not exist are missing.

    `for_update` locks the rows in the order of their ids until the transaction ends, where the engine locks rows.
    """
    rows: list[Row[Any]] = []
    for part in parts(sorted(ids)):
        query = select(issues).where(issues.c.id.in_(part)).order_by(issues.c.id)
        rows += tx.execute(query.with_for_update() if for_update else query).all()
    owners = _owners(tx, [row.id for row in rows])
    return {IssueId(row.id): _issue(row, owners.get(row.id, ())) for row in rows}


def issues_of(tx: Connection, fingerprints: Sequence[Fingerprint]) -> dict[Fingerprint, Issue]:
    """The issue of each fingerprint that has one."""
    home: dict[Fingerprint, IssueId] = {}
    for part in parts(fingerprints):
        query = select(issue_fingerprints.c.fingerprint, issue_fingerprints.c.issue_id).where(
            issue_fingerprints.c.fingerprint.in_(part)
        )
        home |= {Fingerprint(row.fingerprint): IssueId(row.issue_id) for row in tx.execute(query)}
    found = load_many(tx, list(set(home.values())))
    return {fingerprint: found[issue_id] for fingerprint, issue_id in home.items()}


def add_new(tx: Connection, batch: int, opened: Sequence[tuple[Fingerprint, Issue]]) -> None:
    """Insert issues that are not there yet; those that are stay untouched."""
    if not opened:
        return
    rows = [_row(issue) | {"id": issue.id, "opened_in_batch": batch} for _, issue in opened]
    upsert(tx, issues, rows, key=("id",))
    links = [
        {
            "fingerprint": fingerprint,
            "issue_id": issue.id,
            "grouping_version": issue.grouping_version,
            "added_at": issue.opened_at,
        }
        for fingerprint, issue in opened
    ]
    upsert(tx, issue_fingerprints, links, key=("fingerprint",))


def opened_in(tx: Connection, batch: int) -> set[IssueId]:
    """The issues that a batch opened and that hold no event yet."""
    query = select(issues.c.id).where(issues.c.opened_in_batch == batch, issues.c.event_count == 0)
    return {IssueId(issue_id) for issue_id in tx.execute(query).scalars()}


def save(tx: Connection, changed: Iterable[Issue]) -> None:
    """Write issues that exist."""
    rows = [_row(issue) | {"_id": issue.id} for issue in changed]
    if rows:
        columns: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in rows[0] if name != "_id"}
        tx.execute(update(issues).where(issues.c.id == bindparam("_id")).values(columns), rows)


def add_versions(tx: Connection, seen: Iterable[tuple[IssueId, str, datetime, datetime]]) -> None:
    """Widen what is known of the versions that issues were seen in: (issue, version, first, last)."""
    rows = [
        {"issue_id": issue_id, "version": version, "first_seen": first, "last_seen": last}
        for issue_id, version, first, last in seen
    ]
    if not rows:
        return
    upsert(tx, issue_versions, rows, key=("issue_id", "version"))
    mine = (issue_versions.c.issue_id == bindparam("_issue"), issue_versions.c.version == bindparam("_version"))
    earlier = update(issue_versions).where(*mine, issue_versions.c.first_seen > bindparam("_first"))
    later = update(issue_versions).where(*mine, issue_versions.c.last_seen < bindparam("_last"))
    keyed = [{"_issue": row["issue_id"], "_version": row["version"]} for row in rows]
    firsts = [key | {"_first": row["first_seen"]} for key, row in zip(keyed, rows, strict=True)]
    lasts = [key | {"_last": row["last_seen"]} for key, row in zip(keyed, rows, strict=True)]
    tx.execute(earlier.values(first_seen=bindparam("_first")), firsts)
    tx.execute(later.values(last_seen=bindparam("_last")), lasts)


def add_service_versions(tx: Connection, seen: Iterable[tuple[str, str, datetime]]) -> None:
    """Note first sightings of versions: (service, version, first). An earlier one than is known takes its place."""
    first: dict[tuple[str, str], datetime] = {}
    for service, version, at in seen:
        first[service, version] = min(at, first.get((service, version), at))
    if not first:
        return
    rows = [{"service": each[0], "version": each[1], "first_seen": at} for each, at in sorted(first.items())]
    upsert(tx, service_versions, rows, key=("service", "version"))
    mine = (service_versions.c.service == bindparam("_service"), service_versions.c.version == bindparam("_version"))
    earlier = update(service_versions).where(*mine, service_versions.c.first_seen > bindparam("_first"))
    keyed = [{"_service": each[0], "_version": each[1], "_first": at} for each, at in sorted(first.items())]
    tx.execute(earlier.values(first_seen=bindparam("_first")), keyed)


def first_sightings(tx: Connection, service: str, versions: Iterable[str]) -> dict[str, datetime]:
    """When a service was first seen in each of these versions; those that it never had are missing."""
    query = select(service_versions.c.version, service_versions.c.first_seen).where(
        service_versions.c.service == service, service_versions.c.version.in_(sorted(versions))
    )
    return {row.version: row.first_seen for row in tx.execute(query)}


def versions_of(tx: Connection, issue_id: IssueId) -> set[str]:
    """The versions that an issue was seen in."""
    return set(tx.execute(select(issue_versions.c.version).where(issue_versions.c.issue_id == issue_id)).scalars())


def add_teams(tx: Connection, named: Iterable[tuple[IssueId, str]]) -> None:
    """Note the team handles that events of an issue named."""
    rows = [{"issue_id": issue_id, "handle": handle} for issue_id, handle in named]
    upsert(tx, issue_teams, rows, key=("issue_id", "handle"))


def excluded_fingerprints(tx: Connection) -> set[Fingerprint]:
    """Fingerprints whose events are not collected, because somebody excluded their issue."""
    query = (
        select(issue_fingerprints.c.fingerprint)
        .join(issues, issues.c.id == issue_fingerprints.c.issue_id)
        .where(issues.c.state == str(IssueState.EXCLUDED))
    )
    return {Fingerprint(fingerprint) for fingerprint in tx.execute(query).scalars()}


def add_aliases(tx: Connection, owned: Sequence[tuple[Fingerprint, IssueId, int]], at: datetime) -> None:
    """Have issues own further fingerprints: (fingerprint, issue that exists, grouping version).

    A fingerprint of another issue moves; of an issue that is given up all have to, its first one included. Events are
    not touched: searches count an alias under its issue's first fingerprint.
    """
    mains = _mains(tx, list({issue_id for _, issue_id, _ in owned}))
    newest = tx.scalar(select(func.max(issue_fingerprints.c.main_since)))
    since = max(at, newest + timedelta(microseconds=1)) if newest else at
    rows = [
        {
            "fingerprint": fingerprint,
            "issue_id": issue_id,
            "grouping_version": grouping_version,
            "added_at": at,
            "main": mains[issue_id],
            "main_since": since,
        }
        for fingerprint, issue_id, grouping_version in owned
        if fingerprint != mains[issue_id]
    ]
    upsert(tx, issue_fingerprints, rows, key=("fingerprint",), update=("issue_id", "main", "main_since"))


def _mains(tx: Connection, ids: Sequence[IssueId]) -> dict[IssueId, Fingerprint]:
    found: dict[IssueId, Fingerprint] = {}
    for part in parts(ids):
        query = select(issue_fingerprints.c.issue_id, issue_fingerprints.c.fingerprint).where(
            issue_fingerprints.c.issue_id.in_(part), issue_fingerprints.c.main.is_(None)
        )
        found |= {IssueId(issue_id): Fingerprint(fingerprint) for issue_id, fingerprint in tx.execute(query)}
    return found


def aliases_changed_at(tx: Connection) -> tuple[datetime | None, int]:
    """What differs whenever `aliases` does; cheap to ask: one end of a small index, and its length."""
    since = issue_fingerprints.c.main_since
    newest, count = tx.execute(select(func.max(since), func.count(since)).where(since.is_not(None))).one()
    return newest, count


def aliases(tx: Connection) -> Aliases:
    """Every alias with the fingerprint under which searches count its issue."""
    columns = (issue_fingerprints.c.fingerprint, issue_fingerprints.c.main)
    rows = tx.execute(select(*map(digits_of, columns)).where(issue_fingerprints.c.main_since.is_not(None))).all()
    return Aliases(packed([row[0] for row in rows]), packed([row[1] for row in rows]))


def digits_of(column: ColumnElement[UUID]) -> ColumnElement[str]:
    """A UUID as its digits, for `packed`: a hundred thousand UUID objects would take a second."""
    return cast(column, String)


def _owners(tx: Connection, ids: Sequence[UUID]) -> dict[UUID, tuple[TeamId, ...]]:
    owners: dict[UUID, tuple[TeamId, ...]] = {}
    for part in parts(ids):
        query = (
            select(issue_teams.c.issue_id, teams.c.id)
            .join(teams, teams.c.handle == issue_teams.c.handle)
            .where(issue_teams.c.issue_id.in_(part))
            .order_by(bytewise(teams.c.handle))
        )
        for issue_id, team_id in tx.execute(query):
            owners[issue_id] = (*owners.get(issue_id, ()), TeamId(team_id))
    return owners


def _issue(row: Row[Any], team_ids: tuple[TeamId, ...]) -> Issue:
    regression = None
    if row.regressed_at is not None:
        regression = Regression(row.regression_resolved_at, row.regressed_at, row.regressed_at_version or "")
    return Issue(
        id=IssueId(row.id),
        state=IssueState(row.state),
        service=row.service,
        error_type=row.error_type,
        error_message=row.error_message,
        file_path=row.file_path,
        function_name=row.function_name,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        first_seen_version=row.first_seen_version,
        last_seen_version=row.last_seen_version,
        is_crash=row.is_crash,
        has_in_app=row.has_in_app,
        languages=tuple(row.languages),
        platform=Platform(row.platform),
        tracks=tuple(Track(track) for track in row.tracks),
        grouping_version=row.grouping_version,
        event_count=row.event_count,
        opened_at=row.opened_at,
        assignee_id=UserId(row.assignee_id) if row.assignee_id else None,
        resolved_at=row.resolved_at,
        regression=regression,
        team_ids=team_ids,
        suspected_cause=(
            Cause(row.suspected_cause) if row.suspected_cause else cause_of(row.error_type, row.error_message)
        ),
    )


def _row(issue: Issue) -> dict[str, Any]:
    regression = issue.regression
    return {
        "state": str(issue.state),
        "service": issue.service,
        "error_type": issue.error_type,
        "error_message": issue.error_message,
        "file_path": issue.file_path,
        "function_name": issue.function_name,
        "first_seen": issue.first_seen,
        "last_seen": issue.last_seen,
        "first_seen_version": issue.first_seen_version,
        "last_seen_version": issue.last_seen_version,
        "is_crash": issue.is_crash,
        "has_in_app": issue.has_in_app,
        "languages": list(issue.languages),
        "platform": str(issue.platform),
        "tracks": [str(track) for track in issue.tracks],
        "grouping_version": issue.grouping_version,
        "event_count": issue.event_count,
        "opened_at": issue.opened_at,
        "assignee_id": issue.assignee_id,
        "resolved_at": issue.resolved_at,
        "regression_resolved_at": regression.resolved_at if regression else None,
        "regressed_at": regression.regressed_at if regression else None,
        "regressed_at_version": regression.regressed_at_version if regression else None,
        "suspected_cause": str(issue.suspected_cause),
    }
