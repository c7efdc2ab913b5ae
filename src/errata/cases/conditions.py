"""A planned query as a condition over the rows of `cases`.

No condition is ever NULL, so that a negation is plain NOT and also selects cases without the field. SQL compares what
there is much of, and both engines alike. What is asked of the columns of `cases` stands in `column_conditions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_, select, true

from errata.base.parts import parts
from errata.cases.column_conditions import on_column
from errata.cases.facets import (
    KEY,
    VALUES,
    attribute_field,
    custom_field,
    may_be_key,
    text_field,
)
from errata.cases.index import WORDS
from errata.cases.tables import HEAD_CHARS, case_values, cases
from errata.cases.type_store import load_attributes
from errata.query.bind import (
    Between,
    BoundTree,
    FieldTest,
    Fits,
    Holds,
    InSet,
    Inside,
    Limit,
    OneOf,
    Present,
    Test,
    TextTest,
)
from errata.query.facets import Column, Entry, Joined, Place, Text, Values
from errata.query.faults import quoted, unsupported
from errata.query.marked import BEGIN, END, needle
from errata.query.match import holds
from errata.query.nodes import All, And, Not, Or
from errata.query.patterns import Wild, elements, like
from errata.query.words import Search, WordPattern
from errata.storage.bytewise import ascii_lower, bytewise
from errata.storage.sql import Transaction
from errata.storage.text_index import Asked

Where = ColumnElement[bool]
MOST_WILDCARDS = 32
"""In one word of free text; each may be tried at every character of a long text."""
MOST_JOINS = 8
"""Conditions of one level for which PostgreSQL looks for the best order; the others it puts to what these leave."""
MOST_ADDRESSES = 10_000
"""Different values of one key among which addresses are looked for."""


class Conditions:
    """Conditions for one transaction, in which is looked up what the names of a query stand for.

    `asks_elsewhere` becomes true when one of them asks other tables than that of cases: it should be put once only.
    """

    def __init__(self, tx: Transaction) -> None:
        self.asks_elsewhere = False
        self._tx = tx
        self._dialect = tx.dialect.name

    def of(self, tree: BoundTree) -> Where:
        """The condition that selects the cases which a planned tree matches.

        Raises Invalid for addresses looked for among too many values, and for a word with too many wildcards.
        """
        match tree:
            case All():
                return true()
            case And(parts):
                # Words that must all be there are looked for together, each in any of the columns.
                together: dict[tuple[str, ...], list[Search]] = {}
                for part in parts:
                    if isinstance(part, TextTest):
                        together.setdefault(_text_columns(part), []).append(part.search)
                words = [self._finds(columns, *searches) for columns, searches in together.items()]
                return self._all_of([*words, *(self.of(part) for part in parts if not isinstance(part, TextTest))])
            case Or(parts):
                return or_(*map(self.of, parts))
            case Not(part):
                return not_(self.of(part))
            case TextTest(search):
                return self._finds(_text_columns(tree), search)
            case FieldTest():
                return self._field(tree)
            case InSet(table=table):
                raise unsupported(f"cases have no {table}")

    def _all_of(self, conditions: Sequence[Where]) -> Where:
        """All of them. PostgreSQL makes joins of those that ask elsewhere, and plans many joins for seconds."""
        if self._dialect == "sqlite":
            return and_(true(), *conditions)
        asked_later = (condition.is_(true()) for condition in conditions[MOST_JOINS:])
        return and_(true(), *conditions[:MOST_JOINS], *asked_later)

    def _field(self, leaf: FieldTest) -> Where:
        if all(isinstance(test, Present) for _, test in leaf.choices):
            return or_(false(), *(self._at(place, test) for place, test in leaf.choices))
        (place, test), *later = leaf.choices
        here = self._at(place, test)
        if not later:
            return here
        return or_(here, and_(not_(self._at(place, Present())), self._field(FieldTest(leaf.field, tuple(later)))))

    def _at(self, place: Place, test: Test) -> Where:
        self.asks_elsewhere |= isinstance(place, Column | Entry)
        match place:
            case Column():
                return self._on_text(place, test)
            case Entry(column=name, key=key) if name == VALUES:
                return self._on_values(key, test)
            case Joined():
                return on_column(self._tx, place, test)
            case _:
                raise unsupported(f"cases have no {place}")

    # Texts

    def _finds(self, columns: Sequence[str], *searches: Search) -> Where:
        self.asks_elsewhere = True
        asked = []
        for search in searches:
            wanted = needle(search)
            if wanted is None:
                return false()
            if isinstance(search, WordPattern) and _wildcards(search.pattern) > MOST_WILDCARDS:
                raise unsupported(
                    f"a word has at most {MOST_WILDCARDS} wildcards, and {quoted(search.pattern)} has more"
                )
            asked.append(
                Asked(wanted.literal, wanted.parts, wanted.phrases, wanted.beginnings, is_exact=wanted.is_exact)
            )
        return cases.c.public_id.in_(WORDS.rows(self._dialect, columns, *asked))

    def _on_text(self, column: Column, test: Test) -> Where:
        match test:
            case Present():
                return true()
            case Holds(search):
                return self._finds([column.name], search)
            case OneOf(texts) if column is KEY:
                return cases.c.key.in_([text.upper() for text in texts if text.isascii()])
            case Between(low, high) if any(limit and not isinstance(limit.bound, str) for limit in (low, high)):
                return _among(case_values.c.field == text_field(column.name), _above(low), _below(high))
            case Inside():
                return self._addresses(case_values.c.field == text_field(column.name), test)
            case _ if column is KEY:
                return _passes(ascii_lower(cases.c.key), test)
            case _:
                ids, text = WORDS.rows_where(self._dialect, column.name, BEGIN, END)
                return cases.c.public_id.in_(ids.where(_passes(text, test)))

    # Attributes

    def _on_values(self, key: str, test: Test) -> Where:
        if not may_be_key(key):
            return false()
        own = [attribute_field(key), *(field for field, name in self._definitions.items() if name == key)]
        field = case_values.c.field
        match test:
            case Present():
                below = [field_ for field_, name in self._definitions.items() if name.startswith(f"{key}.")]
                # All fields whose keys begin with the key and a dot: the character after the dot is the slash.
                first, last = attribute_field(f"{key}."), attribute_field(f"{key}/")
                inside = and_(bytewise(field) >= first, bytewise(field) < last)
                return or_(_among(field.in_([*own, *below])), _among(inside))
            case OneOf(texts, number):
                found = [_among(field.in_(own), _equals(texts))]
                if number is not None:
                    found.append(_among(field.in_(own), case_values.c.number == number))
                return or_(*found)
            case Inside():
                return self._addresses(field.in_(own), test)
            case Fits(pattern):
                return _among(field.in_(own), _fits_value(pattern))
            case Between(low, high):
                return _among(field.in_(own), _above(low), _below(high))
            case Holds():
                return false()

    @cached_property
    def _definitions(self) -> dict[str, str]:
        """How values of each living custom attribute are filed, with its key."""
        return {custom_field(one.id): one.key for one in load_attributes(self._tx)}

    def _addresses(self, own: Where, test: Inside) -> Where:
        query = select(case_values.c.folded).where(own).distinct().limit(MOST_ADDRESSES + 1)
        values = self._tx.execute(query).scalars().all()
        if len(values) > MOST_ADDRESSES:
            raise unsupported(f"addresses are looked for among at most {MOST_ADDRESSES} values, and there are more")
        wanted = [value for value in values if holds(value, test)]
        return or_(false(), *(_among(own, case_values.c.folded.in_(part)) for part in parts(wanted)))


def _wildcards(pattern: str) -> int:
    return sum(isinstance(element, Wild) for element in elements(pattern))


def _text_columns(leaf: TextTest) -> tuple[str, ...]:
    return tuple(map(_text_column, leaf.places))


def _text_column(place: Text) -> str:
    match place:
        case Column(name):
            return name
        case Values():
            return "attributes"
        case _:
            raise unsupported(f"cases have no {place}")


# Values of attributes


def _among(*conditions: Where) -> Where:
    return cases.c.public_id.in_(select(case_values.c.public_id).where(*conditions))


def _equals(texts: Iterable[str]) -> Where:
    """The head says it all of a shorter text."""
    short = [text for text in texts if len(text) < HEAD_CHARS]
    long = [text for text in texts if len(text) >= HEAD_CHARS]
    beginnings = [and_(case_values.c.head == text[:HEAD_CHARS], case_values.c.folded == text) for text in long]
    return or_(case_values.c.head.in_(short) if short else false(), *beginnings)


def _fits_value(pattern: str) -> Where:
    """First the characters before the first wildcard, for which there is an index."""
    found = elements(pattern)
    before = next((index for index, element in enumerate(found) if isinstance(element, Wild)), len(found))
    beginning = "".join(str(element) for element in found[:before])[: HEAD_CHARS - 1]
    head = bytewise(case_values.c.head)
    # The index has all of a short value: the row is only read where it has not.
    fits = case(
        (func.length(case_values.c.head) < HEAD_CHARS, case_values.c.head.like(like(pattern), escape="\\")),
        else_=case_values.c.folded.like(like(pattern), escape="\\"),
    )
    end = _after(beginning)
    return and_(head >= beginning, head < end, fits) if end else and_(head >= beginning, fits)


def _after(beginning: str) -> str:
    """The first text, by code points, after all that begin so; empty where there is none."""
    if not beginning or beginning[-1] == "\U0010ffff":
        return ""
    code = ord(beginning[-1]) + 1
    return beginning[:-1] + chr(0xE000 if code == 0xD800 else code)


def _above(limit: Limit | None) -> Where:
    if limit is None:
        return true()
    value = _compared(limit)
    return value >= limit.bound if limit.included else value > limit.bound


def _below(limit: Limit | None) -> Where:
    if limit is None:
        return true()
    value = _compared(limit)
    return value <= limit.bound if limit.included else value < limit.bound


def _compared(limit: Limit) -> ColumnElement[Any]:
    return bytewise(case_values.c.folded) if isinstance(limit.bound, str) else case_values.c.number


def _passes(text: ColumnElement[str], test: Test) -> Where:
    """Whether a text, folded and never NULL, passes a test on texts."""
    match test:
        case OneOf(texts):
            return text.in_(texts)
        case Fits(pattern):
            return text.like(like(pattern), escape="\\")
        case Between(low, high):
            text = bytewise(text)
            return and_(
                true() if low is None else text >= low.bound if low.included else text > low.bound,
                true() if high is None else text <= high.bound if high.included else text < high.bound,
            )
        case _:
            return false()
