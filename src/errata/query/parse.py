"""Query text to tree: the grammar, its precedence and its limits. Rule: search syntax, sections 2 and 3."""

from __future__ import annotations

import re

from errata.query.faults import Unreadable, quoted, unreadable
from errata.query.nodes import (
    All,
    And,
    Cidr,
    Cmp,
    Eq,
    Exists,
    Field,
    FieldGlob,
    FullText,
    FullTextGlob,
    FullTextPhrase,
    Glob,
    Leaf,
    Node,
    Not,
    Or,
    Phrase,
    Range,
    Term,
)
from errata.query.tokens import (
    Blocks,
    Comparison,
    Interval,
    Key,
    Mark,
    Quoted,
    Sign,
    Special,
    Token,
    Word,
    field_of,
    has_wildcard,
    next_token,
    pattern_of,
    unescape,
)

MAX_BYTES = 4096
"""Length of a query in UTF-8."""
MAX_CLAUSES = 256
MAX_DEPTH = 32
"""Parentheses inside parentheses."""

_CLAUSE = "a word, a phrase, a field or a group"
_surrogate = re.compile("[\ud800-\udfff]")


def parse(text: str) -> Node:
    """The tree of a query; blank text matches everything.

    Takes time linear in the length. Raises Unreadable, which is Invalid, for everything that is no query, and for
    one that is longer than 4 KiB, has more than 256 clauses or nests parentheses deeper than 32.
    """
    found = _surrogate.search(text)
    if found:
        raise Unreadable("found half of a surrogate pair, expected a character", offset=found.start())
    if len(text.encode()) > MAX_BYTES:
        raise Unreadable(f"found a query of more than {MAX_BYTES} bytes, expected a shorter one", offset=0)
    return _Parser(text).query()


class _Parser:
    """One pass over one text; `_token` is the token not yet used."""

    __slots__ = ("_clauses", "_depth", "_text", "_token")

    def __init__(self, text: str) -> None:
        self._text = text
        self._clauses = 0
        self._depth = 0
        self._token: Token = next_token(text, 0)

    def query(self) -> Node:
        if self._sign() is Sign.END:
            return All()
        tree = self._expression(None)
        if self._sign() is not Sign.END:
            raise self._fault('the end of the query, or a "(" before this ")"')
        return tree

    def _expression(self, field: Field | None) -> Node:
        parts = [self._conjunction(field)]
        while self._sign() is Sign.OR:
            self._advance()
            parts.append(self._conjunction(field))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self, field: Field | None) -> Node:
        parts = [self._unary(field)]
        while (sign := self._sign()) not in {Sign.OR, Sign.CLOSE, Sign.END}:
            if sign is Sign.AND:
                self._advance()
            parts.append(self._unary(field))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _unary(self, field: Field | None) -> Node:
        match self._sign():
            case Sign.NOT | Sign.MINUS:
                self._advance()
                return Not(self._clause(field))
            case Sign.PLUS:
                self._advance()
        return self._clause(field)

    def _clause(self, field: Field | None) -> Node:
        token = self._token
        match token:
            case Mark(sign=Sign.OPEN):
                return self._group(field)
            case Key(name=Special() as special):
                return self._special(special)
            case Key(name=Field() as named):
                return self._fielded(named)
            case Blocks():
                self._advance()
                return self._counted(Cidr(token.field, token.blocks), token)
            case Mark(sign=Sign.NOT | Sign.MINUS | Sign.PLUS):  # only a modifier comes before a clause
                raise self._fault(f'{_CLAUSE} after the one "-", "+" or NOT that is allowed')
            case Mark():
                raise self._fault(_CLAUSE)
            case Word() if token.raw.startswith("@"):
                raise unreadable(self._text, token.end, f'":" and a value after {quoted(token.raw)}')
            case _ if field is None:
                return self._free_text()
            case _:
                return self._value(field)

    def _group(self, field: Field | None) -> Node:
        if self._depth == MAX_DEPTH:
            raise self._fault(f"parentheses nested no deeper than {MAX_DEPTH}")
        self._depth += 1
        opened_at = self._token.at
        self._advance()
        if self._sign() is Sign.CLOSE:
            raise self._fault(f'{_CLAUSE} between "(" and ")"')
        tree = self._expression(field)
        if self._sign() is not Sign.CLOSE:
            raise self._fault(f'the ")" for the "(" at offset {opened_at}')
        self._depth -= 1
        self._advance()
        return tree

    def _fielded(self, field: Field) -> Node:
        key = self._token
        self._advance()
        match self._token:
            case Mark(sign=Sign.OPEN):
                return self._group(field)
            case Key(end=end):
                value = self._text[self._token.at : end - 1]
                what = f'a value without ":" (write \\: or put {quoted(value)} and what follows in quotes)'
                raise unreadable(self._text, end - 1, what)
            case Mark(sign=sign):
                hint = " (write \\- for a leading minus)" if sign is Sign.MINUS else ""
                raise self._fault(f"a value after {quoted(self._text[key.at : key.end])}{hint}")
            case Blocks():
                raise self._fault(f"a value after {quoted(self._text[key.at : key.end])}")
        return self._value(field)

    def _value(self, field: Field) -> Node:
        token = self._token
        leaf: Leaf
        match token:
            case Word(raw="*"):
                leaf = Exists(field)
            case Word(raw=raw) if has_wildcard(raw):
                leaf = FieldGlob(field, pattern_of(raw))
            case Word(raw=raw):
                leaf = Eq(field, unescape(raw))
            case Quoted(text=text):
                leaf = Eq(field, text)
            case Comparison():
                leaf = Cmp(field, token.operator, token.bound)
            case Interval():
                leaf = Range(field, token.low, token.high, token.includes_low, token.includes_high)
            case _:
                raise self._fault("a value")
        self._advance()
        return self._counted(leaf, token)

    def _free_text(self) -> Node:
        token = self._token
        tree: Node
        match token:
            case Word(raw="*"):
                tree = All()
            case Word(raw=raw) if has_wildcard(raw):
                tree = Glob(pattern_of(raw))
            case Word(raw=raw):
                tree = Term(unescape(raw))
            case Quoted(text=""):
                raise unreadable(self._text, token.at, "at least one word between the quotes")
            case Quoted(text=text):
                tree = Phrase(text)
            case Comparison():
                raise self._fault("a field and a colon before a comparison")
            case _:
                raise self._fault("a field and a colon before a range")
        self._advance()
        return self._counted(tree, token)

    def _special(self, special: Special) -> Node:
        self._advance()
        token = self._token
        if not isinstance(token, Word | Quoted) or (isinstance(token, Quoted) and not token.text):
            raise self._fault(f'one word or phrase after "{special.value}:"')
        if special is Special.EVERYWHERE:
            tree = _anywhere(token)
        else:
            field = self._named(token)
            tree = Exists(field) if special is Special.EXISTS else Not(Exists(field))
        self._advance()
        return self._counted(tree, token)

    def _named(self, token: Word | Quoted) -> Field:
        return Field(token.text) if isinstance(token, Quoted) else field_of(self._text, token.raw, token.at)

    def _counted(self, tree: Node, token: Token) -> Node:
        self._clauses += 1
        if self._clauses > MAX_CLAUSES:
            raise unreadable(self._text, token.at, f"no more than {MAX_CLAUSES} clauses")
        return tree

    def _sign(self) -> Sign | None:
        return self._token.sign if isinstance(self._token, Mark) else None

    def _advance(self) -> None:
        self._token = next_token(self._text, self._token.end)

    def _fault(self, expected: str) -> Unreadable:
        return unreadable(self._text, self._token.at, expected)


def _anywhere(token: Word | Quoted) -> Node:
    if isinstance(token, Quoted):
        return FullTextPhrase(token.text)
    if token.raw == "*":
        return All()
    return FullTextGlob(pattern_of(token.raw)) if has_wildcard(token.raw) else FullText(unescape(token.raw))
