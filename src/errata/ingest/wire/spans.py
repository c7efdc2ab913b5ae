"""A span as every encoding of traces gives it, and how one is made of values that are not what they should be. Pure."""

from __future__ import annotations

import math
from typing import Any

import msgspec

MASK_64 = (1 << 64) - 1
EXCEPTION = "exception"


class SpanEvent(msgspec.Struct, frozen=True, gc=False):
    """Something noted in a span. `time_ns` is 0 where it was not said; `attributes` hold plain JSON values."""

    name: str
    time_ns: int
    attributes: dict[str, Any]

    def text(self, name: str) -> str:
        """An attribute that is a text, else empty."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) else ""


class Span(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One operation of a trace. Times are nanoseconds, ids unsigned 64-bit numbers; a root has the parent 0.

    `index` is the span's place in its request: 0 for the first span of the first trace.
    """

    index: int
    service: str = ""
    name: str = ""
    resource: str = ""
    type: str = ""
    trace_id: int = 0
    span_id: int = 0
    parent_id: int = 0
    start: int = 0
    duration: int = 0
    is_error: bool = False
    meta: dict[str, str] = {}
    metrics: dict[str, float] = {}
    events: tuple[SpanEvent, ...] = ()

    @property
    def kind(self) -> str:
        """`server`, `client`, `producer`, `consumer`, `internal`, or empty."""
        return self.meta.get("span.kind", "").lower()

    @property
    def error_type(self) -> str:
        """The class of its error, empty when it names none; some integrations write the word for nothing."""
        name = self.meta.get("error.type", "").strip()
        return "" if name in _NOTHING else name

    @property
    def error_message(self) -> str:
        """The message of its error; older tracers wrote `error.msg`."""
        message = self.meta.get("error.message") or self.meta.get("error.msg", "")
        return "" if message in _NOTHING and not self.error_type else message

    @property
    def error_stack(self) -> str:
        """The stack of its error, empty when it has none."""
        stack = self.meta.get("error.stack", "")
        return "" if stack.isspace() else stack


class TracePayload(msgspec.Struct, gc=False):
    """The spans of one request, trace by trace, and what it says of all of them.

    `bad` holds the pieces that are no spans at all, each with its index. `patience` is how many bytes of refused spans
    may still be read a second time.
    """

    traces: list[list[Span]]
    bad: list[tuple[int, Any]]
    language: str = ""
    env: str = ""
    version: str = ""
    host: str = ""
    patience: int = 4 << 20


def span_of(fields: dict[Any, Any], index: int) -> Span:
    """A span from a map of whatever came: texts from numbers, numbers from texts, the rest left out. Never raises."""
    meta, metrics = fields.get("meta"), fields.get("metrics")
    return Span(
        index=index,
        service=text_of(fields.get("service")),
        name=text_of(fields.get("name")),
        resource=text_of(fields.get("resource")),
        type=text_of(fields.get("type")),
        trace_id=id_of(fields.get("trace_id")),
        span_id=id_of(fields.get("span_id")),
        parent_id=id_of(fields.get("parent_id")),
        start=whole_of(fields.get("start")),
        duration=whole_of(fields.get("duration")),
        is_error=whole_of(fields.get("error")) != 0,
        meta=texts_of(meta) if isinstance(meta, dict) else {},
        metrics=numbers_of(metrics) if isinstance(metrics, dict) else {},
        events=events_of(fields.get("span_events")),
    )


def texts_of(values: dict[Any, Any]) -> dict[str, str]:
    """A map of texts; maps and lists among the values are left out."""
    return {
        text_of(key): text_of(value) for key, value in values.items() if isinstance(value, str | int | float | bytes)
    }


def numbers_of(values: dict[Any, Any]) -> dict[str, float]:
    """A map of numbers; all else and what is not finite is left out."""
    return {
        text_of(key): value
        for key, value in values.items()
        if isinstance(value, int | float) and -_LARGEST <= value <= _LARGEST
    }


def text_of(value: object) -> str:
    """A text; of a number its digits, of anything else nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    return str(value) if isinstance(value, int) and value.bit_length() <= _MOST_BITS else ""


def id_of(value: object) -> int:
    """An id as unsigned 64-bit number; some tracers write it signed, and JSON writers as text. 0 for none."""
    return whole_of(value) & MASK_64


def whole_of(value: object) -> int:
    """A whole number; of a text its digits, of anything else 0."""
    if isinstance(value, int):
        return int(value) if value.bit_length() <= _MOST_BITS else 0
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else 0
    if isinstance(value, str) and len(value) <= _MOST_DIGITS:
        digits = value.strip()
        if digits.lstrip("-").isascii() and digits.lstrip("-").isdecimal() and digits.rfind("-") <= 0:
            return int(digits)
    return 0


def events_of(value: object) -> tuple[SpanEvent, ...]:
    """Span events from a list of maps; attributes may be plain or typed as tracers send them."""
    if not isinstance(value, list):
        return ()
    return tuple(
        SpanEvent(text_of(one.get("name")), whole_of(one.get("time_unix_nano")), _plain(one.get("attributes")))
        for one in value
        if isinstance(one, dict)
    )


def _plain(attributes: object) -> dict[str, Any]:
    if not isinstance(attributes, dict):
        return {}
    return {text_of(name): _plain_value(value, 0) for name, value in attributes.items()}


def _plain_value(value: object, depth: int) -> Any:
    """`{"type": 0, "string_value": "a"}` as `"a"`; arrays hold such values in turn."""
    if isinstance(value, dict):
        for name in _TYPED:
            if name in value:
                return _plain_value(value[name], depth + 1) if depth < _MOST_DEPTH else None
        return None
    if isinstance(value, list):
        return [_plain_value(item, depth + 1) for item in value] if depth < _MOST_DEPTH else None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return text_of(value)
    return value


_NOTHING = ("None", "null", "undefined")
_TYPED = ("string_value", "bool_value", "int_value", "double_value", "array_value", "values")
_MOST_DEPTH = 6
_MOST_BITS = 256
_MOST_DIGITS = 80
_EXACT = 2.0**53
_LARGEST = 1.7976931348623157e308
