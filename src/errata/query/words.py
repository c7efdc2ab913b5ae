"""Words in a text: what a bare word, a phrase and a word with wildcards find. Rule: search syntax, section 4.

Letters are compared ignoring case. A word character is a letter, a digit or `_`; an end of what is searched that is
one must stand at a word's edge. One regular expression is built for each side, so that engine and plain Python
agree to the letter: case is spelled out (`[kK]`), since engines differ in what they fold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from unicodedata import category

from errata.query.patterns import Element, Wild, elements

SPACES = " \t\r\n\f\v\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""White space inside a searched text, as a character class."""


@dataclass(frozen=True, slots=True)
class Words:
    """One word, or several next to each other with any run of white space between them."""

    text: str


@dataclass(frozen=True, slots=True)
class WordPattern:
    """One word with wildcards, which never cross white space; pattern as in `patterns`."""

    pattern: str


Search: TypeAlias = Words | WordPattern


@dataclass(frozen=True, slots=True)
class Dialect:
    """The same classes in one engine's regular expressions: edges of a word, a word character, white space or not."""

    begin: str
    finish: str
    letter: str
    space: str
    dense: str


RE2 = Dialect(r"(?:\A|[^\pL\pN_])", r"(?:\z|[^\pL\pN_])", r"[\pL\pN_]", r"[\s\v\x{85}\pZ]", r"[^\s\v\x{85}\pZ]")
ROUGH = Dialect(
    r"(?:\A|[^0-9A-Za-z_])", r"(?:\z|[^0-9A-Za-z_])", r"[0-9A-Za-z_\x{80}-\x{10ffff}]", RE2.space, RE2.dense
)
"""RE2's, but what is beyond ASCII is a letter and none, whichever finds more. Prepared fifty times quicker."""
PYTHON = Dialect(r"(?<!\w)", r"(?!\w)", r"\w", f"[{SPACES}]", f"[^{SPACES}]")

JOINER = "\n\0\n"
"""Between texts that are put together: no phrase goes past its NUL, and no wildcard past its line breaks."""

_gap = re.compile(f"[{SPACES}]+")


def regex(search: Search, dialect: Dialect) -> str | None:
    """The expression that finds it anywhere in a text; None where nothing can ever be found."""
    return _words_regex(search.text, dialect) if isinstance(search, Words) else _pattern_regex(search.pattern, dialect)


def landmark(search: Search) -> str:
    """An ASCII text that every match holds, in whatever case; empty where there is none.

    Looking for it first is many times quicker than the expression.
    """
    return max(re.findall(r"[\x01-\x7f]+", _literal_runs(search)), key=len, default="")


def finds(search: Search, text: str) -> bool:
    """Whether it stands in the text. Linear in the text's length for words, and for patterns within each word."""
    if landmark(search).lower() not in text.lower():
        return False
    if isinstance(search, WordPattern) and Wild.RUN in elements(search.pattern):
        return _finds_pattern(search.pattern, text)
    expression = _compiled(search)
    return expression is not None and expression.search(text) is not None


def may_span(search: Search, separator: str) -> bool:
    """Whether a match can reach into a separator, white space at its ends aside, that stands between two texts.

    Else it is found in one of the two. A `*` never needs to reach there: it may as well be shorter.
    """
    if isinstance(search, Words):
        return any(char in search.text for char in separator.strip())
    found = elements(search.pattern)
    return Wild.ONE in found or any(char in found for char in separator.strip())


def across(search: Search, dialect: Dialect) -> tuple[str, str] | None:
    """What holds wherever a match reaches across the border of a value that stands in a text, between white space.

    Two expressions that must be found: one in the text, with a NUL for the value, one in the value. None where no
    match can: a single word, with or without wildcards, holds no white space.
    """
    words = [word for word in _gap.split(search.text) if word] if isinstance(search, Words) else []
    if len(words) < 2:
        return None
    heads, tails = (
        "|".join(dict.fromkeys("".join(map(_any_case, word)) for word in part)) for part in (words[:-1], words[1:])
    )
    outside = rf"(?:{heads}){dialect.space}+\x00|\x00{dialect.space}+(?:\x00|{tails})"
    inside = rf"\A(?:{tails})|(?:{heads})\z"
    return outside, inside


def is_wordy(search: Search) -> bool:
    """Whether it is found in a text just where it is found in that text with a NUL for each word that holds a digit.

    So it is with words that hold none: they are not replaced, and what is ends at their edges. A wildcard may stand
    for a digit.
    """
    return isinstance(search, Words) and all(char > "\0" and category(char)[0] != "N" for char in search.text)


def is_found_alike(search: Search) -> bool:
    """Whether it is found in one of several texts just where it is found in all of them with `JOINER` between."""
    # Wildcards alone would find the NUL between two texts.
    has_literal = isinstance(search, Words) or any(isinstance(element, str) for element in elements(search.pattern))
    return has_literal and not holds_mark(search)


def holds_mark(search: Search) -> bool:
    """Whether it asks for a NUL."""
    return "\0" in (search.text if isinstance(search, Words) else search.pattern)


@lru_cache(maxsize=512)
def _compiled(search: Search) -> re.Pattern[str] | None:
    expression = regex(search, PYTHON)
    return None if expression is None else re.compile(expression)


def _literal_runs(search: Search) -> str:
    """The literal characters, with a NUL wherever something else may stand."""
    if isinstance(search, Words):
        return _gap.sub("\0", search.text)
    return "".join(element if isinstance(element, str) else "\0" for element in elements(search.pattern))


def _words_regex(text: str, dialect: Dialect) -> str | None:
    words = [word for word in _gap.split(text) if word]
    if not words:
        return None
    body = f"{dialect.space}+".join("".join(map(_any_case, word)) for word in words)
    first, last = _is_word(words[0][0]), _is_word(words[-1][-1])
    return f"{dialect.begin if first else ''}{body}{dialect.finish if last else ''}"


def _pattern_regex(pattern: str, dialect: Dialect) -> str | None:
    found = elements(pattern)
    if any(isinstance(element, str) and _gap.match(element) for element in found):
        return None  # wildcards work on one word, and no word holds white space
    body = "".join(_part(element, dialect, index in {0, len(found) - 1}) for index, element in enumerate(found))
    first, last = _is_edge(found[0]), _is_edge(found[-1])
    return f"{dialect.begin if first else ''}{body}{dialect.finish if last else ''}"


def _part(element: Element, dialect: Dialect, at_edge: bool) -> str:
    match element:
        case Wild.RUN:
            return f"{dialect.dense}*"
        case Wild.ONE:
            # Punctuation ends the word that it would belong to.
            return dialect.letter if at_edge else dialect.dense
        case literal:
            return _any_case(literal)


def _is_edge(element: Element) -> bool:
    return element is Wild.ONE or (isinstance(element, str) and _is_word(element))


def _is_word(char: str) -> bool:
    return char == "_" or char.isalnum()


def _any_case(char: str) -> str:
    forms = dict.fromkeys(form for form in (char, char.lower(), char.upper(), char.lower().upper()) if len(form) == 1)
    if len(forms) == 1:
        return _escaped(char)
    return f"[{''.join(forms)}]"


def _escaped(char: str) -> str:
    return r"\x00" if char == "\0" else re.escape(char)


def _finds_pattern(pattern: str, text: str) -> bool:
    """A pattern with a `*`, part by part in each word: backtracking would take quadratic time and worse."""
    expressions = _pattern_parts(pattern)
    return expressions is not None and any(_in_order(expressions, chunk) for chunk in _gap.split(text))


def _in_order(expressions: list[re.Pattern[str]], chunk: str) -> bool:
    at = 0
    for expression in expressions:
        found = expression.search(chunk, at)
        if not found:
            return False
        at = found.end()
    return True


@lru_cache(maxsize=512)
def _pattern_parts(pattern: str) -> list[re.Pattern[str]] | None:
    whole = _pattern_regex(pattern, PYTHON)
    return None if whole is None else [re.compile(part) for part in whole.split(f"{PYTHON.dense}*")]
