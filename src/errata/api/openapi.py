"""The published description of the API, OpenAPI 3.1, made from the table of operations. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from errata.api.errors import APIErrorResponse, CaseErrorResponse, JSONAPIErrorResponse
from errata.api.issue_json import IssueResource, IssueTeam, IssueUser
from errata.api.jsonapi import COMPONENT, ITEMS
from errata.api.operation import Needs, Operation, Parameter, Style

Json = dict[str, Any]

_ROOTS: tuple[type, ...] = (
    APIErrorResponse,
    JSONAPIErrorResponse,
    CaseErrorResponse,
    IssueResource,
    IssueUser,
    IssueTeam,
)
"""Types that are named by reference only (in `included`), and those of errors."""
_ERRORS: Mapping[Style, type] = {
    Style.JSON_API: JSONAPIErrorResponse,
    Style.CASES: CaseErrorResponse,
    Style.PLAIN: APIErrorResponse,
}
_ALWAYS = (413, 500, 503)
_TEXT_ONLY = (401, 403, 429)
_RATE_LIMIT_HEADERS = ("Retry-After", "X-RateLimit-Limit", "X-RateLimit-Period", "X-RateLimit-Remaining",
                       "X-RateLimit-Reset", "X-RateLimit-Name")  # fmt: skip

_SECURITY_SCHEMES: Json = {
    "apiKeyAuth": {"type": "apiKey", "in": "header", "name": "DD-API-KEY"},
    "appKeyAuth": {"type": "apiKey", "in": "header", "name": "DD-APPLICATION-KEY"},
    "bearerAuth": {"type": "http", "scheme": "bearer"},
}
_DESCRIPTION = (
    "The Error Tracking API and what belongs to it, as the official Datadog clients expect it: point a client at this "
    "server and it works unchanged. Send an API key in `DD-API-KEY` and an application key in `DD-APPLICATION-KEY`, "
    "or a token as `Authorization: Bearer`."
)


def document(operations: Sequence[Operation[Any]], version: str) -> Json:
    """The whole document. `version` is the server's."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Errata API",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": _paths(operations),
        "components": {"schemas": _schemas(operations), "securitySchemes": _SECURITY_SCHEMES},
    }


def schema_name(type_: type) -> str:
    """The name under which the document's components keep a type."""
    return type_.__name__


def _paths(operations: Iterable[Operation[Any]]) -> Json:
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return paths


def _operation(operation: Operation[Any]) -> Json:
    out: Json = {"operationId": operation.name, "tags": [operation.tag], "summary": operation.summary}
    if operation.description:
        out["description"] = operation.description
    if operation.parameters:
        out["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        content: Json = {"schema": _ref(operation.body)}
        if operation.request_example is not None:
            content["example"] = operation.request_example
        out["requestBody"] = {"required": True, "content": {"application/json": content}}
    out["responses"] = _responses(operation)
    out["security"] = _security(operation)
    return out


def _parameter(parameter: Parameter[Any]) -> Json:
    out: Json = {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "query",
        "required": parameter.in_path,
        "schema": dict(parameter.schema),
    }
    if parameter.summary:
        out["description"] = parameter.summary
    if parameter.is_list:
        out |= {"style": "form", "explode": False}
    return out


def _responses(operation: Operation[Any]) -> Json:
    success: Json = {"description": HTTPStatus(operation.status).phrase}
    if operation.answer is not None:
        content: Json = {"schema": _ref(operation.answer)}
        if operation.answer_example is not None:
            content["example"] = operation.answer_example
        success["content"] = {operation.style.content_type: content}
    errors = sorted({*operation.errors, *_ALWAYS} - (set() if operation.body is not None else {413}))
    return {str(operation.status): success} | {str(status): _error(status, operation.style) for status in errors}


def _error(status: int, style: Style) -> Json:
    schema = _ref(APIErrorResponse if status in _TEXT_ONLY else _ERRORS[style])
    out: Json = {"description": HTTPStatus(status).phrase, "content": {style.content_type: {"schema": schema}}}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        out["headers"] = {name: {"schema": {"type": "string"}} for name in _RATE_LIMIT_HEADERS}
    return out


def _security(operation: Operation[Any]) -> list[Json]:
    keys: Json = {"apiKeyAuth": []}
    if operation.needs is Needs.USER:
        keys["appKeyAuth"] = []
    return [keys, {"bearerAuth": [scope.value for scope in operation.scopes]}]


def _schemas(operations: Iterable[Operation[Any]]) -> Mapping[str, Any]:
    named = [type_ for operation in operations for type_ in (operation.body, operation.answer) if type_ is not None]
    types = list(dict.fromkeys([*_ROOTS, *named]))
    _, components = msgspec.json.schema_components(types, ref_template=COMPONENT)
    return {name: _cleaned(schema) for name, schema in sorted(components.items())}


def _cleaned(schema: Any) -> Any:
    """The schema as it is published: docstrings on one line, no titles that repeat a component's name."""
    if isinstance(schema, list):
        return [_cleaned(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: _cleaned(value) for key, value in schema.items() if key != "title" or not isinstance(value, str)}
    if ITEMS in out:
        out["items"] = out.pop(ITEMS)
    if isinstance(out.get("description"), str):
        out["description"] = " ".join(out["description"].split())
    if "enum" in out and "type" not in out:
        out["type"] = "string"
    return out


def _ref(type_: type) -> Json:
    return {"$ref": COMPONENT.format(name=schema_name(type_))}
