"""MessagePack read with patience: the way around for what the strict reader refuses. Pure.

One text that is no UTF-8, one map with a key of another kind or one array nested too deep fails a whole payload in a
strict reader. Here each costs its own value. Rule: the MessagePack specification; extension types are left out.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

from errata.base.errors import Invalid

MAX_DEPTH = 32
"""Maps and arrays inside each other; what lies deeper reads as nil."""
MAX_VALUES = 200_000
"""Maps, arrays and texts of one reading, so that a few bytes each do not become many times as much memory."""
MAX_STEPS = 2_000_000
"""Values of any kind that one reading looks at: a few seconds' work, and more than real requests of 25 MB have."""

_KINDS = {
    0xC4: ("bytes", Struct(">B")), 0xC5: ("bytes", Struct(">H")), 0xC6: ("bytes", Struct(">I")),
    0xC7: ("ext", Struct(">B")), 0xC8: ("ext", Struct(">H")), 0xC9: ("ext", Struct(">I")),
    0xCA: ("number", Struct(">f")), 0xCB: ("number", Struct(">d")),
    0xCC: ("number", Struct(">B")), 0xCD: ("number", Struct(">H")),
    0xCE: ("number", Struct(">I")), 0xCF: ("number", Struct(">Q")),
    0xD0: ("number", Struct(">b")), 0xD1: ("number", Struct(">h")),
    0xD2: ("number", Struct(">i")), 0xD3: ("number", Struct(">q")),
    0xD9: ("text", Struct(">B")), 0xDA: ("text", Struct(">H")), 0xDB: ("text", Struct(">I")),
    0xDC: ("array", Struct(">H")), 0xDD: ("array", Struct(">I")),
    0xDE: ("map", Struct(">H")), 0xDF: ("map", Struct(">I")),
}  # fmt: skip
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_FIXED_EXT = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


def read_value(data: bytes | memoryview, at: int = 0, max_values: int = MAX_VALUES) -> tuple[Any, int]:
    """The value that begins at an offset, and the offset behind it.

    What is deeper than `MAX_DEPTH` or comes behind `max_values` maps, arrays and texts reads as nil. Bytes that are no
    UTF-8 become U+FFFD in texts; keys that are neither texts nor numbers are left out with their values. Raises
    `Invalid` where the data ends too early, holds a byte that no value begins with, or more values than `MAX_STEPS`.
    """
    return _Reader(data, max_values).value(at, 0)


def elements_of(data: memoryview) -> list[memoryview]:
    """The elements of an array as the bytes they are, however deep they are. Raises `Invalid` as `read_value` does."""
    size, at = array_header(data)
    reader = _Reader(data)
    elements = []
    for _ in range(size):
        after = reader.skip(at)
        elements.append(data[at:after])
        at = after
    return elements


def array_header(data: bytes | memoryview, at: int = 0) -> tuple[int, int]:
    """How many elements an array declares, and where they begin.

    No more is believed than there are bytes behind it. Raises `Invalid` for anything that is no array.
    """
    kind, size, after = _Reader(data).header(at)
    if kind != "array":
        raise Invalid(f"An array was expected at byte {at}, not {_NAMES.get(kind, 'a number')}.")
    if size > len(data) - after:
        raise Invalid(f"The array at byte {at} declares {size} elements, more than the body has bytes.")
    return size, after


class _Reader:
    __slots__ = ("_data", "_end", "_left", "_steps")

    def __init__(self, data: bytes | memoryview, max_values: int = 0) -> None:
        self._data = memoryview(data)
        self._end = len(data)
        self._left = max_values
        self._steps = MAX_STEPS

    def header(self, at: int) -> tuple[str, Any, int]:
        """Kind of a value, its size (of numbers and constants: the value itself), and where what follows begins."""
        self._steps -= 1
        if self._steps < 0:
            raise Invalid(f"More than {MAX_STEPS} values are in one piece.")
        if at >= self._end:
            raise Invalid(f"The body ends at byte {at}, in the middle of a value.")
        mark = self._data[at]
        if mark < 0x80 or mark >= 0xE0:
            return "number", mark if mark < 0x80 else mark - 256, at + 1
        if mark < 0xC0:
            kind = "map" if mark < 0x90 else "array" if mark < 0xA0 else "text"
            return kind, mark & (0x1F if kind == "text" else 0x0F), at + 1
        if mark in _CONSTANTS:
            return "number", _CONSTANTS[mark], at + 1
        if mark in _FIXED_EXT:
            return "ext", _FIXED_EXT[mark], at + 1
        known = _KINDS.get(mark)
        if known is None:
            raise Invalid(f"Byte {at} is 0x{mark:02x}, which begins no value.")
        kind, form = known
        after = at + 1 + form.size
        if after > self._end:
            raise Invalid(f"The body ends at byte {self._end}, in the middle of a value.")
        return kind, form.unpack_from(self._data, at + 1)[0], after

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        kind, size, after = self.header(at)
        if kind == "number":
            return size, after
        self._left -= 1
        if kind in {"text", "bytes", "ext"}:
            return self._content(kind, size, after)
        if depth >= MAX_DEPTH or self._left < 0:
            return None, self.skip(at)
        return self._array(size, after, depth) if kind == "array" else self._map(size, after, depth)

    def _content(self, kind: str, size: int, at: int) -> tuple[Any, int]:
        end = self._end_of(kind, size, at)
        if kind == "ext" or self._left < 0:
            return None, end
        content = self._data[at:end].tobytes()
        return (content.decode("utf-8", "replace") if kind == "text" else content), end

    def _end_of(self, kind: str, size: int, at: int) -> int:
        end = at + size + (kind == "ext")  # an extension has its type before its content
        if end > self._end:
            raise Invalid(f"The {_NAMES[kind]} at byte {at} declares {size} bytes, more than the body has.")
        return end

    def _array(self, size: int, at: int, depth: int) -> tuple[list[Any], int]:
        values = []
        for _ in range(size):
            value, at = self.value(at, depth + 1)
            values.append(value)
        return values, at

    def _map(self, size: int, at: int, depth: int) -> tuple[dict[Any, Any], int]:
        values = {}
        for _ in range(size):
            key, at = self.value(at, depth + 1)
            value, at = self.value(at, depth + 1)
            if isinstance(key, bytes):
                key = key.decode("utf-8", "replace")
            if isinstance(key, str | int):
                values[key] = value
        return values, at

    def skip(self, at: int) -> int:
        """The offset behind a value, however deep it is."""
        pending = 1
        while pending:
            pending -= 1
            kind, size, at = self.header(at)
            if kind == "array":
                pending += size
            elif kind == "map":
                pending += 2 * size
            elif kind != "number":
                at = self._end_of(kind, size, at)
        return at


_NAMES = {"map": "a map", "array": "an array", "text": "text", "bytes": "byte string", "ext": "extension"}
