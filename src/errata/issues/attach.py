"""A stored batch becomes part of its issues: found, opened, counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from errata.base.clock import from_ms
from errata.base.facts import Fact
from errata.base.ids import Fingerprint, NewId, issue_id_of
from errata.events.search import IssueFold
from errata.issues import decide, store
from errata.issues.tables import MAX_HANDLE_CHARS
from errata.storage import outbox


def attach(tx: Connection, batch: int, folds: Sequence[IssueFold], at: datetime, new_id: NewId) -> int:
    """Fold what the event store holds of a batch into its issues, and say how many were opened.

    Belongs into the transaction that finishes the batch: run once for each batch, it counts each event once.
    """
    folds = sorted(folds, key=lambda fold: fold.fingerprint)
    known = store.issues_of(tx, [fold.fingerprint for fold in folds])
    unknown = [fold for fold in folds if fold.fingerprint not in known]
    store.add_new(tx, batch, [(Fingerprint(fold.fingerprint), decide.opened(fold, at)) for fold in unknown])
    new = store.opened_in(tx, batch) if unknown else set()
    ids = {fold.fingerprint: known[fold.fingerprint].id if fold.fingerprint in known else issue_id_of(fold.fingerprint)
           for fold in folds}  # fmt: skip
    issues = store.load_many(tx, list(set(ids.values())), for_update=True)
    facts: list[Fact] = []
    for fold in folds:
        issue_id = ids[fold.fingerprint]
        issues[issue_id] = decide.grown(issues[issue_id], fold)
    store.save(tx, issues.values())
    facts += [decide.fact_of_opening(issues[issue_id], at, new_id) for issue_id in sorted(new)]
    outbox.append(tx, facts)
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
    store.add_teams(tx, [(ids[fingerprint], handle) for fingerprint, handle in named])
    return len(new)
