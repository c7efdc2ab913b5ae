from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.stacks.parse import parse
from errata.stacks.template import STAND_IN, template_of

GOLDEN = sorted((Path(__file__).parents[2] / "golden" / "stacks").rglob("*.txt"))
PYTHON = 'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in pay\n    charge(card)\nshop.Declined: %s'
JAVA = "com.shop.Declined: %s\n\tat com.shop.Till.pay(Till.java:3)\n\tat com.shop.Main.main(Main.java:9)"
NODE = "TypeError: %s\n    at pay (/srv/till.js:3:9)\n    at process.processTicksAndRejections (node:internal/x:95:5)"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_filled_template_says_what_the_text_says(path):
    text = path.read_text(encoding="utf-8").rstrip("\n")
    template = template_of(text)

    if template is not None:
        filled = template.filled(parse(template.text))
        assert filled is None or filled == parse(text)


@given(st.sampled_from([PYTHON, JAVA, NODE]), st.text(max_size=80))
def test_no_message_makes_a_filled_template_differ(form, message):
    text = form % message
    template = template_of(text)

    if template is not None:
        filled = template.filled(parse(template.text))
        assert filled is None or filled == parse(text)


@pytest.mark.parametrize("form", [PYTHON, JAVA, NODE])
def test_two_messages_of_one_place_share_a_template(form):
    first, second = template_of(form % "card 4711 declined"), template_of(form % "card 4712 declined: no funds")

    assert first is not None
    assert second is not None
    assert first.text == second.text == form % STAND_IN
    assert second.filled(parse(second.text)) == parse(form % "card 4712 declined: no funds")


@pytest.mark.parametrize(
    "text",
    [
        "KeyError",
        PYTHON % "two\nlines",
        f"{PYTHON % 'a'}\n\nDuring handling of the above exception, another exception occurred:\n\n{PYTHON % 'b'}",
        PYTHON % f"has {STAND_IN}",
        JAVA % "two\nlines",
        "",
    ],
)
def test_a_text_whose_message_cannot_be_told_apart_has_no_template(text):
    assert template_of(text) is None
