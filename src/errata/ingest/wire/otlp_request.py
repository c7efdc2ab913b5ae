"""What is common to decoding spans and log records: senders read once, ignored pieces summed up, identities. Pure."""

from __future__ import annotations

import hashlib

from errata.events.model import NotAnError
from errata.ingest.wire.model import Ignored
from errata.ingest.wire.otlp_model import Encoding
from errata.ingest.wire.otlp_resource import Sender, sender_of

MS_NS = 1_000_000
_SAME_FAILURE_MS = 60_000


class Senders:
    """The resources and scopes of one request, each read once however many pieces stand in it."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._senders: dict[bytes, Sender] = {}
        self._scopes: dict[bytes, str] = {}

    def of(self, resource: bytes) -> Sender:
        """Whose piece it is."""
        sender = self._senders.get(resource)
        if sender is None:
            sender = self._senders[resource] = sender_of(self._encoding.resource_attributes(resource))
        return sender

    def scope(self, scope: bytes) -> str:
        """The name of the instrumentation; empty where there is none."""
        name = self._scopes.get(scope)
        if name is None:
            name = self._scopes[scope] = self._encoding.scope_name(scope)
        return name


class Tally:
    """Pieces that are no errors, by reason; of each reason the first is described."""

    def __init__(self) -> None:
        self._counts: dict[NotAnError, int] = {}
        self._first: dict[NotAnError, tuple[int, str]] = {}

    def add(self, reason: NotAnError, entry: int, what: str) -> None:
        """Count one."""
        self._counts[reason] = self._counts.get(reason, 0) + 1
        self._first.setdefault(reason, (entry, what[:_MAX_WHAT]))

    def ignored(self) -> list[Ignored]:
        """One for each reason."""
        return [
            Ignored(reason, count, self._first[reason][0] if count == 1 else -1, self._first[reason][1])
            for reason, count in self._counts.items()
        ]


def identity_of(trace_id: str, name: tuple[str, str], time_ns: int, number: int) -> str:
    """The identity of a failure, the same wherever in a trace it is told; empty outside of traces.

    One failure is told by every span that it passes and by the log, which may come in requests of their own. So it is
    known by trace, class, message, the minute, and `number`: which of the equal failures it is that this request
    tells at once (a loop may fail ten times in one trace). Whatever order requests come in, as many are counted as
    the fullest of them tells.
    """
    if not trace_id:
        return ""
    minute = time_ns // MS_NS // _SAME_FAILURE_MS
    told = "\0".join((*name, str(minute), str(number)))
    return f"otlp:{trace_id}:{hashlib.blake2b(told.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


_MAX_WHAT = 200
