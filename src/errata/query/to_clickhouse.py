"""A checked tree as a ClickHouse condition over the rows of a table.

Values are server-side parameters, identifiers come from the catalogue, and nothing that a user wrote ever becomes
SQL text. No expression here can be NULL, so that a negation is plain NOT and also selects rows without the field.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import repeat

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
    Unlike,
    Values,
)
from errata.query.faults import not_in_rows, unsupported
from errata.query.nodes import All, And, Not, Or
from errata.query.patterns import like, like_literal
from errata.query.words import (
    RE2,
    ROUGH,
    Search,
    across,
    holds_mark,
    is_found_alike,
    is_wordy,
    landmark,
    may_span,
    regex,
)


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL for a WHERE, in need of no parentheses around it, and the values of its `{name:Type}` parameters."""

    sql: str
    parameters: dict[str, object]


def compile(tree: BoundTree, prefix: str = "p") -> Condition:  # noqa: A001 - the word for it
    """The condition that selects the rows which the tree matches.

    Parameters are named `prefix` and a number. Raises Invalid for joined values that planning left in the tree, and
    for a condition longer than an engine reads.
    """
    for is_brief in (False, True):
        writer = _Writer(prefix, is_brief=is_brief)
        sql = writer.tree(tree)
        if len(sql) <= MAX_SQL:
            return Condition(sql, writer.parameters)
    raise unsupported("it has too many clauses of full text for one search; leave some out")


MAX_SQL = 250_000
"""Characters of a condition; ClickHouse reads statements of 256 KiB (`max_query_size`)."""
_FALSE, _TRUE = "0", "1"
_PIECE = re.compile(r"[^ \t\n\r\f\v]+")
"""What `splitByWhitespace` gives."""
_MAX_PIECES = 4
_INDEXED = "if(isNaN(toFloat64OrDefault({0}, nan)), {0}, toString(toFloat64OrDefault({0}, nan) + 0))"
"""A piece of a value as the index `attribute_words` keeps it: numbers in one spelling, and without the sign of zero."""
_MAPPED_FIRST, _MAPPED_LAST = "::ffff:0.0.0.0", "::ffff:255.255.255.255"


class _Writer:
    """Gathers the parameters while the condition is put together. Brief conditions leave out what only saves time."""

    def __init__(self, prefix: str, *, is_brief: bool = False) -> None:
        self._is_brief = is_brief
        self.parameters: dict[str, object] = {}
        self._prefix = prefix
        self._placeholders: dict[tuple[object, str], str] = {}

    def tree(self, tree: BoundTree) -> str:
        match tree:
            case All():
                return _TRUE
            case And(parts):
                return f"({' AND '.join(map(self.tree, parts))})"
            case Or(parts):
                return f"({' OR '.join(map(self.tree, parts))})"
            case Not(part):
                return f"(NOT {self.tree(part)})"
            case TextTest(search, places):
                return _any_of(
                    [test for look in (self._text, self._reaching) for test in map(look, repeat(search), places)]
                )
            case FieldTest():
                return self._field(tree)
            case InSet(column, table):
                return f"{column} IN (SELECT {column} FROM {table})"

    def _parameter(self, value: object, kind: str = "String") -> str:
        placeholder = self._placeholders.get((value, kind))
        if placeholder is None:
            name = f"{self._prefix}{len(self.parameters)}"
            self.parameters[name] = value
            placeholder = self._placeholders[value, kind] = f"{{{name}:{kind}}}"
        return placeholder

    # Free and full text

    def _text(self, search: Search, place: Text) -> str:
        match place:
            case Column():
                return self._holds(search, _searched(place, search))
            case Several(columns):
                return f"arrayExists(x -> {self._holds(search, 'x')}, [{', '.join(map(_text_of, columns))}])"
            case Gathered(_, joined) if is_found_alike(search):
                return self._holds(search, joined)
            case Gathered(parts):
                return _any_of([self._text(search, part) for part in parts])
            case Values(column):
                found = self._holds(search, "x")
                return (
                    _FALSE
                    if found == _FALSE
                    else f"arrayExists(v -> arrayExists(x -> {found}, v), mapValues({column}))"
                )
            case Unlike(own=own):
                return self._holds(search, _searched(own, search))
            case Filled():
                # What lies within a value is found there. The template is looked at once for each different one.
                return self._holds(search, place.text.name if holds_mark(search) else place.template)
            case Pair(first, second, separator):
                if not may_span(search, separator):
                    return _FALSE  # what the two columns hold is found in each of them
                both = f"concat({first.name}, '{separator}', {second.name})"
                found = self._holds(search, both)
                return _all_of([_has(first), _has(second), found])

    def _reaching(self, search: Search, place: Text) -> str:
        """The words across the border of a value that stands in a text: dear, so it is looked for last."""
        if not isinstance(place, Filled) or holds_mark(search):
            return _FALSE
        expressions = across(search, RE2)
        if expressions is None:
            return _FALSE
        template, value = map(self._parameter, expressions)
        tests = [place.filled, f"match({place.template}, {template})", f"match({place.value}, {value})"]
        return _all_of([*tests, self._holds(search, place.text.name)])

    def _holds(self, search: Search, text: str) -> str:
        expression, rough = regex(search, RE2), regex(search, ROUGH)
        if expression is None or rough is None:
            return _FALSE
        found = f"match({text}, {self._parameter(expression)})"
        if rough != expression and not self._is_brief:
            # The engine prepares an expression for each block of rows, and the classes of all letters and digits take
            # it longer than the rows: they are left to rows that hold other characters than ASCII.
            found = f"match({text}, {self._parameter(rough)}) AND (isValidASCII({text}) OR {found})"
        mark = landmark(search)
        if not mark:
            return f"({found})"
        # Every match holds the landmark; looking for it alone is some fifteen times quicker than the expression.
        return f"(positionCaseInsensitive({text}, {self._parameter(mark)}) > 0 AND {found})"

    # Fields

    def _field(self, leaf: FieldTest) -> str:
        if not leaf.choices:
            return _FALSE
        if all(isinstance(test, Present) for _, test in leaf.choices):
            return _any_of([self._place(place, test) for place, test in leaf.choices])
        *earlier, (place, test) = leaf.choices
        sql = self._place(place, test)
        for place, test in reversed(earlier):  # the first place that has a value decides
            later = _all_of([f"(NOT {self._place(place, Present())})", sql])
            sql = _any_of([self._place(place, test), later])
        return sql

    def _place(self, place: Place, test: Test) -> str:
        match place:
            case Column():
                return self._column(place, test)
            case Entry():
                return self._entry(place, test)
            case Elements(column):
                return self._elements(column, test)
            case Tagged():
                return self._tagged(place, test)
            case Joined(name):
                raise not_in_rows(name)

    def _column(self, column: Column, test: Test) -> str:
        if isinstance(test, Present):
            return _has(column)
        if isinstance(test, Holds):
            return self._holds(test.search, _searched(column, test.search))
        text = _folded(_text_of(column), column.case) if column.case is Case.MIXED else _text_of(column)
        if isinstance(test, OneOf):
            wanted = [f"{text} = {self._parameter(value)}" for value in test.texts if value != column.missing]
            return _all_of([_has(column), _any_of(wanted)]) if column.missing else _any_of(wanted)
        number = _milliseconds(column) if column.kind is Kind.INSTANT else ""
        return _all_of([_has(column), self._value(text, test, number)])

    def _entry(self, entry: Entry, test: Test) -> str:
        key = self._parameter(entry.key)
        if isinstance(test, Present):
            below = self._parameter(f"{entry.key}.")
            keys = f"mapKeys({entry.column})"
            return f"(mapContains({entry.column}, {key}) OR arrayExists(k -> startsWith(k, {below}), {keys}))"
        values = f"{entry.column}[{key}]"
        if isinstance(test, OneOf) and entry.case is Case.EXACT:
            found = self._is_in(values, test)
            if test.number is not None:
                found = _any_of([found, f"arrayExists(x -> {self._equals('x', test.number)}, {values})"])
            return _all_of([found, self._hint(entry, test)])
        return f"arrayExists(x -> {self._value(_folded('x', entry.case), test)}, {values})"

    def _hint(self, entry: Entry, test: OneOf) -> str:
        """What is never computed, but lets an index leave out rows: the pieces of the value between white space.

        It names the joined values, since a map that is named as a whole is read as a whole. All spellings of a number
        are one piece.
        """
        if self._is_brief or not entry.joined or (test.number is None and len(test.texts) > 1):
            return _TRUE
        pieces = f"arrayMap(x -> {_INDEXED.format('x')}, splitByWhitespace({entry.joined}))"
        wanted = [_INDEXED.format(self._parameter(piece)) for piece in _PIECE.findall(test.texts[0])[:_MAX_PIECES]]
        return f"indexHint({_all_of([f'has({pieces}, {piece})' for piece in wanted])})" if wanted else _TRUE

    def _elements(self, column: str, test: Test) -> str:
        match test:
            case Present():
                return f"notEmpty({column})"
            case OneOf():
                return self._is_in(column, test)
            case _:
                return f"arrayExists(x -> {self._value('x', test)}, {column})"

    def _tagged(self, tag: Tagged, test: Test) -> str:
        if ":" in tag.key:
            return _FALSE  # a tag's key ends at its first colon
        key = f"{tag.key}:"
        exact = tag.case is Case.EXACT
        if isinstance(test, OneOf) and exact:
            return self._is_in(tag.column, OneOf(tuple(key + text for text in test.texts)))
        if isinstance(test, Fits) and exact:
            return f"arrayExists(x -> x LIKE {self._parameter(like_literal(key) + like(test.pattern))}, {tag.column})"
        begins = f"startsWith(x, {self._parameter(key)})"
        if isinstance(test, Present):
            return f"arrayExists(x -> {begins}, {tag.column})"
        rest = _folded(f"substring(x, {len(key.encode()) + 1})", tag.case)
        return f"arrayExists(x -> {_all_of([begins, self._value(rest, test)])}, {tag.column})"

    def _is_in(self, array: str, test: OneOf) -> str:
        if len(test.texts) == 1:
            return f"has({array}, {self._parameter(test.texts[0])})"
        return f"hasAny({array}, [{', '.join(map(self._parameter, test.texts))}])"

    # One value

    def _value(self, text: str, test: Test, number: str = "") -> str:
        """The test on a text that is there. `number`: an expression for its number, where one is cheaper to have."""
        match test:
            case OneOf(texts, number=as_number):
                equal = [f"{text} = {self._parameter(wanted)}" for wanted in texts]
                return _any_of(equal if as_number is None else [*equal, self._equals(text, as_number)])
            case Fits(pattern):
                return f"{text} LIKE {self._parameter(like(pattern))}"
            case Between(low, high):
                return self._between(text, number or f"toFloat64OrDefault({text}, nan)", low, high)
            case Inside(blocks):
                return self._inside(text, [(block.first, block.last, block.is_v6) for block in blocks])
            case Holds(search):
                return self._holds(search, text)
            case Present():
                return _TRUE

    def _equals(self, text: str, number: float) -> str:
        return f"toFloat64OrDefault({text}, nan) = {self._parameter(number, 'Float64')}"

    def _between(self, text: str, number: str, low: Limit | None, high: Limit | None) -> str:
        tests = []
        if low is not None:
            tests.append(self._side(text, number, ">", low))
        if high is not None:
            tests.append(self._side(text, number, "<", high))
        # Texts that name an infinity are no numbers: an end without a number of its own keeps them out.
        if _is_number(high) and not _is_number(low):
            tests.append(self._side(text, number, ">", Limit(-math.inf, included=False)))
        if _is_number(low) and not _is_number(high):
            tests.append(self._side(text, number, "<", Limit(math.inf, included=False)))
        return _all_of(tests)

    def _side(self, text: str, number: str, operator: str, limit: Limit) -> str:
        sign = f"{operator}=" if limit.included else operator
        if isinstance(limit.bound, str):
            return f"{text} {sign} {self._parameter(limit.bound)}"
        return f"{number} {sign} {self._parameter(limit.bound, 'Float64')}"

    def _inside(self, text: str, blocks: list[tuple[str, str, bool]]) -> str:
        # ClickHouse reads an IPv4 address as the IPv6 address that stands for it, and gives NULL for other texts.
        address = f"toIPv6OrNull({text})"
        mapped = self._spans(address, _MAPPED_FIRST, _MAPPED_LAST)
        tests = []
        for first, last, is_v6 in blocks:
            if is_v6:
                tests.append(f"({self._spans(address, first, last)} AND NOT {mapped})")
            else:
                tests.append(self._spans(address, f"::ffff:{first}", f"::ffff:{last}"))
        # It also reads `a:::1` as an address, which is none.
        return f"(ifNull({_any_of(tests)}, 0) AND position({text}, ':::') = 0)"

    def _spans(self, address: str, first: str, last: str) -> str:
        return f"({address} >= {self._parameter(first, 'IPv6')} AND {address} <= {self._parameter(last, 'IPv6')})"


def _is_number(limit: Limit | None) -> bool:
    return limit is not None and not isinstance(limit.bound, str)


def _searched(column: Column, search: Search) -> str:
    """Where words are looked for: without those that differ in each row a text is one of few, kept in a dictionary."""
    return column.wordy if column.wordy and is_wordy(search) else _text_of(column)


def _text_of(column: Column) -> str:
    match column.kind:
        case Kind.TEXT:
            return column.name
        case Kind.FLAG:
            return f"if({column.name}, 'true', '')"
        case Kind.INSTANT:
            return f"toString({_milliseconds(column)})"


def _milliseconds(column: Column) -> str:
    return f"toUnixTimestamp64Milli({column.name})"


def _has(column: Column) -> str:
    match column.kind:
        case Kind.TEXT:
            return f"{column.name} != '{column.missing}'"
        case Kind.FLAG:
            return column.name
        case Kind.INSTANT:
            return _TRUE


def _folded(text: str, case: Case) -> str:
    match case:
        case Case.EXACT:
            return text
        case Case.UPPER:
            return f"upper({text})"
        case Case.LOWER | Case.MIXED:
            return f"lower({text})"


def _any_of(tests: list[str]) -> str:
    wanted = [test for test in tests if test != _FALSE]
    if _TRUE in wanted:
        return _TRUE
    if len(wanted) <= 1:
        return wanted[0] if wanted else _FALSE
    return f"({' OR '.join(wanted)})"


def _all_of(tests: list[str]) -> str:
    wanted = [test for test in tests if test != _TRUE]
    if _FALSE in wanted:
        return _FALSE
    if len(wanted) <= 1:
        return wanted[0] if wanted else _TRUE
    return f"({' AND '.join(wanted)})"
