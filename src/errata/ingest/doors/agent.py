"""The addresses that Datadog's tracers expect of an agent: traces, crash reports, and much that is only answered.

Which addresses there are, and what an agent tells of itself under `/info`, is in one table here, so that what is
announced is what is answered. Source: intake specification, section 2.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any, ClassVar

import msgspec

from errata.base.errors import Invalid, TooLarge
from errata.events.model import Intake, NotAnError
from errata.ingest.answers import Answer, answer
from errata.ingest.doors.door import POST, Arrival, Checked, Door, DoorLimits, Route, Sender
from errata.ingest.request import Said, kept_headers, said_by
from errata.ingest.wire import agent_payload, datadog_errors, datadog_traces
from errata.ingest.wire.json_text import decode_json
from errata.ingest.wire.model import Ignored
from errata.ingest.wire.trace_payloads import count_spans, version_of

SAMPLE_ALL = answer(200, b'{"rate_by_service":{"service:,env:":1}}')
"""What tracers are told of every request of traces: send all of them."""
OK = answer(200, b"{}")
ACCEPTED = answer(202, b"{}")


class TracesDoor(Door):
    """Traces in any encoding. A request in which nothing can be an error is counted and not kept."""

    intake = Intake.DD_TRACE.value
    methods = frozenset({"POST", "PUT"})
    sender = Sender.AGENT

    def said(self, scope: Any, path_key: str) -> Said:
        """The key, if there is one, and the tracer's language."""
        return said_by(scope["headers"], scope["query_string"], path_key, _TRACE_HEADERS)

    def check(self, arrival: Arrival) -> Checked:
        """Count the spans; the frame of the body must be whole."""
        body = arrival.body
        is_json = datadog_traces.is_json(arrival.headers, body)
        spans = count_spans(body, version_of(arrival.path), is_json=is_json)
        if not spans:
            return Checked(0, SAMPLE_ALL, keep=False)
        if not is_json and not _MAY_FAIL.search(body):
            return Checked(spans, SAMPLE_ALL, keep=False, ignored=(Ignored(NotAnError.SPAN_OK, spans, what=_WHAT),))
        return Checked(spans, SAMPLE_ALL)


class ForwardedTracesDoor(TracesDoor):
    """Traces as an agent forwards them to the trace intake, always with its key."""

    methods = POST
    sender = Sender.KEY


class CrashDoor(Door):
    """Reports for the errors intake: crash reports and the pings before them."""

    intake = Intake.DD_ERRORS.value
    sender = Sender.KEY

    def check(self, arrival: Arrival) -> Checked:
        """Whether the body is a report, or a list of them."""
        value = decode_json(arrival.body)[0]
        if not isinstance(value, dict | list):
            raise Invalid("A report is an object.", where="body")
        entries = len(value) if isinstance(value, list) else 1
        if entries > self.limits.max_entries:
            raise TooLarge(f"The request has {entries} reports, more than {self.limits.max_entries}.")
        return Checked(entries, ACCEPTED)


class AgentCrashDoor(CrashDoor):
    """The same as an agent passes it on."""

    sender = Sender.AGENT


class TelemetryDoor(Door):
    """What tracers tell of themselves, of which only a crash is kept."""

    intake = Intake.DD_ERRORS.value
    sender = Sender.KEY

    def check(self, arrival: Arrival) -> Checked:
        """Whether a crash may be among it."""
        if not datadog_errors.may_hold_crash(arrival.body):
            return Checked(0, ACCEPTED, keep=False, ignored=(_TELEMETRY,))
        decode_json(arrival.body)
        return Checked(1, ACCEPTED)


class AgentTelemetryDoor(TelemetryDoor):
    """The same as an agent passes it on."""

    sender = Sender.AGENT


class AnsweringDoor(Door):
    """What is sent here is read, within the bound, and dropped: statistics, profiles, polls for configuration."""

    intake = Intake.DD_TRACE.value
    methods = frozenset({"GET", "HEAD", "POST", "PUT"})
    sender = Sender.AGENT
    fixed: ClassVar[Answer] = OK

    def check(self, arrival: Arrival) -> Checked:  # noqa: ARG002 - nothing is looked at
        """Nothing is kept."""
        return Checked(0, self.fixed, keep=False)


class AcceptingDoor(AnsweringDoor):
    """The same for what an agent passes on to intakes, which accept."""

    fixed = ACCEPTED


class ForwardedStatsDoor(AcceptingDoor):
    """Statistics as an agent forwards them, always with its key."""

    methods = POST
    sender = Sender.KEY


class AgentRoutes:
    """The addresses of an agent, and those of its intakes that a tracer or an agent can also reach with a key.

    `otlp` is where the trace intake's address sends the requests whose `dd-protocol` says OTLP.
    """

    def __init__(self, traces: DoorLimits, reports: DoorLimits, otlp: Route | None = None) -> None:
        crashes, telemetry = AgentCrashDoor(reports), AgentTelemetryDoor(reports)
        answering, accepting = AnsweringDoor(traces), AcceptingDoor(traces)
        self._crashes = Route(crashes, ERRORS_INTAKE)
        self._telemetry, self._accepting = Route(telemetry, TELEMETRY), Route(accepting, "")
        self._answering = Route(answering, "")
        traces_door = TracesDoor(traces)
        self.exact = {
            **{path: Route(traces_door, path) for path in (*_TRACES, "/v1.0/traces")},
            **{path: Route(answering, path) for path in (*_ANSWERED, *_ANSWERED_QUIETLY)},
            ERRORS_INTAKE: Route(CrashDoor(reports), ERRORS_INTAKE),
            TELEMETRY: Route(TelemetryDoor(reports), TELEMETRY),
            agent_payload.PATH: Route(ForwardedTracesDoor(traces), agent_payload.PATH, otlp=otlp),
            FORWARDED_STATS: Route(ForwardedStatsDoor(traces), FORWARDED_STATS),
            "/info": Route(_info_door(traces), "/info"),
        }

    def find(self, path: str) -> Route | None:
        """The route of an address below one of the agent's prefixes."""
        if match := _PROXIED.match(path):
            return self._crashes if match[1] == ERRORS_INTAKE else self._accepting
        if path.startswith("/telemetry/proxy/"):
            return self._telemetry if path.endswith("/apmtelemetry") else self._accepting
        return self._answering if path.startswith(_PREFIXES) else None


def is_agents(path: str) -> bool:
    """Whether an address is one of an agent's own: what tracers ask for without a key."""
    return path in _OWN or path.startswith(("/telemetry/proxy/", *_PREFIXES)) or _PROXIED.match(path) is not None


def info_of(release: str) -> dict[str, object]:
    """What `/info` answers: the addresses that are answered, and what tracers may leave to us.

    Spans without errors are wanted as well (`client_drop_p0s`), or tracers would drop failed traces that they did not
    sample.
    """
    return {
        "version": release,
        "git_commit": "",
        "endpoints": [*_TRACES, *_ANSWERED, "/telemetry/proxy/", *_PROXIES, *_PREFIXES],
        "client_drop_p0s": False,
        "span_meta_structs": True,
        "long_running_spans": False,
        "span_events": True,
        "feature_flags": [],
        "evp_proxy_allowed_headers": ["Content-Type", "Accept-Encoding", "Content-Encoding", "User-Agent"],
        "config": {"default_env": "none", "statsd_port": 0},
        "peer_tags": [],
    }


def _info_door(limits: DoorLimits) -> AnsweringDoor:
    class InfoDoor(AnsweringDoor):
        fixed = answer(200, msgspec.json.encode(info_of(version("errata"))))

    return InfoDoor(limits)


ERRORS_INTAKE = "/api/v2/errorsintake"
TELEMETRY = "/api/v2/apmtelemetry"
FORWARDED_STATS = "/api/v0.2/stats"
_TRACES = ("/v0.3/traces", "/v0.4/traces", "/v0.5/traces", "/v0.7/traces")
_ANSWERED = (
    "/v0.6/stats", "/v0.1/pipeline_stats", "/v0.7/config", "/tracer_flare/v1", "/profiling/v1/input",
    "/dogstatsd/v1/proxy", "/dogstatsd/v2/proxy", "/config/set",
)  # fmt: skip
_ANSWERED_QUIETLY = ("/v0.3/services", "/v0.4/services")
"""Of the past, and announced by no agent any more."""
_PROXIES = ("/evp_proxy/v1/", "/evp_proxy/v2/", "/evp_proxy/v3/", "/evp_proxy/v4/")
_PREFIXES = ("/debugger/v1/input", "/debugger/v1/diagnostics", "/debugger/v2/input", "/symdb/v1/input")
_PROXIED = re.compile(r"/evp_proxy/v[0-9]{1,3}(/.*)")
_OWN = frozenset({*_TRACES, "/v1.0/traces", *_ANSWERED, *_ANSWERED_QUIETLY, "/info"})
_TRACE_HEADERS = kept_headers(datadog_traces.HEADERS_NEEDED)
_WHAT = "spans that name no error"
_TELEMETRY = Ignored(NotAnError.TELEMETRY, what="telemetry without a crash")
_MAY_FAIL = re.compile(rb"error(?!\x00)|exception")
"""An error that can count has a tag `error.type`, or was noted as an `exception`; maps also say `error: 1`."""
