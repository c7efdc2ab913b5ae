"""The smallest pieces of a query, read one at a time so that the leftmost fault is the one reported.

A token is recognized by where it starts; what follows a word decides whether it is a field name, an operator or a
value. All patterns here are linear in the length of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_network
from typing import TypeAlias

from errata.query.faults import quoted, unreadable
from errata.query.nodes import Bound, Field, Operator
from errata.query.numbers import number_of


class Sign(Enum):
    """A token without content; the value is how messages name it."""

    END = "end of query"
    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    MINUS = "-"
    PLUS = "+"


@dataclass(frozen=True, slots=True)
class Mark:
    """Parentheses, operators, modifiers, the end."""

    at: int
    end: int
    sign: Sign


@dataclass(frozen=True, slots=True)
class Word:
    """An unquoted value, escapes still in place: only they tell a literal `*` from a wildcard."""

    at: int
    end: int
    raw: str


@dataclass(frozen=True, slots=True)
class Quoted:
    """What stood between double quotes, escapes removed."""

    at: int
    end: int
    text: str


class Special(Enum):
    """Names before a colon that are no field names."""

    EVERYWHERE = "*"
    EXISTS = "_exists_"
    MISSING = "_missing_"


@dataclass(frozen=True, slots=True)
class Key:
    """A field name with its colon; `end` lies after the colon."""

    at: int
    end: int
    name: Field | Special


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator and the bound that follows it."""

    at: int
    end: int
    operator: Operator
    bound: Bound


@dataclass(frozen=True, slots=True)
class Interval:
    """A range in brackets; None is an open end."""

    at: int
    end: int
    low: Bound | None
    high: Bound | None
    includes_low: bool
    includes_high: bool


@dataclass(frozen=True, slots=True)
class Blocks:
    """`CIDR(field, block, ...)`."""

    at: int
    end: int
    field: Field
    blocks: tuple[str, ...]


Token: TypeAlias = Mark | Word | Quoted | Key | Comparison | Interval | Blocks

SPACE = " \t\r\n\u3000"
"""The characters that separate clauses. Other white space is a letter like any other."""
SPECIAL = '()[]{}"~^!:<>\\' + SPACE
"""What ends a word unless a backslash stands before it."""
NOT_FIRST = "-+=#"
"""What a word may hold but not begin with."""

_spaces = re.compile(f"[{SPACE}]*")
_word = re.compile(r"[^{0}]*(?:\\.[^{0}]*)*".format(re.escape(SPECIAL)), re.DOTALL)
_phrase = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_bound = re.compile(rf"[^{SPACE}\]}}\\]*(?:\\.[^{SPACE}\]}}\\]*)*", re.DOTALL)
_member = re.compile(r"[^,{0}]*(?:\\.[^,{0}]*)*".format(re.escape(SPECIAL)), re.DOTALL)
_block = re.compile(rf"[^,(){SPACE}]+")
_block_form = re.compile(r"[0-9a-fA-F:.]+(?:/[0-9]{1,3})?")
_operator = re.compile(">=|<=|>|<")
_escape = re.compile(r"\\(.)", re.DOTALL)
_signs = {"AND": Sign.AND, "OR": Sign.OR, "NOT": Sign.NOT, "&&": Sign.AND, "||": Sign.OR}
_specials = {special.value: special for special in Special}


def next_token(text: str, at: int) -> Token:
    """The token that begins at `at` or after the white space there. Raises Unreadable."""
    at = skip_space(text, at)
    if at == len(text):
        return Mark(at, at, Sign.END)
    match text[at]:
        case "(":
            return Mark(at, at + 1, Sign.OPEN)
        case ")":
            return Mark(at, at + 1, Sign.CLOSE)
        case "-":
            return Mark(at, at + 1, Sign.MINUS)
        case "+":
            return Mark(at, at + 1, Sign.PLUS)
        case '"':
            return _read_phrase(text, at)
        case "[" | "{":
            return _read_interval(text, at)
        case "<" | ">":
            return _read_comparison(text, at)
        case "&" | "|" if text[at : at + 2] in _signs:
            return Mark(at, at + 2, _signs[text[at : at + 2]])
        case _:
            return _read_word(text, at)


def skip_space(text: str, at: int) -> int:
    """The offset of the next character that is no white space."""
    return _end(_spaces, text, at)


def unescape(raw: str) -> str:
    """The text without the backslashes that protected its characters."""
    return _escape.sub(r"\1", raw) if "\\" in raw else raw


def has_wildcard(raw: str) -> bool:
    """Whether a `*` or `?` stands in it without a backslash before it."""
    bare = _escape.sub("", raw) if "\\" in raw else raw
    return "*" in bare or "?" in bare


def pattern_of(raw: str) -> str:
    """The pattern of a word with wildcards: literal `*`, `?` and backslashes keep theirs, other escapes go."""
    return _escape.sub(lambda found: found[0] if found[1] in "*?\\" else found[1], raw)


def field_of(text: str, raw: str, at: int) -> Field:
    """The field that a name written at `at` means. Raises Unreadable where it is no name."""
    is_attribute = raw.startswith("@")
    name = raw[1:] if is_attribute else raw
    if not name:
        raise unreadable(text, at + len(raw), 'an attribute name after "@"' if is_attribute else "a field name")
    if has_wildcard(name):
        raise unreadable(text, at, r"a field name without wildcards (write \* or \? for the characters themselves)")
    if "@" in _escape.sub("", name):
        raise unreadable(text, at, 'a field name with "@" at its beginning only')
    return Field(unescape(name), is_attribute)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _read_raw(pattern: re.Pattern[str], text: str, at: int) -> str:
    end = _end(pattern, text, at)
    if text.startswith("\\", end):
        raise unreadable(text, len(text), r'a character after "\"')
    return text[at:end]


def _read_word(text: str, at: int) -> Token:
    if text[at] in NOT_FIRST or text[at] in SPECIAL.replace("\\", ""):
        raise unreadable(text, at, _BAD_STARTS.get(text[at], "a word, a phrase, a field or a group"))
    raw = _read_raw(_word, text, at)
    end = at + len(raw)
    following = text[end : end + 1]
    if following == "(" and raw == "CIDR":
        return _read_blocks(text, at)
    if raw in _signs and (not following or following in SPACE or following == "("):
        return Mark(at, end, _signs[raw])
    if following == ":":
        special = _specials.get(raw)
        return Key(at, end + 1, special or field_of(text, raw, at))
    _require_end(text, end, raw)
    return Word(at, end, raw)


_BAD_STARTS = {
    ":": 'a field name before ":"',
    "#": "a word (calculated fields are not offered; write \\# for the character itself)",
    "=": "a word (write \\= for the character itself)",
    "!": "a word (write \\! for the character itself, - or NOT for a negation)",
    "^": "a word (boosting is not offered; write \\^ for the character itself)",
    "~": "a word (fuzzy search is not offered; write \\~ for the character itself)",
    "]": 'a word, or a "[" before "]"',
    "}": 'a word, or a "{" before "}"',
}


def _require_end(text: str, end: int, value: str) -> None:
    if end < len(text) and text[end] not in SPACE and text[end] != ")":
        if value == "cidr" and text[end] == "(":
            raise unreadable(text, end - len(value), '"CIDR(" in upper case')
        escape = f" (write \\{text[end]} for the character itself)" if text[end] in SPECIAL else ""
        raise unreadable(text, end, f'white space, ")" or the end after {quoted(value)}{escape}')


def _read_phrase(text: str, at: int) -> Quoted:
    found = _phrase.match(text, at)
    if not found:
        raise unreadable(text, len(text), f"the double quote that ends the phrase begun at offset {at}")
    _require_end(text, found.end(), found[0])
    return Quoted(at, found.end(), unescape(found[1]))


def _read_comparison(text: str, at: int) -> Comparison:
    start = _end(_operator, text, at)
    operator = Operator(text[at:start])
    raw = _read_raw(_word, text, start)
    if not raw:
        raise unreadable(text, start, f"a number or a word directly after {quoted(operator)}")
    number = number_of(raw)
    if number is None:
        if raw[0] in NOT_FIRST:
            raise unreadable(text, start, f"a number or a word directly after {quoted(operator)}")
        if has_wildcard(raw):
            raise unreadable(text, start, f"a bound without wildcards after {quoted(operator)}")
    _require_end(text, start + len(raw), raw)
    return Comparison(at, start + len(raw), operator, _as_bound(unescape(raw)) if number is None else number)


def _as_bound(text: str) -> Bound:
    number = number_of(text)
    return text if number is None else number


def _read_interval(text: str, at: int) -> Interval:
    low, end = _read_end(text, at + 1, "a lower bound")
    start = skip_space(text, end)
    if start == end or text[start : start + 2] != "TO" or text[start + 2 : start + 3] not in ("", *SPACE, "]", "}"):
        raise unreadable(text, start, '"TO" between two bounds')
    high, end = _read_end(text, skip_space(text, start + 2), 'an upper bound after "TO"')
    if text[end : end + 1] not in ("]", "}"):
        raise unreadable(text, end, '"]" or "}" after the upper bound')
    _require_end(text, end + 1, text[at : end + 1])
    return Interval(at, end + 1, low, high, text[at] == "[", text[end] == "]")


def _read_end(text: str, at: int, expected: str) -> tuple[Bound | None, int]:
    found = _phrase.match(text, at)
    if found:
        return _as_bound(unescape(found[1])), found.end()
    raw = _read_raw(_bound, text, at)
    if not raw or raw.startswith('"'):
        raise unreadable(text, at, expected)
    return (None if raw == "*" else _as_bound(unescape(raw))), at + len(raw)


def _read_blocks(text: str, at: int) -> Blocks:
    start = skip_space(text, at + len("CIDR("))
    raw = _read_raw(_member, text, start)
    if not raw:
        raise unreadable(text, start, 'a field after "CIDR("')
    field, end, blocks = field_of(text, raw, start), start + len(raw), []
    while text.startswith(",", end):
        start = skip_space(text, end + 1)
        end = _end(_block, text, start)
        blocks.append(_checked_block(text, start, end))
    if not blocks:
        raise unreadable(text, end, 'a "," and a block such as 10.0.0.0/8')
    if not text.startswith(")", end):
        raise unreadable(text, end, '"," or ")" after a block')
    _require_end(text, end + 1, "CIDR(...)")
    return Blocks(at, end + 1, field, tuple(blocks))


def _checked_block(text: str, start: int, end: int) -> str:
    block = text[start:end]
    try:
        if _block_form.fullmatch(block):
            ip_network(block, strict=False)
            return block
    except ValueError:
        pass
    raise unreadable(text, start, "an address block such as 10.0.0.0/8 or 2001:db8::/32")
