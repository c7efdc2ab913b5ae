"""What kind of failure an error is suspected to be, by its type and its message. Pure.

The product names five kinds; how it tells them apart is not published. Ours are these tables: telling types, then
telling messages (an HTTP status among them), then types that say little; in each the first that holds decides. The
status of the request that the failing code itself was answering says nothing here: it is 500 for all of them. Rule:
error tracking, section 6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """The kinds, as queries name them."""

    CODE_EXCEPTION = "code_exception"
    FAILED_REQUEST = "failed_request"
    ILLEGAL_OBJECT_ACCESS = "illegal_object_access"
    INVALID_ARGUMENT = "invalid_argument"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class _Rule:
    """Holds where one of the patterns is found: in the type's last name, or in the first line of the message."""

    cause: Cause
    types: re.Pattern[str]
    messages: re.Pattern[str]


def _rule(cause: Cause, types: str, messages: str) -> _Rule:
    return _Rule(cause, re.compile(types, re.IGNORECASE), re.compile(messages, re.IGNORECASE))


_RULES = (
    # Before any request could fail: names, routes, handshakes, sockets, time-outs.
    _rule(
        Cause.NETWORK,
        r"^(connect(ion)?(error|exception|refused(error)?|reset(error)?|aborted(error)?|timeout(error|exception)?|"
        r"closed\w*)?|(read|write|connect|socket|gateway|request|pool|http)?time(d)?out(error|exception)?|"
        r"socket(error|exception)|brokenpipe(error)?|gaierror|unknownhost\w*|noroutetohost\w*|ssl\w*|tls\w*|"
        r"e(conn(refused|reset|aborted)|timedout|notfound|hostunreach|netunreach|pipe|ai_again)|operror|dnserror|"
        r"\w*networkerror|urlerror|newconnectionerror|maxretryerror|nsurlerror\w*|statusruntimeexception)$",
        r"\b(ECONN(REFUSED|RESET|ABORTED)|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|EPIPE)\b|"
        r"connection (was )?(refused|reset|aborted|closed|timed ?out|lost|broken)|(host|network) (is )?unreachable|"
        r"no such host|no route to host|i/o timeout|name or service not known|getaddrinfo|broken pipe|"
        r"(connect|read|socket|handshake|network) (operation )?time(d )?out|tls handshake|certificate verify failed|"
        r"failed to fetch|network ?error|load failed|err_(network|internet|connection)\w*",
    ),
    # Another service was reached and said no.
    _rule(
        Cause.FAILED_REQUEST,
        r"^(http(status|response|client|server|request)?(error|exception)|\w*(api|request|response|fetch|axios)"
        r"(error|exception)|bad(gateway|request)\w*|\w*clienterror(exception)?|feignexception|servererror|"
        r"(resourceaccess|restclient|webclientresponse)exception)$",
        r"\b(status( ?code)?|http|response|error code)\b\W{0,4}(is |was |of |with )?[45][0-9]{2}\b|"
        r"\b[45][0-9]{2} (client|server) error\b|\brequest failed\b|"
        r"\b(400 bad request|401 unauthorized|403 forbidden|404 not found|429 too many requests|"
        r"500 internal server error|502 bad gateway|503 service unavailable|504 gateway time-?out)\b",
    ),
    # Something was asked of nothing, or beyond the end.
    _rule(
        Cause.ILLEGAL_OBJECT_ACCESS,
        r"^(nullpointer(exception|error)?|nullreferenceexception|attributeerror|keyerror|indexerror|lookuperror|"
        r"nomethoderror|nameerror|referenceerror|unboundlocalerror|(array|string)?indexoutofbounds(exception)?|"
        r"nosuch(element|field|method|key)(exception|error)?|keynotfoundexception|argumentnullexception|"
        r"uninitializedpropertyaccessexception|kotlinnullpointerexception|classcastexception|invalidcastexception|"
        r"undefinedmethoderror|badmaperror|badkey|sig(segv|bus)|exc_bad_access|accessviolation\w*|"
        r"lateinitializationerror|nosuchmethoderror)$",
        r"(undefined|null|nil|none\w*)['\"]? (is not|has no|does not have)|cannot read propert|"
        r"(of|on|for|is) (undefined|null|nil)\b|can't access|nil pointer dereference|invalid memory address|"
        r"object has no attribute|object is not subscriptable|index (is )?out of (range|bounds)|null pointer|"
        r"null (object )?reference|object reference not set|undefined (method|variable|index|array key|property)|"
        r"unrecognized selector|segmentation fault|unexpectedly found nil|is not a function|is not defined",
    ),
    _rule(
        Cause.INVALID_ARGUMENT,
        r"^(valueerror|(nsinvalid|illegal|invalid|out_?of_?range)?argument\w*|validation(error|exception)|"
        r"\w*(format|parse|decode|encode|syntax|conversion|coding|unmarshal\w*)(error|exception)|unicode\w*error|"
        r"domainexception|outofrangeexception|zerodivisionerror|arithmeticexception|dividebyzeroexception|"
        r"numberformatexception|matcherror|inputmismatchexception|modelvalidation\w*)$",
        r"\b(invalid|illegal|unexpected|missing|malformed|bad) (\w+ ){0,2}"
        r"(argument|parameter|value|input|token|format|literal|type|date|character)s?\b|"
        r"\bmust (not )?be\b|\bis (required|not a valid|invalid)\b|could not (be )?(parse|convert|decode)|"
        r"division by zero|divide by zero|out of range",
    ),
)
_MOST_CHARS = 400
"""Of a message: what names the failure stands at its beginning."""
_VAGUE = dict.fromkeys(("typeerror", "rangeerror"), Cause.INVALID_ARGUMENT)
"""Types that are raised for much else: a message that tells more goes first."""


def cause_of(error_type: str, message: str) -> Cause:
    """The suspected cause of an error; `code_exception` where nothing tells of another. Takes linear time."""
    name = _last_name(error_type)
    first_line = message[:_MOST_CHARS].partition("\n")[0]
    for rule in _RULES:
        if rule.types.search(name):
            return rule.cause
    for rule in _RULES:
        if rule.messages.search(first_line):
            return rule.cause
    return _VAGUE.get(name.lower(), Cause.CODE_EXCEPTION)


def _last_name(error_type: str) -> str:
    """`KeyError` of `builtins.KeyError`, `OpError` of `*net.OpError`, `Error` of `Some::Error`."""
    return re.split(r"[.:\\/*$]", error_type[:_MOST_CHARS].strip())[-1]
