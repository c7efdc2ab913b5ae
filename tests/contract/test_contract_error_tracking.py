"""The five Error Tracking operations through the official client, on errors that were just sent."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.error_tracking_api import ErrorTrackingApi
from datadog_api_client.v2.api.teams_api import TeamsApi
from datadog_api_client.v2.api.users_api import UsersApi
from datadog_api_client.v2.model.get_issue_include_query_parameter_item import GetIssueIncludeQueryParameterItem
from datadog_api_client.v2.model.issue_state import IssueState
from datadog_api_client.v2.model.issue_update_assignee_request import IssueUpdateAssigneeRequest
from datadog_api_client.v2.model.issue_update_assignee_request_data import IssueUpdateAssigneeRequestData
from datadog_api_client.v2.model.issue_update_assignee_request_data_type import IssueUpdateAssigneeRequestDataType
from datadog_api_client.v2.model.issue_update_state_request import IssueUpdateStateRequest
from datadog_api_client.v2.model.issue_update_state_request_data import IssueUpdateStateRequestData
from datadog_api_client.v2.model.issue_update_state_request_data_attributes import (
    IssueUpdateStateRequestDataAttributes,
)
from datadog_api_client.v2.model.issue_update_state_request_data_type import IssueUpdateStateRequestDataType
from datadog_api_client.v2.model.issues_search_request import IssuesSearchRequest
from datadog_api_client.v2.model.issues_search_request_data import IssuesSearchRequestData
from datadog_api_client.v2.model.issues_search_request_data_attributes import IssuesSearchRequestDataAttributes
from datadog_api_client.v2.model.issues_search_request_data_attributes_order_by import (
    IssuesSearchRequestDataAttributesOrderBy,
)
from datadog_api_client.v2.model.issues_search_request_data_attributes_track import (
    IssuesSearchRequestDataAttributesTrack,
)
from datadog_api_client.v2.model.issues_search_request_data_type import IssuesSearchRequestDataType
from datadog_api_client.v2.model.search_issues_include_query_parameter_item import (
    SearchIssuesIncludeQueryParameterItem,
)

pytest_plugins = ["official_client"]

ISSUES = "/api/v2/error-tracking/issues"
UNKNOWN = "67d80aa3-36ff-44b9-a694-c501a7591737"


@pytest.fixture(scope="module")
def api(client: ApiClient) -> ErrorTrackingApi:
    return ErrorTrackingApi(client)


@pytest.fixture(scope="module")
def me(client: ApiClient) -> str:
    return UsersApi(client).get_current_user().data.id


def to_state(issue_id: str, state: IssueState) -> IssueUpdateStateRequest:
    return IssueUpdateStateRequest(
        data=IssueUpdateStateRequestData(
            attributes=IssueUpdateStateRequestDataAttributes(state=state),
            id=issue_id,
            type=IssueUpdateStateRequestDataType.ERROR_TRACKING_ISSUE,
        )
    )


def to_user(user_id: str) -> IssueUpdateAssigneeRequest:
    data = IssueUpdateAssigneeRequestData(id=user_id, type=IssueUpdateAssigneeRequestDataType.ASSIGNEE)
    return IssueUpdateAssigneeRequest(data=data)


def ids(response) -> list[str]:
    return [hit.id for hit in response.data]


def test_an_error_just_sent_is_found_with_its_issue(api, send_errors, parsed):
    sent = send_errors(3, ddtags="env:production,version:1.4.0")

    answer = parsed(
        api.search_issues(
            include=[
                SearchIssuesIncludeQueryParameterItem.ISSUE,
                SearchIssuesIncludeQueryParameterItem.ISSUE_ASSIGNEE,
            ],
            body=IssuesSearchRequest(
                data=IssuesSearchRequestData(
                    attributes=IssuesSearchRequestDataAttributes(
                        query=f"service:{sent.service} AND version:1.4.0 AND KeyError",
                        _from=sent.from_ms,
                        to=sent.to_ms,
                        track=IssuesSearchRequestDataAttributesTrack.LOGS,
                        order_by=IssuesSearchRequestDataAttributesOrderBy.TOTAL_COUNT,
                    ),
                    type=IssuesSearchRequestDataType.SEARCH_REQUEST,
                )
            ),
        )
    )

    [hit], [issue] = answer.data, answer.included
    assert hit.attributes.total_count == 3
    assert "impacted_sessions" not in hit.attributes
    assert hit.relationships.issue.data.id == hit.id == issue.id == sent.issue_id
    assert issue.attributes.service == sent.service
    assert issue.attributes.error_type == "KeyError"
    assert issue.attributes.function_name == "total_of"
    assert issue.attributes.file_path.endswith("shop/checkout.py")
    assert issue.attributes.first_seen_version == issue.attributes.last_seen_version == "1.4.0"
    assert sent.from_ms < issue.attributes.first_seen <= issue.attributes.last_seen < sent.to_ms
    assert [str(language) for language in issue.attributes.languages] == ["PYTHON"]
    assert str(issue.attributes.platform) == "BACKEND"
    assert str(issue.attributes.state) == "OPEN"
    assert issue.attributes.is_crash is False


def test_no_hit_is_an_empty_list(raw, send_errors):
    sent = send_errors()

    answer = raw("POST", f"{ISSUES}/search", sent.search(query=f"service:{sent.service} AND nothing-like-this"))

    assert (answer.status, answer.body) == (200, b'{"data":[]}')
    assert answer.headers["content-type"] == "application/vnd.api+json"


@pytest.mark.parametrize("order", ["TOTAL_COUNT", "FIRST_SEEN", "IMPACTED_SESSIONS", "PRIORITY"])
def test_every_order_finds_the_issue(api, send_errors, order):
    sent = send_errors()

    assert ids(api.search_issues(body=sent.search(order_by=order))) == [sent.issue_id]


def test_tracks_and_personas_choose_whose_errors(api, send_errors):
    sent = send_errors()

    found = {
        persona: ids(api.search_issues(body=sent.search(track=..., persona=persona)))
        for persona in ("ALL", "BACKEND", "BROWSER", "MOBILE")
    } | {track: ids(api.search_issues(body=sent.search(track=track))) for track in ("logs", "trace", "rum")}

    assert {name for name, hits in found.items() if hits == [sent.issue_id]} == {"ALL", "BACKEND", "logs"}
    assert all(not hits or hits == [sent.issue_id] for hits in found.values())


def test_filters_by_state_assignee_and_team(api, client, send_errors, me):
    handle = f"team-{uuid4().hex[:8]}"
    body = {"data": {"type": "team", "attributes": {"name": handle, "handle": handle}}}
    team = TeamsApi(client).create_team(body=body).data.id
    sent = send_errors(team=handle)
    api.update_issue_assignee(issue_id=sent.issue_id, body=to_user(me))
    state = str(
        api.update_issue_state(
            issue_id=sent.issue_id, body=to_state(sent.issue_id, IssueState.IGNORED)
        ).data.attributes.state
    )

    def finds(**filters: object) -> bool:
        return ids(api.search_issues(body=sent.search(**filters))) == [sent.issue_id]

    assert finds(states=["OPEN", state])
    assert not finds(states=["OPEN", "RESOLVED"])
    assert finds(assignee_ids=[UUID(UNKNOWN), UUID(me)])
    assert not finds(assignee_ids=[UUID(UNKNOWN)])
    assert finds(team_ids=[UUID(team)])
    assert not finds(team_ids=[UUID(UNKNOWN)])
    assert finds(states=[state], assignee_ids=[UUID(me)], team_ids=[UUID(team)])
    assert not finds(states=[state], assignee_ids=[UUID(me)], team_ids=[UUID(UNKNOWN)])
    answer = api.get_issue(
        issue_id=sent.issue_id,
        include=[GetIssueIncludeQueryParameterItem.TEAM_OWNERS, GetIssueIncludeQueryParameterItem.CASE],
    )
    assert [(item.type.value, item.id, item.attributes.handle) for item in answer.included] == [("team", team, handle)]


def test_an_issue_is_read_without_anything_included(raw, send_errors):
    sent = send_errors()

    answer = raw("GET", f"{ISSUES}/{sent.issue_id}")

    assert list(answer.json()) == ["data"]
    data = answer.json()["data"]
    assert (data["id"], data["type"]) == (sent.issue_id, "issue")
    assert list(data["attributes"]) == sorted(data["attributes"])
    assert data["attributes"]["first_seen_version"] == ""
    assert "regression" not in data["attributes"]
    assert "assignee" not in data.get("relationships", {})


def test_every_state_can_be_set_and_is_read_back(api, send_errors, parsed):
    sent = send_errors()

    for state in ("ACKNOWLEDGED", "RESOLVED", "RESOLVED", "IGNORED", "EXCLUDED", "OPEN"):
        answer = parsed(api.update_issue_state(issue_id=sent.issue_id, body=to_state(sent.issue_id, IssueState(state))))

        assert str(answer.data.attributes.state) == state
        assert str(api.get_issue(issue_id=sent.issue_id).data.attributes.state) == state


def test_an_assignee_is_set_included_and_cleared(api, send_errors, me, parsed):
    sent = send_errors()

    answer = parsed(api.update_issue_assignee(issue_id=sent.issue_id, body=to_user(me)))

    assert answer.data.relationships.assignee.data.id == me
    assert [(item.type.value, item.id) for item in answer.included] == [("user", me)]
    read = parsed(api.get_issue(issue_id=sent.issue_id, include=[GetIssueIncludeQueryParameterItem.ASSIGNEE]))
    assert read.included[0].attributes.handle == "admin@errata.example"
    assert api.delete_issue_assignee(issue_id=sent.issue_id) is None
    assert "relationships" not in api.get_issue(issue_id=sent.issue_id).data
    assert api.delete_issue_assignee(issue_id=sent.issue_id) is None


def test_recorded_refusals_come_word_for_word(api, raw, send_errors, published):
    sent = send_errors()
    path = f"{ISSUES}/{sent.issue_id}"
    state = {"data": {"attributes": {"state": "invalid-state"}, "id": sent.issue_id, "type": "error_tracking_issue"}}
    unknown = {"data": {"attributes": {"state": "resolved"}, "id": UNKNOWN, "type": "error_tracking_issue"}}
    bad_user = {"data": {"id": "invalid-id", "type": "assignee"}}
    bad_type = {"data": {"id": UNKNOWN, "type": "user"}}

    for method, called, template, body, status, detail in (
        ("POST", f"{ISSUES}/search", f"{ISSUES}/search", sent.search(track="invalid-track"), 400, "invalid json value for TrackType: invalid-track"),
        ("GET", f"{ISSUES}/invalid-issue-id", f"{ISSUES}/{{issue_id}}", None, 400, "issue id is not an uuid"),
        ("GET", f"{ISSUES}/{UNKNOWN}", f"{ISSUES}/{{issue_id}}", None, 404, "issue not found"),
        ("PUT", f"{path}/state", f"{ISSUES}/{{issue_id}}/state", state, 400, 'invalid json value for IssueState: "invalid-state"'),
        ("PUT", f"{ISSUES}/{UNKNOWN}/state", f"{ISSUES}/{{issue_id}}/state", unknown, 404, "issue not found"),
        ("PUT", f"{path}/assignee", f"{ISSUES}/{{issue_id}}/assignee", bad_user, 400, "invalid UUID length: 10"),
        ("PUT", f"{path}/assignee", f"{ISSUES}/{{issue_id}}/assignee", bad_type, 400, 'got type "user" expected one of "assignee"'),
        ("PUT", f"{ISSUES}/{UNKNOWN}/assignee", f"{ISSUES}/{{issue_id}}/assignee", bad_user | {"data": {"id": UNKNOWN, "type": "assignee"}}, 404, "issue not found"),
        ("DELETE", f"{ISSUES}/{UNKNOWN}/assignee", f"{ISSUES}/{{issue_id}}/assignee", None, 404, "issue not found"),
    ):  # fmt: skip
        answer = raw(method, called, body)

        title = {400: "Bad Request", 404: "Not Found"}[status]
        assert answer.json() == {"errors": [{"status": str(status), "title": title, "detail": detail}]}
        assert answer.status == status
        published(method, template, answer)


def test_a_user_that_is_not_known_here_may_be_assigned_and_has_empty_texts(raw, send_errors):
    path = f"{ISSUES}/{send_errors().issue_id}"

    answer = raw("PUT", f"{path}/assignee", {"data": {"id": UNKNOWN, "type": "assignee"}})

    assert answer.status == 200
    assert answer.json()["data"]["relationships"]["assignee"]["data"] == {"id": UNKNOWN, "type": "user"}
    empty = {"email": "", "handle": "", "name": ""}
    assert answer.json()["included"] == [{"id": UNKNOWN, "type": "user", "attributes": empty}]


def test_the_client_raises_with_the_refusal(api):
    with pytest.raises(ApiException) as refused:
        api.get_issue(issue_id=UNKNOWN)

    assert refused.value.status == 404
    assert json.loads(json.dumps(refused.value.body))["errors"][0]["detail"] == "issue not found"


@pytest.mark.parametrize("query", ["service:(", '"never closed', "@a:[1 TO", "a AND", ")"])
def test_a_query_that_cannot_be_read_is_refused_with_a_sentence(raw, send_errors, query):
    answer = raw("POST", f"{ISSUES}/search", send_errors().search(query=query))

    assert answer.status == 400
    assert answer.json()["errors"][0]["detail"].startswith("query: ")


def test_answers_fit_the_published_document(raw, published, send_errors, me):
    sent = send_errors()
    path = f"{ISSUES}/{sent.issue_id}"
    raw("PUT", f"{path}/assignee", {"data": {"id": me, "type": "assignee"}})

    for method, called, template, body in (
        ("POST", f"{ISSUES}/search?include=issue,issue.assignee", f"{ISSUES}/search", sent.search()),
        ("GET", f"{path}?include=assignee", f"{ISSUES}/{{issue_id}}", None),
        ("PUT", f"{path}/state", f"{ISSUES}/{{issue_id}}/state", {"data": {"attributes": {"state": "RESOLVED"}, "id": "x", "type": "error_tracking_issue"}}),
        ("DELETE", f"{path}/assignee", f"{ISSUES}/{{issue_id}}/assignee", None),
    ):  # fmt: skip
        answer = raw(method, called, body)

        assert answer.status in (200, 204)
        published(method, template, answer)
