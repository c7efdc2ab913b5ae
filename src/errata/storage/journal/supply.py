"""Segments made ready ahead of use, by a thread of their own, so that the writer never waits for one.

A segment is written full of zeros first: `fdatasync` on a grown file costs ten times as much, because the file system
must store the new length, too.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from errata.base.ids import NodeId
from errata.storage.journal.folder import bytes_on_disk, sync_folder
from errata.storage.journal.format import HEADER_BYTES, Header, encode_header, segment_name


@dataclass(slots=True)
class Segment:
    """An open segment. `offset` is where the next record goes; records end before `data_end`."""

    fd: int
    number: int
    salt: int
    data_end: int
    offset: int = HEADER_BYTES

    def close(self) -> None:
        """Give the file back; the segment cannot be written any more."""
        os.close(self.fd)


class SegmentSupply:
    """Keeps one segment ready. `trouble` says why there is none, in a sentence; empty while all is well.

    `max_bytes` bounds all segments of the folder together. `numbers` rise by one with each segment.
    """

    def __init__(
        self,
        folder: Path,
        node: NodeId,
        now_ms: Callable[[], int],
        *,
        first_number: int,
        segment_bytes: int,
        max_bytes: int,
    ) -> None:
        self.trouble = ""
        self._folder, self._node, self._now_ms = folder, node, now_ms
        self._number = first_number
        self._segment_bytes, self._max_bytes = segment_bytes, max_bytes
        self._changed = threading.Condition()
        self._spare: Segment | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="journal-supply", daemon=True)

    def start(self) -> None:
        """Begin to make segments."""
        self._thread.start()

    def take(self, wait_s: float) -> Segment | None:
        """The segment that is ready; None when there is trouble or none got ready in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._spare or self.trouble or self._stopping, wait_s)
            segment, self._spare = self._spare, None
            self._changed.notify_all()
        return segment

    def stop(self) -> None:
        """End the thread and remove the segment that nobody took."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()
        if self._spare is not None:
            self._spare.close()
            (self._folder / segment_name(self._spare.number)).unlink(missing_ok=True)
            self._spare = None

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._spare is None)
                if self._stopping:
                    return
            try:
                trouble = self._lack_of_room()
                segment = None if trouble else self._prepare()
            except OSError as error:
                trouble, segment = f"The journal's disk refuses a new segment: {error.strerror}.", None
            with self._changed:
                self.trouble, self._spare = trouble, segment
                self._changed.notify_all()
                if not trouble:
                    pause_s = _FIRST_PAUSE_S
                    continue
                # Room comes back when the worker in its own process removes a segment: look again.
                self._changed.wait_for(lambda: self._stopping, pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _lack_of_room(self) -> str:
        used = bytes_on_disk(self._folder)
        if used + self._segment_bytes <= self._max_bytes:
            return ""
        return f"The journal is full: {used} of {self._max_bytes} bytes wait for the worker."

    def _prepare(self) -> Segment | None:
        header = Header(self._node, self._number, self._segment_bytes, self._now_ms(), secrets.randbits(32))
        path = self._folder / segment_name(self._number)
        unfinished = path.with_suffix(".new")
        fd = os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            if not self._fill(fd, encode_header(header)):
                os.close(fd)
                unfinished.unlink()
                return None
            unfinished.rename(path)
            sync_folder(self._folder)
        except OSError:
            os.close(fd)
            unfinished.unlink(missing_ok=True)
            raise
        self._number += 1
        return Segment(fd, header.number, header.salt, header.size - HEADER_BYTES)

    def _fill(self, fd: int, header: bytes) -> bool:
        """Zeros and the header at both ends, on disk; False when told to stop on the way."""
        zeros = bytes(min(_PIECE, self._segment_bytes))
        for at in range(0, self._segment_bytes, len(zeros)):
            if self._stopping:
                return False
            write_all(fd, zeros[: self._segment_bytes - at], at)
            if at % _SYNC_EVERY == 0:
                # In portions, so that the writer's own syncs do not queue behind 64 MiB at once.
                os.fdatasync(fd)
        write_all(fd, header, 0)
        write_all(fd, header, self._segment_bytes - HEADER_BYTES)
        os.fsync(fd)
        return True


def write_all(fd: int, data: bytes, at: int) -> None:
    """Write every byte at an offset; a short write (a disk that just got full) is continued or raises OSError."""
    written = os.pwrite(fd, data, at)
    while written < len(data):
        written += os.pwrite(fd, data[written:], at + written)


_PIECE = 1 << 20
_SYNC_EVERY = 8 << 20
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 1.0
