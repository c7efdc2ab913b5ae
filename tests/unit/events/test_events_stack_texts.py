from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.events.stack_texts import template_of, text_of

PIECES = st.sampled_from(["a", "b", "ab", " ", "\n", "\t", ":", "\0", "é", "\u00a0", "x y"])
TEXT = st.lists(PIECES, max_size=12).map("".join)


@pytest.mark.parametrize(
    ("stack", "message", "template"),
    [
        pytest.param("Traceback:\n  pay()\nKeyError: 'sku'", "'sku'", "Traceback:\n  pay()\nKeyError: \0", id="python"),
        pytest.param("Error: no stock\n    at pay (a.js:1)", "no stock", "Error: \0\n    at pay (a.js:1)", id="v8"),
        pytest.param(
            "A: b c\n\tat x\nCaused by: B: b c\n\tat y", "b c", "A: \0\n\tat x\nCaused by: B: \0\n\tat y", id="jvm"
        ),
        pytest.param("two\nlines", "two\nlines", "\0", id="nothing-but-the-message"),
    ],
)
def test_message_is_taken_out_of_a_stack(stack, message, template):
    assert template_of(stack, message) == (template, True)


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        pytest.param("E: 17", "", id="no-message"),
        pytest.param("E: 17", "18", id="not-there"),
        pytest.param("E(17)", "17", id="within-a-word"),
        pytest.param("E: 1717", "17", id="twice-in-a-word"),
        pytest.param("E: 17\u00a0x", "17", id="odd-space"),
        pytest.param("E: 17 \0", "17", id="mark-in-the-stack"),
        pytest.param("E: 17 x", "17 ", id="message-with-space-at-its-end"),
    ],
)
def test_stack_stays_whole_where_its_message_does_not_stand_apart(stack, message):
    assert template_of(stack, message) == (stack, False)


@given(stack=TEXT, message=TEXT)
def test_stack_comes_back_as_it_was(stack, message):
    template, holds_message = template_of(stack, message)

    assert text_of(template, message, holds_message=holds_message) == stack
