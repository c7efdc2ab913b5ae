"""Tree to text: the canonical spelling of a query, for links, saved views and messages."""

from __future__ import annotations

import math
import re

from errata.query.nodes import (
    All,
    And,
    Bound,
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
from errata.query.tokens import SPECIAL

_SPECIAL_VALUE = re.compile(rf"[*?{re.escape(SPECIAL)}]")
_SPECIAL_NAME = re.compile(rf"[@,*?{re.escape(SPECIAL)}]")
_PLAIN = re.compile(r"[^-+=#@&|*?{0}][^*?{0}]*".format(re.escape(SPECIAL)))
_NOT_FIRST = frozenset("-+=#@&|")
_READ_OTHERWISE = frozenset({"AND", "OR", "NOT", "_exists_", "_missing_"})
"""Words that mean something else when they stand bare."""


def render(tree: Node) -> str:
    """The text that parses to exactly this tree, as long as it keeps the limits of `parse`.

    It may be longer than the text that the tree came from: a field group is written out clause by clause.
    """
    match tree:
        case All():
            return "*"
        case And(parts):
            return " ".join(_group(part) if isinstance(part, And | Or) else render(part) for part in parts)
        case Or(parts):
            return " OR ".join(_group(part) if isinstance(part, Or) else render(part) for part in parts)
        case Not(Not(Exists(field))):
            return f"-_missing_:{_name(field)}"
        case Not(part):
            return f"-{_group(part) if isinstance(part, And | Or | Not) else render(part)}"
        case _:
            return _leaf(tree)


def _group(tree: Node) -> str:
    return f"({render(tree)})"


def _leaf(leaf: Leaf) -> str:
    match leaf:
        case Term(text):
            return _bare(text)
        case Phrase(text):
            return _quote(text)
        case Glob(pattern):
            return _pattern(pattern)
        case FullText(text):
            return f"*:{_bare(text)}"
        case FullTextPhrase(text):
            return f"*:{_quote(text)}"
        case FullTextGlob(pattern):
            return f"*:{_pattern(pattern)}"
        case Eq(field, value):
            return f"{_name(field)}:{_value(value)}"
        case FieldGlob(field, pattern):
            return f"{_name(field)}:{_pattern(pattern)}"
        case Exists(field):
            return f"{_name(field)}:*"
        case Cmp(field, operator, bound):
            return f"{_name(field)}:{operator}{_bound(bound)}"
        case Range(field, low, high, includes_low, includes_high):
            first, last = "[" if includes_low else "{", "]" if includes_high else "}"
            return f"{_name(field)}:{first}{_end(low)} TO {_end(high)}{last}"
        case Cidr(field, blocks):
            return f"CIDR({_name(field)}, {', '.join(blocks)})"


def _name(field: Field) -> str:
    name = _SPECIAL_NAME.sub(_protected, field.name)
    if field.is_attribute:
        return f"@{name}"
    return f"\\{name}" if name[0] in _NOT_FIRST or name in _READ_OTHERWISE else name


def _value(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text not in _READ_OTHERWISE else _quote(text)


def _quote(text: str) -> str:
    inside = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


def _bare(text: str) -> str:
    word = _SPECIAL_VALUE.sub(_protected, text)
    return f"\\{word}" if word[0] in _NOT_FIRST or word in _READ_OTHERWISE else word


def _pattern(pattern: str) -> str:
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    word = "".join(
        piece if len(piece) == 2 or piece in "*?" else _SPECIAL_VALUE.sub(_protected, piece) for piece in pieces
    )
    return f"\\{word}" if word[0] in _NOT_FIRST else word


def _bound(bound: Bound) -> str:
    if isinstance(bound, str):
        return _bare(bound)
    if math.isinf(bound):
        return "1e999" if bound > 0 else "-1e999"
    return str(bound) if isinstance(bound, int) else repr(bound)


def _end(bound: Bound | None) -> str:
    if bound is None:
        return "*"
    return _bound(bound) if bound != "" else '""'


def _protected(found: re.Match[str]) -> str:
    return f"\\{found[0]}"
