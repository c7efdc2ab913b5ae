"""What values of attributes and custom attributes are well formed. Pure.

Attributes take any well-formed key; custom attributes only what their definition says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from errata.base.errors import Invalid
from errata.cases.model import AttributeType, CustomAttribute, CustomValue, GivenValue, Json
from errata.cases.texts import UNFIT, UNFIT_IN_A_LINE
from errata.cases.types import RESERVED_ATTRIBUTES
from errata.query.numbers import stored_number

MAX_KEY_CHARS = 100
MAX_KEYS = 50
"""Attributes that one case can have."""
MAX_VALUES = 100
"""Values of one attribute, custom or not."""
MAX_VALUE_CHARS = 500
MAX_CUSTOM_CHARS = 5000
MAX_URL_CHARS = 2000

SEARCH_KEYS = frozenset(
    {
        "archived",
        "archived_at",
        "assignee",
        "case_id",
        "closed_at",
        "comment_count",
        "created_at",
        "created_by",
        "creation_source",
        "custom",
        "description",
        "due_date",
        "id",
        "key",
        "modified_at",
        "modified_by",
        "priority",
        "project",
        "public_id",
        "resolved_reason",
        "status",
        "status_group",
        "status_name",
        "title",
        "type",
        "type_id",
    }
)
"""What searches for cases call the case's own fields: a custom attribute of that key could not be searched."""

RESERVED_KEYS = SEARCH_KEYS | frozenset(RESERVED_ATTRIBUTES)
_KEY_PLACE = "data.attributes.key"
_ATTRIBUTES_PLACE = "data.attributes.attributes"


def custom_key_of(text: str) -> str:
    """The key of a new custom attribute, as given. Raises Invalid for one that is malformed or has a meaning already.

    Upper and lower case do not make another key: people do not tell them apart.
    """
    key = _key(text, where=_KEY_PLACE)
    if key.lower() in RESERVED_KEYS:
        raise Invalid(f'"{key}" is the key of a field that every case has: choose another one', where=_KEY_PLACE)
    return key


def checked(definition: CustomAttribute, given: GivenValue, *, where: str = "data.attributes") -> CustomValue:
    """The value, once it is what the definition says. Raises Invalid that names the place, the value and the rule.

    `type` and `is_multi` must be the definition's own (product section 5); a list where `is_multi` says so has 1 to
    100 items. An empty text is no value: removing one is another command.
    """
    if given.type != definition.type.value:
        raise Invalid(f'"{definition.key}" is {definition.type.value}, got "{_cut(given.type)}"', where=f"{where}.type")
    if given.is_multi is not definition.is_multi:
        takes = "a list of values" if definition.is_multi else "one value"
        raise Invalid(f'"{definition.key}" takes {takes}', where=f"{where}.is_multi")
    place = f"{where}.value"
    if not definition.is_multi:
        return CustomValue(definition.type, is_multi=False, value=_item(definition, given.value, place))
    if not isinstance(given.value, list):
        raise Invalid(f"expected a list, got {_kind(given.value)}", where=place)
    if not 1 <= len(given.value) <= MAX_VALUES:
        raise Invalid(f"expected 1 to {MAX_VALUES} values, got {len(given.value)}", where=place)
    if definition.type is AttributeType.NUMBER:
        numbers = tuple(_number(item, f"{place}[{i}]") for i, item in enumerate(given.value))
        return CustomValue(definition.type, is_multi=True, value=numbers)
    texts = tuple(_worded(definition, item, f"{place}[{i}]") for i, item in enumerate(given.value))
    return CustomValue(definition.type, is_multi=True, value=texts)


def attributes_of(given: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Attributes in the order given, doubles among the values of a key dropped. Raises Invalid.

    A key whose list is empty is kept: in a change it says that the key is to go (`merged`).
    """
    if len(given) > MAX_KEYS:
        raise Invalid(f"a case has at most {MAX_KEYS} attributes, got {len(given)}", where=_ATTRIBUTES_PLACE)
    return {
        _key(key, where=_ATTRIBUTES_PLACE): _values(values, f"{_ATTRIBUTES_PLACE}.{_cut(key)}")
        for key, values in given.items()
    }


def merged(present: Mapping[str, tuple[str, ...]], given: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The attributes of a case after a change: keys given replace, empty lists remove, all others stay.

    Two people who change different keys lose nothing. Raises Invalid when there would be too many.
    """
    after = {key: values for key, values in {**present, **given}.items() if values}
    if len(after) > MAX_KEYS:
        raise Invalid(
            f"a case has at most {MAX_KEYS} attributes, this would make {len(after)}", where=_ATTRIBUTES_PLACE
        )
    return after


def _item(definition: CustomAttribute, value: Json, where: str) -> str | float:
    if definition.type is AttributeType.NUMBER:
        return _number(value, where)
    return _worded(definition, value, where)


def _worded(definition: CustomAttribute, value: Json, where: str) -> str:
    if not isinstance(value, str):
        raise Invalid(f"expected a text, got {_kind(value)}", where=where)
    match definition.type:
        case AttributeType.URL:
            return _url(value, where)
        case AttributeType.SELECT if definition.options:
            return _option(definition.options, value, where)
        case _:
            return _text(value, where, MAX_CUSTOM_CHARS, lines=True)


def _number(value: Json, where: str) -> float:
    """The number, also out of a text: the documents give a NUMBER's value as one or as the other."""
    if isinstance(value, str):
        if math.isnan(number := stored_number(value)):
            raise Invalid(f'expected a number, got the text "{_cut(value)}"', where=where)
        return number
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"expected a number, got {_kind(value)}", where=where)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Invalid("expected a number of the size of a double", where=where)
    return number


def _url(value: str, where: str) -> str:
    text = _text(value, where, MAX_URL_CHARS)
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        fits = False
    if not fits:
        raise Invalid(f'expected an address such as https://example.org/page, got "{_cut(text)}"', where=where)
    return text


def _option(options: tuple[str, ...], value: str, where: str) -> str:
    if value not in options:
        raise Invalid(f'invalid value "{_cut(value)}", expected one of {_cut(", ".join(options), 1000)}', where=where)
    return value


def _values(given: Iterable[str], where: str) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(given))
    if len(values) > MAX_VALUES:
        raise Invalid(f"an attribute has at most {MAX_VALUES} values, got {len(values)}", where=where)
    return tuple(_text(value, f"{where}[{i}]", MAX_VALUE_CHARS) for i, value in enumerate(values))


def _text(value: str, where: str, most: int, *, lines: bool = False) -> str:
    if not 1 <= len(value) <= most:
        raise Invalid(f"expected 1 to {most} characters, got {len(value)}", where=where)
    if (UNFIT if lines else UNFIT_IN_A_LINE).search(value):
        raise Invalid("control characters are not allowed", where=where)
    if value.isspace():
        raise Invalid("expected more than white space", where=where)
    return value


def _key(text: str, *, where: str) -> str:
    if not _KEY.fullmatch(text):
        raise Invalid(
            f'"{_cut(text)}" is no key: 1 to {MAX_KEY_CHARS} letters, digits and `_ . -` of ASCII, '
            "the first one a letter, a digit or an underscore",
            where=where,
        )
    return text


def _cut(text: str, most: int = 200) -> str:
    return text if len(text) <= most else text[:most] + "..."


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"


_KEY = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{MAX_KEY_CHARS - 1}}}")
