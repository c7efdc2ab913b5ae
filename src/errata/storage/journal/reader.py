"""The journal's reading end: requests in the order of their positions, and every damaged place by name.

Reads only what the writer declared durable. May run in another process than the writer; one reader belongs to one
thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import UUID

import msgspec

from errata.storage.journal.folder import read_end, segment_numbers, sync_folder
from errata.storage.journal.format import (
    HEADER_BYTES,
    OPENING,
    REQUEST,
    Head,
    decode_meta,
    offset_of,
    position_of,
    record_bytes,
    segment_name,
    segment_of,
)
from errata.storage.journal.segment_file import SegmentFile


@dataclass(frozen=True, slots=True)
class Record:
    """One request as received. `next_position` is where reading goes on after it; the rest as in `Meta`."""

    position: int
    next_position: int
    received_at_ms: int
    intake: str
    key_id: UUID
    path: str
    query: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A place that cannot be read: `length` bytes from `position` on (0 when nobody knows how many), and why."""

    position: int
    next_position: int
    length: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is: files, their bytes on disk, and bytes that wait behind a position."""

    segments: int
    bytes_on_disk: int
    bytes_waiting: int


class JournalReader:
    """Reads a journal folder; a folder that does not exist yet is an empty journal."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open_file: SegmentFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the open file back; reading again opens it anew."""
        if self._open_file is not None:
            self._open_file.close()
            self._open_file = None

    def durable_end(self) -> int:
        """The position up to which may be read now. Never falls while a writer lives."""
        end = read_end(self._folder)
        if end is not None:
            return end
        # Without that file the newest segment is in doubt, or the one before where that is only made ready; the next
        # writer closes it by starting another.
        numbers = segment_numbers(self._folder)
        return position_of(numbers[-2:][0], 0) if numbers else 0

    def read(
        self, start: int, *, max_records: int = 1000, max_bytes: int = 16 << 20, until: int | None = None
    ) -> tuple[list[Record | Damaged], int]:
        """What stands from `start` on, and the position from which to read on.

        Stops before `until`, at the durable end, with `max_records` found, or with the record that fills
        `max_bytes` (bodies counted). Reading a range again finds the same.
        """
        found: list[Record | Damaged] = []
        end = self.durable_end()
        end = end if until is None else min(end, until)
        position, size = start, 0
        while position < end and len(found) < max_records and size < max_bytes:
            item, position = self._step(position, end)
            if item is not None:
                found.append(item)
                size += len(item.body) if isinstance(item, Record) else 0
        return found, position

    def records(self, start: int = 0, until: int | None = None) -> Iterator[Record | Damaged]:
        """Everything from `start` on, one by one, up to what is durable when the iteration begins."""
        end = self.durable_end()
        end = end if until is None else min(end, until)
        position = start
        while position < end:
            item, position = self._step(position, end)
            if item is not None:
                yield item

    def drop_before(self, position: int) -> int:
        """Remove segments that lie wholly below a position; returns how many. Never the one being written."""
        first_kept = min(segment_of(position), segment_of(self.durable_end()))
        numbers = [number for number in segment_numbers(self._folder) if number < first_kept]
        if self._open_file is not None and self._open_file.number < first_kept:
            self.close()
        for number in numbers:
            (self._folder / segment_name(number)).unlink(missing_ok=True)
        if numbers:
            sync_folder(self._folder)
        return len(numbers)

    def sizes(self, position: int = 0) -> Sizes:
        """How much there is, and how much of it waits behind a position (segments counted by what they may hold)."""
        end = self.durable_end()
        segments = on_disk = waiting = 0
        for number in segment_numbers(self._folder):
            try:
                length = (self._folder / segment_name(number)).stat().st_size
            except FileNotFoundError:
                continue
            segments += 1
            on_disk += length
            first = max(offset_of(position), HEADER_BYTES) if number == segment_of(position) else HEADER_BYTES
            last = offset_of(end) if number == segment_of(end) else length
            if segment_of(position) <= number <= segment_of(end):
                waiting += max(0, last - first)
        return Sizes(segments, on_disk, waiting)

    def _step(self, position: int, end: int) -> tuple[Record | Damaged | None, int]:
        """What stands at a position (None: nothing to tell) and where to go on; `end` is above `position`."""
        number = segment_of(position)
        file = self._file(number)
        if file is None:
            return self._enter_next(position, end)
        is_newest = number == segment_of(end)
        limit = min(offset_of(end), file.data_end) if is_newest else file.data_end
        at = max(offset_of(position), HEADER_BYTES)
        if file.header is None:
            return self._unreadable(position, end, file)
        record = file.record_at(at, limit)
        if record is not None:
            return _item(position_of(number, at), record)
        if at >= limit and not file.is_cut_short:
            return (None, end) if is_newest else self._enter_next(position, end)
        return self._damaged(file, at, limit, end)

    def _damaged(self, file: SegmentFile, at: int, limit: int, end: int) -> tuple[Damaged | None, int]:
        """No record where one is due: go on at the next one, or past what was acknowledged."""
        position = position_of(file.number, at)
        following = file.next_record(at + 1, limit)
        if following is not None:
            return _lost(position, position_of(file.number, following), "no valid record stands here")
        if file.number == segment_of(end):
            return _lost(position, end, "no valid record stands here")
        acknowledged = self._acknowledged_in(file.number)
        beyond = position_of(file.number + 1, 0)
        if acknowledged > at:
            lost = Damaged(position, beyond, acknowledged - at, "no valid record stands here")
        elif acknowledged == 0 and file.header is not None and file.is_cut_short:
            lost = Damaged(position, beyond, file.header.size - at, "the file is cut short")
        else:
            return self._enter_next(position, end)  # nothing, or what a killed writer left unfinished
        return lost, min(beyond, end)

    def _unreadable(self, position: int, end: int, file: SegmentFile) -> tuple[Damaged | None, int]:
        following = min(position_of(file.number + 1, 0), end)
        return Damaged(position, following, file.length, "both copies of the segment's header are damaged"), following

    def _enter_next(self, position: int, end: int) -> tuple[Damaged | None, int]:
        """The begin of the next segment that exists, saying so when one before it has gone missing."""
        number = next((one for one in segment_numbers(self._folder) if one > segment_of(position)), None)
        if number is None or number > segment_of(end):
            return None, end
        following = min(position_of(number, 0), end)
        file = self._file(number)
        opening = file.opening() if file is not None else None
        ends = opening.ends if opening is not None else 0
        is_missing = 0 < position < ends and not (self._folder / segment_name(segment_of(ends))).exists()
        if is_missing:
            return Damaged(position, following, 0, f"segment {segment_name(segment_of(ends))} is missing"), following
        return None, following

    def _acknowledged_in(self, number: int) -> int:
        """How far a finished segment is known to have been acknowledged; 0 when nobody knows."""
        following = next((one for one in segment_numbers(self._folder) if one > number), None)
        if following is None:
            return 0
        try:
            file = SegmentFile(self._folder, following)
        except FileNotFoundError:
            return 0
        try:
            opening = file.opening()
        finally:
            file.close()
        ends = opening.ends if opening is not None else 0
        return offset_of(ends) if segment_of(ends) == number else 0

    def _file(self, number: int) -> SegmentFile | None:
        if self._open_file is not None and self._open_file.number == number:
            return self._open_file
        self.close()
        try:
            self._open_file = SegmentFile(self._folder, number)
        except FileNotFoundError:
            return None
        return self._open_file


def _lost(position: int, following: int, reason: str) -> tuple[Damaged, int]:
    return Damaged(position, following, following - position, reason), following


def _item(position: int, record: tuple[Head, bytes, bytes]) -> tuple[Record | Damaged | None, int]:
    head, meta_bytes, body = record
    following = position + record_bytes(head.length)
    if head.kind == OPENING:
        return None, following
    if head.kind != REQUEST:
        return _lost(position, following, f"a record of unknown kind {head.kind}")
    try:
        meta = decode_meta(meta_bytes)
    except msgspec.MsgspecError as error:
        return _lost(position, following, f"its description cannot be read: {error}")
    return (
        Record(
            position,
            following,
            meta.received_at_ms,
            meta.intake,
            meta.key_id,
            meta.path,
            meta.query,
            meta.headers,
            body,
        ),
        following,
    )
