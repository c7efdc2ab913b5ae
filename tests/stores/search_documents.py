"""Sample documents of search vectors as stored events with their issues, in the form that the digest leaves them."""

from __future__ import annotations

import contextlib
import copy
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import Connection

from errata.access.tables import teams, users
from errata.base.clock import from_ms
from errata.base.ids import Fingerprint, IssueId, NodeId, UserId, event_id_at
from errata.events.model import Event, Intake, Platform, Track
from errata.events.rows import EventRow, row_of
from errata.events.store import EventStore
from errata.issues import store
from errata.issues.causes import Cause
from errata.issues.facets import Owners, values_of
from errata.issues.languages import api_language
from errata.issues.model import Issue, IssueState, Regression
from errata.storage import event_migrations
from errata.storage.clickhouse import ClickHouse
from errata.storage.sql import Database, upsert
from states import States, migrated_state
from vectors.search_vectors import FIELDS, OWN_COLUMNS, VECTORS

NOW = from_ms(VECTORS["now_ms"])
NODE = NodeId(UUID(int=1))
NAMES = UUID("4d2f5c1e-8b0a-5f43-9c57-2f1f0c4a7e11")


@dataclass(frozen=True)
class Document:
    """A document with its row, and its issue as the state holds it."""

    id: str
    fingerprint: Fingerprint
    row: EventRow
    issue: Issue
    owners: Owners

    def joined(self, now=NOW) -> dict[str, object]:
        """Its row's columns and its issue's facets: what the reference looks at."""
        columns = {name: getattr(self.row, name) for name in EventRow.__struct_fields__}
        derived = {"error_message": self.row.error_message, "error_stack": self.row.error_stack}
        at = {"timestamp": round(self.row.timestamp * 1000)}
        return columns | derived | at | values_of(self.issue, self.owners, now)


def documents(vectors: dict[str, Any] = VECTORS) -> list[Document]:
    return [_document(number, document) for number, document in enumerate(vectors["documents"])]


@contextlib.contextmanager
def searchable(engine_url: str, states: States, found: Sequence[Document]) -> Iterator[tuple[Database, ClickHouse]]:
    """A state with the documents' issues, and the event store with their rows and no others."""
    clickhouse = ClickHouse(engine_url)
    event_migrations.upgrade(clickhouse)
    clickhouse.command("TRUNCATE TABLE events")
    batch = next(_batches)
    EventStore(clickhouse).insert(batch, [in_batch(document.row, batch) for document in found])
    with migrated_state(states) as database:
        with database.write() as tx:
            for document in found:
                save_issue(tx, document)
        yield database, clickhouse
    clickhouse.close()


_batches = itertools.count(2_000_000_000)
"""Numbers that no other test of the engine uses."""


def save_issue(tx: Connection, document: Document) -> None:
    """The document's issue, and whom it belongs to."""
    store.add_new(tx, 1, [(document.fingerprint, document.issue)])
    if document.issue.assignee_id and document.owners.assignee:
        handle, email = document.owners.assignee
        texts = {"handle": handle, "email": email, "search_text": email}
        flags = {"verified": True, "service_account": False, "disabled": False, "created_at": NOW, "modified_at": NOW}
        upsert(tx, users, [{"id": document.issue.assignee_id} | texts | flags], key=("id",))
    for handle in document.owners.teams:
        row = {"id": uuid5(NAMES, handle), "handle": handle, "name": handle, "search_text": handle}
        upsert(tx, teams, [row | {"created_at": NOW, "modified_at": NOW}], key=("id",))
    store.add_teams(tx, [(document.issue.id, handle) for handle in document.owners.teams])


def row_for(number: int, fingerprint: Fingerprint, timestamp: int, **fields: Any) -> EventRow:
    """The row of an event of these fields."""
    event = Event(entry=number, received_at=timestamp, track=Track.LOGS, intake=Intake.DD_LOGS, **fields)
    return row_of(
        event, batch=0, node=NODE, position=1, event_id=event_id_at(NODE, 1, number), timestamp=timestamp,
        time_clamped=False, fingerprint=fingerprint, grouping_version=1, file_path="", function_name="", has_in_app=True,
    )  # fmt: skip


def in_batch(row: EventRow, batch: int) -> EventRow:
    return msgspec.structs.replace(row, batch=batch, position=batch << 32)


def _document(number: int, document: dict[str, Any]) -> Document:
    attributes = copy.deepcopy(document["attributes"])
    fields: dict[str, Any] = {field: _taken(attributes, path.split(".")) for path, field in OWN_COLUMNS.items()}
    fields |= {name: document[name] for name in FIELDS if name in document}
    is_crash = document["attributes"].get("error", {}).get("is_crash") is True
    fingerprint = Fingerprint(UUID(int=number + 1))
    row = row_for(
        number, fingerprint, document["timestamp"], tags=tuple(document["tags"]), attributes=attributes, is_crash=is_crash,
        **fields,
    )  # fmt: skip
    return Document(document["_id"], fingerprint, row, *_issue(document["issue"], fields))


def _taken(attributes: dict[str, Any], path: list[str]) -> str:
    *parents, last = path
    for name in parents:
        attributes = attributes.get(name, {})
    value = attributes.get(last)
    return attributes.pop(last) if isinstance(value, str) else ""


def _issue(said: dict[str, Any], fields: dict[str, Any]) -> tuple[Issue, Owners]:
    regressed_ms = VECTORS["now_ms"] - said["regression"]["age"] if "regression" in said else None
    assignee, team = said.get("assignee"), said.get("team", ())
    issue = Issue(
        id=IssueId(UUID(said["id"])),
        state=IssueState(said["state"]),
        service=fields.get("service", ""),
        error_type=fields["error_type"],
        error_message=fields["error_message"],
        file_path=said.get("file_path", ""),
        function_name=said.get("function_name", ""),
        first_seen=from_ms(said["first_seen"]),
        last_seen=from_ms(said["last_seen"]),
        first_seen_version=said.get("first_seen_version", ""),
        last_seen_version=said.get("last_seen_version", ""),
        is_crash=said["is_crash"],
        has_in_app=True,
        languages=(said["language"].upper() if "language" in said else api_language(fields["language"]),),
        platform=Platform(said["platform"]),
        tracks=(Track.LOGS,),
        grouping_version=1,
        event_count=1,
        opened_at=NOW,
        assignee_id=UserId(uuid5(NAMES, assignee)) if assignee else None,
        suspected_cause=Cause(said.get("suspected_cause", "code_exception").lower()),
    )
    if regressed_ms is not None:
        issue = replace(issue, regression=Regression(issue.first_seen, from_ms(regressed_ms), ""))
    owners = Owners(
        assignee=(assignee, assignee) if assignee else (), teams=(team,) if isinstance(team, str) else tuple(team)
    )
    return issue, owners
