"""What the decoder makes of Sentry requests: identity, time, service, group, kinds, and of everything unexpected."""

from __future__ import annotations

import base64
import contextlib
import json
import tracemalloc
import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.base.errors import Invalid, TooLarge
from errata.events.limits import limit
from errata.events.model import Event, NotAnError, Platform, Status
from errata.events.scrub import scrub
from errata.grouping.versions import group
from errata.ingest.wire.model import Ignored, Reject, WireRecord
from errata.ingest.wire.sentry import decode
from growth import assert_linear

NOW = 1795191610000
ID = "9ec79c33ec9942ab8353589fcb2e04dc"
OTHER_ID = "0ec79c33ec9942ab8353589fcb2e04dc"
FRAME = {"abs_path": "/srv/shop/app.py", "function": "pay", "lineno": 3, "in_app": True}
RAISED = {"type": "ValueError", "value": "no", "stacktrace": {"frames": [FRAME]}}


def envelope(*items: tuple[str, object], **headers: object) -> bytes:
    lines = [json.dumps(headers).encode()]
    for kind, said in items:
        lines += [json.dumps({"type": kind}).encode(), said if isinstance(said, bytes) else json.dumps(said).encode()]
    return b"\n".join(lines)


def record(body: bytes, path: str = "/api/42/envelope/", **names: str) -> WireRecord:
    return WireRecord(NOW, path, "", {}, body, {int(number[1:]): name for number, name in names.items()})


def event_of(said: dict[str, Any], *, headers: dict[str, object] | None = None, **names: str) -> Event:
    (found,) = decode(record(envelope(("event", said), **(headers or {})), **names))
    assert isinstance(found, Event)
    return found


def test_the_envelopes_id_wins_over_the_events_own_and_counts_within_its_project() -> None:
    assert event_of({"event_id": OTHER_ID}, headers={"event_id": ID}).identity == f"42/{ID}"
    assert event_of({"event_id": OTHER_ID.upper()}).identity == f"42/{OTHER_ID}"
    assert event_of({}).identity == ""
    (elsewhere,) = decode(record(envelope(("event", {}), event_id=ID), path="/api/43/envelope/"))
    assert isinstance(elsewhere, Event)
    assert elsewhere.identity == f"43/{ID}"


def test_each_of_several_events_is_read_and_only_the_first_has_the_envelopes_id() -> None:
    body = envelope(("event", {"event_id": OTHER_ID}), ("session", {}), ("event", {"event_id": OTHER_ID}), event_id=ID)

    first, second, ignored = decode(record(body))

    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert (first.entry, first.identity) == (0, f"42/{ID}")
    assert (second.entry, second.identity) == (2, f"42/{OTHER_ID}")
    assert isinstance(ignored, Ignored)


def test_items_of_other_kinds_are_counted_by_kind() -> None:
    kinds = ("transaction", "session", "sessions", "replay_event", "replay_recording", "nobody_knows", "statsd", "log")

    found = decode(record(envelope(*((kind, {}) for kind in kinds))))

    assert {one.reason: one.count for one in found if isinstance(one, Ignored)} == {
        NotAnError.SENTRY_TRANSACTION: 1,
        NotAnError.SENTRY_SESSION: 2,
        NotAnError.SENTRY_REPLAY: 2,
        NotAnError.SENTRY_OTHER: 1,
        NotAnError.SENTRY_METRIC: 1,
        NotAnError.SENTRY_LOG: 1,
    }
    assert all(len(one.what) <= 200 for one in found if isinstance(one, Ignored))


def test_a_transaction_sent_as_an_event_is_no_error() -> None:
    (found,) = decode(record(json.dumps({"type": "transaction"}).encode(), "/api/42/store/"))

    assert isinstance(found, Ignored)
    assert found.reason is NotAnError.SENTRY_TRANSACTION


@pytest.mark.parametrize(
    ("said", "names", "expected"),
    [
        ({"tags": {"service": "shop"}, "release": "web@1"}, {"p42": "named"}, "shop"),
        ({"tags": [["service", "shop"]], "release": "web@1"}, {}, "shop"),
        ({"contexts": {"otel": {"resource": {"service.name": "shop"}}}}, {"p42": "named"}, "shop"),
        ({"release": "web@1"}, {"p42": "named"}, "named"),
        ({"release": "web@1"}, {"p43": "named"}, "web"),
        ({"release": "@scope/web@1.0"}, {}, "@scope/web"),
        ({"release": "1.0"}, {}, "project-42"),
        ({"tags": {"service": None}}, {}, "project-42"),
    ],
)
def test_the_service_is_a_tag_a_given_name_the_releases_or_the_number(
    said: dict[str, Any], names: dict[str, str], expected: str
) -> None:
    assert event_of(said, **names).service == expected


def test_the_version_is_the_whole_release_as_source_maps_and_releases_are_named_by_it() -> None:
    assert event_of({"release": "web@1.0+7"}).version == "web@1.0+7"


@pytest.mark.parametrize(
    ("sent_at", "expected"),
    [
        (None, NOW - 20_000),
        ((NOW - 59_000) / 1000, NOW - 20_000),
        ((NOW + 60_000) / 1000, NOW - 20_000),
        ((NOW - 3_600_000) / 1000, NOW - 20_000 + 3_600_000),
        ((NOW + 3_600_000) / 1000, NOW - 20_000 - 3_600_000),
        ("never", NOW - 20_000),
    ],
)
def test_a_clock_that_is_off_by_more_than_a_minute_is_set_right(sent_at: object, expected: int) -> None:
    event = event_of({"timestamp": (NOW - 20_000) / 1000}, headers={"sent_at": sent_at})

    assert event.timestamp == expected
    assert ("clock_shift_ms" in event.details) == (expected != NOW - 20_000)


def test_a_clock_of_an_old_client_is_told_by_its_authorization() -> None:
    body = json.dumps({"timestamp": (NOW - 3_700_000) / 1000}).encode()
    sent = WireRecord(NOW, "/api/42/store/", "", {"sentry-timestamp": str((NOW - 3_600_000) / 1000)}, body)

    (event,) = decode(sent)

    assert isinstance(event, Event)
    assert event.timestamp == NOW - 100_000


@pytest.mark.parametrize(
    ("level", "status"),
    [
        ("fatal", Status.EMERGENCY), ("error", Status.ERROR), ("warning", Status.WARNING), ("info", Status.INFO),
        ("debug", Status.DEBUG), ("log", Status.INFO), (None, Status.ERROR), ("what", Status.ERROR),
        (40, Status.ERROR), ("30", Status.WARNING), (5, Status.DEBUG), ("CRITICAL", Status.CRITICAL),
    ],
)  # fmt: skip
def test_levels_are_statuses(level: object, status: Status) -> None:
    assert event_of({"level": level}).status is status


def _fingerprint(value: object, **more: object) -> str:
    return event_of(
        {"fingerprint": value, "exception": {"values": [RAISED]}, "tags": {"service": "s"}, **more}
    ).error_fingerprint


def test_fingerprints_of_different_lists_differ() -> None:
    lists: list[list[object]] = [
        ["a", "b"], ["a,b"], ["ab"], ['["a","b"]'], ["a", "b", ""], ["b", "a"], ["{{ default }}", "a"],
        ["a", "{{ default }}"], ["x" * 200], ["x" * 199 + "y"], [str(n) for n in range(30)],
        [str(n) for n in range(29)], [1, 2], [12],
    ]  # fmt: skip

    texts = [_fingerprint(one) for one in lists]

    assert len(set(texts)) == len(texts) - 1  # an empty part says nothing
    assert all(len(text) < 3000 for text in texts)
    assert _fingerprint(["carrier-outage"]) == "carrier-outage"


@pytest.mark.parametrize("value", [None, [], ["{{ default }}"], ["{{default}}"], [None], {"a": 1}, [[]]])
def test_a_fingerprint_that_says_nothing_leaves_the_default(value: object) -> None:
    assert _fingerprint(value) == ""


def test_the_default_in_a_fingerprint_divides_what_would_be_one_issue_and_joins_nothing() -> None:
    def grouped(fingerprint: list[str], function: str = "pay") -> object:
        frame = {**FRAME, "function": function}
        raised = {**RAISED, "stacktrace": {"frames": [frame]}}
        said = {"fingerprint": fingerprint, "exception": {"values": [raised]}, "tags": {"service": "s"}}
        return group(event_of(said), None).fingerprint

    both = ["{{ default }}", "tenant-1"]
    assert grouped(both) == grouped(["{{default}}", "tenant-1"])
    assert grouped(both) != grouped(["{{ default }}", "tenant-2"])
    assert grouped(both) != grouped(both, function="ship")
    assert grouped(both) != grouped([])
    assert grouped(["tenant-1"]) == grouped(["tenant-1"], function="ship")


def test_sentences_of_one_template_are_one_issue() -> None:
    def grouped(template: str, name: str) -> object:
        return group(event_of({"logentry": {"message": template, "params": [name]}}), None).fingerprint

    assert grouped("user %s left", "ann") == grouped("user %s left", "bob of sales")
    assert grouped("user %s left", "ann") != grouped("user %s came", "ann")


@pytest.mark.parametrize(
    ("logentry", "expected"),
    [
        ({"message": "a %s b", "params": ["x"]}, "a x b"),
        ({"message": "a {} b {0}", "params": ["x", "y"]}, "a x b y"),
        ({"message": "100% of %d%%", "params": [3]}, "100% of 3%"),
        ({"message": "%(who)s and {what}", "params": {"who": "ann", "what": 7}}, "ann and 7"),
        ({"message": "a %s %s", "params": ["x"]}, "a x %s"),
        ({"message": "a %s", "params": None}, "a %s"),
        ({"message": "a %s", "formatted": "a z", "params": ["x"]}, "a z"),
        ({"formatted": "a"}, "a"),
        ("plain", "plain"),
    ],
)
def test_a_log_call_is_told_with_its_parameters(logentry: object, expected: str) -> None:
    assert event_of({"logentry": logentry}).error_message == expected


@pytest.mark.parametrize(
    ("mechanism", "level", "handling", "is_crash"),
    [
        ({"type": "generic", "handled": True}, "error", "handled", False),
        ({"type": "flask", "handled": False}, "error", "unhandled", False),
        ({"type": "excepthook", "handled": False}, "error", "unhandled", True),
        ({"type": "auto.node.onuncaughtexception", "handled": False}, "error", "unhandled", True),
        ({"type": "AppDomain.UnhandledException", "handled": False}, "error", "unhandled", True),
        ({"type": "any", "handled": False}, "fatal", "unhandled", True),
        ({"type": "any", "handled": True}, "fatal", "handled", False),
        ({"type": "any", "handled": None}, "fatal", "", False),
        ("generic", "error", "", False),
    ],
)
def test_how_an_error_was_handled_is_the_mechanisms_word(
    mechanism: object, level: str, handling: str, is_crash: bool
) -> None:
    event = event_of({"level": level, "exception": {"values": [{**RAISED, "mechanism": mechanism}]}})

    assert (event.error_handling, event.is_crash) == (handling, is_crash)


def test_a_memory_dump_beside_an_event_is_a_crash() -> None:
    body = b'{}\n{"type":"event"}\n{"platform":"native"}\n'
    body += b'{"type":"attachment","length":4,"attachment_type":"event.minidump"}\nMDMP\n'

    event, ignored = decode(record(body))

    assert isinstance(event, Event)
    assert isinstance(ignored, Ignored)
    assert (event.error_type, event.is_crash) == ("NativeCrash", True)
    assert ignored.reason is NotAnError.SENTRY_ATTACHMENT


@pytest.mark.parametrize(
    ("said", "platform"),
    [
        ({"platform": "javascript"}, Platform.BROWSER),
        ({"platform": "javascript", "contexts": {"runtime": {"name": "bun"}}}, Platform.BACKEND),
        ({"platform": "node"}, Platform.BACKEND),
        ({"platform": "javascript", "sdk": {"name": "sentry.javascript.react-native"}}, Platform.REACT_NATIVE),
        ({"platform": "java", "sdk": {"name": "sentry.java.android"}}, Platform.ANDROID),
        ({"platform": "java", "contexts": {"os": {"name": "Linux"}}}, Platform.BACKEND),
        ({"platform": "cocoa", "contexts": {"os": {"name": "iPadOS"}}}, Platform.IOS),
        ({"platform": "csharp", "contexts": {"os": {"name": "Android"}}}, Platform.ANDROID),
    ],
)
def test_the_platform_is_where_the_program_ran(said: dict[str, Any], platform: Platform) -> None:
    assert event_of(said).platform is platform


def test_an_event_that_is_no_object_is_set_aside_alone() -> None:
    body = envelope(("event", b"[1]"), ("event", b"{broken"), ("event", {"message": "ok"}), event_id=ID)

    first, second, third = decode(record(body))

    assert isinstance(first, Reject)
    assert isinstance(second, Reject)
    assert isinstance(third, Event)
    (again,) = decode(record(second.raw))
    assert isinstance(again, Reject)
    assert (first.entry, second.entry, third.entry) == (0, 1, 2)


def test_events_of_old_clients_come_packed() -> None:
    plain = json.dumps({"message": "x", "event_id": ID}).encode()
    packed = zlib.compress(plain)

    for body in (plain, packed, base64.b64encode(packed), base64.b64encode(plain), base64.b64encode(packed) + b"\n"):
        (event,) = decode(record(body.strip(), "/api/42/store"))
        assert isinstance(event, Event)
        assert (event.error_message, event.identity) == ("x", f"42/{ID}")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"hello", b"\x78\x9cgarbage", base64.b64encode(b"\x78\x9cgarbage"), b"\xff"]
)
def test_what_is_no_event_is_refused_at_the_old_address(body: bytes) -> None:
    with pytest.raises(Invalid):
        decode(record(body, "/api/42/store/"))


def test_a_small_body_that_becomes_a_large_event_is_refused() -> None:
    bomb = zlib.compress(b"{" + b" " * (64 << 20) + b"}")

    for body in (bomb, base64.b64encode(bomb)):
        with pytest.raises(TooLarge):
            decode(record(body, "/api/42/store/"))


def test_secrets_in_requests_and_source_lines_are_taken_out() -> None:
    frame = {**FRAME, "context_line": 'connect(password="hunter2")', "vars": {"key": "hunter2"}}
    cause = {**RAISED, "stacktrace": {"frames": [frame]}}
    raised = {**RAISED, "stacktrace": {"frames": [frame]}}
    request = {
        "url": "http://shop.example/?token=hunter2",
        "headers": [["Authorization", "Bearer hunter2hunter2hunter2"], ["X-Api-Key", "hunter2"]],
        "cookies": {"sid": "hunter2"},
        "data": {"user": {"password": "hunter2"}},
        "env": {"SECRET_KEY": "hunter2"},
    }
    said = {"exception": {"values": [cause, raised]}, "request": request, "platform": "python"}

    cleaned = scrub(event_of(said))

    assert b"hunter2" not in msgspec.json.encode(cleaned)
    assert cleaned.frames[0].function == "pay"


def large_event(n: int) -> bytes:
    frames = [{"function": f"f{at}", "filename": "a.py", "lineno": at} for at in range(3750 * n)]
    values = [{"type": "E", "value": "v", "stacktrace": {"frames": [FRAME]}}] * 250 * n + [
        {"type": "E", "value": "v", "stacktrace": {"frames": frames}}
    ]
    tags = [[str(at), "x"] for at in range(2500 * n)]
    return envelope(("event", {"exception": {"values": values}, "tags": tags, "message": "%s" * 1125 * n}))


def test_large_events_take_time_linear_in_their_size() -> None:
    assert_linear(lambda body: decode(record(body)), large_event, 8)


def test_memory_stays_within_a_small_multiple_of_the_body() -> None:
    body = large_event(8)
    assert len(body) < 4 << 20

    tracemalloc.start()
    (found,) = decode(record(body))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert isinstance(found, Event)
    assert len(found.frames) == 250
    assert len(limit(found).causes) == 10
    assert peak < 40 * len(body)


_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["service", "{{ default }}", "python", "\0", "\ud800", "2026-11-20T16:20:00Z", ID, "x" * 500])
)  # fmt: skip
_NAMES = st.sampled_from([
    "exception", "values", "stacktrace", "frames", "type", "value", "mechanism", "handled", "parent_id", "exception_id",
    "source", "threads", "tags", "user", "request", "headers", "contexts", "trace", "os", "name", "breadcrumbs", "level",
    "release", "fingerprint", "logentry", "message", "params", "formatted", "timestamp", "platform", "sdk", "function",
    "filename", "abs_path", "lineno", "in_app", "context_line", "pre_context", "module", "id", "sentry.interfaces.Http",
    "sentry.interfaces.Exception", "debug_meta", "images", "modules", "extra", "environment", "crashed", "query_string",
])  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=5),
    max_leaves=25,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=300)
@given(st.dictionaries(_NAMES, _VALUES, max_size=8))
def test_no_value_anywhere_makes_an_event_unreadable(said: dict[str, Any]) -> None:
    (found,) = decode(record(envelope(("event", said))))

    assert isinstance(found, Event | Ignored)
    if isinstance(found, Event):
        assert found.service
        assert decode(record(envelope(("event", said)))) == [found]
        msgspec.json.encode(scrub(limit(found)))
        group(found, None)


@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_nothing_but_documented_errors_is_raised(body: bytes, real_start: bool, is_store: bool) -> None:
    start = b'{}\n{"type":"event"}\n{' if real_start else b""
    with contextlib.suppress(Invalid, TooLarge):
        decode(record(start + body, "/api/42/store/" if is_store else "/api/42/envelope/"))


@pytest.mark.parametrize("name", ["<string>", "<frozen importlib._bootstrap>", "<attrs generated init shop.Cart>"])
def test_code_without_a_file_is_not_the_programs_though_pythons_sdk_says_so(name: str) -> None:
    below = {"filename": name, "abs_path": f"/srv/shop/{name}", "function": "made", "lineno": 1, "in_app": True}
    said = {"exception": {"values": [{**RAISED, "stacktrace": {"frames": [FRAME, below]}}]}, "platform": "python"}

    event = event_of(said)

    assert [frame.file for frame in event.frames] == [name, "/srv/shop/app.py"]
    assert group(event, None).function_name == "pay"
