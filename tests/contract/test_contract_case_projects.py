"""Projects and favorites through the official client."""

from __future__ import annotations

from uuid import uuid4

import pytest
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.teams_api import TeamsApi

pytest_plugins = ["official_client", "case_contract"]

UNKNOWN = "67d80aa3-36ff-44b9-a694-c501a7591737"
STANDARD = "00000000-0000-0000-0000-000000000001"
NOTIFICATION = {
    "enabled": True,
    "destinations": [1],
    "notify_on_case_assignment": True,
    "notify_on_case_unassignment": True,
    "notify_on_case_closed": True,
    "notify_on_case_priority_change": True,
    "notify_on_case_comment": True,
    "notify_on_case_comment_mention": True,
    "notify_on_case_status_change": True,
}


def a_key() -> str:
    return "P" + uuid4().hex[:9].upper()


def creating(**attributes: object) -> dict[str, object]:
    given = {"key": a_key(), "name": "Web shop"} | attributes
    return {"data": {"type": "project", "attributes": given}}


def changing(**attributes: object) -> dict[str, object]:
    return {"data": {"type": "project", "attributes": attributes}}


@pytest.fixture
def project(cases):
    return cases("CreateProject", creating())["data"]


def refusal(call) -> tuple[int, dict[str, str]]:
    with pytest.raises(ApiException) as refused:
        call()
    [error] = refused.value.body["errors"]
    return refused.value.status, error


def test_new_project_is_answered_as_recorded_and_read_and_listed_the_same(cases):
    body = creating(name="Web shop", key=a_key().lower())

    made = cases("CreateProject", body)["data"]

    assert made == {
        "id": made["id"],
        "type": "project",
        "attributes": {
            "key": body["data"]["attributes"]["key"].upper(),
            "name": "Web shop",
            "restricted": False,
            "settings": {"notification": NOTIFICATION},
        },
    }
    assert cases("GetProject", project_id=made["id"]) == {"data": made}
    assert made in cases("GetProjects")["data"]


def test_recorded_change_of_a_project_is_answered_field_by_field(cases, contract):
    example = contract.example("UpdateProject")
    made = cases("CreateProject", creating(name="Web shop"))["data"]

    after = cases("UpdateProject", example["request_body"], project_id=made["id"])

    wanted = example["responses"]["200"]["data"]
    wanted["id"] = made["id"]
    wanted["attributes"]["key"] = made["attributes"]["key"]
    assert after["data"] == wanted
    assert list(after["data"]["attributes"]) == list(wanted["attributes"])
    shown = after["data"]["attributes"]["settings"]["notification"]
    assert list(shown) == list(wanted["attributes"]["settings"]["notification"])


def test_there_is_a_project_from_the_beginning(cases):
    found = {project["attributes"]["key"]: project["attributes"]["name"] for project in cases("GetProjects")["data"]}

    assert found["GEN"] == "General"


def test_settings_are_stored_and_shown_exactly_and_merged_by_group(cases, project):
    settings = {
        "auto_close_inactive_cases": {"enabled": True, "max_inactive_time_in_secs": 2_592_000},
        "auto_transition_assigned_cases": {"auto_transition_assigned_cases_on_self_assigned": True},
        "integration_incident": {
            "auto_escalation_query": "priority:P1",
            "default_incident_commander": "mira",
            "enabled": False,
            "field_mappings": [{"case_field": "title", "incident_user_defined_field_id": "f1"}],
            "incident_type": "t",
            "severity_config": {"priority_mapping": {"P1": "SEV-1"}},
        },
        "integration_jira": {
            "auto_creation": {"enabled": True},
            "enabled": True,
            "metadata": {"account_id": "a", "issue_type_id": "10001", "project_id": "10000"},
            "sync": {
                "enabled": True,
                "properties": {
                    "assignee": {"sync_type": "once"},
                    "comments": {"sync_type": "two-way"},
                    "custom_fields": {
                        "text": {"sync_type": "once", "value": "x"},
                        "list": {"value": [1.5, "two", True, {"three": 3}]},
                        "nothing": {"value": None},
                    },
                    "description": {"sync_type": "none"},
                    "due_date": {"jira_field_id": "duedate", "sync_type": "once"},
                    "priority": {"mapping": {"P1": "1"}, "name_mapping": {"P1": "Highest"}, "sync_type": "two-way"},
                    "status": {"mapping": {"Open": "1"}, "sync_type": "two-way"},
                    "title": {"sync_type": "once"},
                },
            },
        },
        "integration_monitor": {
            "auto_resolve_enabled": True,
            "case_type_id": STANDARD,
            "enabled": True,
            "handle": "case-web",
        },
        "integration_on_call": {
            "auto_assign_on_call": False,
            "enabled": True,
            "escalation_queries": [
                {
                    "enabled": True,
                    "id": "q1",
                    "query": "priority:P1",
                    "target": {"dynamic_team_paging": True, "team_id": "t", "user_id": "u"},
                }
            ],
        },
        "integration_service_now": {
            "assignment_group": "g",
            "auto_creation": {"enabled": False},
            "enabled": True,
            "instance_name": "i",
            "sync_config": {
                "enabled": True,
                "properties": {
                    "comments": {"sync_type": "push"},
                    "priority": {
                        "impact_mapping": {"P1": "1"},
                        "sync_type": "once",
                        "urgency_mapping": {"P1": "1"},
                    },
                    "status": {"name_mapping": {"Open": "New"}, "sync_type": "once"},
                },
            },
        },
        "notification": {"destinations": [1, 3], "notify_on_case_comment": False},
    }
    columns = {
        "columns": [
            {"type": "SG_OPEN", "sort_field": "priority", "sort": {"ascending": True, "priority": 1}},
            {"type": "SG_CLOSED"},
        ]
    }

    after = cases("UpdateProject", changing(settings=settings, columns_config=columns), project_id=project["id"])[
        "data"
    ]

    notification = NOTIFICATION | {"destinations": [1, 3], "notify_on_case_comment": False}
    assert after["attributes"]["settings"] == settings | {"notification": notification}
    assert after["attributes"]["columns_config"] == columns
    assert cases("GetProject", project_id=project["id"])["data"] == after

    change = {"notification": {"enabled": False}, "integration_jira": {"enabled": False}}
    again = cases("UpdateProject", changing(settings=change), project_id=project["id"])["data"]["attributes"]
    assert again["settings"] == settings | {
        "notification": notification | {"enabled": False},
        "integration_jira": settings["integration_jira"] | {"enabled": False},
    }
    assert again["columns_config"] == columns


def test_team_and_enabled_types_are_shown_where_they_are_set(cases, client):
    handle = f"team-{uuid4().hex[:10]}"
    team_body = {"data": {"type": "team", "attributes": {"name": handle, "handle": handle}}}
    team = TeamsApi(client).create_team(body=team_body).data.id
    kind = cases("CreateCaseType", {"data": {"type": "case_type", "attributes": {"name": "Fault"}}})["data"]["id"]

    made = cases("CreateProject", creating(team_uuid=team, enabled_custom_case_types=[kind, STANDARD, kind]))["data"]

    assert made["attributes"]["enabled_custom_case_types"] == [kind, STANDARD]
    assert made["relationships"] == {
        "member_team": {
            "data": [{"id": team, "type": "team_links"}],
            "links": {"related": f"/api/v2/team/{team}/links"},
        }
    }
    without = cases("UpdateProject", changing(team_uuid=None, enabled_custom_case_types=[]), project_id=made["id"])[
        "data"
    ]
    assert "relationships" not in without
    assert without["attributes"]["enabled_custom_case_types"] == []


def test_change_without_attributes_changes_nothing(cases, project):
    assert cases("UpdateProject", {"data": {"type": "project"}}, project_id=project["id"])["data"] == project


def test_favorites_come_and_go(cases, project):
    assert cases("FavoriteCaseProject", project_id=project["id"]) is None
    assert cases("FavoriteCaseProject", project_id=project["id"]) is None

    favorite = {"id": project["id"], "type": "project_favorite"}
    assert cases("ListUserCaseProjectFavorites")["data"].count(favorite) == 1

    assert cases("UnfavoriteCaseProject", project_id=project["id"]) is None
    assert cases("UnfavoriteCaseProject", project_id=project["id"]) is None
    assert favorite not in cases("ListUserCaseProjectFavorites")["data"]


def test_deleted_project_is_gone_with_its_cases(cases, project):
    given = {"title": "Checkout slow", "type_id": STANDARD}
    to_project = {"project": {"data": {"id": project["id"], "type": "project"}}}
    body = {"data": {"type": "case", "attributes": given, "relationships": to_project}}
    made = cases("CreateCase", body)["data"]
    cases("FavoriteCaseProject", project_id=project["id"])

    assert cases("DeleteProject", project_id=project["id"]) is None

    assert project not in cases("GetProjects")["data"]
    assert project["id"] not in [favorite["id"] for favorite in cases("ListUserCaseProjectFavorites")["data"]]
    not_found = {"code": "resource_not_found", "title": "case not found"}
    assert refusal(lambda: cases("GetCase", case_id=made["id"])) == (404, not_found)
    assert refusal(lambda: cases("GetCase", case_id=made["attributes"]["key"])) == (404, not_found)
    not_found["title"] = "project not found"
    assert refusal(lambda: cases("DeleteProject", project_id=project["id"])) == (404, not_found)

    key = project["attributes"]["key"]
    again = cases("CreateProject", creating(key=key))["data"]
    body["data"]["relationships"]["project"]["data"]["id"] = again["id"]
    assert cases("CreateCase", body)["data"]["attributes"]["key"] == f"{key}-2"


def test_recorded_refusals_of_a_change(cases, contract, project):
    recorded = contract.example("UpdateProject")["responses"]
    wrong_type = {"data": {"type": "invalid_type"}}

    told = refusal(lambda: cases("UpdateProject", wrong_type, project_id=project["id"]))
    unknown = refusal(lambda: cases("UpdateProject", changing(name="x"), project_id=UNKNOWN))

    assert told == (400, recorded["400"]["errors"][0])
    assert unknown == (404, recorded["404"]["errors"][0])


@pytest.mark.parametrize("name", ["GetProject", "FavoriteCaseProject", "UnfavoriteCaseProject", "UpdateProject"])
def test_ids_of_projects_are_uuids_of_some_that_exist(cases, contract, raw, name):
    operation = contract.operations[name]
    body = changing(name="x") if name == "UpdateProject" else None
    given = {"body": body} if body else {}

    status, error = refusal(lambda: cases(name, project_id=UNKNOWN, **given))
    malformed = raw(operation["method"], operation["path"].format(project_id="not-an-uuid"), body)

    assert (status, error["code"]) == (404, "resource_not_found")
    assert error["title"].endswith("project not found")
    detail = 'invalid parameter "ProjectId" in "path"; expected type "uuid"'
    assert malformed.status == 400
    assert malformed.json() == {"errors": [{"status": "400", "title": "Invalid Parameter", "detail": detail}]}


@pytest.mark.parametrize("id_", [UNKNOWN, "not-an-uuid"])
def test_a_project_to_be_deleted_is_not_found_whatever_its_id_looks_like(contract, raw, id_):
    answer = raw("DELETE", f"/api/v2/cases/projects/{id_}")

    contract.check("DeleteProject", answer)
    assert answer.json() == {"errors": [{"code": "resource_not_found", "title": "project not found"}]}


@pytest.mark.parametrize(
    ("attributes", "status", "told"),
    [
        ({"key": "CASE"}, 400, 'data.attributes.key: the key "CASE" is reserved'),
        ({"key": "case"}, 400, 'data.attributes.key: the key "CASE" is reserved'),
        ({"key": "A-B"}, 400, 'data.attributes.key: "A-B" is no key of a project'),
        ({"key": "GEN"}, 400, 'data.attributes.key: there is a project with the key "GEN" already'),
        ({"name": ""}, 400, "data.attributes.name: "),
        ({"name": "x" * 201}, 400, "data.attributes.name: "),
        ({"name": "a\nb"}, 400, "data.attributes.name: "),
        ({"team_uuid": "nobody"}, 400, "data.attributes.team_uuid: "),
        ({"team_uuid": UNKNOWN}, 404, "team not found"),
        ({"enabled_custom_case_types": ["x"]}, 400, "data.attributes.enabled_custom_case_types[0]: "),
        ({"enabled_custom_case_types": [UNKNOWN]}, 400, "data.attributes.enabled_custom_case_types[0]: "),
    ],
)
def test_project_that_cannot_be_created_is_refused_with_the_place(cases, attributes, status, told):
    refused_with, error = refusal(lambda: cases("CreateProject", creating(**attributes)))

    assert refused_with == status
    assert (error.get("detail") or error["title"]).startswith(told)


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"notification": {"enabled": "yes"}}, "notification.enabled"),
        ({"notification": {"destinations": [1, 4]}}, "notification.destinations[1]"),
        ({"notification": {"destinations": 1}}, "notification.destinations"),
        ({"auto_close_inactive_cases": {"max_inactive_time_in_secs": -1}}, "max_inactive_time_in_secs"),
        ({"auto_close_inactive_cases": {"max_inactive_time_in_secs": 1.5}}, "max_inactive_time_in_secs"),
        ({"integration_jira": {"sync": {"properties": {"title": {"sync_type": 1}}}}}, "properties.title.sync_type"),
        ({"integration_monitor": {"handle": "x" * 1001}}, "integration_monitor.handle"),
        ({"integration_monitor": []}, "integration_monitor"),
    ],
)
def test_settings_out_of_bounds_are_refused_with_the_place(raw, project, published, settings, place):
    path = "/api/v2/cases/projects/{project_id}"

    refused = raw("PATCH", path.format(project_id=project["id"]), changing(settings=settings))

    published("PATCH", path, refused)
    [error] = refused.json()["errors"]
    assert (refused.status, error["title"]) == (400, "Bad Request")
    assert place in error["detail"]


def test_settings_deeper_than_any_store_keeps_are_refused(raw, project):
    deep = b"[" * 400 + b"1" + b"]" * 400
    body = (
        b'{"data":{"type":"project","attributes":{"settings":{"integration_jira":{"sync":{"properties":'
        b'{"custom_fields":{"a":{"value":' + deep + b"}}}}}}}}}"
    )

    refused = raw("PATCH", f"/api/v2/cases/projects/{project['id']}", body)

    assert refused.status == 400
    assert "nested deeper than 20 levels" in refused.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    "name",
    [
        "GetProjects",
        "CreateProject",
        "GetProject",
        "UpdateProject",
        "DeleteProject",
        "ListUserCaseProjectFavorites",
        "FavoriteCaseProject",
        "UnfavoriteCaseProject",
    ],
)
def test_key_without_the_scope_may_not(server, contract, raw, cut_key, project, name):
    operation = contract.operations[name]
    path = operation["path"].format(project_id=project["id"])
    body = {"CreateProject": creating(), "UpdateProject": changing(name="x")}.get(name)
    keys = {"DD-API-KEY": server.api_key, "DD-APPLICATION-KEY": cut_key}

    refused = raw(operation["method"], path, body, keys)
    nobody = raw(operation["method"], path, body, {})

    assert refused.status == 403
    assert refused.json()["errors"][0].startswith("Forbidden: This needs the scope cases_")
    assert nobody.status == 401
    contract.check(name, refused)
    assert raw("GET", f"/api/v2/cases/projects/{project['id']}").json() == {"data": project}
