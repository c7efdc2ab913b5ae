"""One RUM error as an event: fields of the RUM event format, version 2, of browser and mobile SDKs. Pure."""

from __future__ import annotations

from typing import Any

from errata.events.model import Event, Intake, Json, NotAnError, Status, Track
from errata.ingest.wire import reserved
from errata.ingest.wire.browser_sdk import NO_STACK, thrown_message
from errata.ingest.wire.languages import language_of_sdk, platform_of_sdk
from errata.ingest.wire.log_values import (
    take_causes,
    take_crash,
    take_fingerprint,
    take_handling,
    take_hex_id,
    take_stack,
    take_tags,
    take_teams,
    take_text,
    take_time,
    take_verbatim,
)
from errata.ingest.wire.reserved import Fields, split_fields
from errata.ingest.wire.rum_views import Viewers, address_parts, names_somebody
from errata.ingest.wire.tags import Defaults

_OF_THE_PROGRAM = frozenset({"custom", "source", "report", "network", "console"})
"""Values of `error.source` that are errors; `logger`, `agent` and `webview` are said by the SDK for others."""
_BY_HAND = frozenset({"custom", "console", "logger"})
_OF_TESTS = frozenset({"synthetics", "ci_test"})


def error_of(
    value: Fields, entry: int, received_at_ms: int, defaults: Defaults, viewers: Viewers, cut: tuple[str, ...]
) -> Event | NotAnError:
    """The error in a RUM event of the type `error`, or why it counts as none. Takes `value` apart.

    What crashed the application is an error wherever it came from. A failed request needs a type or a stack of its
    own: a bad status alone is something that the page may well expect.
    """
    found, rest = split_fields(value)
    error = _object(rest, "error")
    said = _said(found)
    refused = _refused(said)
    if refused is not None:
        return refused
    tags, common = take_tags(found), defaults.tags
    session, view, internal = _object(rest, "session"), _object(rest, "view"), _object(rest, "_dd")
    session_id = take_text(found, ("session.id",))
    application = _object(rest, "application").get("id")
    source = take_text(rest, ("source",)) or defaults.source
    stack_form = error.get("source_type")
    at = take_time(found, reserved.TIME, received_at_ms)
    is_of_test = _is_of_test(session)
    event = Event(
        entry=entry,
        received_at=received_at_ms,
        track=Track.RUM,
        intake=Intake.DD_RUM,
        timestamp=at,
        identity=_identity(error.get("id"), application, session_id, at),
        service=(
            take_text(found, reserved.SERVICE)
            or tags.service
            or defaults.service
            or common.service
            or _named_for(application)
        ),
        env=take_text(found, reserved.ENV) or tags.env or common.env,
        version=take_text(found, reserved.VERSION) or tags.version or common.version,
        host=tags.host or common.host,
        source=source,
        status=Status.ERROR,
        language=language_of_sdk(source, stack_form if type(stack_form) is str else ""),
        platform=platform_of_sdk(source),
        message=said["error_message"],
        session_id=session_id,
        trace_id=take_hex_id(internal, ("trace_id",), 32),
        span_id=take_hex_id(internal, ("span_id",), 16),
        team=_teams(found, rest, tags.team + common.team),
        tags=_tags(tags.with_defaults(common), session["type"] if is_of_test else ""),
        is_of_test=is_of_test,
        details=_details(error, internal),
        cut=cut,
        **said,
        **_user(found, viewers.of(view.get("id"), session_id)),
    )
    event.attributes.update(_attributes(found, rest, view))
    return event


def _said(found: Fields) -> dict[str, Any]:
    """The fields of an event that say what went wrong."""
    error_type, message = take_text(found, reserved.ERROR_TYPE), take_verbatim(found, reserved.ERROR_MESSAGE)
    stack = take_stack(found, reserved.ERROR_STACK, ())
    if stack == NO_STACK:
        stack = ""
    if not error_type:
        message = thrown_message(message)
    source, is_crash = take_text(found, reserved.ERROR_SOURCE).lower(), take_crash(found)
    handling = take_handling(found)
    if not handling:
        handling = "handled" if source in _BY_HAND and not is_crash else "unhandled"
    category = take_text(found, reserved.ERROR_CATEGORY)
    fingerprint = take_fingerprint(found)
    return {
        "error_type": error_type,
        "error_message": message,
        "error_stack": stack,
        "error_fingerprint": fingerprint,
        "error_handling": handling,
        "error_source": source,
        "error_category": category,
        "is_crash": is_crash,
        "causes": take_causes(found),
    }


def _refused(said: dict[str, Any]) -> NotAnError | None:
    source = said["error_source"]
    if source and source not in _OF_THE_PROGRAM and not said["is_crash"]:
        return NotAnError.ERROR_SOURCE
    if said["error_type"] or said["error_stack"]:
        return None
    if source == "network":
        return NotAnError.NO_STACK
    return None if said["error_message"] else NotAnError.NO_ERROR


def _named_for(application: Any) -> str:
    """The service of errors whose page names none, which the SDKs allow: every application has an id."""
    return f"application-{application[:_MAX_ID]}" if type(application) is str and application else ""


def _identity(error_id: Any, application: Any, session_id: str, at: int | None) -> str:
    """What names the error when its request is sent again. Ids that people write by hand are unique in little."""
    if type(error_id) is not str or not error_id:
        return ""
    parts = (application if type(application) is str else "", session_id, error_id)
    return "/".join(("rum", *(part[:_MAX_ID] for part in parts), str(at or "")))


def _user(found: Fields, viewer: Fields) -> dict[str, Any]:
    """The error's own user, else the one that the request's views name."""
    own = {name: take_text(found, (f"usr.{name}",)) for name in ("id", "email", "name", "anonymous_id")}
    if not names_somebody(own):
        named = {name: value for name, value in viewer.items() if type(value) is str}
        own = {name: value or named.get(name, "") for name, value in own.items()}
    return {f"usr_{name}": value for name, value in own.items()}


def _teams(found: Fields, rest: Fields, tagged: tuple[str, ...]) -> tuple[str, ...]:
    """Teams that the event, its context or its tags name."""
    in_context = _object(rest, "context").get(reserved.TEAM)
    own = {reserved.TEAM: in_context} if in_context is not None and reserved.TEAM not in found else found
    return take_teams(own, tagged)


def _is_of_test(session: Fields) -> bool:
    kind = session.get("type")
    return type(kind) is str and kind in _OF_TESTS


def _tags(tags: tuple[str, ...], test: str) -> tuple[str, ...]:
    """The tags, and which kind of test the error is of where it is of one."""
    return (*tags, f"session_type:{test}") if test else tags


def _details(error: Fields, internal: Fields) -> dict[str, Json]:
    kept = {name: error.pop(name) for name in reserved.ERROR_FOR_THE_PAGE if error.get(name)}
    if internal.get("debug_ids"):
        kept["debug_ids"] = internal["debug_ids"]
    return kept


def _attributes(found: Fields, rest: Fields, view: Fields) -> dict[str, Json]:
    """All that is left, as it came, but for the SDK's notes to itself (`_dd`)."""
    url = view.get("url")
    if type(url) is str:
        for name, part in address_parts(url).items():
            view.setdefault(name, part)
    rest.pop("_dd", None)
    rest.pop("type", None)
    kept = {name: value for name, value in rest.items() if value not in ({}, None)}
    kept.update((name, value) for name, value in found.items() if not (type(value) is str and not value.strip()))
    return kept


def _object(fields: Fields, name: str) -> Fields:
    """The object of that name; a new one, that belongs to nothing, where there is none."""
    value = fields.get(name)
    return value if type(value) is dict else {}


_MAX_ID = 64
