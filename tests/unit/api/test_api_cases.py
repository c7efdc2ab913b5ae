"""Cases by the API: every field of an answer, what changes, and what is refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from case_calls import CASES, JSON, NO_CASE, NOW, STANDARD, UNKNOWN, bad, error, new_case


class TestOneCase:
    def test_a_new_case_has_every_member_that_is_always_there(self, call, project):
        jonas = call.a_user("jonas@errata.example")

        response = call("POST", CASES, json=new_case(project, str(jonas.id), priority="P4"))

        assert (response.status_code, response.headers["content-type"]) == (201, JSON)
        data = response.json()["data"]
        assert data == {
            "id": data["id"],
            "type": "case",
            "attributes": {
                "attributes": {},
                "comment_count": 0,
                "created_at": NOW,
                "creation_source": "MANUAL",
                "custom_attributes": {},
                "description": "",
                "insights": [],
                "internal_id": data["id"],
                "key": "GEN-1",
                "merge_status": "NOT_MERGED",
                "priority": "P4",
                "public_id": "1",
                "status": "OPEN",
                "status_group": "SG_OPEN",
                "status_name": "Open",
                "title": "Checkout slow",
                "type": "STANDARD",
                "type_id": STANDARD,
            },
            "relationships": {
                "assignee": {"data": {"id": str(jonas.id), "type": "user"}},
                "created_by": {"data": {"id": str(call.admin.id), "type": "user"}},
                "project": {"data": {"id": project, "type": "project"}},
            },
        }
        assert list(data["attributes"]) == sorted(data["attributes"])
        assert UUID(data["id"]).version == 4
        assert response.json()["included"] == [
            user(call.admin.id, "mira@errata.example", name="mira", active=True),
            user(jonas.id, "jonas@errata.example", name="", active=False),
        ]

    def test_a_case_is_read_by_id_and_by_key_in_any_case(self, call, created):
        case = created(description="Since **4.2**", attributes={"env": ["prod"]})

        for ref in (case["id"], case["id"].upper(), "GEN-1", "gen-1"):
            assert call("GET", f"{CASES}/{ref}").json()["data"] == case

    @pytest.mark.parametrize("ref", [UNKNOWN, "GEN-2", "GEN-", "%00", "x" * 500, "GEN-1%20", "é", "GEN-" + "9" * 40])
    def test_what_does_not_exist_is_not_found(self, call, created, ref):
        created()

        assert error(call("GET", f"{CASES}/{ref}")) == NO_CASE

    def test_the_deprecated_type_takes_the_place_of_the_id(self, call, project):
        body = new_case(project, type="STANDARD")
        del body["data"]["attributes"]["type_id"]

        made = call("POST", CASES, json=body).json()["data"]["attributes"]

        assert (made["type"], made["type_id"]) == ("STANDARD", STANDARD)

    def test_somebody_who_assigns_to_nobody_says_so(self, call, project):
        body = new_case(project)
        for nobody in (None, {"data": None}):
            body["data"]["relationships"]["assignee"] = nobody

            assert "assignee" not in call("POST", CASES, json=body).json()["data"]["relationships"]

    def test_a_case_without_a_project_goes_into_the_oldest(self, call, project):
        body = new_case(project)
        del body["data"]["relationships"]

        made = call("POST", CASES, json=body).json()["data"]

        assert made["relationships"]["project"]["data"]["id"] == project

    def test_numbers_go_on(self, created):
        assert [created()["attributes"]["key"] for _ in range(3)] == ["GEN-1", "GEN-2", "GEN-3"]

    @pytest.mark.parametrize(
        ("place", "value", "expected"),
        [
            (("data", "type"), "project", bad('got type "project" expected one of "case"')),
            (("data", "attributes", "title"), "", bad("data.attributes.title: This has 1 to 1000 characters.")),
            (("data", "attributes", "title"), 7, bad("data.attributes.title: expected `str`, got `int`")),
            (("data", "attributes", "type_id"), "x", bad("data.attributes.type_id: invalid UUID length: 1")),
            (("data", "attributes", "title"), "a\x00b", bad("data.attributes.title: a NUL character is not allowed")),
            (("data", "relationships", "project", "data", "type"), "userx", bad('got type "userx" expected one of "project"')),
            (("data", "relationships", "project", "data", "id"), "GEN", bad("data.relationships.project.data.id: invalid UUID length: 3")),
            (("data", "attributes", "attributes"), {"service": "web"}, bad('error decoding attribute "attributes": invalid type string')),
            (("data", "relationships", "project", "data", "id"), UNKNOWN, (404, {"code": "resource_not_found", "title": "project not found"})),
            (("data", "attributes", "type_id"), UNKNOWN, (404, {"code": "resource_not_found", "title": "case_type not found"})),
            (("data", "attributes", "priority"), "P9", (400, {"title": "Generic Error", "detail": "invalid priority P9. Must be one of P1, P2, P3, P4, P5, NOT_DEFINED"})),
            (("data", "attributes", "status_name"), "Done", (400, {"title": "Generic Error", "detail": "invalid status name Done. Must be one of Open, In Progress, Closed"})),
        ],
        ids=lambda value: value[-1] if isinstance(value, tuple) and isinstance(value[0], str) else "",
    )  # fmt: skip
    def test_a_wrong_request_is_told_its_fault(self, call, project, place, value, expected):
        body = new_case(project)
        inner = body
        for name in place[:-1]:
            inner = inner[name]
        inner[place[-1]] = value

        assert error(call("POST", CASES, json=body)) == expected
        assert call("GET", f"{CASES}/GEN-1").status_code == 404

    def test_a_wrong_type_is_told_before_the_unknown_project_and_that_before_the_unknown_assignee(self, call):
        body = new_case(UNKNOWN, UNKNOWN)
        assert error(call("POST", CASES, json=body))[1]["title"] == "project not found"

        body["data"]["relationships"]["assignee"]["data"]["type"] = "userx"
        assert error(call("POST", CASES, json=body)) == bad('got type "userx" expected one of "user"')

    def test_neither_type_nor_id_of_one_is_refused(self, call, project):
        body = new_case(project)
        del body["data"]["attributes"]["type_id"]

        assert error(call("POST", CASES, json=body)) == bad("data.attributes.type_id: required")


class TestChanges:
    @pytest.mark.parametrize(
        ("action", "given", "shown"),
        [
            ("title", {"title": "Fast again"}, {"title": "Fast again"}),
            ("description", {"description": "a\nb"}, {"description": "a\nb"}),
            ("priority", {"priority": "P1"}, {"priority": "P1"}),
            ("status", {"status_name": "In Progress"}, {"status": "IN_PROGRESS", "status_group": "SG_IN_PROGRESS", "status_name": "In Progress"}),
            ("status", {"status": "RESOLVED"}, {"status": "CLOSED", "status_group": "SG_CLOSED", "status_name": "Closed", "closed_at": NOW}),
            ("status", {"status": "OPEN", "status_name": "closed"}, {"status": "CLOSED", "status_group": "SG_CLOSED", "status_name": "Closed", "closed_at": NOW}),
            ("attributes", {"attributes": {"service": ["web", "api"], "env": ["prod"]}}, {"attributes": {"env": ["prod"], "service": ["web", "api"]}}),
            ("due_date", {"due_date": "2026-12-31"}, {"due_date": "2026-12-31"}),
            ("resolved_reason", {"security_resolved_reason": "FALSE_POSITIVE"}, {"resolved_reason": "FALSE_POSITIVE"}),
            ("archive", {}, {"archived_at": NOW}),
        ],
    )  # fmt: skip
    def test_a_change_answers_the_whole_case_and_who_made_it(self, call, created, change, action, given, shown):
        case = created()

        response = change(case, action, **given)

        assert response.status_code == 200
        assert response.json()["data"] == {
            **case,
            "attributes": case["attributes"] | shown | {"modified_at": NOW},
            "relationships": case["relationships"] | {"modified_by": case["relationships"]["created_by"]},
        }
        assert list(response.json()["data"]["attributes"]) == sorted(response.json()["data"]["attributes"])
        assert [one["id"] for one in response.json()["included"]] == [str(call.admin.id)]
        assert call("GET", f"{CASES}/{case['id']}").json() == response.json()

    @pytest.mark.parametrize(
        ("action", "given"),
        [
            ("title", {"title": "Checkout slow"}),
            ("description", {"description": ""}),
            ("priority", {"priority": "NOT_DEFINED"}),
            ("status", {"status": "OPEN"}),
            ("attributes", {"attributes": {"env": []}}),
            ("due_date", {"due_date": None}),
            ("unarchive", {}),
            ("unassign", {}),
        ],
    )
    def test_what_is_so_already_changes_nothing(self, created, change, action, given):
        case = created()

        response = change(case, action, **given)

        assert response.status_code == 200
        assert response.json()["data"] == case

    def test_an_assignee_comes_and_goes(self, call, created, change):
        case, anna = created(), call.a_user("anna@errata.example", "Anna")

        there = change(case, "assign", assignee_id=str(anna.id)).json()
        gone = change(case, "unassign").json()

        assert there["data"]["relationships"]["assignee"] == {"data": {"id": str(anna.id), "type": "user"}}
        assert [one["id"] for one in there["included"]] == [str(call.admin.id), str(anna.id)]
        assert "assignee" not in gone["data"]["relationships"]

    def test_a_case_moves_and_keeps_its_id(self, call, created):
        case = created()
        body = {"data": {"type": "project", "attributes": {"key": "web", "name": "Web"}}}
        web = call("POST", f"{CASES}/projects", json=body).json()["data"]["id"]

        response = call("PATCH", f"{CASES}/GEN-1/relationships/project", json={"data": {"id": web, "type": "project"}})

        assert response.json()["data"]["attributes"]["key"] == "WEB-1"
        assert response.json()["data"]["relationships"]["project"]["data"]["id"] == web
        assert call("GET", f"{CASES}/GEN-1").status_code == 404
        assert call("GET", f"{CASES}/{case['id']}").status_code == 200

    def test_an_archived_case_comes_back(self, created, change):
        case = created()
        change(case, "archive")

        assert "archived_at" not in change(case, "unarchive").json()["data"]["attributes"]

    @pytest.mark.parametrize(
        ("action", "given", "expected"),
        [
            ("status", {"status": "OPENED"}, (400, {"title": "Generic Error", "detail": "invalid status OPENED. Must be one of NOT_STARTED, IN_PROGRESS, CLOSED, ACKNOWLEDGED, TRIGGERED, PENDING_APPROVAL, COMPLETED, CANCELLED, DECLINED, SUNKNOWN, OPEN, RESOLVED, APPROVED, IMPLEMENTING"})),
            ("priority", {"priority": "P1234"}, (400, {"title": "Generic Error", "detail": "invalid priority P1234. Must be one of P1, P2, P3, P4, P5, NOT_DEFINED"})),
            ("attributes", {"attributes": {"service": "web-store"}}, bad('error decoding attribute "attributes": invalid type string')),
            ("attributes", {"attributes": {"service": [7]}}, bad("data.attributes.attributes.service[0]: expected `str`, got `int`")),
            ("assign", {"assignee_id": "invalid-uuid"}, bad("data.attributes.assignee_id: invalid UUID length: 12")),
            ("assign", {"assignee_id": UNKNOWN}, (404, {"code": "resource_not_found", "title": "user not found"})),
            ("due_date", {"due_date": "31.12.2026"}, bad("data.attributes.due_date: invalid RFC3339 encoded date")),
            ("comment", {"comment": ""}, bad("data.attributes.comment: A comment needs a text.")),
            ("title", {"title": " "}, bad("data.attributes.title: This has 1 to 1000 characters.")),
            ("title", {"name": "x"}, bad("data.attributes.title: required")),
        ],
    )  # fmt: skip
    def test_a_wrong_change_is_told_its_fault(self, call, created, change, action, given, expected):
        case = created()

        assert error(change(case, action, **given)) == expected
        assert call("GET", f"{CASES}/GEN-1").json()["data"] == case

    @pytest.mark.parametrize("action", ["archive", "unarchive", "unassign"])
    def test_a_change_of_something_else_is_refused(self, call, created, action):
        case = created()

        response = call("POST", f"{CASES}/GEN-1/{action}", json={"data": {"type": "project"}})

        assert error(response) == bad('got type "project" expected one of "case"')
        assert call("GET", f"{CASES}/GEN-1").json()["data"] == case

    @pytest.mark.parametrize("action", ["archive", "unarchive", "unassign", "title", "status", "priority", "comment"])
    def test_a_case_that_is_not_known_cannot_be_changed(self, change, action):
        given = {"title": {"title": "a"}, "status": {"status": "OPEN"}, "priority": {"priority": "P1"},
                 "comment": {"comment": "a"}}.get(action, {})  # fmt: skip

        assert error(change(UNKNOWN, action, **given)) == NO_CASE


class TestCustomAttributes:
    @pytest.fixture
    def fault(self, call, created) -> dict[str, Any]:
        """A case of a type with a multi-value text attribute `region` and a number `cost`."""
        kind = {"data": {"type": "case_type", "attributes": {"name": "Fault", "emoji": "\N{BUG}"}}}
        type_id = call("POST", f"{CASES}/types", json=kind).json()["data"]["id"]
        for key, type_, is_multi in (("region", "TEXT", True), ("cost", "NUMBER", False)):
            attributes = {"display_name": key.title(), "key": key, "type": type_, "is_multi": is_multi}
            made = {"data": {"type": "custom_attribute", "attributes": attributes}}
            assert call("POST", f"{CASES}/types/{type_id}/custom_attributes", json=made).status_code == 201
        return created(type_id=type_id, custom_attributes={"cost": {"type": "NUMBER", "is_multi": False, "value": 4.5}})

    def test_values_are_shown_by_key_in_the_definitions_form(self, call, change, fault):
        value = {"is_multi": True, "type": "TEXT", "value": ["eu-west-1", "eu-north-1"]}

        answer = change(fault, "custom_attributes/region", **value).json()

        cost = {"type": "NUMBER", "is_multi": False, "value": 4.5}
        assert fault["attributes"]["type"] == "TUNKNOWN"
        assert fault["attributes"]["custom_attributes"] == {"cost": cost}
        assert answer["data"]["attributes"]["custom_attributes"] == {"cost": cost, "region": value}
        assert "modified_at" in answer["data"]["attributes"]
        assert "modified_by" not in answer["data"]["relationships"]
        assert "modified_by" in call("GET", f"{CASES}/GEN-1").json()["data"]["relationships"]

    def test_a_value_goes_and_one_that_is_not_there_changes_nothing(self, call, fault):
        gone = call("DELETE", f"{CASES}/GEN-1/custom_attributes/cost").json()["data"]
        again = call("DELETE", f"{CASES}/GEN-1/custom_attributes/cost").json()["data"]

        assert fault["attributes"]["custom_attributes"]
        assert gone["attributes"]["custom_attributes"] == {}
        assert again == gone

    def test_an_unknown_key_is_told_with_the_command_and_the_key(self, call, change, fault):
        title = "failed to update batch: failed to apply command: failed to apply domain.{} command: custom attribute configuration not found"
        value = {"is_multi": True, "type": "TEXT", "value": ["a"]}

        for method, command, response in (
            ("POST", "UpdateCustomAttribute", change(fault, "custom_attributes/invalid_key", **value)),
            ("DELETE", "RemoveCustomAttribute", call("DELETE", f"{CASES}/GEN-1/custom_attributes/invalid_key")),
        ):
            expected = {"code": "resource_not_found", "title": title.format(command), "meta": {"key": "invalid_key"}}
            assert (method, error(response)) == (method, (404, expected))
        assert error(call("DELETE", f"{CASES}/GEN-1/custom_attributes/%00"))[0] == 404

    def test_a_value_of_another_type_is_refused(self, change, fault):
        status, told = error(change(fault, "custom_attributes/region", is_multi=True, type="NUMBER", value=[1]))

        assert (status, told["status"], told["title"]) == (400, "400", "Bad Request")

    @pytest.mark.parametrize("key", ["region", "invalid_key"])
    def test_a_type_that_there_is_not_is_told_before_the_key_is_looked_up(self, change, fault, key):
        told = error(change(fault, f"custom_attributes/{key}", is_multi=True, type="FLOAT", value=["a"]))

        assert told == bad('data.attributes.type: invalid value "FLOAT", expected one of URL, TEXT, NUMBER, SELECT')


def user(id_: object, email: str, *, name: str, active: bool) -> dict[str, Any]:
    return {
        "id": str(id_),
        "type": "user",
        "attributes": {"active": active, "email": email, "handle": email, "name": name},
    }
