"""Texts written so that the language's words become plain substrings, which every engine finds alike.

A text is folded: letters in one case, white space as one blank. Then each word is put between two marks. What a word,
a phrase or a word with wildcards finds in a text by `words.py` is what its `Needle` finds in the marked text. Rule:
search syntax, section 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from errata.query.patterns import Element, Wild, elements
from errata.query.words import SPACES, Search, Words

BEGIN, END, BORDER = "\x01", "\x02", "\x03"
"""Before and after a word, and between texts that are put together. No folded text holds one of them."""
ANYTHING = "[^ ]*"
"""What a `*` stands for in a marked text: between two `Needle.parts`."""

_BLANKS = re.compile(f"[{SPACES}]+")
_WORD = re.compile(r"\w+")
_BEYOND_ASCII = re.compile(r"[^\w\x00-\x7f]+")
_MARKS, _ONE = f"[{BEGIN}{END}]*", f"[^ {BEGIN}{END}{BORDER}]"


_KEPT = 50_000
"""Characters whose folded form is kept: those of all languages that are written here, and not all that there are."""


class _Folds(dict[int, str]):
    """The folded form of each character, found when it is first asked for."""

    def __missing__(self, code: int) -> str:
        folded = _folded_char(chr(code))
        if len(self) < _KEPT:
            self[code] = folded
        return folded


def _folded_char(char: str) -> str:
    if char < "\x04" or "\ud800" <= char < "\ue000":
        return "\ufffd"
    upper = char.upper()
    base = upper if len(upper) == 1 else char
    lower = base.lower()
    folded = lower if len(lower) == 1 else base
    # The Kelvin sign is no k, and what is no letter becomes none.
    return char if folded < "\x80" <= char or folded.isalnum() != char.isalnum() else folded


_FOLDS = _Folds()


def fold(text: str) -> str:
    """The text as comparisons that ignore case see it: as many characters, those that differ in case alone the same.

    NUL, halves of characters and the marks become the replacement character: the first two can be stored nowhere.
    """
    return text.translate(_FOLDS)


def evened(text: str) -> str:
    """The text folded, each run of white space as one blank."""
    return _BLANKS.sub(" ", fold(text))


def marked(text: str) -> str:
    """The text evened, with each word between marks."""
    return _marked(evened(text))


def unmarked(text: str) -> str:
    """The evened text of a marked one."""
    return text.replace(BEGIN, "").replace(END, "")


def words_of(text: str) -> list[str]:
    """The words of a text that is folded, marked or not, in their order."""
    return _WORD.findall(text)


def _marked(evened_text: str) -> str:
    return _WORD.sub(rf"{BEGIN}\g<0>{END}", evened_text)


@dataclass(frozen=True, slots=True)
class Needle:
    """What to look for in a marked text.

    `literal` stands in every text that matches. It says all where there are no `parts`; else these expressions, made
    of literals and sets of characters alone, must be found one after the other in one run without blanks.
    For an index of words: `phrases` are words that stand whole, next to each other, `beginnings` those of which the
    beginning is known. `is_exact` says that these already tell which texts match, if the words are not too long.
    """

    literal: str
    parts: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    beginnings: tuple[str, ...] = ()
    is_exact: bool = False


def needle(search: Search) -> Needle | None:
    """What finds it; None where nothing ever can."""
    return _for_words(search.text) if isinstance(search, Words) else _for_pattern(search.pattern)


def _for_words(text: str) -> Needle | None:
    plain = evened(text).strip(" ")
    if not plain:
        return None
    return Needle(_marked(plain), phrases=_phrases(plain), is_exact=_WORD.fullmatch(plain) is not None)


def _phrases(plain: str) -> tuple[tuple[str, ...], ...]:
    # Beyond ASCII an index may take what is no letter for a word of its own: neighbours are no neighbours there.
    groups = (tuple(words_of(group)) for group in _BEYOND_ASCII.split(plain))
    return tuple(group for group in groups if group)


def _for_pattern(pattern: str) -> Needle | None:
    found = [element if isinstance(element, Wild) else fold(element) for element in elements(pattern)]
    if any(isinstance(element, str) and _BLANKS.match(element) for element in found):
        return None  # no word holds white space
    pieces = _pieces(found)
    runs = [piece for piece in pieces if isinstance(piece, _Run)]
    literal = max((run.marked for run in runs), key=len, default="")
    phrases = tuple((word,) for run in runs for word in run.words())
    beginnings = tuple(word for run in runs for word in run.beginnings())
    if [piece for piece in pieces if piece is not Wild.RUN] == runs and len(runs) <= 1:
        is_exact = len(pieces) <= 2 and any(_WORD.fullmatch(run.text) and run.is_first for run in runs)
        return Needle(literal, (), phrases, beginnings, is_exact)
    return Needle(literal, _expressions(pieces), phrases, beginnings)


@dataclass(frozen=True, slots=True)
class _Run:
    """Characters between two wildcards, or between one and an end of the pattern."""

    text: str
    is_first: bool
    is_last: bool

    @property
    def marked(self) -> str:
        """As it stands in a marked text, as far as it says itself where words begin and end."""
        found = _marked(self.text)
        found = found if self.is_first else found.removeprefix(BEGIN)
        return found if self.is_last else found.removesuffix(END)

    def words(self) -> list[str]:
        """Those that stand in it whole."""
        return [each[0] for each in _WORD.finditer(self.text) if self._begins(each) and self._ends(each)]

    def beginnings(self) -> list[str]:
        """That of a word which goes on in the wildcard after it."""
        return [each[0] for each in _WORD.finditer(self.text) if self._begins(each) and not self._ends(each)]

    def _begins(self, word: re.Match[str]) -> bool:
        return self.is_first or word.start() > 0

    def _ends(self, word: re.Match[str]) -> bool:
        return self.is_last or word.end() < len(self.text)


def _pieces(found: list[Element]) -> list[_Run | Wild]:
    pieces: list[_Run | Wild] = []
    start = 0
    for index, element in enumerate([*found, Wild.RUN]):
        if not isinstance(element, Wild):
            continue
        if start < index:
            text = "".join(str(char) for char in found[start:index])
            pieces.append(_Run(text, is_first=start == 0, is_last=index == len(found)))
        pieces.append(element)
        start = index + 1
    return pieces[:-1]


def _expressions(pieces: list[_Run | Wild]) -> tuple[str, ...]:
    parts = [""]
    for index, piece in enumerate(pieces):
        match piece:
            case Wild.RUN:
                parts.append("")
            case Wild.ONE:
                # At an end of the pattern it is a character of a word, whose edge stands there.
                parts[-1] += BEGIN if index == 0 else _MARKS
                parts[-1] += _ONE + (END if index == len(pieces) - 1 else _MARKS)
            case run:
                parts[-1] += re.escape(run.marked)
    return tuple(parts)
