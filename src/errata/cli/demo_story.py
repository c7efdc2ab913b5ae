"""The demo's errors: recorded ones of small programs, given new times, people and releases. Pure.

Every recorded error gets a life of its own, so that lists and graphs show what one sees in a real place: old and steady
ones, new ones, ones that grow, ones that were fixed, and fixed ones that come back with the next release.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from importlib import resources
from typing import Any

import msgspec

from errata.cli.sending import BROWSER_HEADERS, Sending, browser_path, json_headers, sentry_envelope

DAYS = 7
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_PEOPLE = ("ann", "bob", "cleo", "dan", "eve", "finn", "gus", "hana", "ida", "jon", "kim", "lea", "max", "nora", "olu")
_A_REQUEST = 50

Body = dict[str, Any]


class Life(Enum):
    """How an error's occurrences lie in the week. The values are the first and last hour before now."""

    STEADY = (24 * DAYS, 0)
    GROWING = (24 * 3, 0)
    NEW = (20, 0)
    FIXED = (24 * DAYS, 30)
    BACK = (24 * DAYS, 36)
    """Fixed as well, until the next release brings it back."""


_LIVES = (Life.STEADY, Life.FIXED, Life.GROWING, Life.STEADY, Life.BACK, Life.NEW, Life.STEADY)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded error: its protocol, what an SDK said, and the life that it leads here."""

    protocol: str
    body: Any
    life: Life
    count: int
    project: int = 1


@dataclass(frozen=True, slots=True)
class Happening:
    """One occurrence: when (epoch milliseconds), whom it met, and whether in the release before or the one after."""

    at_ms: int
    person: str
    chance: random.Random
    is_next: bool = False

    @property
    def number(self) -> int:
        """63 random bits, never 0."""
        return self.chance.getrandbits(63) | 1


def recorded() -> list[Recorded]:
    """All recorded errors, the frequent ones first."""
    text = resources.files("errata.cli").joinpath("demo_errors.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    return [
        Recorded(
            line["protocol"], line["body"], _LIVES[place % len(_LIVES)], 4 + 400 // (place + 3), line.get("project", 1)
        )
        for place, line in enumerate(lines)
    ]


def of_the_week(now_ms: int, key: str, seed: int = 1) -> Iterator[tuple[int, Sending]]:
    """What the week brought, as requests with the number of errors in each; the same for the same arguments."""
    chance = random.Random(seed)  # noqa: S311 - the same show every time
    for one in recorded():
        happenings = [_happening(one.life, now_ms, chance) for _ in range(one.count)]
        yield from _requests(one, sorted(happenings, key=lambda each: each.at_ms), key)


def of_the_next_release(now_ms: int, key: str, seed: int = 2) -> Iterator[tuple[int, Sending]]:
    """What the release brings back that was fixed: a few errors from now on."""
    chance = random.Random(seed)  # noqa: S311 - as above
    for one in recorded():
        if one.life is Life.BACK:
            happenings = [Happening(now_ms + place, _person(chance), chance, is_next=True) for place in range(3)]
            yield from _requests(one, happenings, key)


def _happening(life: Life, now_ms: int, chance: random.Random) -> Happening:
    first, last = life.value
    share = chance.random()
    if life is Life.GROWING:
        share = share**0.4
    at_ms = now_ms - int((first - (first - last) * share) * _HOUR_MS)
    hour = at_ms // _HOUR_MS % 24
    if not 7 <= hour < 19 and chance.random() < 0.6:  # fewer people are up at night
        at_ms = min(at_ms + 9 * _HOUR_MS, now_ms - last * _HOUR_MS)
    return Happening(at_ms - chance.randrange(60_000), _person(chance), chance)


def _person(chance: random.Random) -> str:
    return _PEOPLE[min(int(chance.expovariate(0.25)), len(_PEOPLE) - 1)]


def _requests(one: Recorded, happenings: list[Happening], key: str) -> Iterator[tuple[int, Sending]]:
    redated, packed, at_once = _PROTOCOLS[one.protocol]
    for start in range(0, len(happenings), at_once):
        some = happenings[start : start + at_once]
        yield len(some), packed([redated(deepcopy(one.body), each) for each in some], key, one.project)


def _next_version(version: object) -> str:
    """The release after this one: its last number is one higher."""
    head, dot, last = str(version).rpartition(".")
    return f"{head}{dot}{int(last) + 1}" if last.isdecimal() else f"{version}.1"


# --- logs ------------------------------------------------------------------------------------------------------------


def _log(entry: Body, now: Happening) -> Body:
    for name in ("@timestamp", "date", "time"):
        entry.pop(name, None)
    if now.is_next:
        entry["ddtags"] = _released(str(entry.get("ddtags", "")))
    return entry | {"timestamp": now.at_ms, "usr": _user(now.person)}


def _released(tags: str) -> str:
    pairs = [tag.partition(":") for tag in tags.split(",") if tag]
    return ",".join(f"{name}:{_next_version(value) if name == 'version' else value}" for name, _, value in pairs)


def _logs_request(entries: list[Body], key: str, _project: int) -> Sending:
    return Sending("POST", "/api/v2/logs", json_headers(key), json.dumps(entries).encode())


# --- traces ----------------------------------------------------------------------------------------------------------


def _trace(spans: list[Body], now: Happening) -> list[Body]:
    shift = now.at_ms * 1_000_000 - spans[0]["start"]
    trace_id, offset = now.number, now.number >> 8
    for span in spans:
        span["start"] += shift
        span["trace_id"] = trace_id
        span["span_id"] = (span["span_id"] + offset) % 2**63
        span["parent_id"] = (span["parent_id"] + offset) % 2**63 if span.get("parent_id") else 0
        meta = span["meta"]
        meta.pop("_dd.p.tid", None)
        if "events" in meta:
            events = [event | {"time_unix_nano": now.at_ms * 1_000_000} for event in json.loads(meta["events"])]
            meta["events"] = json.dumps(events)
        if now.is_next and "version" in meta:
            meta["version"] = _next_version(meta["version"])
        meta.pop("usr.session_id", None)  # it would be one session for everybody
    spans[0]["meta"] |= {f"usr.{name}": value for name, value in _user(now.person).items()}
    return spans


def _traces_request(traces: list[list[Body]], key: str, _project: int) -> Sending:
    headers = {"DD-API-KEY": key, "Content-Type": "application/msgpack"}
    return Sending("PUT", "/v0.4/traces", headers, msgspec.msgpack.encode(traces))


# --- RUM and browser logs --------------------------------------------------------------------------------------------


def _browser_event(event: Body, now: Happening) -> Body:
    event |= {"date": now.at_ms, "usr": _user(now.person)}
    session = f"{now.person}-{now.at_ms // (2 * _HOUR_MS)}"
    if "session" in event:
        event["session"] = event["session"] | {"id": session}
    if "session_id" in event:
        event["session_id"] = session
    if "id" in event["error"]:
        event["error"]["id"] = f"{now.number:032x}"
    if now.is_next:
        event["ddtags"] = _released(str(event.get("ddtags", "")))
        if event.get("version"):
            event["version"] = _next_version(event["version"])
    return event


def _browser_request(path: str) -> Callable[[list[Body], str, int], Sending]:
    def packed(events: list[Body], key: str, _project: int) -> Sending:
        body = "\n".join(json.dumps(event) for event in events)
        return Sending("POST", browser_path(path, key), BROWSER_HEADERS, body.encode())

    return packed


# --- OpenTelemetry ---------------------------------------------------------------------------------------------------


def _otlp_spans(request: Body, now: Happening) -> Body:
    spans = [
        span for resource in request["resourceSpans"] for scope in resource["scopeSpans"] for span in scope["spans"]
    ]
    shift = now.at_ms * 1_000_000 - min(int(span["startTimeUnixNano"]) for span in spans)
    trace, offset = f"{now.number:032x}", now.number >> 8
    for span in spans:
        span["traceId"] = trace
        for name in ("spanId", "parentSpanId"):
            if span.get(name):
                span[name] = f"{(int(span[name], 16) + offset) % 2**64:016x}"
        for timed in (span, *span.get("events", ())):
            for name in ("startTimeUnixNano", "endTimeUnixNano", "timeUnixNano"):
                if name in timed:
                    timed[name] = str(int(timed[name]) + shift)
    for resource in request["resourceSpans"]:
        _release_of_resource(resource["resource"], now)
    return request


def _release_of_resource(resource: Body, now: Happening) -> None:
    for attribute in resource.get("attributes", ()):
        if now.is_next and attribute["key"] == "service.version":
            attribute["value"] = {"stringValue": _next_version(attribute["value"].get("stringValue", ""))}


def _otlp_request(requests: list[Body], key: str, _project: int) -> Sending:
    body = {"resourceSpans": [resource for request in requests for resource in request["resourceSpans"]]}
    return Sending("POST", "/v1/traces", json_headers(key), json.dumps(body).encode())


# --- Sentry ----------------------------------------------------------------------------------------------------------


def _sentry_event(event: Body, now: Happening) -> Body:
    event |= {"event_id": f"{now.number:032x}", "timestamp": now.at_ms / 1000, "user": _user(now.person)}
    for name in ("breadcrumbs", "contexts"):
        if isinstance(event.get(name), dict):
            event[name].pop("trace", None)
    if now.is_next and event.get("release"):
        event["release"] = _next_version(event["release"])
    return event


def _sentry_request(events: list[Body], key: str, project: int) -> Sending:
    (event,) = events
    return sentry_envelope(event, project=project, client="errata-demo/1", key=key)


def _user(person: str) -> Body:
    return {"id": person, "name": person.capitalize(), "email": f"{person}@shop.example"}


_PROTOCOLS: dict[str, tuple[Callable[[Any, Happening], Any], Callable[[list[Any], str, int], Sending], int]] = {
    "logs": (_log, _logs_request, _A_REQUEST),
    "ddtrace": (_trace, _traces_request, _A_REQUEST),
    "rum": (_browser_event, _browser_request("/api/v2/rum"), _A_REQUEST),
    "browser-logs": (_browser_event, _browser_request("/api/v2/logs"), _A_REQUEST),
    "otlp-traces": (_otlp_spans, _otlp_request, _A_REQUEST),
    "sentry": (_sentry_event, _sentry_request, 1),
}
"""How a recorded error is told anew, how several make a request, and how many at most."""
