from __future__ import annotations

import contextlib
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.base.errors import Invalid
from errata.events.facets import EVENTS
from errata.query import to_clickhouse
from errata.query.bind import bind
from errata.query.match import matches
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


SPECIALS = ' \t\n\u3000"\\*?:()[]{}<>-+=#@&|!~^,./_\0%é'
BLOCKS = ("10.0.0.0/8",)


@pytest.mark.parametrize("char", SPECIALS)
@pytest.mark.parametrize("text", ["{}", "{}a", "a{}", "a{}b", "a{0}{0}"])
def test_every_special_character_is_kept_at_every_place(char, text):
    text = text.format(char)
    escaped = text.replace(char, f"\\{char}") if char in "*?\\" else text
    leaves = [Term(text), Phrase(text), Glob(f"{escaped}*"), Glob(f"?{escaped}"), FullText(text), FullTextPhrase(text)]
    for field in (Field(text), Field(text, is_attribute=True), Field(f"f.{text}")):
        leaves += [Eq(field, text), FieldGlob(field, f"*{escaped}"), Exists(field), Cmp(field, Operator.LESS, text)]
        leaves += [Range(field, text, None, True, False), Range(field, None, text, False, True), Cidr(field, BLOCKS)]

    for leaf in leaves:
        assert parse(render(leaf)) == leaf


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
def test_reading_a_query_takes_steps_in_proportion_to_its_length(unit):
    short, long = (unit * (length // len(unit.encode())) for length in (MAX_BYTES // 4, MAX_BYTES))

    assert _steps(long) <= 4.5 * _steps(short) + 400


@given(st.one_of(st.lists(PIECES, max_size=30).map("".join), TREE.flatmap(lambda tree: _mutated(render(tree)))))
@settings(max_examples=400, deadline=None)
def test_any_text_is_searched_by_or_refused(text):
    with contextlib.suppress(Invalid):
        tree = bind(parse(text), EVENTS)
        to_clickhouse.compile(tree)
        matches(tree, ROW)


ROW = {
    "timestamp": 1700000000000,
    "message": "a 1",
    "error_type": "E",
    "tags": ["a:b", ":", ""],
    "attributes": {"a": ["", "1e400", "\0", "x" * 5000], "": ["-0"], "a.b": []},
}


def _mutated(text):
    """The text with a stretch taken out, said twice, or something else put in its place."""
    at = st.integers(0, len(text))
    return st.builds(
        lambda begin, end, piece: text[:begin] + piece + text[end:], at, at, st.one_of(PIECES, st.just(text[-20:]))
    )


def _steps(text):
    """Lines of the language's own code that are run to read the text."""
    count = 0

    def trace(frame, event, _argument):
        nonlocal count
        count += event == "line"
        return trace if frame.f_globals["__name__"].startswith("errata.query") else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        _parsed(text)
    finally:
        sys.settrace(before)
    return count


def _parsed(text):
    try:
        return parse(text)
    except Invalid as refused:
        return refused
