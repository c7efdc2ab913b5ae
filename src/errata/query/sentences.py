"""A query in words, for people who want to know how it was read. Pure."""

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
    Operator,
    Or,
    Phrase,
    Range,
    Term,
)

_OPERATORS = {
    Operator.GREATER: "more than",
    Operator.AT_LEAST: "at least",
    Operator.LESS: "less than",
    Operator.AT_MOST: "at most",
}
_INDENT = "  "


def in_words(tree: Node) -> str:
    """The whole tree, one clause a line, what belongs together indented below the line that says how."""
    return "\n".join(_lines(tree))


def clause_in_words(leaf: Leaf) -> str:
    """One clause: what has to be there."""
    match leaf:
        case Term(text):
            return f"the message, the error's message, stack, type or title has the word {_quoted(text)}"
        case Phrase(text):
            return f"the message, the error's message, stack, type or title has, side by side, {_quoted(text)}"
        case Glob(pattern):
            return f"a word of the message, the error's message, stack, type or title fits {_quoted(pattern)}"
        case FullText(text):
            return f"any text or attribute has the word {_quoted(text)}"
        case FullTextPhrase(text):
            return f"any text or attribute has, side by side, {_quoted(text)}"
        case FullTextGlob(pattern):
            return f"a word of any text or attribute fits {_quoted(pattern)}"
        case _:
            return _field_in_words(leaf)


def leaves_of(tree: Node) -> tuple[Leaf, ...]:
    """The clauses of a tree in reading order, each once."""
    match tree:
        case All():
            return ()
        case And(parts) | Or(parts):
            return tuple(dict.fromkeys(leaf for part in parts for leaf in leaves_of(part)))
        case Not(part):
            return leaves_of(part)
        case _:
            return (tree,)


def _lines(tree: Node) -> list[str]:
    match tree:
        case All():
            return ["everything"]
        case And(parts):
            return ["all of these:", *_below(parts)]
        case Or(parts):
            return ["one or more of these:", *_below(parts)]
        case Not(All()):
            return ["nothing"]
        case Not(And(parts)):
            return ["not all of these:", *_below(parts)]
        case Not(Or(parts)):
            return ["none of these:", *_below(parts)]
        case Not(part):
            return ["not this:", *_below((part,))]
        case _:
            return [clause_in_words(tree)]


def _below(parts: tuple[Node, ...]) -> list[str]:
    return [_INDENT + line for part in parts for line in _lines(part)]


def _field_in_words(leaf: Eq | FieldGlob | Exists | Cmp | Range | Cidr) -> str:
    name = _named(leaf.field)
    match leaf:
        case Eq(Field("message", False), value):
            return f"{name} has the words {_quoted(value)}"
        case Eq(_, value):
            return f"{name} is {_quoted(value)}"
        case FieldGlob(_, pattern):
            return f"all of {name} fits {_quoted(pattern)}"
        case Exists():
            return f"{name} is there"
        case Cmp(_, operator, bound):
            return f"{name} is {_OPERATORS[operator]} {_bound(bound)}"
        case Range(_, low, high, includes_low, includes_high):
            return f"{name} is {_range(low, high, includes_low=includes_low, includes_high=includes_high)}"
        case Cidr(_, blocks):
            return f"{name} is an address in {' or '.join(blocks)}"


def _range(low: Bound | None, high: Bound | None, *, includes_low: bool, includes_high: bool) -> str:
    ends = []
    if low is not None:
        ends.append(f"{_OPERATORS[Operator.AT_LEAST if includes_low else Operator.GREATER]} {_bound(low)}")
    if high is not None:
        ends.append(f"{_OPERATORS[Operator.AT_MOST if includes_high else Operator.LESS]} {_bound(high)}")
    return " and ".join(ends) or "there"


def _named(field: Field) -> str:
    return f"@{field.name}" if field.is_attribute else field.name


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _bound(bound: Bound) -> str:
    return _quoted(bound) if isinstance(bound, str) else str(bound)
