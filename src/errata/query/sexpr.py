"""The tree as a symbolic expression: how test vectors and explanations write it. Rule: search syntax, section 9."""

from __future__ import annotations

import json

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


def sexpr(tree: Node) -> str:
    """`(and (eq service "orders") (not (exists @session.id)))`."""
    match tree:
        case All():
            return "(all)"
        case And(parts):
            return f"(and {' '.join(map(sexpr, parts))})"
        case Or(parts):
            return f"(or {' '.join(map(sexpr, parts))})"
        case Not(part):
            return f"(not {sexpr(part)})"
        case _:
            return _leaf(tree)


def _leaf(leaf: Leaf) -> str:
    match leaf:
        case Term(text):
            return f"(term {_text(text)})"
        case Phrase(text):
            return f"(phrase {_text(text)})"
        case Glob(pattern):
            return f"(glob {_text(pattern)})"
        case FullText(text):
            return f"(fulltext {_text(text)})"
        case FullTextPhrase(text):
            return f"(fulltext-phrase {_text(text)})"
        case FullTextGlob(pattern):
            return f"(fulltext-glob {_text(pattern)})"
        case Eq(field, value):
            return f"(eq {_name(field)} {_text(value)})"
        case FieldGlob(field, pattern):
            return f"(glob {_name(field)} {_text(pattern)})"
        case Exists(field):
            return f"(exists {_name(field)})"
        case Cmp(field, operator, bound):
            return f"(cmp {_name(field)} {operator} {_bound(bound)})"
        case Range(field, low, high, includes_low, includes_high):
            first, last = "[" if includes_low else "{", "]" if includes_high else "}"
            return f"(range {_name(field)} {first} {_bound(low)} {_bound(high)} {last})"
        case Cidr(field, blocks):
            return f"(cidr {_name(field)} {' '.join(blocks)})"


def _name(field: Field) -> str:
    return f"@{field.name}" if field.is_attribute else field.name


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _bound(bound: Bound | None) -> str:
    if bound is None:
        return "*"
    return _text(bound) if isinstance(bound, str) else repr(bound)
