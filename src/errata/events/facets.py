"""The catalogue of what can be searched on error events, and where the event store keeps it.

Every attribute can be searched without being declared: what has no column of its own lives in the `attributes` map
under its dotted path. Rule: search syntax, sections 4 and 5.
"""

from __future__ import annotations

from errata.query.facets import (
    Case,
    Column,
    Elements,
    Entry,
    Filled,
    Gathered,
    Joined,
    Kind,
    Pair,
    Place,
    Several,
    Tagged,
    Text,
    Unit,
    Unlike,
    Values,
)
from errata.query.nodes import Field

ATTRIBUTES = "attributes"
FULL_TEXT = "full_text"
TAGS = "tags"

RESERVED = {
    "service": Column("service"),
    "env": Column("env"),
    "version": Column("version"),
    "host": Column("host"),
    "source": Column("source"),
    "status": Column("status", case=Case.LOWER),
    "trace_id": Column("trace_id"),
    "message": Column("message", by_words=True, wordy="wordy_message"),
    "timestamp": Column("timestamp", kind=Kind.INSTANT),
}
"""Keys that mean a column with and without `@`; with it, an attribute of that name goes first."""

OWN_COLUMNS = {
    "error.type": Column("error_type"),
    "error.message": Column("error_message"),
    "error.stack": Column("error_stack"),
    "error.fingerprint": Column("error_fingerprint"),
    "error.handling": Column("error_handling"),
    "error.source": Column("error_source"),
    "error.category": Column("error_category"),
    "usr.id": Column("usr_id"),
    "usr.email": Column("usr_email"),
    "usr.name": Column("usr_name"),
    "usr.anonymous_id": Column("usr_anonymous_id"),
    "session.id": Column("session_id"),
    "span_id": Column("span_id"),
    "language": Column("language", case=Case.LOWER),
}
"""Attributes that are always taken out of the map into a column."""

AFTER_ATTRIBUTES = RESERVED | {
    "error.kind": Column("error_type"),
    "error.is_crash": Column("is_crash", kind=Kind.FLAG),
    "platform": Column("platform", case=Case.UPPER, missing="UNKNOWN"),
}
"""Attributes that are looked for in the map first, and then stand for a column."""

_CASES = {"status": Case.MIXED, "platform": Case.MIXED, "language": Case.MIXED}
"""Enumerated facets: their case is ignored wherever their values come from."""
_UNITS = {"duration": Unit.NANOSECOND}
"""Attributes whose numbers may be asked for with a suffix; the standard attribute counts nanoseconds."""
_ISSUE = "issue."
_ERROR = "error."

# In a row the first place that holds the words ends the search: those kept in dictionaries cost least.
_TEXT: tuple[Text, ...] = (
    Filled(OWN_COLUMNS["error.stack"], "stack_template", "stack_holds_message", "error_message"),
    OWN_COLUMNS["error.type"],
    RESERVED["message"],
    Unlike(OWN_COLUMNS["error.message"], Column("own_error_message", wordy="wordy_error_message")),
    # The title of an error, `type: message`.
    Pair(OWN_COLUMNS["error.type"], OWN_COLUMNS["error.message"], ": "),
)
_LONG = ("error.message", "error.stack", "error.type")
_SHORT = (*(OWN_COLUMNS[name] for name in OWN_COLUMNS if name not in _LONG), AFTER_ATTRIBUTES["error.is_crash"])
_REST: tuple[Text, ...] = (Gathered((Values(ATTRIBUTES), Several(_SHORT)), FULL_TEXT),)


class EventCatalogue:
    """The searchable fields of the `events` table."""

    @property
    def free_text(self) -> tuple[Text, ...]:
        """Message, error message, stack, type and title."""
        return _TEXT

    @property
    def full_text(self) -> tuple[Text, ...]:
        """The free text and the values of all attributes, those with a column of their own included."""
        return _TEXT + _REST

    def places_of(self, field: Field) -> tuple[Place, ...]:
        """Section 5's order: reserved, raw tags, issue, tag of that key, `error.*`; with `@` the attribute first."""
        name = field.name
        if name.startswith(_ISSUE):
            return (Joined(name),)
        if field.is_attribute:
            return _attribute(name)
        if name in RESERVED:
            return (RESERVED[name],)
        if name == TAGS:
            return (Elements(TAGS),)
        tag = Tagged(TAGS, name, _CASES.get(name, Case.EXACT))
        return (tag, *_attribute(name)) if name.startswith(_ERROR) else (tag,)

    def places_beside(self, _field: Field) -> tuple[Place, ...]:
        """None: an event says everything of itself in one place."""
        return ()

    def places_within(self, field: Field) -> tuple[Place, ...]:
        """The columns of attributes below it; those in the map are found by the map itself."""
        if not field.is_attribute and not field.name.startswith(_ERROR):
            return ()
        prefix = f"{field.name}."
        below = {**OWN_COLUMNS, **AFTER_ATTRIBUTES}
        return tuple(dict.fromkeys(column for name, column in below.items() if name.startswith(prefix)))


def _attribute(name: str) -> tuple[Place, ...]:
    if name in OWN_COLUMNS:
        return (OWN_COLUMNS[name],)
    entry = Entry(ATTRIBUTES, name, _CASES.get(name, Case.EXACT), _UNITS.get(name, Unit.NONE), FULL_TEXT)
    return (entry, AFTER_ATTRIBUTES[name]) if name in AFTER_ATTRIBUTES else (entry,)


EVENTS = EventCatalogue()
"""The one catalogue: it has no state."""
