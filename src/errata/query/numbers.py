"""Numbers in a query: which texts read as one, and how equal numbers are spelled where they are stored."""

from __future__ import annotations

import math
import re

NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
"""What a query may write for a number."""
_INTEGER = re.compile(r"-?[0-9]+")
_STORED = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_EXACT = 2**53
"""From here on a 64-bit float no longer tells neighbouring integers apart."""


def number_of(text: str) -> int | float | None:
    """The number that a query's text spells, None where it spells none. Infinite where it is too large for a float."""
    if not NUMBER.fullmatch(text):
        return None
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def stored_number(text: str) -> float:
    """What a stored text counts as in comparisons, with a float's precision; NaN where it reads as no number.

    More lenient than a query's grammar, since programs write `+5`, `.5` and `5.`; names of infinities are no numbers.
    """
    if not _STORED.fullmatch(text):
        return math.nan
    value = float(text)
    return value if math.isfinite(value) else math.nan


def number_text(value: float) -> str:
    """One spelling for equal numbers: `500` for 500 and 500.0, else the shortest digits that read back the same.

    From 2**53 on a float stands for many whole numbers, and its digits would name one of them: `1e+16`.
    """
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return repr(value)


def spellings(text: str) -> tuple[str, ...]:
    """The texts under which a value equal to `text` may be stored: itself, and for a number its canonical forms.

    Stored numbers are spelled the shortest way (`500` for 500.0), so that equality is equality of texts: quick, able
    to use an index, and exact for integers of any length.
    """
    number = number_of(text)
    if number is None:
        return (text,)
    forms = [text, *_integer_form(number), *_float_form(number)]
    return tuple(dict.fromkeys(forms))


def number_told_apart(text: str) -> float | None:
    """The number that a query's text spells, if a float tells it apart from its neighbours; None otherwise.

    Programs send numbers as texts, too, and spell them freely: `500.0`, `0500`.
    """
    number = number_of(text)
    return None if number is None or abs(number) >= _EXACT else float(number)


def as_float(number: float) -> float:
    """The number as a float, infinite where it is too large for one."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _integer_form(number: float) -> tuple[str, ...]:
    if isinstance(number, int):
        return (str(number),)
    return (str(int(number)),) if number.is_integer() else ()


def _float_form(number: float) -> tuple[str, ...]:
    value = as_float(number)
    if not math.isfinite(value) or value != number:
        return ()
    if value.is_integer() and abs(value) < _EXACT:
        return ()
    return (repr(value),)
