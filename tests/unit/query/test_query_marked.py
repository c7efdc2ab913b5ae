"""Marked texts: what a needle finds in one is what the words themselves find in the text."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.query.marked import ANYTHING, BEGIN, BORDER, END, Needle, evened, fold, marked, needle, unmarked, words_of
from errata.query.words import WordPattern, Words, finds

CHARS = st.one_of(
    st.sampled_from("ab1é字 \t_-—.!\u03a3\u03c2\u03c3ßẞ\u212a\u0131\u0345\x01\x02\x03"), st.characters(codec="utf-8")
)
PIECES = st.one_of(st.sampled_from(["*", "?", r"\*", r"\?", r"\\"]), CHARS.filter(lambda char: char not in "*?\\"))
SEARCHES = st.one_of(
    st.text(CHARS, max_size=6).map(Words), st.lists(PIECES, min_size=1, max_size=7).map("".join).map(WordPattern)
)


def is_found(wanted: Needle | None, text: str) -> bool:
    """As an engine does it: a substring, then expressions one after the other."""
    if wanted is None or wanted.literal not in marked(text):
        return False
    return not wanted.parts or re.search(ANYTHING.join(wanted.parts), marked(text)) is not None


def is_proposed(wanted: Needle, text: str) -> bool:
    """As an index of words does it."""
    words = words_of(evened(text))
    stands = [
        any(tuple(words[start : start + len(phrase)]) == phrase for start in range(len(words)))
        for phrase in wanted.phrases
    ]
    return all(stands) and all(any(word.startswith(start) for word in words) for start in wanted.beginnings)


@given(search=SEARCHES, text=st.text(CHARS, max_size=14))
@settings(max_examples=1500)
def test_needle_finds_in_marked_text_what_words_find_in_the_text(search, text):
    folded = Words(fold(search.text)) if isinstance(search, Words) else WordPattern(fold(search.pattern))

    expected = finds(folded, evened(text))

    wanted = needle(search)
    assert is_found(wanted, text) == expected
    if expected:
        assert is_proposed(wanted, text)
    if wanted and wanted.is_exact:
        assert is_proposed(wanted, text) == expected


def test_folding_keeps_every_character_in_its_place_and_what_it_is():
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        folded = fold(char)
        assert len(folded) == 1
        assert fold(folded) == folded
        if not "\ud800" <= char < "\ue000":
            assert folded.isalnum() == char.isalnum()


@pytest.mark.parametrize(
    "texts", ["aA", "éÉ", "\u03c3\u03c2\u03a3", "µ\u03bc\u039c", "ßẞ", "ǅǄǆ", "Жж", "\uff46\uff26"]
)
def test_forms_of_a_letter_are_one(texts):
    assert len({fold(char) for char in texts}) == 1


@pytest.mark.parametrize("pair", ["k\u212a", "iİ", "i\u0131", "s\u017f", "eé", "a\u0430"])
def test_other_letters_stay_others(pair):
    assert fold(pair[0]) != fold(pair[1])


def test_what_can_be_stored_nowhere_and_marks_are_replaced():
    assert fold(f"a\0b{BEGIN}{END}{BORDER}\ud800") == "a\ufffdb" + "\ufffd" * 4


@given(st.text(CHARS, max_size=30))
def test_marks_are_taken_off_again(text):
    assert unmarked(marked(text)) == evened(text)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (Words("Foo"), Needle("\x01foo\x02", phrases=(("foo",),), is_exact=True)),
        (Words("C++"), Needle("\x01c\x02++", phrases=(("c",),))),
        (Words(" two\n words "), Needle("\x01two\x02 \x01words\x02", phrases=(("two", "words"),))),
        (Words("a—b c"), Needle("\x01a\x02—\x01b\x02 \x01c\x02", phrases=(("a",), ("b", "c")))),
        (WordPattern("web*"), Needle("\x01web", beginnings=("web",), is_exact=True)),
        (WordPattern("*web"), Needle("web\x02")),
        (WordPattern("*web*"), Needle("web")),
        (WordPattern("a-web*"), Needle("\x01a\x02-\x01web", phrases=(("a",),), beginnings=("web",))),
        (Words(" \t"), None),
        (WordPattern("two words*"), None),
    ],
)
def test_what_is_looked_for(search, expected):
    assert needle(search) == expected
