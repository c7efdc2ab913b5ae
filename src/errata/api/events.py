"""The single errors of an issue: a list by pages, and one by its id."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from errata.access.model import Scope
from errata.api import examples
from errata.api.error_tracking import ISSUE_ID, LATEST_MS
from errata.api.event_json import EventResource, event_resource
from errata.api.operation import Call, Operation, Parameter, Style
from errata.api.parameters import id_in_path, uuid_of, whole
from errata.api.rooms import Rooms
from errata.base.clock import from_ms
from errata.base.errors import Invalid
from errata.base.ids import EventId, IssueId
from errata.events.pages import Before

TAG = "Events"
READ = (Scope.ERROR_TRACKING_READ,)
MAX_EVENTS = 100


class EventPage(msgspec.Struct, frozen=True):
    """`after` is the cursor of the next page; absent on the last one."""

    after: str | UnsetType = UNSET


class EventListMeta(msgspec.Struct, frozen=True):
    """`meta` of a list of errors."""

    page: EventPage


class EventListResponse(msgspec.Struct, frozen=True):
    """A page of errors, newest first."""

    data: Annotated[list[EventResource], Meta(max_length=MAX_EVENTS)]
    meta: EventListMeta


class EventResponse(msgspec.Struct, frozen=True):
    """One error."""

    data: EventResource


def _read_cursor(given: str) -> Before:
    try:
        stamp, _, id_ = base64.b64decode(given, altchars=b"-_", validate=True).decode("ascii").partition(".")
        number, event_id = int(stamp), uuid_of(id_)
    except (binascii.Error, ValueError):
        number, event_id = -1, None
    if event_id is None or not 0 <= number <= LATEST_MS:
        raise Invalid("expected the value of meta.page.after of an earlier answer", where="page[cursor]")
    return Before(number, event_id)


def _cursor(timestamp_ms: int, event_id: str) -> str:
    return base64.urlsafe_b64encode(f"{timestamp_ms}.{event_id}".encode()).decode()


EVENT_ID = id_in_path("event_id", lambda _: Invalid("event id is not an uuid", where="event_id"), "Event UUID")
LIMIT = whole("page[limit]", default=10, least=1, most=MAX_EVENTS, summary="Most errors on a page")
CURSOR: Parameter[Before | None] = Parameter(
    "page[cursor]", _read_cursor, None, {"type": "string"}, "`meta.page.after` of the page before"
)
FROM = whole("filter[from]", default=-1, least=-1, most=LATEST_MS, summary="Start of the window, epoch milliseconds")
TO = whole("filter[to]", default=-1, least=-1, most=LATEST_MS, summary="End of the window, itself outside of it")


def list_events(rooms: Rooms, call: Call[None]) -> EventListResponse:
    """An issue's errors, newest first; without a window all that are kept."""
    limit, start, end = LIMIT.of(call), FROM.of(call), TO.of(call)
    found = rooms.occurrences.of_issue(
        IssueId(ISSUE_ID.of(call)),
        limit,
        from_at=from_ms(start) if start >= 0 else None,
        to_at=from_ms(end) if end >= 0 else None,
        before=CURSOR.of(call),
    )
    data = [event_resource(one) for one in found]
    after: str | UnsetType = UNSET
    if len(data) == limit:
        after = _cursor(data[-1].attributes.timestamp, data[-1].id)
    return EventListResponse(data, EventListMeta(EventPage(after)))


def get_event(rooms: Rooms, call: Call[None]) -> EventResponse:
    """One error."""
    return EventResponse(event_resource(rooms.occurrences.one(EventId(EVENT_ID.of(call)))))


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path="/api/errata/v1/issues/{issue_id}/events",
        name="ListIssueEvents",
        summary="The single errors of an issue",
        description="Newest first, with stacks by the source maps that are there now. `minified` is the call as it "
        "came; `unmapped` says why a call of JavaScript is not told by its source.",
        tag=TAG,
        handler=list_events,
        style=Style.JSON_API,
        scopes=READ,
        answer=EventListResponse,
        errors=(400, 401, 403, 404, 429),
        parameters=(ISSUE_ID, LIMIT, CURSOR, FROM, TO),
        answer_example=examples.EVENTS_ANSWER,
    ),
    Operation(
        method="GET",
        path="/api/errata/v1/events/{event_id}",
        name="GetEvent",
        summary="One error",
        tag=TAG,
        handler=get_event,
        style=Style.JSON_API,
        scopes=READ,
        answer=EventResponse,
        errors=(400, 401, 403, 404, 429),
        parameters=(EVENT_ID,),
        answer_example=examples.EVENT_ANSWER,
    ),
)
