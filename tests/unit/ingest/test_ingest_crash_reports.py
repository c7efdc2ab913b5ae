"""What a crash tracker tells of one crash, in every wording: one error with one name; pings are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from errata.base.errors import Invalid
from errata.events.model import Event, NotAnError, Status
from errata.events.qualify import Qualified, qualify
from errata.grouping.versions import group
from errata.ingest.wire.datadog_errors import decode, may_hold_crash
from errata.ingest.wire.model import Found, Ignored, Reject, WireRecord
from errata.stacks.find import find_in_text
from errata.stacks.parse import parse

UUID = "5b1a7a30-62c5-4a0e-9a5e-3f8ad1a40d11"
SIGNAL = {"si_signo": 6, "si_signo_human_readable": "SIGABRT", "si_code_human_readable": "SI_TKILL"}
NATIVE = [
    {"ip": "0x1", "path": "/usr/lib/x86_64-linux-gnu/libc.so.6", "function": "abort", "file": "./stdlib/abort.c"},
    {"ip": "0x2", "path": "/srv/rates/bin/rates", "function": "rates::convert", "file": "src/convert.rs", "line": 41},
]
TAGS = f"service:rates,env:prod,version:3.1,language_name:rust,is_crash:true,uuid:{UUID}"


def report(**error: Any) -> dict[str, Any]:
    told = {
        "type": "SIGABRT", "message": "Process terminated with SI_TKILL (SIGABRT)", "is_crash": True,
        "source_type": "Crashtracking", "stack": {"format": "Datadog Crashtracker 1.0", "frames": NATIVE},
    }  # fmt: skip
    body = {"ddsource": "crashtracker", "ddtags": TAGS, "error": {**told, **error}, "sig_info": SIGNAL}
    return {**body, "os_info": {"os_type": "Debian"}, "timestamp": 1795191204134}


def telemetry(told: dict[str, Any] | str, *, tags: str = "", **log: Any) -> dict[str, Any]:
    message = told if isinstance(told, str) else json.dumps(told)
    return {
        "api_version": "v2", "request_type": "logs", "origin": "Crashtracker", "tracer_time": 1795191204,
        "application": {"service_name": "rates", "env": "prod", "service_version": "3.1", "language_name": "rust"},
        "host": {"hostname": "web-1"},
        "payload": {"logs": [{"message": message, "level": "ERROR", "is_crash": True, "tags": tags, **log}]},
    }  # fmt: skip


def info(**more: Any) -> dict[str, Any]:
    """The crash tracker's own form, which telemetry carries as text."""
    return {
        "data_schema_version": "1.4", "uuid": UUID, "timestamp": "2026-11-20T16:13:24.134Z", "sig_info": SIGNAL,
        "error": {
            "is_crash": True, "kind": "UnixSignal", "message": "Process terminated with SI_TKILL (SIGABRT)",
            "source_type": "Crashtracking", "stack": {"frames": NATIVE},
        },
        "metadata": {"library_name": "dd-trace-rs", "tags": ["service:rates", "env:prod", "version:3.1"]},
        **more,
    }  # fmt: skip


def decoded(body: object) -> list[Found]:
    return list(decode(WireRecord(1795191204200, "/evp_proxy/v4/api/v2/errorsintake", body=json.dumps(body).encode())))


def crash(body: object) -> Event:
    (event,) = decoded(body)
    assert isinstance(event, Event)
    return event


def place(event: Event) -> tuple[str, str, bool]:
    found = qualify(event, parse, find_in_text)
    assert isinstance(found, Qualified)
    grouping = group(found.event, found.trace)
    return grouping.function_name, grouping.file_path, grouping.has_in_app


def test_a_report_is_a_crash_of_its_service_where_the_programs_own_library_called() -> None:
    event = crash(report())

    assert (event.service, event.env, event.version, event.error_type) == ("rates", "prod", "3.1", "SIGABRT")
    assert (event.is_crash, event.status, event.error_handling) == (True, Status.EMERGENCY, "unhandled")
    assert (event.identity, event.timestamp) == (f"crash:{UUID}", 1795191204134)
    assert event.attributes["sig_info"] == SIGNAL
    assert place(event) == ("rates::convert", "src/convert.rs", True)
    assert event.error_stack.splitlines()[1] == "#1 rates::convert src/convert.rs:41"


@pytest.mark.parametrize(
    "body",
    [
        telemetry(info()),
        {**telemetry(info()), "payload": telemetry(info())["payload"]["logs"]},
        {"request_type": "message-batch", "origin": "Crashtracker", "payload": [telemetry(info())]},
        {"request_type": "message-batch", "payload": [{"request_type": "app-started", "payload": {}}, telemetry(info())]},
        telemetry(
            {
                "uuid": UUID, "siginfo": SIGNAL, "stacktrace": NATIVE, "message": "Process terminated with SI_TKILL (SIGABRT)",
                "metadata": {"tags": ["service:rates", "env:prod", "version:3.1"]},
            }
        ),
    ],
    ids=["logs", "bare list", "batch", "batch among others", "older words"],
)  # fmt: skip
def test_the_telemetry_copy_is_the_same_error(body: dict[str, Any]) -> None:
    copy, event = crash(body), crash(report())

    assert (copy.identity, copy.service, copy.env, copy.version) == (event.identity, "rates", "prod", "3.1")
    assert (copy.error_type, copy.error_message, copy.is_crash) == (event.error_type, event.error_message, True)
    assert copy.frames == event.frames


@pytest.mark.parametrize(
    "body",
    [
        report(is_crash=False, message="Crashtracker crash ping: crash processing started - x")
        | {"ddtags": f"uuid:{UUID}"},
        report(is_crash=False) | {"ddtags": f"uuid:{UUID},is_crash_ping:true,service:rates"},
        telemetry({"crash_uuid": UUID, "message": "Crashtracker crash ping: crash processing started"}, is_crash=False),
        telemetry("text", tags="is_crash_ping:true"),
    ],
    ids=["message", "tag", "telemetry message", "telemetry tag"],
)
def test_a_ping_is_no_error(body: dict[str, Any]) -> None:
    (only,) = decoded(body)

    assert isinstance(only, Ignored)
    assert (only.reason, only.count) == (NotAnError.CRASH_PING, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"request_type": "app-started", "payload": {"configuration": []}},
        {"request_type": "logs", "payload": {"logs": [{"message": "integration failed", "level": "ERROR", "stack_trace": "x"}]}},
        {"request_type": "message-batch", "payload": [{"request_type": "app-heartbeat"}, 5, None]},
        {"request_type": "logs", "payload": 5},
        [],
    ],
)  # fmt: skip
def test_telemetry_about_the_tracer_is_no_error(body: object) -> None:
    (only,) = decoded(body)

    assert isinstance(only, Ignored)
    assert only.reason is NotAnError.TELEMETRY


def test_only_telemetry_that_may_hold_a_crash_is_worth_reading() -> None:
    assert may_hold_crash(json.dumps(telemetry(info())).encode())
    assert may_hold_crash(b'{"payload":{"logs":[{"is_crash":true}]}}')
    assert not may_hold_crash(b'{"request_type":"app-started","payload":{}}')


def test_an_interpreters_calls_go_before_the_native_ones() -> None:
    text = (
        "Fatal Python error: Segmentation fault\n\n"
        'Current thread 0x00007f50efc816c0 (most recent call first):\n  File "/usr/lib/python3.11/ctypes/__init__.py", '
        'line 519 in string_at\n  File "/srv/rates/feed.py", line 12 in read\n\n'
        'Thread 0x00007f50fd8496c0 (most recent call first):\n  File "/srv/rates/other.py", line 3 in wait\n'
    )
    event = crash(
        report(experimental={"runtime_stack": {"stacktrace_string": text}}) | {"ddtags": TAGS.replace("rust", "python")}
    )

    assert place(event) == ("read", "/srv/rates/feed.py", True)
    assert [frame.function for frame in event.frames] == ["string_at", "read"]
    assert event.language == "python"
    assert event.details["native_stack"][1]["function"] == "rates::convert"


def test_an_interpreters_calls_may_come_as_frames() -> None:
    frames = [
        {"function": "fetch", "type_name": "Feed", "file": "/srv/rates/feed.rb", "line": 7},
        {"function": "run", "file": "/srv/rates/main.rb", "line": 2, "column": 0},
    ]

    event = crash(report(experimental={"runtime_stack": {"format": "Datadog Runtime Callback 1.0", "frames": frames}}))

    assert [(frame.function, frame.line, frame.column) for frame in event.frames] == [
        ("Feed.fetch", 7, None),
        ("run", 2, None),
    ]


def test_an_uncaught_exception_has_its_own_type_and_the_name_of_the_function_around_its_callback() -> None:
    message = "Process was terminated due to an unhandled exception of type 'RangeError'. Message: bad\nsize"
    frames = [
        {"file": "/srv/a/server.js", "line": 59, "column": 20},
        {"file": "/srv/a/node_modules/x/index.js", "line": 1, "function": "Object.run"},
        {"file": "/srv/a/server.js", "line": 57, "function": "Timeout.flush [as _onTimeout]"},
    ]

    event = crash(
        report(type="UnhandledException", message=message, stack={"frames": frames})
        | {"ddtags": TAGS.replace("rust", "javascript"), "sig_info": None}
    )

    assert (event.error_type, event.error_message) == ("RangeError", "bad\nsize")
    assert place(event) == ("Timeout.flush", "/srv/a/server.js", True)
    assert (event.frames[0].line, event.language) == (59, "javascript")


def test_an_uncaught_exception_without_a_type_keeps_the_reports() -> None:
    event = crash(report(type="UnhandledException", message="Process was terminated due to an unhandled exception."))

    assert event.error_type == "UnhandledException"


def test_a_native_crash_of_an_interpreter_has_no_place_in_the_program() -> None:
    event = crash(report(stack={"frames": NATIVE[:1]}) | {"ddtags": TAGS.replace("rust", "python")})

    assert event.language == ""
    assert place(event) == ("abort", "./stdlib/abort.c", False)


def test_a_frame_without_symbols_names_library_and_address() -> None:
    frames = [{"ip": "0x7f1", "relative_address": "0x6f7a", "path": "/srv/rates/lib/fast.so"}]

    (frame,) = crash(report(stack={"frames": frames})).frames

    assert (frame.function, frame.file, frame.in_app) == ("0x6f7a", "/srv/rates/lib/fast.so", None)


def test_several_reports_in_one_request_are_told_apart() -> None:
    found = decoded([report(), 5, report() | {"ddtags": TAGS.replace("5b1a", "6c2b")}])

    assert [type(one) for one in found] == [Event, Reject, Event]
    assert [one.entry for one in found if isinstance(one, Event | Reject)] == [0, 1, 2]


def test_a_crash_without_a_uuid_has_no_name() -> None:
    assert crash(report() | {"ddtags": "service:rates"}).identity == ""


@pytest.mark.parametrize("body", [b"", b"5", b'"text"', b"{", b"\xff\xfe"])
def test_what_is_no_report_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        decode(WireRecord(0, body=body))
