"""What an exception, a user and a request are called in OpenTelemetry's conventions, as an event's fields. Pure."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from errata.ingest.wire import reserved
from errata.ingest.wire.log_values import take_fingerprint, take_stack, take_text, take_verbatim
from errata.ingest.wire.otlp_resource import take_attribute
from errata.stacks.model import Relation, StackTrace
from errata.stacks.parse import parse


class Failure(msgspec.Struct, frozen=True, gc=False):
    """An exception as a span or a record tells it.

    `name` is what one failure is known by wherever it is told: the class without its module, and the message.
    `behind` are the names of the exceptions that it was raised from.
    """

    type: str
    message: str
    stack: str
    fingerprint: str
    name: tuple[str, str]
    behind: frozenset[tuple[str, str]]

    @property
    def is_told(self) -> bool:
        """Whether there is anything that makes it an error of its own."""
        return bool(self.type or self.stack)


def take_failure(attributes: dict[str, Any], language: str) -> Failure:
    """Take the exception out of attributes.

    Besides `exception.*` the names are read that loggers and Datadog's tracers use, which arrive through collectors;
    `error.type` only beside a stack, because alone it is what any failed call has (`500`, `timeout`). Where the stack
    tells the same class, its message is believed more than the attribute: Python's log handler sends the first
    argument of the exception instead of its text (`log-exception-a.http.json`: `acc-17` for `'acc-17'`). A code where
    the class belongs (node's SDK prefers `ENOENT`) gives way to the stack's class and is kept as `error.code`. An
    exception with nothing but a message, as Rust's are, gets the class that grouping gives the untyped.
    """
    attributes.pop("exception.escaped", None)
    stack = _take_stack(attributes)
    has_message = isinstance(attributes.get(_MESSAGE[0]), str)
    kind = take_text(attributes, _TYPE) or (take_text(attributes, _ANY_TYPE) if stack else "")
    message = take_verbatim(attributes, _MESSAGE)
    trace = parse(stack, language) if stack else None
    told = trace.primary if trace is not None and trace.primary.type else None
    if told is not None and _CODE.fullmatch(kind) and kind != last_name(told.type):
        attributes.setdefault("error.code", kind)
        kind = ""
    if kind.isdecimal() and has_message and message:  # the code of a thrown object that is no Error
        attributes.setdefault("error.code", kind)
        kind = ""
    if told is not None and (not kind or last_name(kind) == last_name(told.type)):
        kind = max(kind, told.type, key=len)
        message = told.message or message
    if not kind and has_message and message:
        kind = _UNTYPED
    return Failure(
        type=kind,
        message=message,
        stack=stack,
        fingerprint=take_fingerprint(attributes),
        name=name_of(kind, message),
        behind=_behind(trace),
    )


def name_of(kind: str, message: str) -> tuple[str, str]:
    """A failure's class without its module and its message without blanks and quotes around it, both within bounds."""
    return last_name(kind)[:_MAX_NAME], message.strip(" \t\r\n'\"")[:_MAX_NAME]


def last_name(kind: str) -> str:
    """`KeyError` of `builtins.KeyError`, `Oops` of `app::Oops`."""
    return kind.strip().rsplit("::", 1)[-1].rsplit(".", 1)[-1].rsplit("\\", 1)[-1]


class Person(msgspec.Struct, frozen=True, gc=False):
    """Whose request it was."""

    id: str = ""
    email: str = ""
    name: str = ""
    anonymous_id: str = ""
    session_id: str = ""


NOBODY = Person()


def take_person(attributes: dict[str, Any]) -> Person:
    """Take the user and the session out of attributes."""
    return Person(
        id=take_attribute(attributes, *_USER_ID),
        email=take_attribute(attributes, *_USER_EMAIL),
        name=take_attribute(attributes, *_USER_NAME),
        anonymous_id=take_attribute(attributes, *_USER_ANONYMOUS),
        session_id=take_attribute(attributes, *_SESSION),
    )


def with_datadog_names(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes, and beside OpenTelemetry's names those under which Datadog's clients send the same."""
    for name, other in _ALSO_NAMED:
        if name in attributes and other not in attributes:
            attributes[other] = attributes[name]
    return attributes


def _take_stack(attributes: dict[str, Any]) -> str:
    """A stack under its own name may have one line only; under a logger's it must show that it is one."""
    stack = attributes.get(_STACK)
    if type(stack) is str and stack.strip():
        del attributes[_STACK]
        return stack
    return take_stack(attributes, reserved.ERROR_STACK, reserved.LOGGER_STACK)


def _behind(trace: StackTrace | None) -> frozenset[tuple[str, str]]:
    if trace is None:
        return frozenset()
    blocks = (block for block in trace.blocks if block.relation is not Relation.PRIMARY)
    return frozenset(name_of(block.type, block.message) for block in blocks)


_STACK = "exception.stacktrace"
_TYPE = ("exception.type", *(name for name in reserved.ERROR_TYPE if name != "error.type"))
_ANY_TYPE = ("error.type",)
_MESSAGE = ("exception.message", *reserved.ERROR_MESSAGE)
_MAX_NAME = 1000
_UNTYPED = "Error"
_CODE = re.compile(r"[A-Z0-9_]{2,100}")
_USER_ID = ("user.id", "enduser.id", "usr.id")
_USER_EMAIL = ("user.email", "usr.email")
_USER_NAME = ("user.full_name", "user.name", "usr.name")
_USER_ANONYMOUS = ("enduser.pseudo.id", "usr.anonymous_id")
_SESSION = ("session.id", "usr.session_id", "session_id")
_ALSO_NAMED = (
    ("http.request.method", "http.method"),
    ("http.response.status_code", "http.status_code"),
    ("url.full", "http.url"),
    ("user_agent.original", "http.useragent"),
    ("vcs.repository.url.full", "git.repository_url"),
    ("vcs.ref.head.revision", "git.commit.sha"),
)
"""The mapping that Datadog documents for OpenTelemetry's conventions, as far as it concerns errors."""
