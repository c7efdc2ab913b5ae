"""What is wrong with a JSON body: every fault, where it is and what would be right. Pure.

The quick path is msgspec's own decoding, which stops at the first fault and speaks of Python types. Only when that
failed is the value walked here beside its type.
"""

from __future__ import annotations

import contextlib
import json
import re
import types
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from errata.api.operation import Style, Wording
from errata.base.errors import Fault, Invalid

B = TypeVar("B")

MAX_FAULTS = 50
"""No more are listed: ten thousand wrong items must not make an answer of megabytes."""
_MAX_SHOWN = 200
_BROKEN = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def decode(decoder: msgspec.json.Decoder[B], data: bytes, wording: Wording, style: Style) -> B:
    """The body as the decoder's type. Raises `Invalid` with every fault.

    Some families tell some faults in the real service's own words, without a path (behaviour 1.2): both of those of
    JSON:API a wrong `type`, and the older one a wrong UUID.
    """
    try:
        value = decoder.decode(data)
    except _BROKEN as error:
        raise _invalid(_Walk(wording, style).faults_of(decoder.type, data, error)) from None
    if b"\\u0000" in data:
        faults = _with_nul(value)
        if faults:
            raise _invalid(faults)
    return value


def shown(value: object) -> str:
    """A value as JSON for a sentence, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."


def uuid_fault(text: str) -> str:
    """Why a text is no UUID, in the words of the real service (recorded: `invalid UUID length: 10`)."""
    length = len(text.encode(errors="replace"))
    return "invalid UUID format" if length in _UUID_LENGTHS else f"invalid UUID length: {length}"


def _invalid(faults: list[Fault]) -> Invalid:
    if len(faults) > MAX_FAULTS:
        faults = [*faults[:MAX_FAULTS], Fault("", f"only the first {MAX_FAULTS} faults are listed")]
    return Invalid(faults[0].message, where=faults[0].where, faults=tuple(faults))


def _with_nul(value: object) -> list[Fault]:
    """A fault for every place whose text holds a NUL. PostgreSQL stores none, so nobody may store one.

    Only what the type knows is looked at: the rest is passed over and kept nowhere.
    """
    faults: list[Fault] = []
    waiting: list[tuple[object, str]] = [(msgspec.to_builtins(value), "")]
    while waiting and len(faults) <= MAX_FAULTS:
        item, path = waiting.pop()
        if isinstance(item, str) and "\x00" in item:
            faults.append(Fault(path, "a NUL character is not allowed"))
        elif isinstance(item, dict):
            faults.extend(Fault(path, "a NUL character is not allowed") for key in item if "\x00" in key)
            waiting.extend((inner, _below(path, key)) for key, inner in reversed(item.items()))
        elif isinstance(item, list | tuple):
            waiting.extend((inner, f"{path}[{i}]") for i, inner in enumerate(item))
    return faults


class _Enough(Exception):
    """Ends a walk that found more faults than will be listed."""


class _Walk:
    """One walk of a value beside its type, collecting faults in reading order."""

    def __init__(self, wording: Wording, style: Style) -> None:
        self._wording = wording
        self._style = style
        self._faults: list[Fault] = []

    def faults_of(self, wanted: Any, data: bytes, error: Exception) -> list[Fault]:
        """At least one fault: where the walk finds none, the decoder's own sentence stands."""
        if not data.strip():
            return [Fault("", "the request needs a JSON body")]
        try:
            value = msgspec.json.decode(data)
        except RecursionError:
            return [Fault("", "the body is nested too deeply")]
        except UnicodeDecodeError:
            return [Fault("", "the body is not UTF-8")]
        except msgspec.DecodeError as malformed:
            return [Fault("", f"the body is not JSON: {_lower(str(malformed)).removeprefix(_PREFIX)}")]
        with contextlib.suppress(_Enough):
            self._check(wanted, value, "")
        return self._faults or [Fault("", _lower(str(error)))]

    def _check(self, wanted: Any, value: object, path: str) -> None:
        origin = get_origin(wanted)
        say = self._wording.get(wanted) if origin in (list, tuple) and not isinstance(value, list) else None
        if say is not None:
            self._add("", say(value))
            return
        if origin is Annotated:
            before = len(self._faults)
            self._check(get_args(wanted)[0], value, path)
            if len(self._faults) == before:
                self._try(wanted, value, path)
        elif isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
            self._struct(wanted, value, path)
        elif origin is Literal:
            self._choice(get_args(wanted), value, path)
        elif isinstance(wanted, type) and issubclass(wanted, Enum):
            self._enum(wanted, value, path)
        elif origin in (list, tuple, frozenset) and isinstance(value, list):
            for i, item in enumerate(value):
                self._check(get_args(wanted)[0], item, f"{path}[{i}]")
        elif origin is dict and isinstance(value, dict):
            for key, item in value.items():
                self._check(get_args(wanted)[1], item, _below(path, key))
        elif origin in (Union, types.UnionType):
            self._union(get_args(wanted), wanted, value, path)
        elif wanted is UUID and isinstance(value, str):
            self._uuid(value, path)
        else:
            self._try(wanted, value, path)

    def _struct(self, wanted: type[msgspec.Struct], value: object, path: str) -> None:
        if not isinstance(value, dict):
            self._add(path or "body", f"expected an object, got {_kind(value)}")
            return
        before = len(self._faults)
        for name, required, hint in _fields(wanted):
            if name in value:
                self._check(hint, value[name], _below(path, name))
            elif required:
                self._add(_below(path, name), "required")
        if len(self._faults) == before:
            self._try(wanted, value, path)

    def _choice(self, allowed: tuple[object, ...], value: object, path: str) -> None:
        if isinstance(value, str) and value in allowed:
            return
        expected = ", ".join(f'"{item}"' for item in allowed)
        if self._style is not Style.PLAIN and path.endswith(".type") and isinstance(value, str):
            self._add("", f'got type "{_cut(value)}" expected one of {expected}')
        else:
            self._add(path, f"invalid value {shown(value)}, expected one of {expected}")

    def _enum(self, wanted: type[Enum], value: object, path: str) -> None:
        values = tuple(member.value for member in wanted)
        if isinstance(value, str) and value in values:
            return
        say = self._wording.get(wanted)
        if say is not None and isinstance(value, str):
            self._add("", say(_cut(value)))
        else:
            self._add(path, f"invalid value {shown(value)}, expected one of {', '.join(values)}")

    def _union(self, alternatives: tuple[Any, ...], wanted: Any, value: object, path: str) -> None:
        real = [item for item in alternatives if item not in (type(None), msgspec.UnsetType)]
        if value is None and type(None) in alternatives:
            return
        if len(real) == 1:
            self._check(real[0], value, path)
        else:
            self._try(wanted, value, path)

    def _uuid(self, value: str, path: str) -> None:
        try:
            msgspec.convert(value, UUID)
        except msgspec.ValidationError:
            self._add("" if self._style is Style.JSON_API else path, uuid_fault(value))

    def _try(self, wanted: Any, value: object, path: str) -> None:
        try:
            msgspec.convert(value, wanted)
        except msgspec.ValidationError as error:
            found = re.fullmatch(r"(.*?)(?: - at `\$(.*)`)?", str(error), re.DOTALL)
            message, below = (found[1], found[2]) if found else (str(error), None)
            self._add((path + (below or "")).lstrip(".") or "body", _lower(message))

    def _add(self, where: str, message: str) -> None:
        self._faults.append(Fault(where, message))
        if len(self._faults) > MAX_FAULTS:
            raise _Enough


@cache
def _fields(wanted: type[msgspec.Struct]) -> list[tuple[str, bool, Any]]:
    hints = get_type_hints(wanted, include_extras=True)
    return [(f.encode_name, f.required, hints[f.name]) for f in msgspec.structs.fields(wanted)]


def _below(path: str, name: str) -> str:
    return f"{path}.{_cut(name)}" if path else _cut(name)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."


def _kind(value: object) -> str:
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    return "null"


def _lower(message: str) -> str:
    return message if message.startswith("JSON") else message[:1].lower() + message[1:]


_PREFIX = "JSON is malformed: "
_UUID_LENGTHS = (32, 36, 38, 45)  # bare, dashed, in braces, with urn:uuid: (what the real service's parser takes)
_KINDS: tuple[tuple[type, str], ...] = (
    (dict, "an object"),
    (list, "an array"),
    (str, "a string"),
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
)
