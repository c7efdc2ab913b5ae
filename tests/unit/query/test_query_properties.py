from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.base.errors import Invalid
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
    Not,
    Operator,
    Or,
    Phrase,
    Range,
    Term,
)
from errata.query.numbers import number_of
from errata.query.parse import MAX_BYTES, parse
from errata.query.render import render

CHARS = st.one_of(
    st.sampled_from('ab1é字 \t\n\u3000"\\*?:()[]{}<>-+=#@&|!~^,./_\0%'), st.characters(exclude_categories=["Cs"])
)
TEXT = st.one_of(
    st.text(CHARS, min_size=1, max_size=8),
    st.sampled_from(["AND", "OR", "NOT", "CIDR", "TO", "_exists_", "*", "tags", "-5", "1e3", "&&", "||x", "@a"]),
)
FIELD = st.builds(Field, TEXT, st.booleans())
VALUE = st.one_of(TEXT, st.just(""))
PIECE = st.one_of(st.sampled_from(["*", "?", r"\*", r"\?", r"\\"]), CHARS.filter(lambda char: char not in "*?\\"))
PATTERN = (
    st.lists(PIECE, min_size=1, max_size=8)
    .filter(lambda pieces: "*" in pieces or "?" in pieces)
    .map("".join)
    .filter(lambda pattern: pattern != "*")
)
NUMBER = st.one_of(st.integers(), st.floats(allow_nan=False))
BOUND = st.one_of(NUMBER, TEXT.filter(lambda text: number_of(text) is None))
END = st.one_of(st.none(), BOUND, st.just(""))
LEAF = st.one_of(
    st.builds(Term, TEXT),
    st.builds(Phrase, TEXT),
    st.builds(Glob, PATTERN),
    st.builds(FullText, TEXT),
    st.builds(FullTextPhrase, TEXT),
    st.builds(FullTextGlob, PATTERN),
    st.builds(Eq, FIELD, VALUE),
    st.builds(FieldGlob, FIELD, PATTERN),
    st.builds(Exists, FIELD),
    st.builds(Cmp, FIELD, st.sampled_from(Operator), BOUND),
    st.builds(Range, FIELD, END, END, st.booleans(), st.booleans()),
    st.builds(Cidr, FIELD, st.sampled_from([("10.0.0.0/8",), ("2001:db8::/32", "1.2.3.4")])),
)
TREE = st.recursive(
    st.one_of(LEAF, st.just(All())),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        st.builds(Not, inner),
    ),
    max_leaves=12,
)
SIGNS = ["AND", "OR", "NOT", "(", ")", "[", "]", "{", "}", '"', "\\", "*", "?", ":", "@", "-", "+", ">", "<=", "TO"]
OTHERS = [
    "1",
    "CIDR(",
    ",",
    " ",
    " ",
    "env:",
    "@a.b:",
    "x",
    "_exists_:",
    "*:",
    "10.0.0.0/8",
    "\ud800",
    "\0",
    "é",
    "!",
    "^",
]
PIECES = st.sampled_from([*SIGNS, *OTHERS])


@given(TREE)
@settings(max_examples=400)
def test_rendered_tree_parses_to_the_same_tree(tree):
    text = render(tree)

    if len(text.encode()) <= MAX_BYTES:
        assert parse(text) == tree


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map("".join)))
@settings(max_examples=600)
def test_any_text_gives_a_tree_or_a_refusal_with_its_place(text):
    outcome = _parsed(text)

    if isinstance(outcome, Invalid):
        assert outcome.message.startswith("query: at offset ")
        assert 0 <= outcome.offset <= len(text)
    else:
        assert parse(render(outcome)) == outcome


@pytest.mark.parametrize(
    "unit",
    [
        "(",
        "-(",
        "a ",
        "a:b OR ",
        "\\",
        '"',
        '\\"',
        "a*",
        "@a:[",
        "{1 TO ",
        "CIDR(a,1",
        "é",
        "((a) ",
        "*?",
        "x:(",
        "&&|",
    ],
)
def test_longest_query_of_any_shape_is_read_in_no_time(unit):
    text = unit * (MAX_BYTES // len(unit.encode()))

    began = time.perf_counter()
    _parsed(text)
    assert time.perf_counter() - began < 0.25


def _parsed(text):
    try:
        return parse(text)
    except Invalid as refused:
        return refused
