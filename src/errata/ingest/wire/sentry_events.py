"""A Sentry event, turned into ours. Pure.

Source: the event payload pages of Sentry's developer documentation, and recordings of its SDKs. Every field may be
missing, null, or of another type than documented, and older clients sent other shapes: what cannot be used is left
out, and no event is refused for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from errata.events.model import Cause, Event, Intake, Json, Platform, Status, Track
from errata.ingest.wire.rum_views import address_parts
from errata.ingest.wire.sentry_attributes import attributes_of, details_of, user_of
from errata.ingest.wire.sentry_exceptions import (
    Raised,
    exceptions_of,
    lone_stack_of,
    mechanism_of,
    threads_of,
)
from errata.ingest.wire.sentry_fingerprint import fingerprint_of
from errata.ingest.wire.sentry_frames import Stack
from errata.ingest.wire.sentry_platforms import dialect_of, language_of, platform_of
from errata.ingest.wire.sentry_stack_text import stack_text
from errata.ingest.wire.sentry_values import Fields, any_text, fields, first_of, pairs, status_of_level, text
from errata.ingest.wire.times import epoch_ms_of
from errata.stacks.model import Relation

MESSAGE_TYPE = "Message"
"""The type of an event that reports a sentence instead of an exception."""
NATIVE_CRASH_TYPE = "NativeCrash"
"""The type of an event that says nothing itself, because a memory dump beside it says it all."""
DEFAULT_ENVIRONMENT = "production"
"""What an event without `environment` means, as Sentry documents it."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of an event from around it.

    `shift_ms` is what the client's clock is behind ours (0 within a minute), `project` the number in the address,
    `project_name` what the operator calls that project (empty: nothing), `has_dump` that a dump of the program's
    memory came along.
    """

    entry: int
    received_at_ms: int
    event_id: str
    project: int
    project_name: str = ""
    shift_ms: int = 0
    has_dump: bool = False


def event_of(said: Fields, around: Circumstances) -> Event:
    """The event, whatever its payload holds. Raises nothing."""
    dialect = dialect_of(said)
    exceptions = exceptions_of(said, dialect)
    threads = threads_of(said, dialect)
    log = _log_entry(said)
    error_type, message = _named(exceptions, log.text, has_dump=around.has_dump)
    stack = exceptions[0].stack if exceptions and exceptions[0].stack.frames else lone_stack_of(said, threads, dialect)
    tags = _tags(said)
    mechanism = mechanism_of(exceptions)
    status = status_of_level(said.get("level"))
    handling = _handling(mechanism)
    user = user_of(said)
    trace = fields(fields(said.get("contexts")).get("trace"))
    release = text(said.get("release"), _MAX_NAME)
    return Event(
        entry=around.entry,
        received_at=around.received_at_ms,
        track=Track.LOGS,
        intake=Intake.SENTRY,
        timestamp=_time(said.get("timestamp"), around),
        identity=f"{around.project}/{around.event_id}" if around.event_id else "",
        service=_service(said, tags, release, around),
        env=text(said.get("environment"), _MAX_NAME) or _first(tags, "environment") or DEFAULT_ENVIRONMENT,
        version=release,
        host=text(said.get("server_name"), _MAX_NAME) or _first(tags, "server_name") or _first(tags, "host"),
        source="sentry-sdk",
        status=status,
        language=language_of(said),
        platform=platform_of(said),
        message=log.text or message,
        error_type=error_type,
        error_message=message,
        error_stack=stack_text(error_type, message, stack.frames, dialect.language),
        error_fingerprint=_fingerprint(said, log, has_stack=bool(stack.frames or exceptions)),
        error_handling=handling,
        is_crash=around.has_dump or (handling == "unhandled" and _ends_program(mechanism, status)),
        frames=stack.frames,
        causes=tuple(_cause(raised, dialect.language) for raised in exceptions[1:]),
        usr_id=text(user.get("id"), _MAX_NAME) or text(user.get("username"), _MAX_NAME),
        usr_email=text(user.get("email"), _MAX_NAME),
        usr_name=text(user.get("name"), _MAX_NAME) or text(user.get("username"), _MAX_NAME),
        trace_id=_hex(trace.get("trace_id"), 32),
        span_id=_hex(trace.get("span_id"), 16),
        team=tuple(dict.fromkeys(value for name, value in tags if name == "team" and value)),
        tags=tuple(dict.fromkeys(f"{name}:{value}" for name, value in tags)),
        attributes=_attributes(said, tags, mechanism),
        details=_details(said, stack, [thread.shown for thread in threads], mechanism, around),
    )


@dataclass(frozen=True, slots=True)
class _LogEntry:
    """What a log call said: its text, and the template that it was made of where that differs."""

    text: str
    template: str


def _log_entry(said: Fields) -> _LogEntry:
    """The message of an event: `logentry`, or `message` as a text or an object of the same form."""
    given = first_of(said, "logentry", "sentry.interfaces.Message", "message")
    if not isinstance(given, dict):
        return _LogEntry(any_text(given), "")
    template = any_text(given.get("message"))
    formatted = any_text(given.get("formatted")) or _filled(template, given.get("params"))
    return _LogEntry(formatted or template, template if template and formatted != template else "")


def _filled(template: str, params: object) -> str:
    """A template with its parameters put in: `%s` and its like, or `{}` and `{name}`. Empty where they do not fit."""
    if isinstance(params, dict):
        named = {name: any_text(value, _MAX_PARAM) for name, value in params.items()}
        return _NAMED.sub(lambda match: named.get(match[1] or match[2], match[0]), template)
    values = [any_text(value, _MAX_PARAM) for value in params] if isinstance(params, list) else []
    if not values:
        return ""
    pattern = _PERCENT if _PERCENT.search(template) else _BRACES
    rest = iter(values)
    return pattern.sub(lambda match: "%" if match[0] == "%%" else next(rest, match[0]), template)


def _named(exceptions: Sequence[Raised], log_text: str, *, has_dump: bool) -> tuple[str, str]:
    """Type and message of the error."""
    if exceptions:
        return exceptions[0].type, exceptions[0].message or log_text
    if has_dump and not log_text:
        return NATIVE_CRASH_TYPE, "The program crashed and left a dump of its memory."
    return MESSAGE_TYPE, log_text


def _fingerprint(said: Fields, log: _LogEntry, *, has_stack: bool) -> str:
    """The group that the client names: its fingerprint, its checksum of old, or the template of a log call.

    Sentences made of one template are one issue, whatever was put in; with a stack the place tells more.
    """
    if own := fingerprint_of(said.get("fingerprint")):
        return own
    if said.get("fingerprint") is None and (checksum := text(said.get("checksum"), _MAX_NAME)):
        return checksum
    return "" if has_stack else log.template


def _handling(mechanism: Fields) -> str:
    handled = mechanism.get("handled")
    return ("handled" if handled else "unhandled") if isinstance(handled, bool) else ""


def _ends_program(mechanism: Fields, status: Status) -> bool:
    """Whether what nobody handled ended the program: SDKs say `fatal`, or name the hook that is called at its end."""
    kind = text(mechanism.get("type"), _MAX_NAME).rpartition(".")[2].lower()
    return status is Status.EMERGENCY or kind in _LAST_HOOKS


def _cause(raised: Raised, language: str) -> Cause:
    return Cause(
        type=raised.type,
        message=raised.message,
        stack=stack_text(raised.type, raised.message, raised.stack.frames, language),
        frames=raised.stack.frames[:_CAUSE_FRAMES],
        relation=raised.relation if raised.relation is not Relation.PRIMARY else Relation.CAUSE,
    )


def _service(said: Fields, tags: list[tuple[str, str]], release: str, around: Circumstances) -> str:
    """Tag `service`, the name that the operator gave the project, the name in the release, the project's number."""
    resource = fields(fields(fields(said.get("contexts")).get("otel")).get("resource"))
    return (
        _first(tags, "service")
        or text(resource.get("service.name"), _MAX_NAME)
        or around.project_name
        or release.rpartition("@")[0].strip()
        or f"project-{around.project}"
    )


def _tags(said: Fields) -> list[tuple[str, str]]:
    """Tags as names and texts. A null has no value; a tag of the same name may come twice."""
    return [(name, value) for name, inner in pairs(said.get("tags")) if (value := any_text(inner, _MAX_NAME))]


def _first(tags: list[tuple[str, str]], wanted: str) -> str:
    return next((value for name, value in tags if name == wanted), "")


def _time(value: object, around: Circumstances) -> int | None:
    at = epoch_ms_of(value, around.received_at_ms)
    return None if at is None else at + around.shift_ms


def _hex(value: object, digits: int) -> str:
    """A trace or span id; empty for what is none."""
    found = text(value, _MAX_NAME).replace("-", "").lower()
    return found if len(found) == digits and not found.strip("0123456789abcdef") and found.strip("0") else ""


def _attributes(said: Fields, tags: list[tuple[str, str]], mechanism: Fields) -> dict[str, Any]:
    found = attributes_of(said)
    if platform_of(said) is Platform.BROWSER and (view := _view(found.get("http"))):
        found["view"] = view
    if kind := text(mechanism.get("type"), _MAX_NAME):
        found["mechanism"] = kind
    sha, repository = _first(tags, "git.commit.sha"), _first(tags, "git.repository_url")
    if sha or repository:
        found["git"] = {"commit": {"sha": sha}, "repository_url": repository}
    return found


def _view(http: Json) -> dict[str, Json]:
    """The page that a browser showed, under the names that other browser errors have it by."""
    page = http if isinstance(http, dict) else {}
    url, referrer = page.get("url"), page.get("referer")
    found: dict[str, Json] = {"referrer": referrer} if referrer else {}
    return {"url": url, **found, **address_parts(url)} if isinstance(url, str) else found


def _details(
    said: Fields, stack: Stack, threads: list[dict[str, Any]], mechanism: Fields, around: Circumstances
) -> dict[str, Any]:
    found = details_of(said)
    if stack.sources:
        found["sources"] = list(stack.sources)
    if threads:
        found["threads"] = threads
    if mechanism:
        found["mechanism"] = mechanism
    if around.shift_ms:
        found["clock_shift_ms"] = around.shift_ms
    return found


_MAX_NAME, _MAX_PARAM, _CAUSE_FRAMES = 1000, 2000, 50
_PERCENT = re.compile(r"%(?:%|[-+ #0]{0,5}\d{0,4}(?:\.\d{0,4})?[sdifgrxXeEcu])")
_BRACES = re.compile(r"\{\d{0,3}\}")
_NAMED = re.compile(r"%\((\w{1,100})\)[sdifgrx]|\{(\w{1,100})\}")
_LAST_HOOKS = frozenset({
    "excepthook", "onuncaughtexception", "uncaughtexceptionhandler", "uncaughtexception", "unhandledexception",
    "signalhandler", "signal", "minidump", "mach", "nsexception", "cpp_exception", "panic", "fatal_error",
})  # fmt: skip
"""Last parts of mechanism types, lower case, that are called when a program ends by an error."""
