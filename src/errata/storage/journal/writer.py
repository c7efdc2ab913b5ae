"""The journal's writing end: one thread that takes whatever waits, writes it and syncs once for all of it.

An append is answered after `fdatasync` returned, never before. A disk error costs those who wait an `Unavailable`
and the segment its future; the writer goes on with a new one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from errata.base.clock import Clock
from errata.base.errors import TooLarge, Unavailable
from errata.base.ids import NodeId
from errata.storage.journal.folder import END_FILE, read_end, segment_numbers, sync_folder
from errata.storage.journal.format import (
    HEADER_BYTES,
    OPENING,
    REQUEST,
    Meta,
    Opening,
    encode_end,
    encode_meta,
    encode_record,
    position_of,
    record_bytes,
    segment_name,
    segment_of,
)
from errata.storage.journal.segment_file import SegmentFile
from errata.storage.journal.supply import Segment, SegmentSupply, write_all


@dataclass(frozen=True, slots=True)
class JournalBounds:
    """How much the journal may hold, in bytes but for `max_pending_requests`.

    `max_bytes` bounds the files (at least two segments), the pending ones what waits in memory for the disk.
    """

    max_bytes: int = 16 << 30
    segment_bytes: int = 64 << 20
    max_pending_bytes: int = 64 << 20
    max_pending_requests: int = 20_000


class JournalWriter:
    """The one writer of a journal folder. `after`: a position above which all of this writer's lie (0: none)."""

    def __init__(
        self, folder: Path, node: NodeId, clock: Clock, bounds: JournalBounds | None = None, *, after: int = 0
    ) -> None:
        self._bounds = bounds or JournalBounds()
        if self._bounds.max_bytes < 2 * self._bounds.segment_bytes:
            raise ValueError("a journal needs room for two segments at least")
        self._folder, self._node, self._clock, self._after = folder, node, clock, after
        self._largest = self._bounds.segment_bytes - 2 * HEADER_BYTES - record_bytes(_OPENING_BYTES)
        self._queue: deque[_Waiting] = deque()
        self._wake = threading.Event()
        self._planned_in: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._pending_bytes = self._pending_requests = 0
        self._trouble = "The journal is not open."
        self._closing = False
        self._segment: Segment | None = None
        self._supply: SegmentSupply | None = None
        self._end = 0
        self._end_fd = -1
        self._pause_s, self._resume_at = 0.0, 0.0
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    def open(self) -> None:
        """Begin a new segment and the threads.

        A journal that is full, or whose disk refuses the segment, is open all the same and tries again. Raises
        `Unavailable` when the folder cannot be used at all.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._end = read_end(self._folder) or 0
            first = 1 + max(0, *segment_numbers(self._folder), segment_of(self._after), segment_of(self._end))
            self._remove_unused()
            self._end_fd = os.open(self._folder / END_FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            sync_folder(self._folder)
        except OSError as error:
            raise Unavailable(f"The journal's folder cannot be used: {error}.") from error
        self._supply = SegmentSupply(
            self._folder,
            self._node,
            self._clock.now_ms,
            first_number=first,
            segment_bytes=self._bounds.segment_bytes,
            max_bytes=self._bounds.max_bytes,
        )
        self._supply.start()
        self._begin(_START_WAIT_S)
        self._thread.start()

    def _remove_unused(self) -> None:
        """Remove what a killed writer had made ready: no reader gets past it before there is room for another."""
        for number in segment_numbers(self._folder):
            if self._end and number > segment_of(self._end):
                file = SegmentFile(self._folder, number)
                is_unused = file.is_unused()
                file.close()
                if is_unused:
                    (self._folder / segment_name(number)).unlink()

    def append(self, meta: Meta, body: bytes) -> asyncio.Future[int]:
        """Queue a request; the future gives its position once it is on disk, or raises `Unavailable`.

        To be called in a running event loop. Raises `Unavailable` at once when the journal is full, in trouble, or
        too much waits already; `TooLarge` for a request that no segment can hold.
        """
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._enqueue(_Waiting(encode_meta(meta), body, loop, future))
        if self._planned_in is not loop:
            # Waking the thread at the loop's next turn lets all requests of this turn share a sync, and keeps the
            # thread from fighting for the interpreter with those that are still being read.
            self._planned_in = loop
            loop.call_soon(self._wake_as_planned)
        return future

    def append_now(self, meta: Meta, body: bytes) -> int:
        """The same for callers without an event loop: returns the position once the request is on disk."""
        future: Future[int] = Future()
        self._enqueue(_Waiting(encode_meta(meta), body, None, future))
        self._wake.set()
        return future.result()

    def healthy(self) -> bool:
        """Whether the next request would be taken."""
        return not self._trouble

    @property
    def trouble(self) -> str:
        """Why no request is taken, in a sentence; empty when healthy."""
        return self._trouble

    def close(self) -> None:
        """Write what waits, then end the threads. Appending afterwards raises `Unavailable`."""
        self._closing = True
        self._trouble = self._trouble or "The journal is closed."
        if self._thread.is_alive():
            self._wake.set()
            self._thread.join()
        self._retire()
        if self._supply is not None:
            self._supply.stop()
            self._supply = None
        if self._end_fd >= 0:
            os.close(self._end_fd)
            self._end_fd = -1

    def _enqueue(self, item: _Waiting) -> None:
        if self._trouble:
            raise Unavailable(self._trouble, retry_after_s=_RETRY_AFTER_S)
        size = item.size
        if size > self._largest:
            raise TooLarge(f"A request of {size} bytes is more than a journal segment can hold ({self._largest}).")
        with self._lock:
            if self._closing:
                raise Unavailable("The journal is closed.", retry_after_s=_RETRY_AFTER_S)
            if (
                self._pending_requests >= self._bounds.max_pending_requests
                or self._pending_bytes + size > self._bounds.max_pending_bytes
            ):
                raise Unavailable("Too many requests wait for the journal's disk.", retry_after_s=1)
            self._pending_requests += 1
            self._pending_bytes += size
            self._queue.append(item)  # under the lock, so that the thread cannot end in between

    def _wake_as_planned(self) -> None:
        self._planned_in = None
        if not self._wake.is_set():
            self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(self._idle_s())
            self._wake.clear()
            if self._trouble and not self._closing and time.monotonic() >= self._resume_at:
                self._begin(0)
            while batch := self._next_batch():
                try:
                    self._commit(batch)
                except Exception as error:  # noqa: BLE001  # the loop must survive, and those who wait get an answer
                    _log.exception("journal writer failed")
                    self._give_up(f"The journal's writer failed: {error!r}.")
                    self._fail(batch)
            with self._lock:
                if self._closing and not self._queue:
                    return

    def _idle_s(self) -> float | None:
        return max(0.01, self._resume_at - time.monotonic()) if self._trouble else None

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        queue, size = self._queue, 0
        while queue and size < _BATCH_BYTES:
            item = queue.popleft()
            size += item.size
            batch.append(item)
        if batch:
            with self._lock:
                self._pending_requests -= len(batch)
                self._pending_bytes -= size
        return batch

    def _commit(self, batch: list[_Waiting]) -> None:
        while batch:
            segment = self._segment
            if segment is None:
                if time.monotonic() < self._resume_at or not self._begin(_ROLL_WAIT_S):
                    self._fail(batch)
                    return
                continue
            fitting = _fitting(batch, segment.data_end - segment.offset)
            if not fitting:
                self._retire()
                continue
            try:
                positions = self._write(segment, fitting)
            except OSError as error:
                self._give_up(f"The journal's disk failed: {error.strerror or error}.")
                self._fail(batch)
                return
            batch = batch[len(fitting) :]
            _settle(fitting, positions)

    def _write(self, segment: Segment, items: list[_Waiting]) -> list[int]:
        """Put the items on disk: one write, one `fdatasync`, then the end for the reader. Raises OSError."""
        parts: list[bytes] = []
        positions: list[int] = []
        offset = segment.offset
        for item in items:
            position = position_of(segment.number, offset)
            positions.append(position)
            parts += encode_record(item.kind, position, item.meta, item.body, segment.salt)
            offset += item.size
        write_all(segment.fd, b"".join(parts), segment.offset)
        os.fdatasync(segment.fd)
        end = position_of(segment.number, offset)
        write_all(self._end_fd, encode_end(end), 0)
        segment.offset = offset
        self._end = end
        return positions

    def _begin(self, wait_s: float) -> bool:
        """Go on in a new segment; False leaves a trouble and a time to try again."""
        supply = self._supply
        segment = supply.take(wait_s) if supply else None
        if segment is None:
            self._refuse((supply and supply.trouble) or "The journal waits for a new segment.", _LONGEST_ROOM_PAUSE_S)
            return False
        try:
            opening = encode_meta(Opening(ends=self._end))
            self._write(segment, [_Waiting(opening, b"", None, Future(), OPENING)])
            # After a power loss `end` may be old, but never by segments: a full journal must stay readable.
            os.fdatasync(self._end_fd)
        except OSError as error:
            segment.close()
            self._refuse(f"The journal's disk failed: {error.strerror or error}.", _LONGEST_PAUSE_S)
            return False
        self._segment = segment
        if self._trouble and self._thread.is_alive():
            _log.warning("journal takes requests again")
        self._trouble = "The journal is closed." if self._closing else ""
        self._pause_s = 0.0
        return True

    def _give_up(self, trouble: str) -> None:
        """After an error nobody knows what of the segment is on disk: it is not written any more."""
        self._retire()
        self._refuse(trouble, _LONGEST_PAUSE_S)

    def _refuse(self, trouble: str, longest_pause_s: float) -> None:
        if trouble != self._trouble:
            _log.error("journal takes no requests: %s", trouble)
        self._trouble = trouble
        self._pause_s = min(max(_FIRST_PAUSE_S, 2 * self._pause_s), longest_pause_s)
        self._resume_at = time.monotonic() + self._pause_s

    def _retire(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _fail(self, items: list[_Waiting]) -> None:
        trouble = self._trouble or "The journal failed."
        _settle(items, [Unavailable(trouble, retry_after_s=_RETRY_AFTER_S) for _ in items])


class _Waiting:
    """A record that waits for the disk, and who waits for it."""

    __slots__ = ("body", "future", "kind", "loop", "meta", "size")

    def __init__(
        self,
        meta: bytes,
        body: bytes,
        loop: asyncio.AbstractEventLoop | None,
        future: asyncio.Future[int] | Future[int],
        kind: int = REQUEST,
    ) -> None:
        self.meta, self.body, self.loop, self.future, self.kind = meta, body, loop, future, kind
        self.size = record_bytes(len(meta) + len(body))


def _fitting(batch: list[_Waiting], room: int) -> list[_Waiting]:
    for count, item in enumerate(batch):
        room -= item.size
        if room < 0:
            return batch[:count]
    return batch


def _settle(items: list[_Waiting], outcomes: Sequence[int | Unavailable]) -> None:
    """Tell everybody what became of their record, each event loop with one call."""
    by_loop: dict[asyncio.AbstractEventLoop | None, list[_Told]] = {}
    for item, outcome in zip(items, outcomes, strict=True):
        by_loop.setdefault(item.loop, []).append((item.future, outcome))
    for loop, pairs in by_loop.items():
        if loop is None:
            _tell(pairs)
            continue
        try:
            loop.call_soon_threadsafe(_tell, pairs)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _tell(pairs: list[_Told]) -> None:
    for future, outcome in pairs:
        if future.done():  # the request was cancelled meanwhile
            continue
        if isinstance(outcome, int):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)


_Told: TypeAlias = "tuple[asyncio.Future[int] | Future[int], int | Unavailable]"
_log = logging.getLogger(__name__)
_OPENING_BYTES = 32  # more than an opening's msgpack ever takes
_BATCH_BYTES = 16 << 20
_RETRY_AFTER_S = 5
_START_WAIT_S = 60.0
_ROLL_WAIT_S = 10.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_LONGEST_ROOM_PAUSE_S = 1.0  # the worker may have made room meanwhile; looking costs nothing
