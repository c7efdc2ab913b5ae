"""What can be searched on cases, and the values that each case has. Rule: search syntax, section 8. Pure.

All comparisons ignore case: values are `folded`, and so are queries (`plan.settled`). `row_of` is the reference: what
`query/match.py` finds on these rows is what a search finds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from errata.base.clock import to_ms
from errata.base.ids import CaseTypeId, CustomAttributeId, ProjectId, UserId
from errata.cases.model import Case, CaseType, CustomAttribute, CustomValue, StatusGroup
from errata.query.facets import Column, Entry, Joined, Kind, Place, Text, Values
from errata.query.marked import evened, fold
from errata.query.match import Row
from errata.query.nodes import Field
from errata.query.numbers import number_text

_NEVER = "\0"
"""No text is this: an empty description is one that exists."""
TITLE = Column("title", missing=_NEVER, by_words=True)
KEY = Column("key", missing=_NEVER)
DESCRIPTION = Column("description", missing=_NEVER, by_words=True)
VALUES = "values"
"""The attributes of both kinds, by key."""

TIMES = ("created_at", "modified_at", "closed_at", "archived_at")
FACETS: dict[str, Joined] = {
    name: Joined(name)
    for name in (
        "status",
        "status_name",
        "status_group",
        "priority",
        "type",
        "project",
        "creation_source",
        "assignee",
        "created_by",
        "archived",
    )
} | {name: Joined(name, Kind.INSTANT) for name in (*TIMES, "due_date")}
"""By the key that names it in a query; times are epoch milliseconds, a date is the midnight it begins with, in UTC."""
LOOSE = frozenset({"status", "type"})
"""Compared without blanks and underscores: a name may be written like the word of an enumeration."""
ARCHIVE = frozenset({"archived", "archived_at"})
"""A query that names one of them finds archived cases as well."""

_PLACES: dict[str, Place] = {"title": TITLE, "key": KEY, "description": DESCRIPTION, **FACETS}
_GAPS = re.compile(r"[\s_]+")
_PIECES = re.compile(r"\S{1,500}")


class CaseCatalogue:
    """What can be searched on cases. A key that names nothing else is an attribute's, of either kind."""

    @property
    def free_text(self) -> tuple[Text, ...]:
        """Title, key and description."""
        return (TITLE, KEY, DESCRIPTION)

    @property
    def full_text(self) -> tuple[Text, ...]:
        """These and all values of attributes."""
        return (TITLE, KEY, DESCRIPTION, Values(VALUES))

    def places_of(self, field: Field) -> tuple[Place, ...]:
        """With an `@` an attribute first, without one only what no name of ours hides."""
        own = (_PLACES[field.name],) if field.name in _PLACES else ()
        attribute = (Entry(VALUES, field.name),)
        return (*attribute, *own) if field.is_attribute else own or attribute

    def places_beside(self, field: Field) -> tuple[Place, ...]:  # noqa: ARG002 - as catalogues are asked
        """Nothing is kept in two places."""
        return ()

    def places_within(self, field: Field) -> tuple[Place, ...]:  # noqa: ARG002
        """No name of ours has another below it."""
        return ()


CASES = CaseCatalogue()
"""The one catalogue of the case search: it has no state."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What cases refer to: by id, types, keys of projects, handle and e-mail of people, and living definitions."""

    types: Mapping[CaseTypeId, CaseType] = field(default_factory=dict)
    projects: Mapping[ProjectId, str] = field(default_factory=dict)
    people: Mapping[UserId, tuple[str, ...]] = field(default_factory=dict)
    definitions: Mapping[CustomAttributeId, CustomAttribute] = field(default_factory=dict)


def row_of(case: Case, around: Surroundings) -> Row:
    """Every place of a case with its values as they are compared."""
    project, people = case.project_id, around.people
    return {
        "title": evened(composed(case.title)),
        "key": evened(case.key),
        "description": evened(composed(case.description)),
        VALUES: _values_of(case, around.definitions),
        "status": (*map(loose, group_names(case.status_group)), loose(case.status_name)),
        "status_name": (folded(case.status_name),),
        "status_group": (fold(case.status_group),),
        "priority": (fold(case.priority),),
        "type": tuple(map(loose, type_names(around.types[case.type_id]))),
        "project": tuple(map(fold, (around.projects[project], str(project)))),
        "creation_source": (folded(case.creation_source),),
        "assignee": _person(case.assignee_id, people),
        "created_by": _person(case.created_by, people),
        "archived": (flag(case.archived_at is not None),),
        "created_at": _instant(case.created_at),
        "modified_at": _instant(case.modified_at),
        "closed_at": _instant(case.closed_at),
        "archived_at": _instant(case.archived_at),
        "due_date": (str(day_ms(case.due_date)),) if case.due_date else (),
    }


def composed(text: str) -> str:
    """The text in Unicode's composed form: an accent may have been typed as a character of its own.

    Piece by piece, since composing takes quadratic time where nothing but accents follows one another.
    """
    return text if text.isascii() else _PIECES.sub(lambda piece: unicodedata.normalize("NFC", piece[0]), text)


def folded(text: str) -> str:
    """A text as it is compared: composed, and in one case."""
    return fold(composed(text))


def loose(text: str) -> str:
    """A text as what is in `LOOSE` is compared."""
    return _GAPS.sub("", folded(text))


def group_names(group: StatusGroup) -> tuple[str, ...]:
    """What `status` calls a group: the word of the old list."""
    return (group.legacy,)


def type_names(case_type: CaseType) -> tuple[str, ...]:
    """What `type` calls a type: its name, the deprecated word, its id."""
    return case_type.name, case_type.legacy, str(case_type.id)


def flag(value: bool) -> str:
    """A boolean as a query writes it."""
    return "true" if value else "false"


def day_ms(day: date) -> int:
    """The midnight with which a day begins, in UTC."""
    return (day.toordinal() - _FIRST_DAY) * DAY_MS


def days_of(first_ms: int, last_ms: int) -> tuple[str, str] | None:
    """The first and the last day, in ISO 8601, that begin in a span of milliseconds; None where none does."""
    first = max(-(-first_ms // DAY_MS) + _FIRST_DAY, date.min.toordinal())
    last = min(last_ms // DAY_MS + _FIRST_DAY, date.max.toordinal())
    return (date.fromordinal(first).isoformat(), date.fromordinal(last).isoformat()) if first <= last else None


def texts_of(value: CustomValue) -> tuple[str, ...]:
    """The values of a custom attribute as texts; equal numbers are equal texts."""
    return tuple(item if isinstance(item, str) else number_text(item) for item in value.items)


def may_be_key(text: str) -> bool:
    """Whether an attribute of either kind can be called so; nothing else is asked for in a database."""
    return text.isascii() and "\0" not in text


def attribute_field(key: str) -> str:
    """How values of a plain attribute are filed."""
    return f"attribute:{key}"


def custom_field(id_: CustomAttributeId) -> str:
    """How values of a custom attribute are filed."""
    return f"custom:{id_.hex}"


def text_field(column: str) -> str:
    """How a title or a description is filed that is nothing but a number or an address."""
    return f"text:{column}"


DAY_MS = 86_400_000
_FIRST_DAY = date(1970, 1, 1).toordinal()


def _values_of(case: Case, definitions: Mapping[CustomAttributeId, CustomAttribute]) -> dict[str, list[str]]:
    found = {key: [folded(value) for value in values] for key, values in case.attributes.items()}
    for id_, value in case.custom_attributes.items():
        if id_ in definitions:
            found.setdefault(definitions[id_].key, []).extend(map(folded, texts_of(value)))
    return found


def _person(id_: UserId | None, people: Mapping[UserId, tuple[str, ...]]) -> tuple[str, ...]:
    return (str(id_), *map(folded, people.get(id_, ()))) if id_ else ()


def _instant(at: datetime | None) -> tuple[str, ...]:
    return (str(to_ms(at)),) if at else ()
