"""The length-delimited fields of a protobuf message, found without reading what is in them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from errata.base.errors import Invalid


class FieldCutter:
    """Cuts a body along its length-delimited fields, and counts what it meets.

    Fields of no use are counted, too: of two bytes each, they would keep a reader in Python busy for seconds. Beyond
    `most_fields`, and where the bytes are no fields, it raises what `refused` makes of the reason.
    """

    def __init__(self, body: bytes, most_fields: int, refused: Callable[[str], Invalid]) -> None:
        self._body, self._left, self._refused = body, most_fields, refused

    def fields(self, at: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Number and place of each length-delimited field between two places; others are skipped."""
        body = self._body
        while at < stop:
            self._left -= 1
            if self._left < 0:
                raise self._refused("it has more fields than it could need")
            tag = body[at]
            if tag < _CONTINUES:
                at += 1
            else:
                tag, at = self._varint(at, stop)
            kind = tag & 7
            if kind == _DELIMITED:
                size, at = self._varint(at, stop)
                if not tag >> 3 or size > stop - at:
                    raise self._refused(f"a field at byte {at} is longer than what holds it")
                yield tag >> 3, at, at + size
                at += size
            else:
                at = self._skipped(kind, at, stop)

    def _skipped(self, kind: int, at: int, stop: int) -> int:
        if kind == _VARINT:
            return self._varint(at, stop)[1]
        width = _FIXED.get(kind)
        if width is None or at + width > stop:
            raise self._refused(f"byte {at} begins no field")
        return at + width

    def _varint(self, at: int, stop: int) -> tuple[int, int]:
        body, value, shift = self._body, 0, 0
        for place in range(at, min(stop, at + _VARINT_BYTES)):
            byte = body[place]
            value |= (byte & 0x7F) << shift
            if byte < _CONTINUES:
                return value, place + 1
            shift += 7
        raise self._refused(f"a number at byte {at} does not end")


_CONTINUES = 0x80
_VARINT, _DELIMITED = 0, 2
_FIXED = {1: 8, 5: 4}
_VARINT_BYTES = 10
