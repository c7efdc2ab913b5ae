"""What intake counts of its work, for `/metrics`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from errata.ingest.wire.model import Ignored
from errata.ops.metrics import Figure, Value

_REQUESTS = Figure("errata_intake_requests_total", "counter", "Requests that were made durable.", "intake")
_BYTES = Figure("errata_intake_bytes_total", "counter", "Bytes of bodies that were made durable, as sent.", "intake")
_ENTRIES = Figure("errata_intake_entries_total", "counter", "Entries in requests that were made durable.", "intake")
_REFUSED = Figure("errata_intake_refused_total", "counter", "Requests that were refused, by reason.", "reason")
_IGNORED = Figure(
    "errata_intake_ignored_total", "counter", "Pieces that were no errors and not kept, by reason.", "reason"
)


class IntakeTally:
    """Counts since the process began. Written by the event loop, read by any thread."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._entries: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._ignored: Counter[str] = Counter()

    def accepted(self, intake: str, received_bytes: int, entries: int) -> None:
        """A request is durable."""
        self._requests[intake] += 1
        self._bytes[intake] += received_bytes
        self._entries[intake] += entries

    def ignored(self, intake: str, found: Sequence[Ignored]) -> None:
        """Pieces were seen to be no errors, and not kept."""
        del intake  # the reasons' names tell it
        for each in found:
            self._ignored[each.reason] += each.count

    def refused(self, intake: str, reason: str) -> None:
        """A request was refused; `reason` is an error's code, of which there are few."""
        del intake  # which door it came through tells operators less than why
        self._refused[reason] += 1

    def figures(self) -> Iterator[tuple[Figure, Value]]:
        """The counts as figures."""
        for figure, counts in (
            (_REQUESTS, self._requests),
            (_BYTES, self._bytes),
            (_ENTRIES, self._entries),
            (_REFUSED, self._refused),
            (_IGNORED, self._ignored),
        ):
            yield figure, dict(counts)  # a copy in one step: the event loop goes on counting
