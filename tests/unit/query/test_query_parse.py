from __future__ import annotations

import pytest

from errata.base.errors import Invalid
from errata.query.parse import MAX_BYTES, MAX_CLAUSES, MAX_DEPTH, parse
from errata.query.sexpr import sexpr


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        pytest.param("a OR b c", '(or (term "a") (and (term "b") (term "c")))', id="and-before-or"),
        pytest.param("(a b) c", '(and (and (term "a") (term "b")) (term "c"))', id="parentheses-keep-a-level"),
        pytest.param("((a))", '(term "a")', id="parentheses-leave-no-node"),
        pytest.param("ORDER", '(term "ORDER")', id="operator-is-a-whole-word"),
        pytest.param("AND:x NOT:y", '(and (eq AND "x") (eq NOT "y"))', id="operator-as-field"),
        pytest.param("a || b && c", '(or (term "a") (and (term "b") (term "c")))', id="signs"),
        pytest.param("a&&b c|d", '(and (term "a&&b") (term "c|d"))', id="signs-inside-a-word"),
        pytest.param(r"\AND", '(term "AND")', id="escaped-operator"),
        pytest.param("a\u3000b", '(and (term "a") (term "b"))', id="ideographic-space"),
        pytest.param("a\u00a0b", '(term "a\u00a0b")', id="other-space-is-a-letter"),
        pytest.param("“a”", '(term "“a”")', id="typographic-quotes-are-letters"),
        pytest.param("k:(>5 OR [1 TO 2])", "(or (cmp k > 5) (range k [ 1 2 ]))", id="group-of-comparisons"),
        pytest.param("k:(a @x:b -c)", '(and (eq k "a") (eq @x "b") (not (eq k "c")))', id="own-field-in-a-group"),
        pytest.param("k:(a OR (b OR *))", '(or (eq k "a") (or (eq k "b") (exists k)))', id="nested-group"),
        pytest.param("_missing_:@a.b", "(not (exists @a.b))", id="missing"),
        pytest.param('_exists_:"first name"', "(exists first name)", id="quoted-name"),
        pytest.param(r"@user.first\ name:Jane", '(eq @user.first name "Jane")', id="escaped-name"),
        pytest.param(r"\_exists_:a \*:b", '(and (eq _exists_ "a") (eq * "b"))', id="escaped-special-fields"),
        pytest.param("*:* -*:*", "(and (all) (not (all)))", id="everything"),
        pytest.param('*:"two words"', '(fulltext-phrase "two words")', id="full-text-phrase"),
        pytest.param("@n:>=\\-5.50", "(cmp @n >= -5.5)", id="escaped-minus"),
        pytest.param("@n:<1E-2", "(cmp @n < 0.01)", id="negative-exponent"),
        pytest.param("@n:>abc", '(cmp @n > "abc")', id="text-bound"),
        pytest.param(
            "@n:{* TO 2023-01-01T00:00:00Z]", '(range @n { * "2023-01-01T00:00:00Z" ])', id="colon-in-a-bound"
        ),
        pytest.param('@n:["a b" TO \\*]', '(range @n [ "a b" "*" ])', id="quoted-and-escaped-bounds"),
        pytest.param("assignee:ann@shop.example", '(eq assignee "ann@shop.example")', id="at-inside-a-value"),
        pytest.param(r"a\*b?", r'(glob "a\\*b?")', id="literal-star-in-a-pattern"),
        pytest.param(r"k:\*", '(eq k "*")', id="escaped-star-is-a-value"),
        pytest.param("k:a-b+c=d#e", '(eq k "a-b+c=d#e")', id="signs-after-the-first-character"),
        pytest.param("CIDR( @ip, 1.2.3.4)", "(cidr @ip 1.2.3.4)", id="single-address"),
        pytest.param("NOT(a) NOT (b)", '(and (not (term "a")) (not (term "b")))', id="not-before-groups"),
        pytest.param("nul\0", '(term "nul\\u0000")', id="nul"),
    ],
)
def test_query_gives_tree(query, tree):
    assert sexpr(parse(query)) == tree


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param("env:", 'at offset 4: found end of query, expected a value after "env:"', id="no-value"),
        pytest.param("a env: OR b", 'at offset 7: found "OR", expected a value after "env:"', id="operator-as-value"),
        pytest.param(
            "k:-5", r'at offset 2: found "-5", expected a value after "k:" (write \- for a leading minus)', id="minus"
        ),
        pytest.param("a --b", 'at offset 3: found "-b", expected a word', id="two-modifiers"),
        pytest.param("NOT -a", 'a group after the one "-", "+" or NOT that is allowed', id="not-and-minus"),
        pytest.param("cidr(a, 1.2.3.4)", 'at offset 0: found "cidr", expected "CIDR(" in upper case', id="cidr"),
        pytest.param("a:b:c", 'at offset 3: found ":c", expected a value without ":"', id="colon-in-a-value"),
        pytest.param("a\\", 'at offset 2: found end of query, expected a character after "\\"', id="dangling-escape"),
        pytest.param('x "ab', "at offset 5: found end of query, expected the double quote that ends", id="open-phrase"),
        pytest.param(
            "(a (b)", 'at offset 6: found end of query, expected the ")" for the "(" at offset 0', id="open-group"
        ),
        pytest.param(
            "@a b", 'at offset 2: found " ", expected ":" and a value after "@a"', id="attribute-without-value"
        ),
        pytest.param("a@b:c", 'expected a field name with "@" at its beginning only', id="at-inside-a-name"),
        pytest.param("*:(a)", 'expected one word or phrase after "*:"', id="group-of-full-text"),
        pytest.param('*:""', 'expected one word or phrase after "*:"', id="empty-full-text"),
        pytest.param("_exists_:>5", 'expected one word or phrase after "_exists_:"', id="comparison-of-existence"),
        pytest.param("@n:> 5", 'expected a number or a word directly after ">"', id="space-after-operator"),
        pytest.param("@n:>a*", 'expected a bound without wildcards after ">"', id="wildcard-in-a-bound"),
        pytest.param("@n:[1 TO 2", 'expected "]" or "}" after the upper bound', id="open-range"),
        pytest.param("@n:[1 TO", 'expected an upper bound after "TO"', id="half-a-range"),
        pytest.param(">5", "expected a field and a colon before a comparison", id="comparison-without-field"),
        pytest.param("a~2", r'at offset 1: found "~2", expected white space, ")" or the end after "a"', id="fuzzy"),
        pytest.param("CIDR(@ip, 1.2.3.4 5.6.7.8)", 'expected "," or ")" after a block', id="no-comma"),
        pytest.param("k:CIDR(a, 1.0.0.0/8)", 'expected a value after "k:"', id="function-as-value"),
        pytest.param("a \ud800", "at offset 2: found half of a surrogate pair", id="lone-surrogate"),
        pytest.param("x" * 100 + "!", 'after "xxxxxxxxxxxxxxxxxxxxxxxx…"', id="long-pieces-are-cut"),
    ],
)
def test_fault_is_told_with_its_place(query, message):
    with pytest.raises(Invalid) as refused:
        parse(query)

    assert refused.value.message.startswith("query: ")
    assert message in refused.value.message
    assert refused.value.where == "query"


def test_limits_hold_exactly():
    parse(("a" * 15 + " ") * (MAX_BYTES // 16))
    parse("a " * MAX_CLAUSES)
    parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH)

    for beyond in (
        "é" * (MAX_BYTES // 2) + "x",
        "a " * (MAX_CLAUSES + 1),
        "k:(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
    ):
        with pytest.raises(Invalid):
            parse(beyond)
