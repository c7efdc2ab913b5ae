"""Small source maps, made by hand, for tests."""

from __future__ import annotations

import json

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def segment(*numbers: int) -> str:
    """One segment of `mappings`: numbers as differences, in the base-64 form of the specification."""
    return "".join(map(_vlq, numbers))


def a_map(**changes: object) -> dict[str, object]:
    """Minified line 1 column 10 and line 2 column 3 (both from 0) of two functions."""
    mappings = f"{segment(0, 0, 0, 0)},{segment(10, 0, 1, 2)};{segment(3, 1, -1, 0)}"
    whole = {
        "version": 3,
        "sources": ["../src/pay.ts", "../node_modules/lib/index.js"],
        "sourcesContent": ["export function pay() {\n  throw new Error()\n}\n", "function lib() {}\n"],
        "names": [],
        "mappings": mappings,
    }
    return whole | changes


MINIFIED = b"function a(){throw Error()}\nfunction b(){b()}\n"


def encoded(source_map: object) -> bytes:
    return json.dumps(source_map).encode()


def _vlq(number: int) -> str:
    number = number << 1 if number >= 0 else (-number << 1) | 1
    text = ""
    while True:
        digit, number = number & 31, number >> 5
        text += _DIGITS[digit | 32 if number else digit]
        if not number:
            return text
