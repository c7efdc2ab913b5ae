"""The addresses of browser and mobile SDKs beside that of their logs."""

from __future__ import annotations

from typing import Any

from errata.events.model import Intake
from errata.ingest.answers import answer
from errata.ingest.doors.door import Arrival, Checked, Door, DoorLimits, Route
from errata.ingest.request import Said, kept_headers, said_by
from errata.ingest.wire import datadog_rum

_ACCEPTED = answer(202, b"{}")
_KEPT = kept_headers(datadog_rum.HEADERS_NEEDED)


class RumDoor(Door):
    """RUM events. Most requests tell of views and actions only, and are not kept."""

    intake = Intake.DD_RUM.value

    def said(self, scope: Any, path_key: str) -> Said:
        """As every door, with the headers that RUM's decoder asks for."""
        return said_by(scope["headers"], scope["query_string"], path_key, _KEPT)

    def check(self, arrival: Arrival) -> Checked:
        """See whether there is an error among the events; none at all is a valid answer (`[]`)."""
        look = datadog_rum.look(arrival.body, self.limits.max_entries)
        return Checked(look.entries, _ACCEPTED, look.keep, () if look.keep else look.ignored)


class PassedByDoor(Door):
    """What SDKs send beside errors (replays, profiles, spans): accepted, so that none tries again, and dropped."""

    intake = Intake.DD_RUM.value
    fixed = _ACCEPTED

    def check(self, _arrival: Arrival) -> Checked:
        """Nothing is looked at."""
        return Checked(0, _ACCEPTED, keep=False)


class BrowserRoutes:
    """`/api/v2/rum` and the other tracks of the SDKs. `elsewhere` takes forwarded requests to any other address."""

    def __init__(self, limits: DoorLimits) -> None:
        passed_by = PassedByDoor(limits)
        self.elsewhere = Route(passed_by, "/?ddforward")
        self.exact = {
            "/api/v2/rum": Route(RumDoor(limits), "/api/v2/rum"),
            **{path: Route(passed_by, path) for path in _PASSED_BY},
        }

    def find(self, _path: str) -> Route | None:
        """None: all addresses are known."""
        return None


_PASSED_BY = tuple(
    f"/api/v2/{track}" for track in ("replay", "profile", "spans", "exposures", "flagevaluation", "debugger")
)
"""The other tracks of `@datadog/browser-*` 7.16 and of the mobile SDKs."""
