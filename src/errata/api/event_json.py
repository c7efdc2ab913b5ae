"""One error of an issue in the API's JSON. Pure."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from errata.api.jsonapi import Resource, ToOne, to_one
from errata.base.clock import to_ms
from errata.events.model import Event
from errata.grouping.explain import Explanation
from errata.issues.occurrences import Occurrence, ShownException, ShownFrame
from errata.sourcemaps.model import Unmapped
from errata.stacks.model import Frame


class MinifiedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it came, where a source map tells another place."""

    function: str
    file: str
    line: int | None
    column: int | None


class UnmappedCall(msgspec.Struct, frozen=True, kw_only=True):
    """Why no source map tells a call's place.

    `reason` is a name that does not change, `says` a sentence; `there` lists the versions or files that have maps.
    """

    reason: str
    says: str
    there: list[str]


class EventFrame(msgspec.Struct, frozen=True, kw_only=True):
    """A call. `whose` says whose code it is and by which sign; `context` is the line of source, where it is known.

    `before` and `after` are the lines around it. `repeats` counts further equal calls in a row.
    """

    function: str
    file: str
    module: str
    line: int | None
    column: int | None
    in_app: bool
    whose: str
    context: str
    before: list[str]
    after: list[str]
    repeats: int
    minified: MinifiedCall | UnsetType = UNSET
    unmapped: UnmappedCall | UnsetType = UNSET


class EventException(msgspec.Struct, frozen=True, kw_only=True):
    """An exception with its calls, crash side first. `relation`: `primary`, or what it is to that one."""

    type: str
    message: str
    relation: str
    frames: list[EventFrame]


class EventError(msgspec.Struct, frozen=True, kw_only=True):
    """What failed. `stack` is the text as it is shown, mapped where it can be; texts that are not known are empty."""

    type: str
    message: str
    stack: str
    handling: str
    source: str
    category: str
    is_crash: bool
    fingerprint: str


class EventUser(msgspec.Struct, frozen=True, kw_only=True):
    """Who met it, as far as the event says."""

    id: str
    email: str
    name: str
    anonymous_id: str


class DroppedText(msgspec.Struct, frozen=True):
    """A bit that took no part in the grouping."""

    text: str
    reason: str


class GroupingPart(msgspec.Struct, frozen=True):
    """One thing that makes the fingerprint: what was used, from what, and what of that was left out."""

    name: str
    value: str
    raw: str
    dropped: list[DroppedText]


class EventGrouping(msgspec.Struct, frozen=True, kw_only=True):
    """Why the error is in its issue. `is_custom`: the client named the group itself."""

    version: int
    fingerprint: str
    is_custom: bool
    parts: list[GroupingPart]


class EventAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an error. Times are epoch milliseconds; texts that are not known are empty.

    `time_clamped`: the client's clock was too far off, and `timestamp` is the arrival. `attributes` can be searched,
    `details` are only shown. `cut` names what was shortened or left out when it was stored.
    """

    timestamp: int
    received_at: int
    time_clamped: bool
    service: str
    env: str
    version: str
    host: str
    track: str
    intake: str
    source: str
    status: str
    platform: str
    language: str
    message: str
    error: EventError
    exceptions: list[EventException]
    user: EventUser
    session_id: str
    trace_id: str
    span_id: str
    teams: list[str]
    tags: list[str]
    attributes: dict[str, Any]
    details: dict[str, Any]
    cut: list[str]
    grouping: EventGrouping


class EventRelationships(msgspec.Struct, frozen=True):
    """The issue that it belongs to."""

    issue: ToOne


class EventResource(Resource, frozen=True, kw_only=True):
    """One error."""

    type: Literal["error_event"]
    attributes: EventAttributes
    relationships: EventRelationships | UnsetType = UNSET


def event_resource(occurrence: Occurrence) -> EventResource:
    """The error as a resource."""
    issue = occurrence.issue_id
    return EventResource(
        id=str(occurrence.id),
        type="error_event",
        attributes=_attributes(occurrence, occurrence.event),
        relationships=EventRelationships(to_one(issue, "issue")) if issue else UNSET,
    )


def _attributes(occurrence: Occurrence, event: Event) -> EventAttributes:
    return EventAttributes(
        timestamp=to_ms(occurrence.timestamp),
        received_at=to_ms(occurrence.received_at),
        time_clamped=occurrence.time_clamped,
        service=event.service,
        env=event.env,
        version=event.version,
        host=event.host,
        track=event.track.value,
        intake=event.intake.value,
        source=event.source,
        status=event.status.value,
        platform=event.platform.value,
        language=event.language,
        message=event.message,
        error=_error(event),
        exceptions=[_exception(each) for each in occurrence.exceptions],
        user=EventUser(
            id=event.usr_id, email=event.usr_email, name=event.usr_name, anonymous_id=event.usr_anonymous_id
        ),
        session_id=event.session_id,
        trace_id=event.trace_id,
        span_id=event.span_id,
        teams=list(event.team),
        tags=list(event.tags),
        attributes=event.attributes,
        details=event.details,
        cut=list(event.cut),
        grouping=_grouping(occurrence.grouped, str(occurrence.fingerprint)),
    )


def _error(event: Event) -> EventError:
    return EventError(
        type=event.error_type,
        message=event.error_message,
        stack=event.error_stack,
        handling=event.error_handling,
        source=event.error_source,
        category=event.error_category,
        is_crash=event.is_crash,
        fingerprint=event.error_fingerprint,
    )


def _exception(shown: ShownException) -> EventException:
    return EventException(
        type=shown.type,
        message=shown.message,
        relation=shown.relation.value,
        frames=[_frame(each) for each in shown.frames],
    )


def _frame(shown: ShownFrame) -> EventFrame:
    frame = shown.frame
    return EventFrame(
        function=frame.function,
        file=frame.file,
        module=frame.module,
        line=frame.line,
        column=frame.column,
        in_app=shown.is_in_app,
        whose=shown.whose,
        context=frame.context,
        before=list(shown.before),
        after=list(shown.after),
        repeats=frame.repeats,
        minified=_minified(shown.sent) if shown.sent else UNSET,
        unmapped=_unmapped(shown.unmapped) if shown.unmapped else UNSET,
    )


def _minified(sent: Frame) -> MinifiedCall:
    return MinifiedCall(function=sent.function, file=sent.file, line=sent.line, column=sent.column)


def _unmapped(unmapped: Unmapped) -> UnmappedCall:
    return UnmappedCall(reason=unmapped.why.value, says=unmapped.says, there=list(unmapped.there))


def _grouping(grouped: Explanation, fingerprint: str) -> EventGrouping:
    parts = [
        GroupingPart(part.name, part.value, part.raw, [DroppedText(each.text, each.reason) for each in part.dropped])
        for part in grouped.parts
    ]
    return EventGrouping(version=grouped.version, fingerprint=fingerprint, is_custom=grouped.is_custom, parts=parts)
