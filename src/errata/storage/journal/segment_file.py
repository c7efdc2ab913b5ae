"""One segment, read: its header, its records, and the way on after a damaged place."""

from __future__ import annotations

import os
from pathlib import Path

from errata.storage.journal.format import (
    ALIGN,
    HEADER_BYTES,
    OPENING,
    RECORD_BYTES,
    RECORD_MAGIC,
    Head,
    Header,
    Opening,
    decode_head,
    decode_header,
    decode_opening,
    is_whole,
    position_of,
    record_bytes,
    segment_name,
)


class SegmentFile:
    """An open segment. `header` is None when both copies are damaged: then no record can be told from garbage."""

    def __init__(self, folder: Path, number: int) -> None:
        """Raises FileNotFoundError."""
        self.number = number
        self._fd = os.open(folder / segment_name(number), os.O_RDONLY | os.O_CLOEXEC)
        self.length = os.fstat(self._fd).st_size
        self.header = self._read_header()
        self._window, self._window_at = b"", 0

    @property
    def data_end(self) -> int:
        """Where the last record of the file as it is must have ended."""
        if self.header is None:
            return self.length
        return min(self.header.size - HEADER_BYTES, self.length)

    @property
    def is_cut_short(self) -> bool:
        """Whether bytes are missing: a segment has its full length from its first moment on."""
        return self.header is None or self.length < self.header.size

    def record_at(self, at: int, limit: int) -> tuple[Head, bytes, bytes] | None:
        """Head, meta and body of the record at an offset; None when none stands there whole below `limit`."""
        if self.header is None or at + RECORD_BYTES > limit:
            return None
        data, start = self._view(at, RECORD_BYTES, limit)
        head = decode_head(data, start)
        if head is None or head.position != position_of(self.number, at):
            return None
        if at + record_bytes(head.length) > limit:
            return None
        data, start = self._view(at, RECORD_BYTES + head.length, limit)
        if not is_whole(head, data, start, self.header.salt):
            return None
        meta = start + RECORD_BYTES
        body = meta + head.meta_length
        return head, data[meta:body], data[body : start + RECORD_BYTES + head.length]

    def next_record(self, at: int, limit: int) -> int | None:
        """The offset of the first whole record at or after an offset, found by its looks."""
        while at + RECORD_BYTES <= limit:
            data = os.pread(self._fd, min(_WINDOW, limit - at), at)
            found = data.find(RECORD_MAGIC)
            while found >= 0:
                place = at + found
                if place % ALIGN == 0 and self.record_at(place, limit) is not None:
                    return place
                found = data.find(RECORD_MAGIC, found + 1)
            if len(data) < _WINDOW:
                return None
            at += len(data) - len(RECORD_MAGIC) + 1
        return None

    def opening(self) -> Opening | None:
        """What the first record says; None when it is damaged or was never written."""
        record = self.record_at(HEADER_BYTES, self.data_end)
        self._window = b""  # it reaches beyond what is durable, where the writer goes on
        return decode_opening(record[1]) if record is not None and record[0].kind == OPENING else None

    def is_unused(self) -> bool:
        """Whether nothing was ever written behind the header."""
        return self.header is not None and not os.pread(self._fd, _WINDOW, HEADER_BYTES)[:-HEADER_BYTES].strip(b"\0")

    def close(self) -> None:
        """Give the file back."""
        os.close(self._fd)

    def _read_header(self) -> Header | None:
        for at in (0, max(0, self.length - HEADER_BYTES)):
            header = decode_header(os.pread(self._fd, HEADER_BYTES, at))
            if header is not None and header.number == self.number:
                return header
        return None

    def _view(self, at: int, length: int, limit: int) -> tuple[bytes, int]:
        """Bytes that hold the asked range, and where it begins in them.

        Nothing from `limit` on is kept: in the newest segment the writer fills it in later.
        """
        if at < self._window_at or at + length > self._window_at + len(self._window):
            self._window = os.pread(self._fd, min(max(length, _WINDOW), limit - at), at)
            self._window_at = at
        return self._window, at - self._window_at


_WINDOW = 1 << 20
