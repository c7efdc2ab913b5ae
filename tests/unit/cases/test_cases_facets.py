"""How texts of cases and of queries are made comparable."""

from __future__ import annotations

import time
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from errata.cases.facets import composed, folded


@given(st.text(st.characters(categories=["L", "M", "N"]), max_size=60))
def test_the_ways_to_type_a_text_are_compared_as_one(text):
    apart, together = (unicodedata.normalize(form, text) for form in ("NFD", "NFC"))

    assert folded(apart) == folded(together) == folded(text)
    assert composed(text) == together


def test_accents_upon_accents_are_composed_in_little_time():
    text = "a" + "\u0345" * 50_000 + "\u0334" * 50_000
    began = time.monotonic()

    composed(text)

    assert time.monotonic() - began < 2  # all at once: half a minute
