"""One received error, in the one form that every wire format is turned into."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from errata.stacks.model import Frame, Relation

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Track(StrEnum):
    """Where an error came from, in the API's words."""

    TRACE = "trace"
    LOGS = "logs"
    RUM = "rum"


class Intake(StrEnum):
    """The door it came in by. Written into stored rows and the journal: never rename a value."""

    DD_LOGS = "dd_logs"
    DD_TRACE = "dd_trace"
    DD_RUM = "dd_rum"
    DD_ERRORS = "dd_errors"
    """Crash reports of tracers."""
    OTLP = "otlp"
    SENTRY = "sentry"


class Status(StrEnum):
    """Severity of a log, most severe first."""

    EMERGENCY = "emergency"
    ALERT = "alert"
    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    INFO = "info"
    DEBUG = "debug"
    OK = "ok"


ERROR_STATUSES = frozenset({Status.EMERGENCY, Status.ALERT, Status.CRITICAL, Status.ERROR})
"""Severities of what can be an error."""


class Platform(StrEnum):
    """Platforms of an issue, as the API names them."""

    ANDROID = "ANDROID"
    BACKEND = "BACKEND"
    BROWSER = "BROWSER"
    FLUTTER = "FLUTTER"
    IOS = "IOS"
    REACT_NATIVE = "REACT_NATIVE"
    ROKU = "ROKU"
    UNKNOWN = "UNKNOWN"


class Cause(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A further exception behind the error: what raised it, or what it wrapped."""

    type: str = ""
    message: str = ""
    stack: str = ""
    frames: tuple[Frame, ...] = ()
    """As `Event.frames`."""
    relation: Relation = Relation.CAUSE
    """How it stands to the error itself."""


class Minified(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Stack, calls and causes of an error as they came, where what is shown was looked up in source maps."""

    stack: str = ""
    frames: tuple[Frame, ...] = ()
    causes: tuple[Cause, ...] = ()


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A log entry, span or RUM event that may be an error, normalized. Empty string means unknown.

    Times are epoch milliseconds, UTC. `timestamp` is the event's own time as the client gave it, or None where it
    gave none that can be read; `received_at` is the arrival at this server. `identity` names an event that clients
    may send more than once (a span, an event id); two events with one identity count once. `attributes` keeps
    everything else as it came, as JSON values; `cut` names what was shortened or left out to keep the bounds.
    """

    entry: int
    """Index of the entry in its request; with the journal position it names the event for ever."""
    received_at: int
    track: Track
    intake: Intake
    timestamp: int | None = None
    identity: str = ""
    service: str = ""
    env: str = ""
    version: str = ""
    host: str = ""
    source: str = ""
    status: Status = Status.INFO
    language: str = ""
    """Lower case (`python`), empty when neither the client nor the stack tells."""
    platform: Platform = Platform.UNKNOWN
    message: str = ""
    error_type: str = ""
    error_message: str = ""
    error_stack: str = ""
    error_fingerprint: str = ""
    error_handling: str = ""
    """`handled`, `unhandled` or empty."""
    error_source: str = ""
    error_category: str = ""
    is_crash: bool = False
    frames: tuple[Frame, ...] = ()
    """Frames that came structured, crash side first; empty when only text came."""
    causes: tuple[Cause, ...] = ()
    usr_id: str = ""
    usr_email: str = ""
    usr_name: str = ""
    usr_anonymous_id: str = ""
    session_id: str = ""
    is_of_test: bool = False
    """A test's robot met it: its user and session are no people that the error reached."""
    trace_id: str = ""
    span_id: str = ""
    team: tuple[str, ...] = ()
    """Handles of owning teams that the event itself names."""
    tags: tuple[str, ...] = ()
    """`key:value`, or a bare word, as sent, each once."""
    attributes: dict[str, Json] = {}
    details: dict[str, Json] = {}
    """What only the event's own page shows, and no search looks into: breadcrumbs, contexts, threads."""
    cut: tuple[str, ...] = ()
    minified: Minified | None = None
    """Set where stack, calls and causes are those of the source."""


class NotAnError(StrEnum):
    """Why an accepted event opens no issue. Written into counters (40 characters at most): never rename a value."""

    STATUS = "status_below_error"
    NO_SERVICE = "no_service"
    NO_ERROR = "no_error_kind_or_stack"
    NO_STACK = "no_stack"
    EXCLUDED = "issue_excluded"
    REPEATED = "repeated"
    SPAN_OK = "span_without_error"
    NOT_ENTRY_SPAN = "not_an_entry_span"
    PASSED_ON = "same_failure_on_another_span"
    CRASH_PING = "crash_ping"
    TELEMETRY = "telemetry"
    UNREADABLE = "refused_as_unreadable"
    RUM_KIND = "rum_event_without_error"
    ERROR_SOURCE = "error_source"
    SENTRY_SESSION = "sentry_session"
    SENTRY_TRANSACTION = "sentry_transaction"
    SENTRY_SPAN = "sentry_span"
    SENTRY_LOG = "sentry_log"
    SENTRY_CLIENT_REPORT = "sentry_client_report"
    SENTRY_PROFILE = "sentry_profile"
    SENTRY_REPLAY = "sentry_replay"
    SENTRY_CHECK_IN = "sentry_check_in"
    SENTRY_ATTACHMENT = "sentry_attachment"
    SENTRY_FEEDBACK = "sentry_feedback"
    SENTRY_METRIC = "sentry_metric"
    SENTRY_OTHER = "sentry_other"
