from __future__ import annotations

import random

import pytest
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
    FullTextPhrase,
    Glob,
    Not,
    Operator,
    Or,
    Phrase,
    Range,
    Term,
)

AT_ONCE = 30
"""Queries of one statement: the engine takes longer to begin one than to answer it."""
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
    *(
        (key, True)
        for key in (*KEYS, "error.type", "error", "usr.id", "language", "http", "timestamp", "none", "a.c.d")
    ),
    *((name, False) for name in ("service", "env", "status", "message", "timestamp", "tags", "error.type")),
    *((name, False) for name in ("error.is_crash", "a", "env2", "platform", "a:b", "key")),
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
    rows = Rows(row_of(document) for document in _documents(80))
    engine.store("hostile", rows)
    return rows


def _pattern(text, wild, at):
    literal = "".join(f"\\{char}" if char in "*?\\" else char for char in text)
    return literal[:at] + wild + literal[at:] if literal[at - 1 : at] != "\\" else wild + literal


PATTERNS = [
    "a*b",
    "*a*b*",
    "?",
    "??",
    "**",
    "*?*",
    "a?b",
    "*a",
    "a*a*b",
    "e*r",
    "*rr*",
    "web*down",
    "*:*",
    "a*b?",
    "5*",
    "*0",
]
NUMBERS = [0, 1, -5, 5, 500, 500.5, 0.5, 1.1, 1e30, 2**53, 2**53 + 1, 10**400, float("inf"), 1700000100000]
MOMENTS = ["2023-11-14T22:13:30Z", "2023-11-14"]
BOUNDS = ["a", "b", "é", "字", "true", "~"]
BLOCKS = [("10.0.0.0/8",), ("::/0",), ("0.0.0.0/0",), ("::ffff:10.0.0.0/104",), ("2001:db8::/32", "11.0.0.1")]
PHRASES = ["a", "b", "boom", "at", "E:", "b:", "x", "é", "5", "nul\0", "\0"]


class Trees:
    """Trees as they come; the same ones for the same seed."""

    def __init__(self, seed):
        self._pick = random.Random(seed)  # noqa: S311 - a seed names what failed

    def tree(self, depth=2):
        pick = self._pick
        kind = pick.choice((0, 0, 0, 0, 1, 2, 3)) if depth else 0
        if kind == 0:
            return self._leaf()
        if kind == 1:
            return Not(self.tree(depth - 1))
        parts = tuple(self.tree(depth - 1) for _ in range(pick.randrange(2, 5)))
        own = And if kind == 2 else Or
        flat = [inner for part in parts for inner in (part.parts if isinstance(part, own) else (part,))]
        return own((*flat, All()) if pick.random() < 0.05 else tuple(flat))

    def _leaf(self):
        pick = self._pick
        field = Field(*pick.choice(FIELDS))
        text, word = pick.choice(TEXTS), pick.choice(TEXTS[1:])
        pattern = pick.choice(
            [pick.choice(PATTERNS), _pattern(text, pick.choice(["*", "?", "**", "*?"]), pick.randrange(4))]
        )
        phrase = " ".join(pick.choices(PHRASES, k=pick.randrange(2, 6)))
        bounds = NUMBERS + (MOMENTS if field.name == "timestamp" else BOUNDS)
        ends = [pick.choice([None, pick.choice(bounds)]) for _ in range(2)]
        return pick.choice(
            [
                Term(word),
                Phrase(pick.choice([word, phrase])),
                Glob(pattern),
                FullText(word),
                FullTextPhrase(pick.choice([word, phrase])),
                FullTextGlob(pattern),
                Eq(field, text),
                Eq(field, pick.choice(TEXTS)),
                FieldGlob(field, pattern),
                Exists(field),
                Cmp(field, pick.choice(list(Operator)), pick.choice(bounds)),
                Range(field, *ends, pick.random() < 0.5, pick.random() < 0.5),
                Cidr(field, pick.choice(BLOCKS)),
            ]
        )


@pytest.mark.parametrize("seed", range(70))
def test_engine_finds_what_the_reference_finds(seed, engine, hostile):
    trees = Trees(seed)
    bound = [bind(trees.tree(), EVENTS) for _ in range(AT_ONCE)]

    found = engine.hold("hostile", [to_clickhouse.compile(tree, f"q{n}_") for n, tree in enumerate(bound)])

    for tree, numbers in zip(bound, found, strict=True):
        assert (tree, numbers) == (tree, [n for n, row in enumerate(hostile) if matches(tree, row)])


@pytest.mark.parametrize("seed", range(1000, 1005))
def test_what_the_indexes_leave_out_is_no_match(seed, engine, hostile):
    trees = Trees(seed)
    for _ in range(20):
        tree = bind(trees.tree(), EVENTS)

        found = engine.select("hostile", to_clickhouse.compile(tree))

        assert (tree, found) == (tree, [n for n, row in enumerate(hostile) if matches(tree, row)])
