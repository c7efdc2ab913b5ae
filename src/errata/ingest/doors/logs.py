"""Datadog's log intake, versions 1 and 2."""

from __future__ import annotations

from errata.base.errors import Unsupported
from errata.events.model import Intake
from errata.ingest.answers import Answer, answer
from errata.ingest.doors.door import Arrival, Checked, Door, DoorLimits, Route
from errata.ingest.wire.split import count_of, is_text_type


class LogsDoor(Door):
    """Entries as JSON or lines of text. Both versions read the same and differ in the status of success."""

    intake = Intake.DD_LOGS.value

    def __init__(self, limits: DoorLimits, accepted: Answer) -> None:
        super().__init__(limits)
        self._accepted = accepted

    def check(self, arrival: Arrival) -> Checked:
        """Count the entries; none is a valid answer (`[]`)."""
        entries = count_entries(arrival.body, arrival.headers.get("content-type", ""), self.limits.max_entries)
        return Checked(entries, self._accepted)


class LogRoutes:
    """`/api/v2/logs`, `/v1/input`, and `/v1/input/<key>`."""

    def __init__(self, limits: DoorLimits, otlp: Route | None = None) -> None:
        self._v1 = LogsDoor(limits, answer(200, b"{}"))
        v1 = Route(self._v1, "/v1/input")
        self.exact = {
            "/api/v2/logs": Route(LogsDoor(limits, answer(202, b"{}")), "/api/v2/logs", otlp=otlp),
            "/v1/input": v1,
            "/v1/input/": v1,
        }

    def find(self, path: str) -> Route | None:
        """The route of a path with a key in it; None for other paths."""
        if not path.startswith(_V1_PREFIX):
            return None
        key = path[len(_V1_PREFIX) :]
        return Route(self._v1, "/v1/input", key) if key and "/" not in key else None


def count_entries(plain: bytes, content_type: str, max_entries: int) -> int:
    """How many entries a body without its encoding has; none is a valid answer (`[]`).

    Raises `Unsupported` for a media type that is neither JSON nor text (a body that looks like JSON is taken under
    any), and what `entries_of` raises for more than `max_entries` and for what cannot be read.
    """
    if not is_text_type(content_type) and plain[:64].lstrip(_BLANK)[:1] not in _JSON_STARTS:
        media = content_type.partition(";")[0].strip().lower()
        if media and media not in _JSON_TYPES and not media.endswith("+json"):
            raise Unsupported(
                f"Content-Type {media[:60]!r} is not read here; allowed: application/json, text/plain, "
                "application/logplex-1.",
                where="content-type",
            )
    return count_of(plain, content_type, max_entries)


_V1_PREFIX = "/v1/input/"
_BLANK = b" \t\r\n\xef\xbb\xbf"
_JSON_STARTS = (b"[", b"{")
_JSON_TYPES = frozenset({"application/json", "text/json", "application/x-ndjson", "application/jsonl"})
