"""The tree of a query: what was asked, before it is settled where each field is stored.

Trees are values: frozen, compared by content, free of positions. `And` and `Or` are flat per level; parentheses
leave no node of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

L = TypeVar("L")
"""What the leaves are: a clause as written (`Leaf`), or what it was bound to (`bind.BoundLeaf`)."""


@dataclass(frozen=True, slots=True)
class All:
    """Matches everything: an empty query, `*`, `*:*`."""


@dataclass(frozen=True, slots=True)
class And(Generic[L]):
    """Every part matches; two parts or more."""

    parts: tuple[Tree[L], ...]


@dataclass(frozen=True, slots=True)
class Or(Generic[L]):
    """One part or more matches; two parts or more."""

    parts: tuple[Tree[L], ...]


@dataclass(frozen=True, slots=True)
class Not(Generic[L]):
    """The part does not match, whatever the reason: what lacks the field is matched too."""

    part: Tree[L]


@dataclass(frozen=True, slots=True)
class Field:
    """A key as written, escapes removed; `is_attribute` says that an `@` stood before it."""

    name: str
    is_attribute: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One word of free text."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of free text that stand next to each other."""

    text: str


@dataclass(frozen=True, slots=True)
class Glob:
    """One word of free text with wildcards. In a pattern `*` and `?` are wild, and literal after a backslash."""

    pattern: str


@dataclass(frozen=True, slots=True)
class FullText:
    """A word anywhere in the free text or in any attribute value."""

    text: str


@dataclass(frozen=True, slots=True)
class FullTextPhrase:
    """A phrase anywhere in the free text or in any attribute value."""

    text: str


@dataclass(frozen=True, slots=True)
class FullTextGlob:
    """A word with wildcards anywhere in the free text or in any attribute value; pattern as in `Glob`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Eq:
    """The whole value of the field equals the text."""

    field: Field
    value: str


@dataclass(frozen=True, slots=True)
class FieldGlob:
    """The whole value of the field fits the pattern; pattern as in `Glob`."""

    field: Field
    pattern: str


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there, be it empty, zero or false."""

    field: Field


class Operator(StrEnum):
    """How a value stands to a bound."""

    GREATER = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="


Bound: TypeAlias = int | float | str
"""A number compares with what reads as a number; a text, which never reads as one, by code points."""


@dataclass(frozen=True, slots=True)
class Cmp:
    """The field's value lies on one side of a bound."""

    field: Field
    operator: Operator
    bound: Bound


@dataclass(frozen=True, slots=True)
class Range:
    """The field's value lies between two bounds; None is an open end."""

    field: Field
    low: Bound | None
    high: Bound | None
    includes_low: bool
    includes_high: bool


@dataclass(frozen=True, slots=True)
class Cidr:
    """The field's value is an address inside one of the blocks, which are kept as written."""

    field: Field
    blocks: tuple[str, ...]


Leaf: TypeAlias = (
    Term | Phrase | Glob | FullText | FullTextPhrase | FullTextGlob | Eq | FieldGlob | Exists | Cmp | Range | Cidr
)
Tree: TypeAlias = "All | And[L] | Or[L] | Not[L] | L"
Node: TypeAlias = "Tree[Leaf]"
