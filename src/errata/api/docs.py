"""The page that explains the API to people, rendered from the published document: nothing is written down twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from errata.api.openapi import Json
from errata.api.operation import Needs, Operation

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MAX_DEPTH = 6
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a body, for the page: its dotted path, type, whether it is needed, and the values allowed."""

    path: str
    type: str
    required: bool
    allowed: str


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One parameter, for the page."""

    name: str
    place: str
    type: str
    default: str
    allowed: str
    summary: str


@dataclass(frozen=True, slots=True)
class OperationCard:
    """One operation, for the page."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    access: str
    scopes: tuple[str, ...]
    parameters: tuple[ParameterRow, ...]
    fields: tuple[FieldRow, ...]
    statuses: tuple[tuple[str, str], ...]
    request_example: str
    answer_example: str


def page(operations: Sequence[Operation[Any]], document: Json) -> str:
    """The whole page as HTML."""
    environment = Environment(
        loader=PackageLoader("errata.api"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code_spans"] = code_spans
    groups: dict[str, list[OperationCard]] = {}
    for operation in operations:
        groups.setdefault(operation.tag, []).append(_card(operation, document))
    return environment.get_template("docs.html").render(groups=groups, info=document["info"])


def code_spans(text: str) -> Markup:
    """The text escaped, with what stands between two backticks as code; a backtick without partner stays one."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just here


def _card(operation: Operation[Any], document: Json) -> OperationCard:
    published = document["paths"][operation.path][operation.method.lower()]
    return OperationCard(
        name=operation.name,
        method=operation.method,
        path=operation.path,
        summary=operation.summary,
        description=operation.description,
        access="API key and application key, or bearer token" if operation.needs is Needs.USER else "API key alone",
        scopes=tuple(scope.value for scope in operation.scopes),
        parameters=tuple(_parameter(parameter) for parameter in published.get("parameters", ())),
        fields=tuple(_body_fields(operation, document)),
        statuses=tuple((status, answer["description"]) for status, answer in published["responses"].items()),
        request_example=_pretty(operation.request_example),
        answer_example=_pretty(operation.answer_example),
    )


def _parameter(parameter: Json) -> ParameterRow:
    schema = parameter["schema"]
    default = schema.get("default", "")
    return ParameterRow(
        name=parameter["name"],
        place=parameter["in"],
        type=_type_of(schema),
        default=json.dumps(default) if default != "" else "",
        allowed=_allowed(schema),
        summary=parameter.get("description", ""),
    )


def _body_fields(operation: Operation[Any], document: Json) -> Iterator[FieldRow]:
    if operation.body is None:
        return
    components = document["components"]["schemas"]
    yield from _fields(components[operation.body.__name__], components, "", 0)


def _fields(schema: Json, components: Json, path: str, depth: int) -> Iterator[FieldRow]:
    if depth > _MAX_DEPTH:
        return
    for name, field in schema.get("properties", {}).items():
        resolved = _resolved(field, components)
        here = f"{path}.{name}" if path else name
        items = _resolved(resolved.get("items", {}), components)
        inner, suffix = (items, "[]") if items.get("properties") else (resolved, "")
        if inner.get("properties"):
            yield from _fields(inner, components, here + suffix, depth + 1)
        else:
            allowed = _allowed(resolved) or _allowed(items)
            yield FieldRow(here, _type_of(resolved), name in schema.get("required", ()), allowed)


def _resolved(schema: Json, components: Json) -> Json:
    if "$ref" not in schema:
        return schema
    found: Json = components[schema["$ref"].rpartition("/")[2]]
    return found


def _type_of(schema: Json) -> str:
    if "format" in schema:
        return str(schema["format"])
    if "type" in schema:
        return "list" if schema["type"] == "array" else str(schema["type"])
    if "anyOf" in schema:
        return " or ".join(_type_of(item) for item in schema["anyOf"])
    return "string" if "enum" in schema else "object"


def _allowed(schema: Json) -> str:
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if "items" in schema:
        return _allowed(schema["items"])
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}"
    return ""


def _pretty(example: object) -> str:
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)
