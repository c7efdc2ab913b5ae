from __future__ import annotations

import pytest

from errata.base.errors import Invalid, NotAllowed
from errata.cases.model import Priority
from errata.cases.texts import comment_of, description_of, priority_of, reason_of, title_of
from errata.cases.types import ERROR_TRACKING, STANDARD, legacy_type_id


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (title_of, ""),
        (title_of, "   "),
        (title_of, "x" * 1001),
        (title_of, "two\nlines"),
        (title_of, "a\x00b"),
        (title_of, "a\u2028b"),
        (title_of, "a\ud800"),
        (reason_of, ""),
        (reason_of, "x" * 101),
        (description_of, "x" * 100_001),
        (description_of, "a\x00b"),
        (description_of, "\x1b[31mred"),
        (description_of, "\udfff"),
        (comment_of, ""),
        (comment_of, " \n\t "),
        (comment_of, "x" * 100_001),
        (comment_of, "\x00"),
    ],
)
def test_text_that_cannot_be_kept_is_refused_with_its_place(read, text):
    with pytest.raises(Invalid) as told:
        read(text)
    assert told.value.where.startswith("data.attributes.")
    assert len(told.value.message) < 100


@pytest.mark.parametrize(
    ("read", "text", "kept"),
    [
        (title_of, " Checkout  slow \n", "Checkout  slow"),
        (title_of, "Cafe\u0301", "Caf\u00e9"),
        (title_of, "x" * 1000, "x" * 1000),
        (reason_of, "FALSE_POSITIVE", "FALSE_POSITIVE"),
        (description_of, "", ""),
        (description_of, "    code\r\n\tmore \n", "    code\r\n\tmore \n"),
        (description_of, "😀" * 100_000, "😀" * 100_000),
        (comment_of, " Hello\n", " Hello\n"),
    ],
)
def test_text_is_kept(read, text, kept):
    assert read(text) == kept


def test_priority_is_found_by_its_name_and_refused_in_the_recorded_words():
    assert [priority_of(one) for one in ("P1", "NOT_DEFINED")] == [Priority.P1, Priority.NOT_DEFINED]
    with pytest.raises(NotAllowed) as told:
        priority_of("P1234")
    assert told.value.message == "invalid priority P1234. Must be one of P1, P2, P3, P4, P5, NOT_DEFINED"


def test_old_word_for_a_type_means_a_built_in_one():
    assert legacy_type_id("STANDARD") == STANDARD.id
    assert legacy_type_id("ERROR_TRACKING_ISSUE") == ERROR_TRACKING.id


@pytest.mark.parametrize("word", [None, "TUNKNOWN", "standard", "", "x" * 1000])
def test_other_words_for_a_type_are_refused(word):
    with pytest.raises(Invalid) as told:
        legacy_type_id(word)
    assert len(told.value.message) < 400
