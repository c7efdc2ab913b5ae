"""Case types and custom attributes through the official client."""

from __future__ import annotations

from uuid import uuid4

import pytest
from datadog_api_client.exceptions import ApiException

pytest_plugins = ["official_client", "case_contract"]

UNKNOWN = "67d80aa3-36ff-44b9-a694-c501a7591737"
STANDARD = "00000000-0000-0000-0000-000000000001"
BUILTIN = ["Standard", "Event Management", "Security", "Change Request", "Error Tracking", "Logs Optimization Insights"]


def typing(**attributes: object) -> dict[str, object]:
    return {"data": {"type": "case_type", "attributes": attributes}}


def defining(**attributes: object) -> dict[str, object]:
    given = {"display_name": "Region", "is_multi": True, "key": f"k{uuid4().hex[:9]}", "type": "TEXT"} | attributes
    return {"data": {"type": "custom_attribute", "attributes": given}}


def redefining(**attributes: object) -> dict[str, object]:
    return {"data": {"type": "custom_attribute", "attributes": attributes}}


@pytest.fixture
def case_type(cases):
    return cases("CreateCaseType", typing(name="Fault", description="Reported", emoji="🐞"))["data"]


@pytest.fixture
def make_case(cases):
    """Creates a case of a type in a project of its own."""
    project = {"data": {"type": "project", "attributes": {"key": "T" + uuid4().hex[:9], "name": "Types"}}}
    project_id = cases("CreateProject", project)["data"]["id"]

    def make(type_id: str, **attributes: object) -> dict[str, object]:
        given = {"title": "Checkout slow", "type_id": type_id} | attributes
        to_project = {"project": {"data": {"id": project_id, "type": "project"}}}
        return cases("CreateCase", {"data": {"type": "case", "attributes": given, "relationships": to_project}})["data"]

    return make


def refusal(call) -> tuple[int, object]:
    with pytest.raises(ApiException) as refused:
        call()
    [error] = refused.value.body["errors"]
    return refused.value.status, error


def test_recorded_type_is_created_field_by_field(cases, contract):
    example = contract.example("CreateCaseType")
    wanted = example["responses"]["201"]["data"]

    made = cases("CreateCaseType", example["request_body"])["data"]

    assert made == wanted | {"id": made["id"]}
    assert list(made["attributes"]) == sorted(made["attributes"])
    assert made in cases("GetAllCaseTypes")["data"]


def test_built_in_types_come_first_as_recorded(cases, contract):
    found = cases("GetAllCaseTypes")["data"][:6]

    assert [one["attributes"]["name"] for one in found] == BUILTIN
    assert [one["id"][-2:] for one in found] == ["01", "02", "03", "04", "05", "07"]
    assert all(one["attributes"]["internal"] and one["attributes"]["emoji"] == "" for one in found)
    standard = contract.example("GetAllCaseTypes")["responses"]["200"]["data"][0]
    assert found[0] == standard
    statuses = found[3]["attributes"]["statuses_config"]
    assert {group: [each["name"] for each in one["status_options"]] for group, one in statuses.items()} == {
        "open": ["Open"],
        "in_progress": ["Pending Approval", "Approved", "Implementing"],
        "closed": ["Completed", "Cancelled", "Declined"],
    }
    assert [one["default"] for one in statuses.values()] == ["Open", "Pending Approval", "Completed"]


def test_change_touches_what_it_names(cases, contract, case_type):
    after = cases("UpdateCaseType", contract.example("UpdateCaseType")["request_body"], case_type_id=case_type["id"])

    wanted = case_type | {"attributes": case_type["attributes"] | {"name": "Customer fault"}}
    assert after["data"] == wanted
    without = cases(
        "UpdateCaseType", typing(name="Customer fault", emoji="", description=""), case_type_id=case_type["id"]
    )
    assert without["data"]["attributes"] == wanted["attributes"] | {"emoji": "", "description": ""}


def test_deleted_type_stays_listed_keeps_its_cases_and_takes_no_new_ones(cases, case_type, make_case):
    made = make_case(case_type["id"])

    assert cases("DeleteCaseType", case_type_id=case_type["id"]) is None
    assert cases("DeleteCaseType", case_type_id=case_type["id"]) is None

    [listed] = [one for one in cases("GetAllCaseTypes")["data"] if one["id"] == case_type["id"]]
    assert listed["attributes"].pop("deleted_at").endswith("Z")
    assert listed == case_type
    assert cases("GetCase", case_id=made["id"])["data"]["attributes"]["type_id"] == case_type["id"]
    assert refusal(lambda: make_case(case_type["id"]))[0] == 400
    assert refusal(lambda: cases("UpdateCaseType", typing(name="x"), case_type_id=case_type["id"]))[0] == 400


def test_type_that_is_not_there_cannot_be_changed_and_may_be_deleted(cases):
    not_found = {"code": "resource_not_found", "title": "case_type not found"}

    assert refusal(lambda: cases("UpdateCaseType", typing(name="x"), case_type_id=UNKNOWN)) == (404, not_found)
    assert cases("DeleteCaseType", case_type_id=UNKNOWN) is None


def test_built_in_types_are_not_for_changing(cases):
    for call in (
        lambda: cases("UpdateCaseType", typing(name="Mine"), case_type_id=STANDARD),
        lambda: cases("DeleteCaseType", case_type_id=STANDARD),
    ):
        status, told = refusal(call)
        assert (status, told) == (403, "Forbidden: the case type Standard is built in and stays as it is")


@pytest.mark.parametrize(
    ("attributes", "place"),
    [
        ({"name": "Fault", "emoji": "notanemoji"}, "data.attributes.emoji"),
        ({"name": "Fault", "emoji": "🐞🐞"}, "data.attributes.emoji"),
        ({"name": ""}, "data.attributes.name"),
        ({"name": "x" * 101}, "data.attributes.name"),
        ({"name": "Fault", "description": "x" * 1001}, "data.attributes.description"),
        ({"name": "Fault\x07"}, "data.attributes.name"),
    ],
)
def test_type_that_cannot_be_created_is_refused_with_the_place(cases, attributes, place):
    status, error = refusal(lambda: cases("CreateCaseType", typing(**attributes)))

    assert (status, error["status"], error["title"]) == (400, "400", "Bad Request")
    assert error["detail"].startswith(f"{place}: ")


def test_recorded_definition_is_created_and_listed_field_by_field(cases, contract, case_type):
    example = contract.example("CreateCustomAttributeConfig")
    wanted = example["responses"]["201"]["data"]
    wanted["attributes"]["case_type_id"] = case_type["id"]
    assert cases("GetAllCustomAttributeConfigsByCaseType", case_type_id=case_type["id"]) == {"data": []}

    made = cases("CreateCustomAttributeConfig", example["request_body"], case_type_id=case_type["id"])["data"]

    assert made == wanted | {"id": made["id"]}
    assert list(made["attributes"]) == sorted(made["attributes"])
    assert cases("GetAllCustomAttributeConfigsByCaseType", case_type_id=case_type["id"]) == {"data": [made]}
    assert made in cases("GetAllCustomAttributes")["data"]


def test_recorded_change_of_a_definition_is_answered_field_by_field(cases, contract, case_type):
    example = contract.example("UpdateCustomAttributeConfig")
    made = cases("CreateCustomAttributeConfig", defining(description="Cloud region of the fault", key="region"),
                 case_type_id=case_type["id"])["data"]  # fmt: skip

    after = cases(
        "UpdateCustomAttributeConfig",
        example["request_body"],
        case_type_id=case_type["id"],
        custom_attribute_id=made["id"],
    )["data"]

    wanted = example["responses"]["200"]["data"]
    wanted["id"], wanted["attributes"]["case_type_id"] = made["id"], case_type["id"]
    assert after == wanted


def test_attributes_of_built_in_types_tell_the_old_name_of_the_type(cases):
    made = cases("CreateCustomAttributeConfig", defining(), case_type_id=STANDARD)["data"]

    assert (made["attributes"]["case_type"], made["attributes"]["case_type_id"]) == ("STANDARD", STANDARD)
    assert "description" not in made["attributes"]
    cases("DeleteCustomAttributeConfig", case_type_id=STANDARD, custom_attribute_id=made["id"])


def test_select_has_options_and_cases_take_one_of_them(cases, case_type, make_case):
    type_id = case_type["id"]
    made = cases("CreateCustomAttributeConfig", defining(key="size", is_multi=False), case_type_id=type_id)["data"]
    case = make_case(type_id)

    options = {"options": [{"value": "small"}, {"value": "large"}]}
    after = cases(
        "UpdateCustomAttributeConfig",
        redefining(type="SELECT", type_data=options, map_from="jira.size"),
        case_type_id=type_id,
        custom_attribute_id=made["id"],
    )["data"]["attributes"]

    assert (after["type"], after["type_data"], after["map_from"]) == ("SELECT", options, "jira.size")

    def set_to(value: str) -> dict[str, object]:
        given = {"type": "SELECT", "is_multi": False, "value": value}
        body = {"data": {"type": "case", "attributes": given}}
        answer = cases("UpdateCaseCustomAttribute", body, case_id=case["id"], custom_attribute_key="size")
        return answer["data"]["attributes"]["custom_attributes"]

    assert set_to("small") == {"size": {"type": "SELECT", "is_multi": False, "value": "small"}}
    status, error = refusal(lambda: set_to("medium"))
    assert (status, error["title"]) == (400, "Bad Request")
    assert "small, large" in error["detail"]


def test_deleted_definition_hides_its_values_and_frees_its_key(cases, case_type, make_case):
    type_id = case_type["id"]
    made = cases("CreateCustomAttributeConfig", defining(key="size", is_multi=False), case_type_id=type_id)["data"]
    case = make_case(type_id, custom_attributes={"size": {"type": "TEXT", "is_multi": False, "value": "small"}})
    assert case["attributes"]["custom_attributes"]["size"]["value"] == "small"

    for _ in range(2):
        assert cases("DeleteCustomAttributeConfig", case_type_id=type_id, custom_attribute_id=made["id"]) is None

    def shown() -> object:
        return cases("GetCase", case_id=case["id"])["data"]["attributes"]["custom_attributes"]

    assert shown() == {}
    assert cases("GetAllCustomAttributeConfigsByCaseType", case_type_id=type_id) == {"data": []}
    cases("CreateCustomAttributeConfig", defining(key="size", is_multi=False), case_type_id=type_id)
    assert shown() == {}


def test_definitions_are_found_under_their_own_type_only(cases, case_type):
    other = cases("CreateCaseType", typing(name="Other"))["data"]["id"]
    made = cases("CreateCustomAttributeConfig", defining(), case_type_id=case_type["id"])["data"]
    not_found = {"code": "resource_not_found", "title": "custom attribute configuration not found"}

    def update(type_id: str, attribute_id: str) -> object:
        body = redefining(display_name="x")
        return cases("UpdateCustomAttributeConfig", body, case_type_id=type_id, custom_attribute_id=attribute_id)

    assert refusal(lambda: update(other, made["id"])) == (404, not_found)
    assert refusal(lambda: update(case_type["id"], UNKNOWN)) == (404, not_found)
    assert refusal(lambda: update(UNKNOWN, made["id"]))[1]["title"] == "case_type not found"
    assert cases("DeleteCustomAttributeConfig", case_type_id=other, custom_attribute_id=made["id"]) is None
    assert cases("GetAllCustomAttributeConfigsByCaseType", case_type_id=case_type["id"]) == {"data": [made]}


def test_recorded_refusals_of_definitions(cases, contract, raw, case_type):
    recorded = contract.example("CreateCustomAttributeConfig")["responses"]

    unknown = refusal(lambda: cases("CreateCustomAttributeConfig", defining(), case_type_id=UNKNOWN))
    status, error = refusal(
        lambda: cases("CreateCustomAttributeConfig", defining(type="FLOAT"), case_type_id=case_type["id"])
    )
    path = f"/api/v2/cases/types/{case_type['id']}/custom_attributes/not-an-uuid"
    malformed = raw("DELETE", path)

    assert unknown == (404, recorded["404"]["errors"][0])
    assert (status, error["status"], error["title"]) == (400, "400", "Bad Request")
    assert "URL, TEXT, NUMBER, SELECT" in error["detail"]
    assert malformed.status == 400
    assert malformed.json() == contract.example("DeleteCustomAttributeConfig")["responses"]["400"]


@pytest.mark.parametrize(
    ("attributes", "place"),
    [
        ({"key": "service"}, "data.attributes.key"),
        ({"key": "Priority"}, "data.attributes.key"),
        ({"key": "a b"}, "data.attributes.key"),
        ({"key": ""}, "data.attributes.key"),
        ({"key": "TAKEN"}, "data.attributes.key"),
        ({"display_name": ""}, "data.attributes.display_name"),
        ({"is_multi": "yes"}, "data.attributes.is_multi"),
        ({"description": "x" * 1001}, "data.attributes.description"),
        ({"type_data": {"options": [{"value": "a"}]}}, "data.attributes.type_data.options"),
        (
            {"type": "SELECT", "type_data": {"options": [{"value": "a"}, {"value": "a"}]}},
            "data.attributes.type_data.options[1].value",
        ),
    ],
)
def test_definition_that_cannot_be_created_is_refused_with_the_place(raw, published, case_type, attributes, place):
    path = "/api/v2/cases/types/{case_type_id}/custom_attributes"
    address = path.format(case_type_id=case_type["id"])
    assert raw("POST", address, defining(key="taken")).status == 201

    refused = raw("POST", address, defining(**attributes))

    published("POST", path, refused)
    [error] = refused.json()["errors"]
    assert (refused.status, error["title"]) == (400, "Bad Request")
    assert error["detail"].startswith(f"{place}: ")


def test_change_that_the_documents_show_is_taken(cases, case_type):
    made = cases("CreateCustomAttributeConfig", defining(), case_type_id=case_type["id"])["data"]
    shown = redefining(
        description="Updated description.",
        display_name="AWS Region",
        type="NUMBER",
        type_data={"options": [{"value": "us-east-1"}]},
    )

    after = cases("UpdateCustomAttributeConfig", shown, case_type_id=case_type["id"], custom_attribute_id=made["id"])[
        "data"
    ]["attributes"]

    wanted = {"description": "Updated description.", "display_name": "AWS Region", "type": "NUMBER"}
    assert after == made["attributes"] | wanted


def test_number_that_a_case_has_does_not_become_an_address(cases, case_type):
    number = defining(type="NUMBER", is_multi=False)
    made = cases("CreateCustomAttributeConfig", number, case_type_id=case_type["id"])["data"]
    value = {"type": "NUMBER", "is_multi": False, "value": 4.5}
    given = {"title": "t", "type_id": case_type["id"], "custom_attributes": {made["attributes"]["key"]: value}}
    project = cases("GetProjects")["data"][0]["id"]
    place = {"project": {"data": {"type": "project", "id": project}}}
    cases("CreateCase", {"data": {"type": "case", "attributes": given, "relationships": place}})

    status, error = refusal(
        lambda: cases(
            "UpdateCustomAttributeConfig",
            redefining(type="URL"),
            case_type_id=case_type["id"],
            custom_attribute_id=made["id"],
        )
    )

    assert (status, error["detail"].partition(":")[0]) == (400, "data.attributes.type")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("GetAllCaseTypes", None),
        ("CreateCaseType", typing(name="x")),
        ("UpdateCaseType", typing(name="x")),
        ("DeleteCaseType", None),
        ("GetAllCustomAttributes", None),
        ("GetAllCustomAttributeConfigsByCaseType", None),
        ("CreateCustomAttributeConfig", defining()),
        ("UpdateCustomAttributeConfig", redefining(display_name="x")),
        ("DeleteCustomAttributeConfig", None),
    ],
)
def test_key_without_the_scope_may_not(server, contract, raw, cut_key, case_type, name, body):
    operation = contract.operations[name]
    path = operation["path"].format(case_type_id=case_type["id"], custom_attribute_id=UNKNOWN)
    keys = {"DD-API-KEY": server.api_key, "DD-APPLICATION-KEY": cut_key}

    refused = raw(operation["method"], path, body, keys)
    nobody = raw(operation["method"], path, body, {})

    scope = "cases_read" if operation["method"] == "GET" else "cases_shared_settings_write"
    assert refused.status == 403
    assert refused.json()["errors"][0].startswith(f"Forbidden: This needs the scope {scope}")
    assert nobody.status == 401
    contract.check(name, refused)
    contract.check(name, nobody)
