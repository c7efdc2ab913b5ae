"""The five operations, answer by answer and refusal by refusal, as the recordings have them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from errata.base.errors import Invalid, Unavailable
from errata.base.ids import IssueId, TeamId, UserId
from errata.events.model import Track
from errata.issues.model import IssueHit, IssueSearch, IssueState, OrderBy, Persona, Regression
from errata.query.faults import unreadable

SEARCH = "/api/v2/error-tracking/issues/search"
UNKNOWN = "67d80aa3-36ff-44b9-a694-c501a7591737"
JSON_API = "application/vnd.api+json"


def a_search(**changes: object) -> dict[str, object]:
    attributes = {"query": "service:shop-web", "from": 1_700_000_000_000, "to": 1_800_000_000_000, "track": "logs"}
    merged = {name: value for name, value in (attributes | changes).items() if value is not ...}
    return {"data": {"type": "search_request", "attributes": merged}}


def refused(response) -> tuple[int, list[str]]:
    assert response.headers["content-type"] == JSON_API
    errors = response.json()["errors"]
    assert all(set(error) == {"status", "title", "detail"} for error in errors)
    assert all(error["status"] == str(response.status_code) for error in errors)
    return response.status_code, [error["detail"] for error in errors]


class TestSearchIssues:
    def test_no_hit_is_an_empty_list_and_nothing_else(self, call):
        response = call("POST", SEARCH, json=a_search())

        assert response.content == b'{"data":[]}'
        assert response.headers["content-type"] == JSON_API

    def test_a_hit_has_counts_that_are_known_and_a_reference(self, call, an_issue_here):
        call.issues.hits = [IssueHit(an_issue_here, 12, 0, 4), IssueHit(an_issue_here, 3, 2, 0)]

        data = call("POST", SEARCH, json=a_search()).json()["data"]

        id_ = str(an_issue_here.id)
        assert data[0] == {
            "id": id_,
            "type": "error_tracking_search_result",
            "attributes": {"impacted_sessions": 4, "total_count": 12},
            "relationships": {"issue": {"data": {"id": id_, "type": "issue"}}},
        }
        assert data[1]["attributes"] == {"impacted_users": 2, "total_count": 3}

    def test_included_resources_stand_there_once(self, call, an_issue_here):
        user, team = call.a_user("nora@errata.example", "Nora"), call.a_team("shop")
        issue = replace(an_issue_here, assignee_id=user.id, team_ids=(team.id,))
        other = replace(issue, id=IssueId(UUID(UNKNOWN)))
        call.issues.hits = [IssueHit(issue, 2, 0, 0), IssueHit(other, 1, 0, 0)]

        included = call(
            "POST", SEARCH, params={"include": "issue,issue.assignee,issue.team_owners,issue.case"}, json=a_search()
        ).json()["included"]

        assert [(item["type"], item["id"]) for item in included] == [
            ("issue", str(issue.id)),
            ("issue", UNKNOWN),
            ("user", str(user.id)),
            ("team", str(team.id)),
        ]
        assert included[3]["attributes"] == {"handle": "shop", "name": "Shop", "summary": ""}

    def test_all_of_the_request_reaches_the_room(self, call):
        id_ = UUID(UNKNOWN)
        asked = a_search(
            track=...,
            persona="MOBILE",
            order_by="PRIORITY",
            states=["OPEN", "RESOLVED", "OPEN"],
            assignee_ids=[UNKNOWN],
            team_ids=[UNKNOWN, UNKNOWN.upper()],
        )

        assert call("POST", SEARCH, json=asked).status_code == 200

        assert call.issues.asked == IssueSearch(
            query="service:shop-web",
            from_ms=1_700_000_000_000,
            to_ms=1_800_000_000_000,
            persona=Persona.MOBILE,
            order_by=OrderBy.PRIORITY,
            states=(IssueState.OPEN, IssueState.RESOLVED),
            assignee_ids=(UserId(id_),),
            team_ids=(TeamId(id_),),
        )

    def test_without_an_order_the_most_frequent_come_first(self, call):
        call("POST", SEARCH, json=a_search())

        assert call.issues.asked.order_by is OrderBy.TOTAL_COUNT
        assert call.issues.asked.track is Track.LOGS

    @pytest.mark.parametrize(
        ("body", "details"),
        [
            (a_search(track="invalid-track"), ["invalid json value for TrackType: invalid-track"]),
            (a_search(states=["OPEN", "open"]), ['invalid json value for IssueState: "open"']),
            (a_search(track=...), ["data.attributes: one of track and persona is required"]),
            (a_search(persona="all"), ['data.attributes.persona: invalid value "all", expected one of ALL, BROWSER, MOBILE, BACKEND']),
            (a_search(order_by="COUNT"), ['data.attributes.order_by: invalid value "COUNT", expected one of TOTAL_COUNT, FIRST_SEEN, IMPACTED_SESSIONS, PRIORITY']),
            (a_search(to=1_700_000_000_000), ["data.attributes: from must be before to"]),
            (a_search(**{"from": -1}), ["data.attributes.from: expected `int` >= 0"]),
            (a_search(to=10**30), ["data.attributes.to: expected `int` <= 10413792000000"]),
            (a_search(to="now", query=...), ["data.attributes.query: required", "data.attributes.to: expected `int`, got `str`"]),
            (a_search(to=1.8e12), ["data.attributes.to: expected `int`, got `float`"]),
            (a_search(track=None), ["data.attributes.track: invalid value null, expected one of trace, logs, rum"]),
            (a_search(assignee_ids=["me"]), ["invalid UUID length: 2"]),
            (a_search(team_ids=[UNKNOWN] * 51), ["data.attributes.team_ids: expected `array` of length <= 50"]),
            (a_search(query="a\x00b"), ["data.attributes.query: a NUL character is not allowed"]),
            ({"data": {"type": "search", "attributes": {}}}, ['got type "search" expected one of "search_request"', "data.attributes.query: required", "data.attributes.from: required", "data.attributes.to: required"]),
            ({}, ["data: required"]),
        ],
    )  # fmt: skip
    def test_a_wrong_body_is_explained_fault_by_fault(self, call, body, details):
        assert refused(call("POST", SEARCH, json=body)) == (400, details)

    def test_an_unknown_include_is_refused_with_those_that_are_known(self, call):
        response = call("POST", SEARCH, params={"include": "issue,assignee"}, json=a_search())

        assert refused(response) == (
            400,
            ['include: invalid value "assignee", expected one of issue, issue.assignee, issue.case, issue.team_owners'],
        )

    def test_a_query_that_cannot_be_read_is_refused_with_the_place(self, call):
        call.issues.fault = Invalid("expected a value after `:` at 8", where="query")

        assert refused(call("POST", SEARCH, json=a_search())) == (400, ["query: expected a value after `:` at 8"])

    def test_the_place_in_a_query_is_told_once(self, call):
        call.issues.fault = unreadable("service:(", 9, "a value")

        told = "query: at offset 9: found end of query, expected a value"
        assert refused(call("POST", SEARCH, json=a_search())) == (400, [told])

    def test_without_engine_the_answer_says_when_to_come_back(self, call):
        call.issues.fault = Unavailable("the event store does not answer", retry_after_s=3)

        response = call("POST", SEARCH, json=a_search())

        assert refused(response) == (503, ["the event store does not answer"])
        assert response.headers["retry-after"] == response.headers["x-ratelimit-reset"] == "3"


class TestGetIssue:
    def test_an_issue_has_every_attribute_in_order_and_no_included(self, call, an_issue_here):
        response = call("GET", f"/api/v2/error-tracking/issues/{an_issue_here.id}")

        assert response.headers["content-type"] == JSON_API
        assert response.json() == {
            "data": {
                "id": str(an_issue_here.id),
                "type": "issue",
                "attributes": {
                    "error_message": "total",
                    "error_type": "KeyError",
                    "file_path": "shop/checkout.py",
                    "first_seen": 1769904000000,
                    "first_seen_version": "1.0.0",
                    "function_name": "total_of",
                    "is_crash": False,
                    "languages": ["PYTHON"],
                    "last_seen": 1770001445678,
                    "last_seen_version": "",
                    "platform": "BACKEND",
                    "service": "shop-web",
                    "state": "OPEN",
                },
            }
        }
        data = json.loads(response.content)["data"]
        assert list(data) == ["id", "type", "attributes"]
        assert list(data["attributes"]) == sorted(data["attributes"])

    def test_a_regression_has_times_as_text(self, call, an_issue_here):
        at, again = datetime(2026, 1, 1, 10, tzinfo=UTC), datetime(2026, 1, 3, 8, 0, 0, 120000, tzinfo=UTC)
        for version in ("", "v2.5.2"):
            call.issues.add(replace(an_issue_here, regression=Regression(at, again, version)))

            attributes = call("GET", f"/api/v2/error-tracking/issues/{an_issue_here.id}").json()["data"]["attributes"]

            known = {"regressed_at_version": version} if version else {}
            assert (
                attributes["regression"]
                == {
                    "regressed_at": "2026-01-03T08:00:00.12Z",
                    "resolved_at": "2026-01-01T10:00:00Z",
                }
                | known
            )

    def test_a_user_who_is_gone_is_included_with_empty_texts(self, call, an_issue_here):
        call.issues.add(replace(an_issue_here, assignee_id=UserId(UUID(UNKNOWN))))

        answer = call("GET", f"/api/v2/error-tracking/issues/{an_issue_here.id}?include=assignee%2Ccase").json()

        assert answer["data"]["relationships"] == {"assignee": {"data": {"id": UNKNOWN, "type": "user"}}}
        assert answer["included"] == [
            {"id": UNKNOWN, "type": "user", "attributes": {"email": "", "handle": "", "name": ""}}
        ]

    def test_include_may_be_repeated(self, call, an_issue_here):
        team = call.a_team("shop")
        call.issues.add(replace(an_issue_here, assignee_id=call.admin.id, team_ids=(team.id,)))

        answer = call("GET", f"/api/v2/error-tracking/issues/{an_issue_here.id}?include=assignee&include=team_owners")

        assert [item["type"] for item in answer.json()["included"]] == ["user", "team"]

    def test_an_id_that_is_none_and_one_that_is_unknown(self, call):
        assert refused(call("GET", "/api/v2/error-tracking/issues/invalid-issue-id")) == (
            400,
            ["issue id is not an uuid"],
        )
        assert refused(call("GET", f"/api/v2/error-tracking/issues/{UNKNOWN}")) == (404, ["issue not found"])
        assert call("GET", f"/api/v2/error-tracking/issues/{UNKNOWN}").json()["errors"][0]["title"] == "Not Found"


class TestUpdateIssueState:
    def put(self, call, issue_id: object, state: object, **changes: object):
        data = {"attributes": {"state": state}, "id": str(issue_id), "type": "error_tracking_issue"} | changes
        return call("PUT", f"/api/v2/error-tracking/issues/{issue_id}/state", json={"data": data})

    def test_the_answer_has_the_new_state_and_includes_the_assignee(self, call, an_issue_here):
        call.issues.add(replace(an_issue_here, assignee_id=call.admin.id))

        response = self.put(call, an_issue_here.id, "RESOLVED")

        assert response.status_code == 200
        assert response.json()["data"]["attributes"]["state"] == "RESOLVED"
        assert response.json()["included"] == [
            {
                "id": str(call.admin.id),
                "type": "user",
                "attributes": {"email": "mira@errata.example", "handle": "mira@errata.example", "name": "mira"},
            }
        ]

    def test_without_assignee_nothing_is_included(self, call, an_issue_here):
        assert "included" not in self.put(call, an_issue_here.id, "IGNORED").json()

    def test_a_state_that_is_none(self, call, an_issue_here):
        for state in ("invalid-state", "resolved", ""):
            expected = (400, [f'invalid json value for IssueState: "{state}"'])
            assert refused(self.put(call, an_issue_here.id, state)) == expected

    def test_an_unknown_issue_is_told_before_the_state_is_read(self, call):
        assert refused(self.put(call, UNKNOWN, "resolved")) == (404, ["issue not found"])

    def test_a_wrong_type_is_told_before_the_issue_is_looked_up(self, call):
        assert refused(self.put(call, UNKNOWN, "RESOLVED", type="issue")) == (
            400,
            ['got type "issue" expected one of "error_tracking_issue"'],
        )


class TestAssignee:
    def put(self, call, issue_id: object, user_id: object, type_: str = "assignee"):
        body = {"data": {"id": str(user_id), "type": type_}}
        return call("PUT", f"/api/v2/error-tracking/issues/{issue_id}/assignee", json=body)

    def test_the_answer_names_and_includes_the_assignee(self, call, an_issue_here):
        response = self.put(call, an_issue_here.id, call.admin.id)

        assert response.status_code == 200
        reference = {"id": str(call.admin.id), "type": "user"}
        assert response.json()["data"]["relationships"] == {"assignee": {"data": reference}}
        assert response.json()["included"][0]["id"] == str(call.admin.id)

    def test_refusals(self, call, an_issue_here):
        assert refused(self.put(call, an_issue_here.id, "invalid-id")) == (400, ["invalid UUID length: 10"])
        assert refused(self.put(call, UNKNOWN, call.admin.id)) == (404, ["issue not found"])
        assert refused(self.put(call, an_issue_here.id, call.admin.id, "x")) == (
            400,
            ['got type "x" expected one of "assignee"'],
        )

    def test_taking_the_assignee_away_has_no_body_and_no_content_type(self, call, an_issue_here):
        call.issues.add(replace(an_issue_here, assignee_id=call.admin.id))

        response = call("DELETE", f"/api/v2/error-tracking/issues/{an_issue_here.id}/assignee")

        assert (response.status_code, response.content) == (204, b"")
        assert "content-type" not in response.headers
        assert call.issues.get(an_issue_here.id).assignee_id is None
        assert refused(call("DELETE", f"/api/v2/error-tracking/issues/{UNKNOWN}/assignee")) == (
            404,
            ["issue not found"],
        )
