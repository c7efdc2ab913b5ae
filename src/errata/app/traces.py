"""Parsed stacks, remembered: a failing program sends the same stack thousands of times."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from errata.stacks.model import StackTrace
from errata.stacks.template import STAND_IN, template_of

T = TypeVar("T")


class Remembered(Generic[T]):
    """Answers of a pure function of (text, language), the least lately used ones forgotten first.

    A text may come in pieces; the language is last. Bounded by the characters of the texts, because their sizes
    differ a thousandfold. For one thread.
    """

    def __init__(self, function: Callable[..., T], *, max_chars: int) -> None:
        self._function = function
        self._max_chars = max_chars
        self._chars = 0
        self._known: OrderedDict[tuple[str, ...], T] = OrderedDict()

    def __call__(self, *key: str) -> T:
        """The answer, computed or remembered. Raises what the function raises."""
        try:
            answer = self._known[key]
        except KeyError:
            return self._remember(key, self._function(*key))
        self._known.move_to_end(key)
        return answer

    def _remember(self, key: tuple[str, ...], answer: T) -> T:
        self._known[key] = answer
        self._chars += _chars_of(key)
        while self._chars > self._max_chars:
            forgotten, _ = self._known.popitem(last=False)
            self._chars -= _chars_of(forgotten)
        return answer


class RememberedCalls:
    """A stack parser that remembers the calls of a text whatever its message says. Bounded as `Remembered`."""

    def __init__(self, parse: Callable[[str, str], StackTrace | None], *, max_chars: int) -> None:
        self._parse = Remembered(parse, max_chars=max_chars // 2)
        self._parse_around = Remembered(
            lambda before, after, language: parse(f"{before}{STAND_IN}{after}", language), max_chars=max_chars // 2
        )

    def __call__(self, text: str, language: str) -> StackTrace | None:
        """What the parser answers to the text."""
        template = template_of(text)
        if template is not None:
            filled = template.filled(self._parse_around(template.before, template.after, language))
            if filled is not None:
                return filled
        return self._parse(text, language)


def _chars_of(key: tuple[str, ...]) -> int:
    return sum(map(len, key[:-1]))
