"""Why something that came in opened no issue, in sentences that say what to do. Pure."""

from __future__ import annotations

from errata.events.model import NotAnError

_SENTRY = "This kind of item of Sentry's protocol is no error event; it was accepted and left out."

_SAYS: dict[NotAnError, str] = {
    NotAnError.STATUS: "Its status is below error: a log counts with error, critical, alert or emergency.",
    NotAnError.NO_SERVICE: "It names no service: send the field service, or a tag service:<name>.",
    NotAnError.NO_ERROR: "It has neither a type nor a stack trace that could be read: send error.kind or error.stack.",
    NotAnError.NO_STACK: "It has no stack trace that could be read.",
    NotAnError.EXCLUDED: "Its issue is excluded: its errors are not collected until the issue has another state.",
    NotAnError.REPEATED: "It came before and counts once.",
    NotAnError.SPAN_OK: "The span is no error.",
    NotAnError.NOT_ENTRY_SPAN: "The span failed, but the span by which the request entered the service did not.",
    NotAnError.PASSED_ON: "The same failure passed through several spans and counts once.",
    NotAnError.CRASH_PING: "It only announces a crash report, which follows by itself.",
    NotAnError.TELEMETRY: "It tells of the SDK itself and holds no error.",
    NotAnError.UNREADABLE: "It could not be read, and the sender was told so.",
    NotAnError.RUM_KIND: "It is a view, an action or a resource: only RUM events of the type error count.",
    NotAnError.ERROR_SOURCE: "Errors of this source do not count: custom, source, report, network and console do.",
    NotAnError.SENTRY_SESSION: _SENTRY,
    NotAnError.SENTRY_TRANSACTION: _SENTRY,
    NotAnError.SENTRY_SPAN: _SENTRY,
    NotAnError.SENTRY_LOG: _SENTRY,
    NotAnError.SENTRY_CLIENT_REPORT: _SENTRY,
    NotAnError.SENTRY_PROFILE: _SENTRY,
    NotAnError.SENTRY_REPLAY: _SENTRY,
    NotAnError.SENTRY_CHECK_IN: _SENTRY,
    NotAnError.SENTRY_ATTACHMENT: _SENTRY,
    NotAnError.SENTRY_FEEDBACK: _SENTRY,
    NotAnError.SENTRY_METRIC: _SENTRY,
    NotAnError.SENTRY_OTHER: _SENTRY,
}


def says(reason: str) -> str:
    """The sentence for a reason's name. A reason that is a sentence already, or not known here, says itself."""
    return _BY_NAME.get(reason, reason)


_BY_NAME = {reason.value: sentence for reason, sentence in _SAYS.items()} | {
    "aside_full": "It could not be read, and the room for what is set aside is used up.",
    "more": "And so for further pieces, which are not told one by one.",
}
