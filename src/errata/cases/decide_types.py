"""What case types and custom attributes may be, and how definitions may change. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from errata.access.decide import name_of, text_of
from errata.base.errors import Forbidden, Invalid
from errata.base.ids import CaseTypeId, CustomAttributeId
from errata.cases.model import AttributeType, CaseType, CustomAttribute
from errata.cases.types import STANDARD_STATUSES
from errata.cases.values import custom_key_of

MAX_TYPES = 1000
"""Custom types, deleted ones included. Lists of types have no pages."""
MAX_ATTRIBUTES = 100
"""Living definitions of one type."""
MAX_OPTIONS = 100
OPTION_CHARS = 100
NAME_CHARS = 100
DESCRIPTION_CHARS = 1000
EMOJI_CHARS = 40
MAP_CHARS = 500

_STAYS_READABLE = {
    AttributeType.TEXT: {AttributeType.URL, AttributeType.SELECT},
    AttributeType.URL: {AttributeType.TEXT, AttributeType.SELECT},
    AttributeType.SELECT: {AttributeType.TEXT, AttributeType.URL},
    AttributeType.NUMBER: {AttributeType.TEXT},
}
"""What a definition that cases have values of may become: those keep the type and form they were set with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeTexts:
    """What people say of a case type; None is not said. An empty description or emoji takes away what there was."""

    name: str | None = None
    description: str | None = None
    emoji: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttribute:
    """The definition of a custom attribute, as a caller gives it."""

    key: str
    display_name: str
    type: AttributeType
    is_multi: bool
    description: str | None = None
    options: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChange:
    """What to change in a definition; None leaves a part as it is. Key and `is_multi` stay for ever."""

    display_name: str | None = None
    description: str | None = None
    map_from: str | None = None
    type: AttributeType | None = None
    options: tuple[str, ...] | None = None


def new_type(type_id: CaseTypeId, texts: TypeTexts, at: datetime) -> CaseType:
    """A custom type with the standard statuses (recorded). Raises Invalid; names need not be unique (behaviour 3.6)."""
    return CaseType(
        id=type_id,
        name=_name(texts.name or "", "name"),
        statuses=STANDARD_STATUSES,
        description=_description(texts.description),
        emoji=_emoji(texts.emoji or ""),
        created_at=at,
        modified_at=at,
    )


def changed_type(case_type: CaseType, texts: TypeTexts, at: datetime) -> CaseType:
    """The type with other texts; the same one where nothing differs.

    Raises Forbidden for a built-in type, and Invalid, also for a type that was deleted.
    """
    refuse_internal(case_type)
    if case_type.deleted_at is not None:
        raise Invalid(f'the case type "{case_type.name}" was deleted')
    after = replace(
        case_type,
        name=case_type.name if texts.name is None else _name(texts.name, "name"),
        description=case_type.description if texts.description is None else _description(texts.description),
        emoji=case_type.emoji if texts.emoji is None else _emoji(texts.emoji),
    )
    return case_type if after == case_type else replace(after, modified_at=at)


def refuse_internal(case_type: CaseType) -> None:
    """Raise Forbidden for a built-in type: everybody relies on those."""
    if case_type.internal:
        raise Forbidden(f"the case type {case_type.name} is built in and stays as it is")


def new_attribute(
    attribute_id: CustomAttributeId, type_id: CaseTypeId, given: NewAttribute, at: datetime
) -> CustomAttribute:
    """A definition. Raises Invalid; whether the key is free is asked elsewhere."""
    return CustomAttribute(
        id=attribute_id,
        case_type_id=type_id,
        key=custom_key_of(given.key),
        display_name=_name(given.display_name, "display_name"),
        type=given.type,
        is_multi=given.is_multi,
        created_at=at,
        modified_at=at,
        description=_description(given.description),
        options=_options(given.type, given.options or ()),
    )


def changed_attribute(
    definition: CustomAttribute, change: AttributeChange, at: datetime, *, is_used: bool
) -> CustomAttribute:
    """The definition after a change; the same one where nothing differs. `is_used`: whether cases have values of it.

    Options go with the type: one that is no SELECT has none, also where some are given, as the documents' own example
    gives them for a NUMBER. Raises Invalid, also for a type that would leave values on cases that it cannot hold.
    """
    kind = definition.type if change.type is None else change.type
    if is_used and kind not in {definition.type, *_STAYS_READABLE[definition.type]}:
        may = ", ".join(sorted(kind.value for kind in _STAYS_READABLE[definition.type]))
        raise Invalid(
            f"{definition.type.value} can become {may} only, since cases have values already",
            where="data.attributes.type",
        )
    options = definition.options if change.options is None else _options(AttributeType.SELECT, change.options)
    after = replace(
        definition,
        display_name=_name(change.display_name, "display_name")
        if change.display_name is not None
        else definition.display_name,
        description=definition.description if change.description is None else _description(change.description),
        map_from=definition.map_from if change.map_from is None else _map_from(change.map_from),
        type=kind,
        options=options if kind is AttributeType.SELECT else (),
    )
    return definition if after == definition else replace(after, modified_at=at)


def _name(text: str, field: str) -> str:
    return name_of(text, where=f"data.attributes.{field}", max_chars=NAME_CHARS)


def _description(text: str | None) -> str | None:
    return text_of(text, where="data.attributes.description", max_chars=DESCRIPTION_CHARS, lines=True)


def _map_from(text: str) -> str | None:
    return text_of(text, where="data.attributes.map_from", max_chars=MAP_CHARS)


def _emoji(text: str) -> str:
    """One emoji or nothing. A flag, a family and a hand with a skin tone are several characters and one emoji."""
    from emoji import is_emoji  # noqa: PLC0415 - its table is 10 MB that most processes never need

    if text and (len(text) > EMOJI_CHARS or not is_emoji(text)):
        raise Invalid(f'"{text[:EMOJI_CHARS]}" is not one emoji', where="data.attributes.emoji")
    return text


def _options(kind: AttributeType, given: tuple[str, ...]) -> tuple[str, ...]:
    where = "data.attributes.type_data.options"
    if given and kind is not AttributeType.SELECT:
        raise Invalid(f"only SELECT has options, not {kind.value}", where=where)
    if len(given) > MAX_OPTIONS:
        raise Invalid(f"expected at most {MAX_OPTIONS} options, got {len(given)}", where=where)
    options = tuple(
        name_of(option, where=f"{where}[{i}].value", max_chars=OPTION_CHARS) for i, option in enumerate(given)
    )
    for i, option in enumerate(options):
        if option in options[:i]:
            raise Invalid(f'the option "{option}" stands twice', where=f"{where}[{i}].value")
    return options
