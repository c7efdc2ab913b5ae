"""The JSON:API envelope: resources, references and the list of what is included. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

COMPONENT = "#/components/schemas/{name}"
"""Where the published document keeps the schema of a Struct."""
ITEMS = "x-items"


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """What every object of an answer has. Subclasses add `attributes` and `relationships`, in this order."""

    id: str
    type: str


class Reference(msgspec.Struct, frozen=True):
    """Names a resource."""

    id: str
    type: str


class ToOne(msgspec.Struct, frozen=True):
    """A relationship to one resource."""

    data: Reference


class ToMany(msgspec.Struct, frozen=True):
    """A relationship to any number of resources."""

    data: list[Reference]


def to_one(id_: object, type_: str) -> ToOne:
    """The relationship to the one resource with this id."""
    return ToOne(Reference(str(id_), type_))


def to_many(ids: Iterable[object], type_: str) -> ToMany:
    """The relationship to the resources with these ids, in this order."""
    return ToMany([Reference(str(id_), type_) for id_ in ids])


def included(*groups: Iterable[Resource]) -> list[Resource] | UnsetType:
    """All resources of the groups, in order, each once; UNSET when there are none, so that the member is absent."""
    by_name = {(resource.type, resource.id): resource for group in groups for resource in group}
    return list(by_name.values()) or UNSET


def any_of(resources: Sequence[type[Resource]]) -> dict[str, Any]:
    """For `Meta(extra_json_schema=...)` of a list of resources: which ones may stand in it.

    msgspec lets nobody replace `items`; the published document puts these in its place (`openapi.py`).
    """
    return {ITEMS: {"anyOf": [{"$ref": COMPONENT.format(name=resource.__name__)} for resource in resources]}}


def zulu(at: datetime) -> str:
    """RFC 3339 in UTC with `Z`, up to six digits of a second, trailing zeros cut (behaviour 5)."""
    text = at.strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"


def with_offset(at: datetime) -> str:
    """RFC 3339 in UTC with `+00:00` and six digits of a second, as users, teams and keys have it (behaviour 5)."""
    return at.isoformat(timespec="microseconds")
