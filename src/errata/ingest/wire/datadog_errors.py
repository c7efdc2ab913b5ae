"""Crash reports of Datadog's tracers, by the errors intake and by telemetry. Pure.

A tracer's crash tracker tells of one crash up to four times: a ping when it begins to gather, a report when it is
done, each to the errors intake and as a log among its telemetry. They share a `uuid`: the reports are one error, the
pings are none. Rule: intake specification, section 2, and what recorded crashes show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from errata.base.errors import Invalid
from errata.events.model import Event, Intake, Json, NotAnError, Platform, Status, Track
from errata.ingest.wire.crash_stacks import crash_stack
from errata.ingest.wire.json_text import decode_json
from errata.ingest.wire.languages import language_of_source
from errata.ingest.wire.model import Found, Ignored, Reject, WireRecord
from errata.ingest.wire.tags import tags_of
from errata.ingest.wire.times import epoch_ms_of

HEADERS_NEEDED: tuple[str, ...] = ()


def decode(record: WireRecord) -> list[Found]:
    """The crashes of a request. Raises `Invalid` when the body is no JSON."""
    value = decode_json(record.body)[0]
    found: list[Found] = []
    for entry, report in enumerate(_reports(value)):
        found.append(report if isinstance(report, Reject) else _outcome(entry, report, record.received_at_ms))
    return found or [Ignored(NotAnError.TELEMETRY, what="telemetry without a crash")]


def may_hold_crash(body: bytes) -> bool:
    """Whether a body of telemetry is worth reading: all but those of crash trackers is about the tracer itself."""
    return b"rashtracker" in body or b'"is_crash"' in body


@dataclass(slots=True)
class _Report:
    """One telling of a crash, in the words of the errors intake."""

    error: dict[str, Any]
    tags: str
    timestamp: object = None
    uuid: str = ""
    rest: dict[str, Any] = field(default_factory=dict)
    application: dict[str, Any] = field(default_factory=dict)
    host: str = ""
    is_ping: bool = False


def _reports(value: Any) -> Iterator[_Report | Reject]:
    if isinstance(value, list):
        values = value
    elif isinstance(value, dict):
        values = [value]
    else:
        raise Invalid("A report is an object.")
    for entry, one in enumerate(values):
        if not isinstance(one, dict):
            yield Reject(entry, "A report is an object.")
        elif "request_type" in one or "api_version" in one:
            yield from _of_telemetry(one)
        else:
            yield _of_intake(one)


def _of_intake(body: dict[str, Any]) -> _Report:
    tags = body.get("ddtags")
    error = body.get("error")
    report = _Report(
        error=error if isinstance(error, dict) else {},
        tags=tags if isinstance(tags, str) else "",
        timestamp=body.get("timestamp"),
        rest=body,
    )
    service = body.get("service")
    if isinstance(service, str):
        report.application = {"service_name": service}
    _settle(report)
    return report


def _of_telemetry(body: dict[str, Any]) -> Iterator[_Report]:
    """The logs of a telemetry message, or of the messages in a batch, that are a crash tracker's."""
    application, host = body.get("application"), body.get("host")
    is_tracker = body.get("origin") == "Crashtracker"
    for log in _logs_in(body.get("payload")):
        tags = log.get("tags")
        tags = tags if isinstance(tags, str) else ""
        if not (is_tracker or log.get("is_crash") is True or "is_crash:true" in tags or "is_crash_ping:true" in tags):
            continue
        report = _of_log(log, tags)
        report.application = application if isinstance(application, dict) else {}
        report.host = _text(host.get("hostname")) if isinstance(host, dict) else ""
        report.timestamp = report.timestamp or body.get("tracer_time")
        yield report


def _logs_in(payload: object) -> Iterator[dict[str, Any]]:
    """Logs stand in `payload.logs`, in older messages in `payload` itself, in batches in the payload of a message."""
    listed = payload.get("logs") if isinstance(payload, dict) else payload
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict):
            continue
        if "request_type" not in one:
            yield one
        elif one.get("request_type") == "logs":
            inner = one.get("payload")
            inner = inner.get("logs") if isinstance(inner, dict) else inner
            yield from (log for log in (inner if isinstance(inner, list) else ()) if isinstance(log, dict))


def _of_log(log: dict[str, Any], tags: str) -> _Report:
    """A log whose message is the report as JSON, in the words of any version of the crash tracker."""
    message = log.get("message")
    told: Any = None
    if isinstance(message, str) and message.lstrip()[:1] == "{":
        try:
            told = decode_json(message)[0]
        except Invalid:
            told = None
    body: dict[str, Any] = told if isinstance(told, dict) else {"message": message}
    error = body.get("error")
    error = dict(error) if isinstance(error, dict) else {}
    signal = body.get("sig_info") or body.get("siginfo")
    error.setdefault("message", body.get("message"))
    error.setdefault("stack", body.get("stack") or body.get("stacktrace") or log.get("stack_trace"))
    error.setdefault("kind", body.get("kind"))
    error.setdefault("is_crash", log.get("is_crash"))
    error.setdefault("experimental", body.get("experimental"))
    report = _Report(
        error=error,
        tags=",".join((tags, *_metadata_tags(body.get("metadata")))),
        timestamp=body.get("timestamp"),
        uuid=_text(body.get("uuid") or body.get("crash_uuid")),
        rest={**body, "sig_info": signal},
    )
    _settle(report)
    return report


def _metadata_tags(metadata: object) -> list[str]:
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _settle(report: _Report) -> None:
    message = _text(report.error.get("message"))
    said = tags_of(report.tags).all
    report.is_ping = "is_crash_ping:true" in said or message.startswith(_PING)
    report.uuid = report.uuid or _tag(said, "uuid")


def _outcome(entry: int, report: _Report, received_at_ms: int) -> Event | Ignored:
    application, tags = report.application, tags_of(report.tags)
    service = tags.service or _text(application.get("service_name"))
    if report.is_ping:
        return Ignored(NotAnError.CRASH_PING, entry=entry, what=f"crash ping of {service[:80]}")
    return _event(entry, report, service, received_at_ms)


def _event(entry: int, report: _Report, service: str, received_at_ms: int) -> Event:
    application, tags = report.application, tags_of(report.tags)
    stack = crash_stack(report.error, report.error.get("experimental"))
    error_type, message = _type_and_message(report)
    return Event(
        entry=entry,
        received_at=received_at_ms,
        track=Track.TRACE,
        intake=Intake.DD_ERRORS,
        timestamp=epoch_ms_of(report.timestamp, received_at_ms) if report.timestamp is not None else None,
        identity=f"crash:{report.uuid}" if report.uuid else "",
        service=service,
        env=tags.env or _text(application.get("env")),
        version=tags.version or _text(application.get("service_version")),
        host=report.host or tags.host,
        source=_text(report.rest.get("ddsource")) or "crashtracker",
        status=Status.EMERGENCY,
        language=_language(report, tags.all, is_native=stack.is_native),
        platform=Platform.BACKEND,
        message=message,
        error_type=error_type,
        error_message=message,
        error_stack=stack.text,
        error_handling="unhandled",
        error_source="crash",
        is_crash=_is_crash(report, tags.all),
        frames=stack.frames,
        team=tags.team,
        tags=tags.all,
        attributes=_attributes(report, tags.all),
        details=_details(report, shows_native=stack.has_native_beside),
    )


def _is_crash(report: _Report, tags: tuple[str, ...]) -> bool:
    """A report that says nothing of it is a crash: nothing else is sent here."""
    said = report.error.get("is_crash")
    return said is not False or "is_crash:true" in tags


def _type_and_message(report: _Report) -> tuple[str, str]:
    """The signal, or the class of the exception that nobody caught, which its message names."""
    message = _text(report.error.get("message")).strip()
    if match := _UNCAUGHT.match(message):
        return match[1] or "UnhandledException", match[2].strip()
    signal = report.rest.get("sig_info")
    name = _text(signal.get("si_signo_human_readable")) if isinstance(signal, dict) else ""
    given = _text(report.error.get("type"))
    kind = _text(report.error.get("kind"))
    return given or (name if kind in {"", "UnixSignal"} else kind) or kind or "Crash", message


def _language(report: _Report, tags: tuple[str, ...], *, is_native: bool) -> str:
    """That of the frames: a native stack of an interpreter is in none of the program's language."""
    named = _tag(tags, "language_name") or _tag(tags, "language") or _text(report.application.get("language_name"))
    language = language_of_source(named) or named.lower()
    return "" if is_native and language in _INTERPRETED else language


def _attributes(report: _Report, tags: tuple[str, ...]) -> dict[str, Json]:
    found: dict[str, Json] = {"crash.uuid": report.uuid} if report.uuid else {}
    found.update((name, value) for name in ("sig_info", "os_info", "proc_info") if (value := report.rest.get(name)))
    for name in ("language_version", "tracer_version", "runtime_platform"):
        if value := _tag(tags, name):
            found[name] = value
    found["thread"] = report.error.get("thread_name") if isinstance(report.error.get("thread_name"), str) else None
    return {name: value for name, value in found.items() if value is not None}


def _details(report: _Report, *, shows_native: bool) -> dict[str, Json]:
    """What a page shows of a crash: native frames beside an interpreter's, and the other threads' first calls."""
    details: dict[str, Json] = {}
    if shows_native and isinstance(stack := report.error.get("stack"), dict):
        details["native_stack"] = _few(stack.get("frames"))
    threads = report.error.get("threads")
    if isinstance(threads, list):
        details["threads"] = [_thread(one) for one in threads[:_MAX_THREADS] if isinstance(one, dict)]
    if isinstance(logged := report.rest.get("log_messages"), list):
        details["log_messages"] = [line for line in logged[:_MAX_THREADS] if isinstance(line, str)]
    return details


def _thread(one: dict[str, Any]) -> Json:
    stack = one.get("stack")
    return {
        "name": _text(one.get("name")),
        "crashed": one.get("crashed") is True,
        "state": _text(one.get("state")),
        "frames": _few(stack.get("frames") if isinstance(stack, dict) else stack, most=_THREAD_FRAMES),
    }


def _few(frames: object, most: int = 100) -> list[Json]:
    listed = frames if isinstance(frames, list) else []
    return [{name: one[name] for name in _SHOWN if name in one} for one in listed[:most] if isinstance(one, dict)]


def _tag(tags: tuple[str, ...], name: str) -> str:
    return next((tag[len(name) + 1 :] for tag in tags if tag.startswith(f"{name}:")), "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


_PING = "Crashtracker crash ping"
_UNCAUGHT = re.compile(
    r"Process was terminated due to an unhandled exception(?: of type ['\"]([^'\"\n]{1,300})['\"])?\.?"
    r"(?:\s*Message:)?(.*)",
    re.DOTALL,
)
_INTERPRETED = frozenset({"python", "javascript", "typescript", "ruby", "php", "java", "dotnet", "csharp"})
_SHOWN = ("function", "file", "line", "column", "path", "relative_address", "ip")
_MAX_THREADS = 64
_THREAD_FRAMES = 20
