"""What a searchable attribute is: the places where its values may be stored. Which there are, a catalogue says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias

from errata.query.nodes import Field


class Kind(Enum):
    """How a column stores its value."""

    TEXT = "text"
    FLAG = "flag"
    """A boolean that says `true` or nothing: a stored false cannot be told from unknown."""
    INSTANT = "instant"
    """A point in time; a query writes epoch milliseconds or ISO 8601."""


class Unit(Enum):
    """What a stored number counts, where a query may write it with a suffix (`20ms`, `2h`)."""

    NONE = "none"
    MILLISECOND = "ms"
    NANOSECOND = "ns"


class Case(Enum):
    """What is known about the case of stored values. Where something is known, a query's case is ignored."""

    EXACT = "exact"
    LOWER = "lower"
    UPPER = "upper"
    MIXED = "mixed"
    """Ignored, but stored as it came."""


@dataclass(frozen=True, slots=True)
class Column:
    """One value a row. `missing` is the stored text that means that there is none.

    `by_words`: equality looks for words in the value instead of comparing all of it. `wordy` names a column with the
    same text but a NUL for each word that holds a digit (`words.is_wordy`), empty where there is none.
    """

    name: str
    kind: Kind = Kind.TEXT
    case: Case = Case.EXACT
    missing: str = ""
    by_words: bool = False
    wordy: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a column that maps texts to lists of texts.

    `joined` names a column whose text holds all values of the map, between white space; empty where there is none.
    """

    column: str
    key: str
    case: Case = Case.EXACT
    unit: Unit = Unit.NONE
    joined: str = ""


@dataclass(frozen=True, slots=True)
class Elements:
    """Every element of a list of texts."""

    column: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """What follows `key:` in the elements of a list of texts that begin so."""

    column: str
    key: str
    case: Case = Case.EXACT


@dataclass(frozen=True, slots=True)
class Joined:
    """Values that the rows do not hold: they belong to something else that the rows are joined with.

    In the case named, and instants and numbers as their plainest text.
    """

    name: str
    kind: Kind = Kind.TEXT
    case: Case = Case.EXACT
    unit: Unit = Unit.NONE


Place: TypeAlias = Column | Entry | Elements | Tagged | Joined


@dataclass(frozen=True, slots=True)
class Values:
    """Every element of every key of a column that maps texts to lists of texts."""

    column: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns read as one text where both have a value."""

    first: Column
    second: Column
    separator: str


@dataclass(frozen=True, slots=True)
class Several:
    """Columns of short texts, which are cheaper said once together than one by one."""

    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Texts that `joined`, a column, holds as one, those that are not empty, with `words.JOINER` between each two."""

    parts: tuple[Values | Several, ...]
    joined: str


@dataclass(frozen=True, slots=True)
class Unlike:
    """A text that is stored, as `own`, only where it differs from one that is searched too; `text` reads as a whole."""

    text: Column
    own: Column


@dataclass(frozen=True, slots=True)
class Filled:
    """A long text that is stored as a template, with a NUL for each place where the value of another column stands.

    `text` reads as a whole, `filled` says whether there is such a place, which is then between white space or ends of
    the text, and the value is not empty. Only where `value` is searched by itself too.
    """

    text: Column
    template: str
    filled: str
    value: str


Text: TypeAlias = Column | Several | Values | Gathered | Pair | Filled | Unlike
"""Where words are looked for."""


class Catalogue(Protocol):
    """Which fields there are and where they are stored."""

    @property
    def free_text(self) -> tuple[Text, ...]:
        """Where a bare word looks."""

    @property
    def full_text(self) -> tuple[Text, ...]:
        """Where `*:word` looks."""

    def places_of(self, field: Field) -> tuple[Place, ...]:
        """Where the field's values are stored; the first place that has one counts. Empty: the field is never there."""

    def places_beside(self, field: Field) -> tuple[Place, ...]:
        """Where further values of the field are stored, which count whether or not the others are there."""

    def places_within(self, field: Field) -> tuple[Place, ...]:
        """Where values of the fields below this one are stored (`error.type` below `error`), as far as columns go."""
