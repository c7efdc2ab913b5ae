"""Every operation on cases through the official client, each answer held against the public contract.

One table walks them all, another the refusals that all have in common, and recorded calls come back field by field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.case_management_api import CaseManagementApi
from datadog_api_client.v2.model.timeline_response import TimelineResponse

pytest_plugins = ["official_client", "case_contract"]

UNKNOWN = "67d80aa3-36ff-44b9-a694-c501a7591737"
STANDARD = "00000000-0000-0000-0000-000000000001"


def of_case(**attributes: object) -> dict[str, Any]:
    return {"data": {"type": "case", "attributes": attributes}}


def new_case(project: str = "{project}", **attributes: object) -> dict[str, Any]:
    body = of_case(**({"title": "Checkout slow", "type_id": STANDARD} | attributes))
    body["data"]["relationships"] = {"project": {"data": {"id": project, "type": "project"}}}
    return body


def new_project(key: str) -> dict[str, Any]:
    return {"data": {"type": "project", "attributes": {"key": key, "name": "Web shop"}}}


def new_attribute(**attributes: object) -> dict[str, Any]:
    given = {"display_name": "Region", "key": "region", "type": "TEXT", "is_multi": True} | attributes
    return {"data": {"type": "custom_attribute", "attributes": given}}


EMPTY = {"data": {"type": "case"}}
PROJECT, TYPE, CASE = {"project_id": "{project}"}, {"case_type_id": "{type}"}, {"case_id": "{case}"}
REGION = CASE | {"custom_attribute_key": "region"}
AGGREGATE = {"group_by": {"groups": ["status", "priority"], "limit": 10}, "query_filter": "project:{key}"}
BULK = {"case_ids": ["{case}", "{other_case}"], "type": "priority", "payload": {"priority": "P1"}}

WALK: tuple[tuple[str, Mapping[str, object], object, str], ...] = (
    # operation, parameters, body, under which name to remember the id that came back
    ("CreateProject", {}, new_project("{key}"), "project"),
    ("CreateProject", {}, new_project("{other_key}"), "other_project"),
    ("GetProjects", {}, None, ""),
    ("GetProject", PROJECT, None, ""),
    ("UpdateProject", PROJECT, {"data": {"type": "project", "attributes": {"name": "Web shop EU"}}}, ""),
    ("FavoriteCaseProject", PROJECT, None, ""),
    ("ListUserCaseProjectFavorites", {}, None, ""),
    ("UnfavoriteCaseProject", PROJECT, None, ""),
    ("CreateCaseType", {}, {"data": {"type": "case_type", "attributes": {"name": "Fault", "emoji": "\N{BUG}"}}}, "type"),
    ("UpdateCaseType", TYPE, {"data": {"type": "case_type", "attributes": {"name": "Customer fault"}}}, ""),
    ("GetAllCaseTypes", {}, None, ""),
    ("CreateCustomAttributeConfig", TYPE, new_attribute(), "attribute"),
    ("UpdateCustomAttributeConfig", TYPE | {"custom_attribute_id": "{attribute}"}, {"data": {"type": "custom_attribute", "attributes": {"display_name": "Cloud region"}}}, ""),
    ("GetAllCustomAttributes", {}, None, ""),
    ("GetAllCustomAttributeConfigsByCaseType", TYPE, None, ""),
    ("CreateCase", {}, new_case(type_id="{type}", priority="P4"), "case"),
    ("CreateCase", {}, new_case(type_id="{type}", custom_attributes={"region": {"type": "TEXT", "is_multi": True, "value": ["eu"]}}), "other_case"),
    ("GetCase", CASE, None, ""),
    ("GetCase", {"case_id": "{key}-2"}, None, ""),
    ("UpdateCaseTitle", CASE, of_case(title="Checkout down"), ""),
    ("UpdateCaseDescription", CASE, of_case(description="Since 4.2"), ""),
    ("UpdatePriority", CASE, of_case(priority="P2"), ""),
    ("UpdateStatus", CASE, of_case(status="IN_PROGRESS"), ""),
    ("UpdateStatus", CASE, of_case(status_name="Closed"), ""),
    ("UpdateAttributes", CASE, of_case(attributes={"service": ["web", "api"], "env": ["prod"]}), ""),
    ("UpdateCaseDueDate", CASE, of_case(due_date="2026-12-31"), ""),
    ("UpdateCaseResolvedReason", CASE, of_case(security_resolved_reason="FALSE_POSITIVE"), ""),
    ("AssignCase", CASE, of_case(assignee_id="{me}"), ""),
    ("UnassignCase", CASE, EMPTY, ""),
    ("UpdateCaseCustomAttribute", REGION, of_case(type="TEXT", is_multi=True, value=["eu-west-1", "eu-north-1"]), ""),
    ("DeleteCaseCustomAttribute", REGION, None, ""),
    ("CommentCase", CASE, of_case(comment="Rolled back"), "cell"),
    ("UpdateCaseComment", CASE | {"cell_id": "{cell}"}, of_case(comment="Rolled back to 4.1"), ""),
    ("ListCaseTimeline", CASE | {"page_size": 10, "page_number": 0, "sort_ascending": True}, None, ""),
    ("SearchCases", {"filter": "project:{key} status:closed", "page_size": 2, "page_number": 1, "sort_field": "priority", "sort_asc": True}, None, ""),
    ("CountCases", {"query_filter": "project:{key}", "group_bys": "status,priority", "limit": 5}, None, ""),
    ("AggregateCases", {}, {"data": {"type": "aggregate", "attributes": AGGREGATE}}, ""),
    ("BulkUpdateCases", {}, {"data": {"type": "bulk", "attributes": BULK}}, ""),
    ("DeleteCaseComment", CASE | {"cell_id": "{cell}"}, None, ""),
    ("ArchiveCase", CASE, EMPTY, ""),
    ("UnarchiveCase", CASE, EMPTY, ""),
    ("MoveCaseToProject", CASE, {"data": {"id": "{other_project}", "type": "project"}}, ""),
    ("DeleteCustomAttributeConfig", TYPE | {"custom_attribute_id": "{attribute}"}, None, ""),
    ("DeleteCaseType", TYPE, None, ""),
    ("DeleteProject", PROJECT, None, ""),
)  # fmt: skip
OPERATIONS = tuple(dict.fromkeys(row[0] for row in WALK))


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """The value with `{name}` in its texts replaced by what is known under that name."""
    if isinstance(value, Mapping):
        return {name: filled(inner, known) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, known) for inner in value]
    return re.sub(r"{(\w+)}", lambda found: known[found[1]], value) if isinstance(value, str) else value


@pytest.fixture
def known(raw) -> dict[str, str]:
    """Names for what one test makes: its projects have keys of their own."""
    letters = uuid4().int
    me = raw("GET", "/api/v2/current_user").json()["data"]["id"]
    return {"key": f"A{letters % 10**8}", "other_key": f"B{letters % 10**8}", "me": me}


def walked(cases, known, until: str = "") -> None:
    """Walk the table, up to the first row of an operation if one is named."""
    for name, parameters, body, kept in WALK:
        if name == until:
            return
        answer = cases(name, filled(body, known), **filled(parameters, known))
        if kept:
            data = answer["data"]
            known[kept] = (data[0] if isinstance(data, list) else data)["id"]


def test_every_operation_answers_as_the_contract_says(cases, known):
    walked(cases, known)

    assert cases.called >= set(OPERATIONS)
    assert len(OPERATIONS) == 41


def test_every_operation_of_the_contract_that_is_served_is_walked(raw, contract):
    document = raw("GET", "/api/openapi.json", headers={}).json()
    served = {
        operation["operationId"]
        for path, methods in document["paths"].items()
        for operation in methods.values()
        if path.startswith("/api/v2/cases")
    }

    assert served == set(OPERATIONS)
    assert served <= contract.operations.keys()
    for name in served:
        assert contract.operations[name]["path"] in document["paths"]


def path_of(contract, name: str, known: Mapping[str, str]) -> str:
    names = {
        "project_id": known["project"], "case_type_id": known["type"], "case_id": known["case"],
        "cell_id": known["cell"], "custom_attribute_id": known["attribute"], "custom_attribute_key": "region",
    }  # fmt: skip
    return filled(contract.operations[name]["path"], names)


@pytest.fixture(scope="module")
def there(server, raw, cases) -> dict[str, str]:
    """One of everything, which refusals leave as it is."""
    letters = uuid4().int
    me = raw("GET", "/api/v2/current_user").json()["data"]["id"]
    made = {"key": f"C{letters % 10**8}", "other_key": f"D{letters % 10**8}", "me": me}
    walked(cases, made, until="DeleteCaseComment")
    return made


@pytest.mark.parametrize("name", OPERATIONS)
def test_nobody_is_let_in_without_keys_or_scope(raw, contract, cut_key, there, server, name):
    method, path = contract.operations[name]["method"], path_of(contract, name, there)

    nobody = raw(method, path, headers={})
    lacking = raw(method, path, headers={"DD-API-KEY": server.api_key, "DD-APPLICATION-KEY": cut_key})

    assert (nobody.status, lacking.status) == (401, 403)
    contract.check(name, lacking)
    if "401" in contract.operations[name]["responses"]:
        contract.check(name, nobody)
    [told] = lacking.json()["errors"]
    assert told.startswith("Forbidden: This needs the scope cases_"), "403 has the form of one plain text"


WITH_BODY = [name for name, _, body, _ in {row[0]: row for row in WALK}.values() if body is not None]


@pytest.mark.parametrize("name", WITH_BODY)
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the request needs a JSON body"),
        (b"{", "the body is not JSON"),
        ({"data": {}}, "data.type: required"),
        ({"data": {"type": "wrong", "id": UNKNOWN}}, 'got type "wrong" expected one of "'),
    ],
    ids=["none", "no JSON", "no type", "wrong type"],
)
def test_a_wrong_body_is_told_in_recorded_form(raw, contract, there, name, body, detail):
    answer = raw(contract.operations[name]["method"], path_of(contract, name, there), body)

    contract.check(name, answer)
    first = answer.json()["errors"][0]
    assert (answer.status, first["status"], first["title"]) == (400, "400", "Bad Request")
    assert first["detail"].startswith(detail)


@pytest.mark.parametrize("name", [name for name, given, _, _ in WALK if "case_id" in given])
def test_a_case_that_is_not_known_is_not_found(cases, there, name):
    [row] = [row for row in WALK if row[0] == name][:1]
    given = filled(row[1], there) | {"case_id": UNKNOWN}

    with pytest.raises(ApiException) as refused:
        cases(name, filled(row[2], there), **given)

    assert refused.value.status == 404
    assert refused.value.body == {"errors": [{"code": "resource_not_found", "title": "case not found"}]}


@pytest.mark.parametrize(
    ("name", "id_", "status"),
    [
        ("DeleteProject", "x", 404), ("DeleteCaseType", "x", 204), ("DeleteCaseType", UNKNOWN, 204),
        ("GetAllCustomAttributeConfigsByCaseType", "x", 400), ("GetAllCustomAttributeConfigsByCaseType", UNKNOWN, 400),
    ],
)  # fmt: skip
def test_an_id_that_names_nothing_is_answered_as_documented(raw, contract, name, id_, status):
    operation = contract.operations[name]

    answer = raw(operation["method"], re.sub(r"{\w+}", id_, operation["path"]))

    contract.check(name, answer)
    assert answer.status == status


RECORDED_REFUSALS = (
    ("CreateCase", 400, {}, {"data": {"type": "case", "attributes": {"title": "t", "type_id": STANDARD}, "relationships": {
        "project": {"data": {"id": UNKNOWN, "type": "project"}}, "assignee": {"data": {"id": UNKNOWN, "type": "userx"}}}}}),
    ("CreateCase", 404, {}, new_case(UNKNOWN)),
    ("ArchiveCase", 400, CASE, {"data": {"type": "project"}}),
    ("UnarchiveCase", 400, CASE, {"data": {"type": "project"}}),
    ("UnassignCase", 400, CASE, {"data": {"type": "project"}}),
    ("AssignCase", 400, CASE, of_case(assignee_id="invalid-uuid")),
    ("CommentCase", 400, CASE, of_case(comment="")),
    ("UpdateCaseTitle", 400, CASE, of_case(title="")),
    ("UpdateAttributes", 400, CASE, of_case(attributes={"service": "web-store"})),
    ("UpdatePriority", 400, CASE, of_case(priority="P1234")),
    ("UpdateStatus", 400, CASE, of_case(status="OPENED")),
    ("UpdateCaseCustomAttribute", 400, REGION, of_case(type="FLOAT", is_multi=True, value=["a"])),
    ("UpdateCaseCustomAttribute", 404, CASE | {"custom_attribute_key": "invalid_key"}, of_case(type="TEXT", is_multi=True, value=["a"])),
    ("DeleteCaseCustomAttribute", 404, CASE | {"custom_attribute_key": "invalid_key"}, None),
    ("DeleteCaseComment", 400, CASE | {"cell_id": "not-an-uuid"}, None),
)  # fmt: skip


@pytest.mark.parametrize(("name", "status", "given", "body"), RECORDED_REFUSALS, ids=lambda value: str(value)[:30])
def test_recorded_refusals_come_word_for_word(raw, contract, there, name, status, given, body):
    path = filled(contract.operations[name]["path"], filled(given, there))

    answer = raw(contract.operations[name]["method"], path, filled(body, there) if body else None)

    contract.check(name, answer)
    assert answer.status == status
    [recorded] = contract.example(name)["responses"][str(status)]["errors"]
    [told] = answer.json()["errors"]
    # Where the real service says no more than that the request is bad, ours says why.
    assert told == {"detail": told.get("detail")} | recorded if "detail" in told else told == recorded


RECORDED = ("CreateCase", "GetCase", "ArchiveCase", "UnarchiveCase", "AssignCase", "UnassignCase", "UpdateAttributes",
            "CommentCase", "UpdateCaseCustomAttribute", "DeleteCaseCustomAttribute", "UpdateCaseDescription",
            "UpdatePriority", "UpdateStatus", "UpdateCaseTitle")  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_answers_come_back_field_by_field(cases, contract, there, raw, name):
    example = contract.example(name)
    [recorded] = [body for status, body in example["responses"].items() if status.startswith("2")]
    custom = "custom_attribute_key" in example.get("path_params", {})
    attributes = {
        "title": "Checkout slow after deploy",
        "priority": "P4",
        "type_id": there["type"] if custom else STANDARD,
    }
    case = cases("CreateCase", filled(new_case(**attributes), there))["data"]["id"]
    pending = raw(
        "POST", "/api/v2/users", {"data": {"type": "users", "attributes": {"email": f"{uuid4().hex}@errata.example"}}}
    )
    body = example.get("request_body")
    if body and "relationships" in body["data"]:
        body["data"]["relationships"]["project"]["data"]["id"] = there["project"]
        body["data"]["relationships"]["assignee"]["data"]["id"] = pending.json()["data"]["id"]
    if body and "assignee_id" in body["data"].get("attributes", {}):
        body["data"]["attributes"]["assignee_id"] = pending.json()["data"]["id"]
    in_path = example.get("path_params", {})
    given = in_path | ({"case_id": case} if in_path else {})

    answer = cases(name, body, **given)

    assert normal(answer) == normal(recorded)


def test_recorded_pages_come_back_field_by_field(cases, contract, there):
    recorded = contract.example("SearchCases")["responses"]["200"]
    made = [cases("CreateCase", filled(new_case(), there))["data"]["id"] for _ in range(3)]
    for case in made:
        cases("UpdateStatus", of_case(status="CLOSED"), case_id=case)
    asked = {"filter": f"project:{there['key']} type:standard status:closed", "page_size": 2}

    first, second = (cases("SearchCases", page_number=number, **asked) for number in (1, 2))

    assert first["meta"] == recorded["meta"]
    assert second["meta"] == {"total_cases": 3, "page": {"current": 2, "size": 1, "total": 2}}
    assert [case["id"] for case in first["data"] + second["data"]] == made[::-1]
    attributes = recorded["data"][0]["attributes"]
    assert first["data"][0]["attributes"].keys() == attributes.keys()
    author = normal(first["data"][0]["attributes"]["created_by_author"])
    assert author == normal(attributes["created_by_author"])
    assert first["data"][0]["relationships"].keys() == {"created_by", "project"}
    assert normal(first["included"]) == normal(recorded["included"])
    assert cases("SearchCases", page_number=0, **asked)["data"] == first["data"]


def test_the_clients_own_pager_reads_every_case_once(client, cases, there):
    made = {cases("CreateCase", filled(new_case(title="Paged"), there))["data"]["id"] for _ in range(5)}

    pages = CaseManagementApi(client).search_cases_with_pagination(
        filter=f"project:{there['key']} title:paged", page_size=2
    )

    read = [case.id for case in pages]
    assert (len(read), set(read)) == (5, made)


def test_the_client_reads_cells_of_kinds_that_it_does_not_know(client, raw, cases, there):
    case = cases("CreateCase", filled(new_case(), there))["data"]["id"]
    cases("UpdatePriority", of_case(priority="P1"), case_id=case)
    [comment] = cases("CommentCase", of_case(comment="Seen"), case_id=case)["data"]
    everything = raw("GET", f"/api/v2/cases/{case}/timelines?cell_types=all")

    read = client.deserialize(everything.body.decode(), (TimelineResponse,), True)

    assert len(read.data) == 3
    assert read.data[0].id == comment["id"]
    assert read.data[0].attributes.cell_content.message == "Seen"
    assert [cell["attributes"]["type"] for cell in everything.json()["data"][1:]] == ["PRIORITY_CHANGED", "CREATED"]


def normal(value: Any, ids: dict[str, str] | None = None) -> Any:
    """The value with ids told by the order in which they come, and times, keys, numbers and people's texts by kind."""
    ids = {} if ids is None else ids
    if isinstance(value, list):
        return [normal(item, ids) for item in value]
    if isinstance(value, dict):
        # Recorded authors name their id once, the documents by another name: ours have both.
        kept = {name: inner for name, inner in value.items() if not (name == "id" and "ID" in value)}
        return {name: _kind(name, inner) or normal(inner, ids) for name, inner in sorted(kept.items())}
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        return ids.setdefault(value, f"id {len(ids)}")
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}(\.\d{1,9})?Z", value):
        return "time"
    return value


def _kind(name: str, value: object) -> str | None:
    if name in ("email", "handle", "key", "public_id") and isinstance(value, str):
        return f"some {name}"
    if name == "name":
        return "some name" if value else "no name"
    return None
