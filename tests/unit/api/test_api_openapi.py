"""The published document and its page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from datadog_api_client.v2.api import error_tracking_api, key_management_api, teams_api, users_api

from errata.api.build import documents
from errata.api.docs import code_spans
from errata.api.operations import OPERATIONS

PAGES = documents("1.2.3")
DOCUMENT = json.loads(PAGES["/api/openapi.json"].body)


def resolved(schema: dict[str, object]) -> dict[str, object]:
    return {"$defs": {}, **schema, "components": DOCUMENT["components"]}


def test_every_schema_is_one():
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_every_reference_leads_somewhere():
    text = PAGES["/api/openapi.json"].body.decode()

    for name in re.findall(r'"#/components/schemas/(\w+)"', text):
        assert name in DOCUMENT["components"]["schemas"]
    assert "x-items" not in text


def test_a_fuzzer_can_read_the_document():
    schema = schemathesis.openapi.from_dict(DOCUMENT)

    assert len(list(schema.get_all_operations())) == len(OPERATIONS)


def test_operation_ids_and_places_are_unique():
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_parameters_in_the_path_are_declared(operation):
    in_path = {parameter.name for parameter in operation.parameters if parameter.in_path}

    assert in_path == set(re.findall(r"{(\w+)}", operation.path))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_examples_fit_their_schemas(operation):
    published = DOCUMENT["paths"][operation.path][operation.method.lower()]
    places = []
    if operation.request_example is not None:
        msgspec.convert(operation.request_example, operation.body)
        places.append((operation.request_example, published["requestBody"]["content"]["application/json"]["schema"]))
    if operation.answer_example is not None:
        content = published["responses"][str(operation.status)]["content"][operation.style.content_type]
        places.append((operation.answer_example, content["schema"]))

    for example, schema in places:
        jsonschema_rs.validate(resolved(schema), example)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_access_and_refusals_are_published(operation):
    published = DOCUMENT["paths"][operation.path][operation.method.lower()]

    keys, bearer = published["security"]
    assert "apiKeyAuth" in keys
    assert bearer == {"bearerAuth": [scope.value for scope in operation.scopes]}
    assert {"403", "429", "500", "503"} <= set(published["responses"])
    assert ("400" in published["responses"]) or operation.body is None


def test_methods_and_paths_are_those_of_the_official_client():
    known = {}
    for module, name in (
        (error_tracking_api, "ErrorTrackingApi"),
        (users_api, "UsersApi"),
        (teams_api, "TeamsApi"),
        (key_management_api, "KeyManagementApi"),
    ):
        for endpoint in vars(getattr(module, name)()).values():
            settings = getattr(endpoint, "settings", None)
            if settings:
                known[settings["operation_id"]] = (settings["http_method"], settings["endpoint_path"])

    def in_client(name: str) -> str:
        words = name.replace("APIKey", "ApiKey").replace("ApiKeys", "ApiKeys")
        return re.sub(r"(?<!^)(?=[A-Z])", "_", words).lower()

    compared = [operation for operation in OPERATIONS if in_client(operation.name) in known]
    assert len(compared) >= 18
    for operation in compared:
        assert known[in_client(operation.name)] == (operation.method, operation.path), operation.name


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                assert value not in self.ids
                self.ids.add(value)
            if name in ("href", "src"):
                self.targets.append(value)
            assert not name.startswith("on")
            assert name != "style"


def test_the_page_shows_every_operation_and_fetches_nothing_from_elsewhere():
    page = PAGES["/api/docs"]
    links = _Links()
    links.feed(page.body.decode())

    assert {operation.name for operation in OPERATIONS} <= links.ids
    assert "script" not in links.tags
    assert all(target.startswith(("/", "#")) for target in links.targets)
    assert all(target[1:] in links.ids for target in links.targets if target.startswith("#"))
    assert dict(page.headers)["Content-Security-Policy"].startswith("default-src 'none'")
    assert b"data.attributes.order_by" in page.body
    assert b"error_tracking_write" in page.body


def test_names_in_descriptions_are_shown_as_code():
    page = PAGES["/api/docs"].body.decode()

    assert "<code>DD-API-KEY</code>" in page
    assert "`" not in page


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("put in `a<b>`; & more", "put in <code>a&lt;b&gt;</code>; &amp; more"),
        ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ("one ` alone", "one ` alone"),
        ("<script>`</script>`", "&lt;script&gt;<code>&lt;/script&gt;</code>"),
    ],
)
def test_code_spans_are_escaped(text, html):
    assert code_spans(text) == html


def test_the_descriptions_need_no_key(call):
    for path, kind in (
        ("/api/openapi.json", "application/json"),
        ("/api/docs", "text/html; charset=utf-8"),
        ("/api/docs.css", "text/css; charset=utf-8"),
    ):
        response = call("GET", path, {})

        assert response.status_code == 200
        assert response.headers["content-type"] == kind
