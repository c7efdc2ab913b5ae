"""Kinds of parameters: how a text of the path or the query becomes a value, or which fault it has. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from errata.api.operation import Parameter
from errata.base.errors import Invalid

Choice = tuple[str, ...]


class WrongParameter(Invalid):
    """A part of the path is not of its type. Cases tell it under a title of its own."""

    code = "wrong_parameter"


def no_uuid(name: str) -> Callable[[str], WrongParameter]:
    """For `id_in_path`: the error of cases for an id that is none, in the real service's words (behaviour 1.2).

    `name` is what that service calls the parameter, which is not what the path calls it.
    """
    return lambda _: WrongParameter(f'invalid parameter "{name}" in "path"; expected type "uuid"')


def whole(name: str, *, default: int, least: int, most: int, summary: str = "") -> Parameter[int]:
    """A whole number between `least` and `most`, both allowed."""

    def parse(text: str) -> int:
        digits = text.removeprefix("-")
        # int() takes blanks, underscores and other scripts' digits as well, and any length
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 19) or not least <= int(text) <= most:
            raise Invalid(f'expected a whole number from {least} to {most}, got "{_cut(text)}"', where=name)
        return int(text)

    schema = {"type": "integer", "default": default, "minimum": least, "maximum": most}
    return Parameter(name, parse, default, schema, summary)


def text(name: str, summary: str = "") -> Parameter[str]:
    """Any text; empty when absent."""
    return Parameter(name, str, "", {"type": "string", "pattern": r"^[^\x00]*$"}, summary)


def flag(name: str, *, default: bool, summary: str = "") -> Parameter[bool]:
    """`true` or `false`, in any case."""

    def parse(value: str) -> bool:
        found = {"true": True, "false": False}.get(value.lower())
        if found is None:
            raise Invalid(f'expected true or false, got "{_cut(value)}"', where=name)
        return found

    return Parameter(name, parse, default, {"type": "boolean", "default": default}, summary)


def choice(name: str, allowed: Choice, *, default: str, summary: str = "") -> Parameter[str]:
    """One of the allowed texts; `default` may be an empty text, meaning "none given"."""
    schema: dict[str, object] = {"type": "string", "enum": list(allowed)}
    if default:
        schema["default"] = default
    return Parameter(name, lambda value: _one_of(name, value, allowed), default, schema, summary)


def choices(name: str, allowed: Choice, summary: str = "") -> Parameter[Choice]:
    """Any of the allowed texts, comma separated; each is kept once, in the order given."""

    def parse(value: str) -> Choice:
        items = (item.strip() for item in value.split(","))
        return tuple(dict.fromkeys(_one_of(name, item, allowed) for item in items if item))

    schema = {"type": "array", "items": {"type": "string", "enum": list(allowed)}}
    return Parameter(name, parse, (), schema, summary)


def instant(name: str, summary: str = "") -> Parameter[datetime | None]:
    """A time as RFC 3339 with an offset; None when absent."""

    def parse(value: str) -> datetime:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise Invalid(f'expected a time such as 2026-01-05T08:00:00Z, got "{_cut(value)}"', where=name)
        return at

    return Parameter(name, parse, None, {"type": "string", "format": "date-time"}, summary)


def id_in_path(name: str, refuse: Callable[[str], Exception], summary: str = "") -> Parameter[UUID]:
    """A UUID in the path. `refuse` makes the error for a text that is none: families answer it differently."""

    def parse(value: str) -> UUID:
        found = uuid_of(value)
        if found is None:
            raise refuse(value)
        return found

    schema = {"type": "string", "format": "uuid"}
    return Parameter(name, parse, UUID(int=0), schema, summary, in_path=True)


def uuid_of(value: str) -> UUID | None:
    """The UUID that a text with dashes spells, in any case; None for every other text."""
    if len(value) != 36 or not value.isascii() or value.count("-") != 4:
        return None
    try:
        found = UUID(value)
    except ValueError:
        return None
    return found if str(found) == value.lower() else None


def _one_of(name: str, value: str, allowed: Choice) -> str:
    if value not in allowed:
        raise Invalid(f'invalid value "{_cut(value)}", expected one of {", ".join(allowed)}', where=name)
    return value


def _cut(value: str) -> str:
    return value if len(value) <= 100 else value[:100] + "..."
