"""Loading and saving of keys. The secret goes in as its digest and never comes out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select, update

from errata.access.decide import effective_scopes, search_text_of
from errata.access.model import KeyKind, KeyRecord, Scope, User
from errata.access.store import known_scopes, load_roles, load_user
from errata.access.tables import keys
from errata.base.ids import KeyId, UserId
from errata.base.parts import parts
from errata.storage.sql import Transaction, insert


@dataclass(frozen=True, slots=True)
class Held:
    """A key that opens something now: its owner (None for the organisation's keys) and what both may together."""

    record: KeyRecord
    owner: User | None
    scopes: frozenset[Scope]


def digest_of(secret: str) -> str:
    """SHA-256 of a secret in hex. Any text has one, lone surrogates of a raw header included."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def load_held(tx: Transaction, digest: str) -> Held | None:
    """The key with this digest, None when there is none, it was revoked or its owner is disabled."""
    row = tx.execute(select(keys).where(keys.c.secret_digest == digest, keys.c.revoked_at.is_(None))).one_or_none()
    if row is None:
        return None
    record = key_of(row)
    if not record.kind.acts_as_user:
        return Held(record, None, frozenset())
    owner = load_user(tx, record.owner_id) if record.owner_id else None
    if owner is None or owner.disabled:
        return None
    roles = load_roles(tx, owner.role_ids).values()
    return Held(record, owner, effective_scopes((role.scopes for role in roles), record.scopes))


def load_key(tx: Transaction, key_id: KeyId) -> KeyRecord | None:
    """One key, revoked or not, locked until the transaction ends."""
    row = tx.execute(select(keys).where(keys.c.id == key_id).with_for_update()).one_or_none()
    return key_of(row) if row else None


def load_key_by_digest(tx: Transaction, digest: str) -> KeyRecord | None:
    """The key with this digest, revoked or not."""
    row = tx.execute(select(keys).where(keys.c.secret_digest == digest)).one_or_none()
    return key_of(row) if row else None


def add_key(tx: Transaction, new: KeyRecord, digest: str) -> bool:
    """Write a new key; False when a key with that digest exists, which then stays as it is."""
    row = {
        "id": new.id,
        "kind": new.kind.value,
        "secret_digest": digest,
        "last4": new.last4,
        "name": new.name,
        "search_text": search_text_of(new.name),
        "owner_id": new.owner_id,
        "scopes": None if new.scopes is None else sorted(scope.value for scope in new.scopes),
        "created_by": new.created_by,
        "modified_by": new.modified_by,
        "created_at": new.created_at,
        "modified_at": new.modified_at,
    }
    return (
        tx.execute(insert(tx, keys).values(row).on_conflict_do_nothing(index_elements=["secret_digest"])).rowcount > 0
    )


def save_revoked(tx: Transaction, changed: KeyRecord) -> None:
    """Write that a key was revoked, when and by whom."""
    tx.execute(
        update(keys)
        .where(keys.c.id == changed.id)
        .values(
            revoked_at=changed.revoked_at,
            modified_at=changed.modified_at,
            modified_by=changed.modified_by,
        )
    )


def count_valid(tx: Transaction, kind: KeyKind, owner_id: UserId | None) -> int:
    """How many keys of a kind are not revoked: of one user, or of the organisation when `owner_id` is None."""
    query = select(func.count()).select_from(keys).where(keys.c.kind == kind.value, keys.c.revoked_at.is_(None))
    if owner_id is not None:
        query = query.where(keys.c.owner_id == owner_id)
    return tx.execute(query).scalar_one()


def save_used(tx: Transaction, ids: Iterable[KeyId], at: datetime, unless_since: datetime) -> None:
    """Write when keys were last used, leaving those alone that were written since `unless_since`."""
    stale = or_(keys.c.last_used_at.is_(None), keys.c.last_used_at < unless_since)
    for part in parts(sorted(ids)):
        tx.execute(update(keys).where(keys.c.id.in_(part), stale).values(last_used_at=at))


def key_of(row: Row[Any]) -> KeyRecord:
    """The key in a row of the table."""
    return KeyRecord(
        id=KeyId(row.id),
        kind=KeyKind(row.kind),
        name=row.name,
        last4=row.last4,
        created_at=row.created_at,
        modified_at=row.modified_at,
        owner_id=UserId(row.owner_id) if row.owner_id else None,
        scopes=None if row.scopes is None else known_scopes(row.scopes),
        created_by=UserId(row.created_by) if row.created_by else None,
        modified_by=UserId(row.modified_by) if row.modified_by else None,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
