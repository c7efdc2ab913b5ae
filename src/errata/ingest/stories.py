"""What becomes of the newest requests of a batch, piece by piece, told while the batch is digested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from errata.base.clock import from_ms
from errata.base.ids import Fingerprint, IssueId
from errata.events.model import Event
from errata.events.recent import Piece, Recent, Verdict, client_of, told
from errata.ingest.aside import WHOLE
from errata.ingest.prepare import Candidate, Decoded, Failure, Work
from errata.ingest.wire.model import Ignored

_LOOKED_AT = 2000
_PER_SENDER = 3
_PER_BATCH = 50


class Stories:
    """A sample of a batch's requests: of each sender the newest few, so that the cost of a batch is bounded."""

    def __init__(self, decoded: Sequence[Decoded]) -> None:
        self._pieces: dict[int, list[Piece]] = {}
        self._works: dict[int, Work] = {}
        self._errors: Counter[int] = Counter()
        senders: Counter[tuple[object, ...]] = Counter()
        for one in islice(reversed(decoded), _LOOKED_AT):
            work = one.work
            sender = (work.intake, work.key_id, client_of(work.headers))
            if work.entry != WHOLE or senders[sender] >= _PER_SENDER:
                continue
            senders[sender] += 1
            self._works[work.position] = work
            self._pieces[work.position] = []
            if len(self._works) == _PER_BATCH:
                break

    def stored(self, places: Iterable[tuple[int, int]]) -> None:
        """Errors by position and entry that an attempt before this one stored already."""
        for position, entry in places:
            if position in self._pieces:
                self._errors[position] += 1
                self._pieces[position].append(Piece(Verdict.ERROR, entry=entry))

    def dropped(self, work: Work, reason: str, count: int = 1, event: Event | None = None) -> None:
        """Pieces were understood and count in no issue."""
        pieces = self._pieces.get(work.position)
        if pieces is not None:
            entry, service = (event.entry, event.service) if event else (-1, "")
            what = event.error_type or event.message[:_MAX_WHAT] if event else ""
            pieces.append(Piece(Verdict.NO_ERROR, reason, count, entry, what, service))

    def ignored(self, work: Work, found: Ignored) -> None:
        """The decoder saw pieces that are no errors."""
        pieces = self._pieces.get(work.position)
        if pieces is not None:
            pieces.append(Piece(Verdict.NO_ERROR, found.reason, found.count, found.entry, found.what[:_MAX_WHAT]))

    def requests(
        self,
        candidates: Sequence[Candidate],
        failures: Sequence[tuple[Work, Failure]],
        issues: Mapping[Fingerprint, IssueId],
    ) -> list[Recent]:
        """The sample, oldest first, once it is known what is stored, what is set aside, and in which issue all is."""
        for work, failure in failures:
            if work.position in self._pieces:
                self._pieces[work.position].append(
                    Piece(Verdict.SET_ASIDE, failure.reason[:_MAX_WHAT], 1, failure.entry)
                )
        for candidate in self._among(candidates):
            self._errors[candidate.work.position] += 1
            event = candidate.event
            issue = issues.get(candidate.grouping.fingerprint)
            what = candidate.grouping.error_type[:_MAX_WHAT]
            self._pieces[candidate.work.position].append(
                Piece(Verdict.ERROR, "", 1, event.entry, what, event.service, issue)
            )
        return [_recent(work, self._pieces[work.position], self._errors[work.position]) for work in self._in_order()]

    def fingerprints(self, candidates: Sequence[Candidate]) -> list[Fingerprint]:
        """Those whose issues the sample names."""
        return list({candidate.grouping.fingerprint for candidate in self._among(candidates)})

    def _among(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        return [candidate for candidate in candidates if candidate.work.position in self._works]

    def _in_order(self) -> list[Work]:
        return [self._works[position] for position in sorted(self._works)]


def _recent(work: Work, pieces: Sequence[Piece], errors: int) -> Recent:
    return Recent(
        received_at=from_ms(work.received_at_ms),
        intake=work.intake,
        path=work.path,
        key_id=work.key_id,
        client=client_of(work.headers),
        bytes=len(work.body),
        entries=sum(piece.count for piece in pieces),
        errors=errors,
        pieces=told(sorted(pieces, key=lambda piece: piece.entry)),
    )


_MAX_WHAT = 200
