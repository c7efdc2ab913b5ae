from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from query_rows import Rows, row_of

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
    Glob,
    Not,
    Operator,
    Or,
    Phrase,
    Range,
    Term,
)

TEXTS = [
    "", "a", "A", "ab", "a b", "a  b", "a\nb", "a\tb", "a\u00a0b", "a-b", "a.b", "a_b", "a%b", "a\\b", "a*b", "a?b", "'a", '"a',
    "é", "É", "éa", "ß", "SS", "k", "K", "\u212a", "\u017f", "s", "İ", "i", "字", "字字", "nul\0b", "😀", "x😀y", "\u03c3", "\u03c2", "\u03a3",
    "²", "a²", "5", "500", "500.0", "5e2", "0500", "-5", "+5", ".5", "5.", "1e5", "100000", "1e+30", "inf", "-Infinity", "nan",
    "1e999", "0x10", " 5", "5 ", "9007199254740992", "9007199254740993", "1.1", "1.10", "true", "false", "true ", "unhandled",
    "10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "10.1.2", "not.an.ip", "Error", "error", "web-1 down", "ValueError: boom",
    "a" * 300 + "b", "aaa aab", "key:value", "a:b:c", ":", "env:prod", "env:", "prod", "\\", "%", "_", "{p0:String}", "\u3000",
]  # fmt: skip
MESSAGES = ["boom", "a b", "b", "boom\na", "b:", "é", "at a"]
STACKS = [
    "{m}", "E: {m}", "a {m}\n at {t}", "{m} {m}", "x{m} b {m}", "{m}b", "{m}\u00a0b", "E:\t{m}\n\tat a\nb: {m}", "{t} {m} {t}",
    "nul\0 {m}", "{m}\n\n{m} b",
]  # fmt: skip
OTHERS = [
    0,
    -0.0,
    5,
    500,
    500.0,
    1.1,
    -5,
    0.5,
    1e30,
    2**53,
    2**53 + 1,
    2**64,
    10**30,
    True,
    False,
    None,
    [],
    {},
    [None],
]
KEYS = [
    "a",
    "a.b",
    "b",
    "http.code",
    "error.kind",
    "error.is_crash",
    "service",
    "message",
    "platform",
    "status",
    "x y",
    "é",
]
FIELDS = [
    *(Field(key, is_attribute=True) for key in KEYS),
    *(
        Field(name, is_attribute=True)
        for name in ("error.type", "error", "usr.id", "language", "http", "timestamp", "none")
    ),
    *(
        Field(name)
        for name in ("service", "env", "status", "message", "timestamp", "tags", "error.type", "error.is_crash")
    ),
    *(Field(name) for name in ("a", "env2", "platform", "a:b", "key")),
]


def _documents(count):
    """Documents full of what goes wrong: arrays, nulls, dots in keys, numbers as text, empty and very long values."""
    pick = random.Random(20231115)  # noqa: S311 - the same documents at every run
    some = lambda: pick.choice(TEXTS + OTHERS * 2)  # noqa: E731 - drawn over and over
    for n in range(count):
        attributes = {key: some() for key in pick.sample(KEYS, 5)}
        attributes["list"] = [some() for _ in range(pick.randrange(4))]
        attributes["a"] = {"b": some(), "c": [{"d": some()}, {"d": some()}]} if n % 3 else attributes.get("a")
        message = pick.choice(TEXTS + MESSAGES * 3)
        stack = pick.choice(TEXTS + STACKS * 3).replace("{m}", message).replace("{t}", pick.choice(TEXTS))
        attributes["error"] = {"type": pick.choice(TEXTS), "message": message, "stack": stack}
        attributes |= {"usr": {"id": pick.choice(TEXTS)}, "language": pick.choice(["", "python", "go"])}
        tags = [f"{key}:{pick.choice(TEXTS)}" for key in pick.sample(["a", "env2", "platform", "error.type", "key"], 2)]
        yield {
            "service": pick.choice(["", "a", "web-1", "500"]), "env": pick.choice(["prod", ""]), "message": pick.choice(TEXTS),
            "status": pick.choice(["error", "alert"]), "timestamp": 1700000000000 + n * 997, "attributes": attributes,
            "tags": [*tags, pick.choice(TEXTS)],
        }  # fmt: skip


@pytest.fixture(scope="module")
def hostile(engine):
    rows = Rows(row_of(document) for document in _documents(240))
    engine.store("hostile", rows)
    return rows


def _pattern(text, wild, at):
    literal = "".join(f"\\{char}" if char in "*?\\" else char for char in text)
    return literal[:at] + wild + literal[at:] if literal[at - 1 : at] != "\\" else wild + literal


TEXT = st.sampled_from(TEXTS)
WORD = TEXT.filter(bool)
FIELD = st.sampled_from(FIELDS)
PATTERN = st.one_of(
    st.builds(_pattern, TEXT, st.sampled_from(["*", "?", "**", "*?", "?*"]), st.integers(0, 3)),
    st.sampled_from(["a*b", "*a*b*", "?", "??", "**", "a?b", "*a", "a*a*b", "e*r", "*rr*", "web*down", "*:*", "a*b?"]),
)
NUMBER = st.sampled_from([0, 1, -5, 5, 500, 500.5, 1e30, 2**53, 2**53 + 1, 10**400, float("inf"), 1700000100000])
MOMENT = st.one_of(NUMBER, st.sampled_from(["2023-11-14T22:13:30Z", "2023-11-14"]))
BOUND = st.one_of(NUMBER, st.sampled_from(["a", "b", "é", "字", "true", "~"]))


def _between(field):
    bound = MOMENT if field.name == "timestamp" else BOUND
    end = st.one_of(st.none(), bound)
    return st.one_of(
        st.builds(Cmp, st.just(field), st.sampled_from(Operator), bound),
        st.builds(Range, st.just(field), end, end, st.booleans(), st.booleans()),
    )


BLOCKS = st.sampled_from(
    [("10.0.0.0/8",), ("::/0",), ("0.0.0.0/0",), ("::ffff:10.0.0.0/104",), ("2001:db8::/32", "11.0.0.1")]
)
LEAF = st.one_of(
    st.builds(Term, WORD),
    st.builds(Phrase, WORD),
    st.lists(st.sampled_from(["a", "b", "boom", "at", "E:", "b:", "x", "é", "nul\0", "\0"]), min_size=2, max_size=5)
    .map(" ".join)
    .map(Phrase),
    st.builds(Glob, PATTERN),
    st.builds(FullText, WORD),
    st.builds(FullTextGlob, PATTERN),
    st.builds(Eq, FIELD, TEXT),
    st.builds(FieldGlob, FIELD, PATTERN),
    st.builds(Exists, FIELD),
    FIELD.flatmap(_between),
    st.builds(Cidr, FIELD, BLOCKS),
)
TREE = st.one_of(
    LEAF,
    st.builds(Not, LEAF),
    st.lists(st.one_of(LEAF, st.builds(Not, LEAF), st.just(All())), min_size=2, max_size=4).map(tuple).map(And),
    st.lists(st.one_of(LEAF, st.builds(Not, LEAF)), min_size=2, max_size=4).map(tuple).map(Or),
)


@given(tree=TREE)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_engine_finds_what_the_reference_finds(tree, engine, hostile):
    bound = bind(tree, EVENTS)

    found = engine.select("hostile", to_clickhouse.compile(bound))

    assert found == [n for n, row in enumerate(hostile) if matches(bound, row)]
