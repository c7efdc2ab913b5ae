"""Which names of a log entry mean something to Errata; all others are the entry's attributes. Pure.

A name counts as one key with dots (`error.kind`) and as objects inside each other (`{"error": {"kind": ...}}`).
Where several names mean one thing the tuples below say which is asked first. After the product's own names stand those
of common loggers: the Elastic Common Schema, Python's and PHP's JSON formatters, Serilog, log4j, zap.
"""

from __future__ import annotations

from typing import Any, TypeAlias

MESSAGE = ("message", "msg", "log", "Message", "RenderedMessage", "@m", "event", "text")
STATUS = ("status", "severity", "level", "syslog.severity")
LEVEL = "level"
"""The one among them in which loggers write numbers of their own."""
LOGGER_STATUS = (
    "log.level", "levelname", "level_name", "Level", "LogLevel", "@l", "severity_text",
    "record.level.name",
)  # fmt: skip
TIME = (
    "@timestamp", "timestamp", "_timestamp", "Timestamp", "eventTime", "date", "published_date", "syslog.timestamp",
    "record.time.timestamp",
)  # fmt: skip
HOST = ("host", "hostname", "syslog.hostname", "host.hostname", "host.name")
SERVICE = ("service", "syslog.appname", "service.name")
SOURCE = ("ddsource",)
TAGS = "ddtags"
TEAM = "team"
ENV = ("env", "service.environment")
VERSION = ("version", "service.version")
LOG_SERVICE = ("dd.service", "contextMap.dd.service")
LOG_ENV = ("dd.env", "contextMap.dd.env")
LOG_VERSION = ("dd.version", "contextMap.dd.version")
TRACE_ID = ("dd.trace_id", "contextMap.dd.trace_id")
SPAN_ID = ("dd.span_id", "contextMap.dd.span_id")
ERROR_TYPE = (
    "error.type", "error.kind", "err.type", "err.name", "exception.type", "exception.class", "thrown.name",
    "context.exception.class",
)  # fmt: skip
ERROR_MESSAGE = (
    "error.message", "error.msg", "err.message", "exception.message", "thrown.message", "context.exception.message",
)  # fmt: skip
ERROR_STACK = ("error.stack",)
LOGGER_STACK = (
    "error.stack_trace", "error.stacktrace", "err.stack", "exception.stacktrace", "exception.stack_trace",
    "exception.stack", "exception", "exc_info", "stack_trace", "stacktrace", "stack", "Exception", "@x",
    "thrown.extendedStackTrace", "errorVerbose",
)  # fmt: skip
ERROR_FOR_THE_PAGE = ("threads", "binary_images", "wasm_modules", "handling_stack", "component_stack")
"""Parts of an SDK's `error` that are long, and read by people only."""
ERROR_FINGERPRINT = "error.fingerprint"
ERROR_CAUSES = "error.causes"
ERROR_HANDLING = "error.handling"
ERROR_IS_CRASH = "error.is_crash"
ERROR_SOURCE = ("error.source",)
ERROR_CATEGORY = ("error.category",)
USR_ID = ("usr.id",)
USR_EMAIL = ("usr.email",)
USR_NAME = ("usr.name",)
USR_ANONYMOUS_ID = ("usr.anonymous_id",)
SESSION_ID = ("session_id", "session.id")

_NAMES = (
    *MESSAGE, *STATUS, *LOGGER_STATUS, *TIME, *HOST, *SERVICE, *SOURCE, TAGS, TEAM, *ENV, *VERSION, *LOG_SERVICE,
    *LOG_ENV, *LOG_VERSION, *TRACE_ID, *SPAN_ID, *ERROR_TYPE, *ERROR_MESSAGE, *ERROR_STACK, *LOGGER_STACK,
    ERROR_FINGERPRINT, ERROR_CAUSES, ERROR_HANDLING, ERROR_IS_CRASH, *ERROR_SOURCE, *ERROR_CATEGORY, *USR_ID,
    *USR_EMAIL, *USR_NAME, *USR_ANONYMOUS_ID, *SESSION_ID,
)  # fmt: skip

Fields: TypeAlias = dict[str, Any]


def split_fields(entry: Fields) -> tuple[Fields, Fields]:
    """An entry's reserved fields by dotted name, and the rest as it came.

    A key with dots wins over the same name in nested objects. Nulls are not fields and stay in the rest.
    """
    found: Fields = {}
    rest: Fields = {}
    objects: list[str] = []
    for key, value in entry.items():
        node = _TREE.get(key)
        if node is None or value is None:
            rest[key] = value
        elif node and type(value) is dict:
            objects.append(key)
        else:
            found[key] = value
    for key in objects:
        left = _split_object(entry[key], _TREE[key], key, found)
        if left:
            rest[key] = left
    return found, rest


_Tree: TypeAlias = "dict[str, _Tree]"


def _split_object(value: Fields, node: _Tree, path: str, found: Fields) -> Fields:
    left: Fields = {}
    for key, inner in value.items():
        below = node.get(key)
        name = f"{path}.{key}"
        if below is None or inner is None:
            left[key] = inner
        elif below and type(inner) is dict:
            deeper = _split_object(inner, below, name, found)
            if deeper:
                left[key] = deeper
        elif name in found:
            left[key] = inner
        else:
            found[name] = inner
    return left


def _tree() -> _Tree:
    """Every way to write a name: each dot may be a level or part of a key (`contextMap` holds `dd.trace_id`)."""
    root: _Tree = {}
    for name in _NAMES:
        _plant(root, name.split("."))
    return root


def _plant(node: _Tree, parts: list[str]) -> None:
    for length in range(1, len(parts) + 1):
        below = node.setdefault(".".join(parts[:length]), {})
        if parts[length:]:
            _plant(below, parts[length:])


_TREE = _tree()
