from __future__ import annotations

import pytest

from errata.query.numbers import spellings, stored_number
from errata.query.patterns import fits, like
from errata.query.words import WordPattern, Words, finds
from growth import assert_linear


@pytest.mark.parametrize(
    ("wanted", "text", "found"),
    [
        ("hello", "say HELLO!", True),
        ("hello", "helloworld", False),
        ("hello", "hello_world", False),
        ("hello", "hello2", False),
        ("größe", "die GRÖSSE, GRÖßE", True),
        ("éa", "x ÉA y", True),
        ("字", "漢字", False),
        ("k", "273 \u212a", False),
        ("/app/pay.py", "in/app/pay.py:3", True),
        ("/app/pay.py", "/app/pay.pyc", False),
        ("two  words", "two\n\t words", True),
        ("two words", "two other words", False),
        ("a.b", "axb", False),
        (" ", "a b", False),
        ("", "a b", False),
        ("a\0b", "x a\0b", True),
    ],
)
def test_words_are_found_at_word_edges(wanted, text, found):
    assert finds(Words(wanted), text) is found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("web*", "a website", True),
        ("web*", "cobweb site", False),
        ("*web", "cobweb site", True),
        ("*web", "website", False),
        ("*obw*", "cobwebs", True),
        ("c*s", "cobwebs", True),
        ("c*s", "cob webs", False),
        ("sys*exception", "System.Exception: x", True),
        ("12?", "line 123", True),
        ("12?", "line 12, in", False),
        ("12?", "line 1234", False),
        ("a?c", "a-c", True),
        ("a?c", "a c", False),
        (r"a\*c", "a*c", True),
        (r"a\*?c", "abc", False),
        ("a b*", "a bc", False),
        ("?", "-", False),
        ("a*b*c", "ab abxxc", True),
        ("a*c", "abcd abc", True),
    ],
)
def test_patterns_are_found_in_one_word(pattern, text, found):
    assert finds(WordPattern(pattern), text) is found


@pytest.mark.parametrize(
    ("pattern", "text", "fitting"),
    [
        ("a*", "a", True),
        ("*", "", True),
        ("a?b*c", "a\nb--c", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "aab", False),
        ("1.*", "1x2", False),
        (r"100\%*", "100%", True),
        ("100%*", "100% sure", True),
        ("?", "😀", True),
        ("??", "a", False),
        (r"a\?", "a?", True),
        (r"a\\*", r"a\b", True),
    ],
)
def test_pattern_is_held_against_the_whole_value(pattern, text, fitting):
    assert fits(pattern, text) is fitting


def test_like_leaves_nothing_wild_but_the_wildcards():
    assert like(r"50%_\*a*b?\\c") == r"50\%\_*a%b_\\c"


@pytest.mark.parametrize("pattern", ["*a*a*a*a*a*a*b", "a*a*a*a*a*a*ab", "?a*?a*?a*?a*c"])
def test_a_pattern_takes_time_linear_in_the_text(pattern):
    def hold_against(text):
        fits(pattern, text)
        finds(WordPattern(pattern), text)

    assert_linear(hold_against, lambda size: "a" * size, 50_000)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("500", {"500"}),
        ("500.0", {"500.0", "500"}),
        ("5e2", {"5e2", "500"}),
        ("1.10", {"1.10", "1.1"}),
        ("-0", {"-0", "0"}),
        ("9007199254740993", {"9007199254740993"}),
        ("1e30", {"1e30", "1e+30", "1000000000000000019884624838656"}),
        ("1e999", {"1e999"}),
        ("v1", {"v1"}),
        ("inf", {"inf"}),
    ],
)
def test_number_is_looked_for_as_it_may_be_stored(written, stored):
    assert set(spellings(written)) == stored


def test_only_finite_numbers_take_part_in_comparisons():
    assert [stored_number(text) for text in ("5", "+5", ".5", "5.", "-1e3")] == [5, 5, 0.5, 5, -1000]
    assert all(
        stored_number(text) != stored_number(text) for text in ("", "5 ", "inf", "nan", "1e999", "0x1", "1_0", "٣")
    )
