"""Users, teams, keys and their checking through the official client."""

from __future__ import annotations

from uuid import uuid4

import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v1.api.authentication_api import AuthenticationApi
from datadog_api_client.v2.api.key_management_api import KeyManagementApi
from datadog_api_client.v2.api.teams_api import TeamsApi
from datadog_api_client.v2.api.users_api import UsersApi
from datadog_api_client.v2.model.get_team_memberships_sort import GetTeamMembershipsSort
from datadog_api_client.v2.model.list_teams_sort import ListTeamsSort
from datadog_api_client.v2.model.team_create import TeamCreate
from datadog_api_client.v2.model.team_create_attributes import TeamCreateAttributes
from datadog_api_client.v2.model.team_create_request import TeamCreateRequest
from datadog_api_client.v2.model.team_type import TeamType
from datadog_api_client.v2.model.user_create_attributes import UserCreateAttributes
from datadog_api_client.v2.model.user_create_data import UserCreateData
from datadog_api_client.v2.model.user_create_request import UserCreateRequest
from datadog_api_client.v2.model.users_type import UsersType

pytest_plugins = ["official_client"]

UNKNOWN = "67d80aa3-36ff-44b9-a694-c501a7591737"


@pytest.fixture
def a_user(client: ApiClient):
    def make(name: str | None = None):
        attributes = {"email": f"{uuid4().hex[:10]}@Errata.example"} | ({"name": name} if name else {})
        data = UserCreateData(attributes=UserCreateAttributes(**attributes), type=UsersType.USERS)
        return UsersApi(client).create_user(body=UserCreateRequest(data=data)).data

    return make


@pytest.fixture
def a_team(client: ApiClient):
    handle = f"Team-{uuid4().hex[:10]}"
    data = TeamCreate(attributes=TeamCreateAttributes(name=handle, handle=handle), type=TeamType.TEAM)
    return TeamsApi(client).create_team(body=TeamCreateRequest(data=data)).data


def refusal(call) -> ApiException:
    with pytest.raises(ApiException) as refused:
        call()
    return refused.value


class TestUsers:
    def test_a_user_is_made_read_and_disabled(self, client, a_user, parsed):
        made = parsed(a_user())

        assert made.attributes.email == made.attributes.handle == made.attributes.email.lower()
        assert (made.attributes.name, made.attributes.status, made.attributes.verified) == (None, "Pending", False)
        assert parsed(UsersApi(client).get_user(user_id=made.id)).data.id == made.id
        assert UsersApi(client).disable_user(user_id=made.id) is None
        assert UsersApi(client).get_user(user_id=made.id).data.attributes.disabled is True

    def test_the_pager_of_the_client_walks_through_all(self, client, a_user):
        wanted = {a_user(f"Walker {i}").id for i in range(5)}

        found = [user.id for user in UsersApi(client).list_users_with_pagination(page_size=2, filter="walker")]

        assert wanted <= set(found)
        assert len(found) == len(set(found))

    def test_the_current_user_is_the_administrator(self, client, parsed):
        answer = parsed(UsersApi(client).get_current_user())

        assert answer.data.attributes.email == "admin@errata.example"
        assert answer.data.attributes.status == "Active"

    def test_unknown_users_and_bad_bodies(self, client):
        assert refusal(lambda: UsersApi(client).get_user(user_id=UNKNOWN)).status == 404
        assert refusal(lambda: UsersApi(client).disable_user(user_id=UNKNOWN)).body["errors"] == ["User not found"]
        body = {"data": {"type": "users", "attributes": {"email": "nobody"}}}
        assert refusal(lambda: UsersApi(client).create_user(body=body)).status == 400


class TestTeams:
    def test_a_team_is_made_read_and_listed(self, client, a_team, parsed):
        teams = TeamsApi(client)

        assert parsed(teams.get_team(team_id=a_team.id)).data.attributes.handle == a_team.attributes.handle
        listed = parsed(teams.list_teams(filter_keyword=a_team.attributes.handle, sort=ListTeamsSort.NAME))
        assert [team.id for team in listed.data] == [a_team.id]
        assert listed.meta.pagination.total == 1
        again = {"data": {"type": "team", "attributes": {"name": "Other", "handle": a_team.attributes.handle}}}
        assert refusal(lambda: teams.create_team(body=again)).body["errors"] == ["Team name and handle must be unique"]

    def test_the_pager_of_the_client_ends(self, client, a_team):
        assert a_team.id in {team.id for team in TeamsApi(client).list_teams_with_pagination(page_size=1)}

    def test_an_id_that_is_none(self, client):
        refused = refusal(lambda: TeamsApi(client).get_team(team_id="REPLACE.ME"))

        assert (refused.status, refused.body["errors"]) == (404, ["REPLACE.ME is not a valid UUID not found"])

    def test_members_join_and_leave(self, client, a_team, a_user, parsed):
        teams, users = TeamsApi(client), [a_user("Zoe"), a_user("Anna")]
        for user in users:
            relationship = {"user": {"data": {"id": user.id, "type": "users"}}}
            body = {
                "data": {"type": "team_memberships", "attributes": {"role": "admin"}, "relationships": relationship}
            }
            assert (
                parsed(teams.create_team_membership(team_id=a_team.id, body=body)).data.attributes.role.value == "admin"
            )

        listed = parsed(teams.get_team_memberships(team_id=a_team.id, sort=GetTeamMembershipsSort.NAME))

        assert [m.relationships.user.data.id for m in listed.data] == [users[1].id, users[0].id]
        assert len(list(teams.get_team_memberships_with_pagination(team_id=a_team.id, page_size=1))) == 2
        assert teams.get_team(team_id=a_team.id).data.attributes.user_count == 2
        assert teams.delete_team_membership(team_id=a_team.id, user_id=users[0].id) is None
        assert refusal(lambda: teams.delete_team_membership(team_id=a_team.id, user_id=users[0].id)).status == 404


class TestKeys:
    def test_lists_show_the_last_four_only(self, client, server, raw, parsed):
        keys = KeyManagementApi(client)

        api_keys = parsed(keys.list_api_keys())
        application_keys = parsed(keys.list_application_keys())
        own = parsed(keys.list_current_user_application_keys())

        assert server.api_key[-4:] in {key.attributes.last4 for key in api_keys.data}
        assert server.app_key[-4:] in {key.attributes.last4 for key in application_keys.data}
        assert {key.id for key in own.data} <= {key.id for key in application_keys.data}
        for path in ("api_keys", "application_keys", "current_user/application_keys"):
            text = raw("GET", f"/api/v2/{path}").body.decode()
            assert server.api_key not in text
            assert server.app_key not in text

    def test_keys_are_checked(self, client):
        assert AuthenticationApi(client).validate().valid is True
        assert KeyManagementApi(client).validate_api_key().status.value == "ok"
        client.configuration.unstable_operations["validate"] = True
        with pytest.warns(UserWarning, match="unstable operation"):
            checked = KeyManagementApi(client).validate()
        assert checked.data.attributes.valid is True
        assert checked.data.id == checked.data.attributes.api_key_id


class TestWhoMay:
    def _client(self, server, api_key: str, app_key: str) -> ApiClient:
        configuration = Configuration(host=server.url)
        configuration.api_key["apiKeyAuth"] = api_key
        configuration.api_key["appKeyAuth"] = app_key
        return ApiClient(configuration)

    def test_wrong_keys_are_forbidden(self, server):
        for api_key, app_key in (
            ("0" * 32, server.app_key),
            (server.api_key, "0" * 40),
            (server.app_key, server.api_key),
        ):
            with self._client(server, api_key, app_key) as stranger:
                refused = refusal(UsersApi(stranger).get_current_user)

            assert refused.status == 403
            [text] = refused.body["errors"]
            assert text.startswith("Forbidden: ")

    def test_a_wrong_api_key_is_not_valid(self, server):
        with self._client(server, "0" * 32, server.app_key) as stranger:
            refused = refusal(AuthenticationApi(stranger).validate)

        assert (refused.status, refused.body["errors"]) == (403, ["Forbidden"])

    @pytest.mark.parametrize(
        "path", ["/api/v2/current_user", "/api/v2/users", "/api/v2/error-tracking/issues/" + UNKNOWN]
    )
    def test_without_keys_nothing_is_told(self, raw, path):
        answer = raw("GET", path, headers={})

        assert answer.status == 401
        assert answer.json()["errors"][0].startswith("Unauthorized: ")

    def test_pages_for_people_need_no_key(self, raw):
        for path, kind in (("/", "text/html"), ("/api/docs", "text/html"), ("/api/openapi.json", "application/json")):
            answer = raw("GET", path, headers={})

            assert answer.status == 200
            assert answer.headers["content-type"].startswith(kind)
        lost = raw("GET", "/nothing", headers={"accept": "text/html"})
        assert lost.status == 404
        assert b"There is nothing here" in lost.body


def test_every_published_operation_was_named_in_these_tests(raw):
    document = raw("GET", "/api/openapi.json", headers={}).json()
    published = {
        item["operationId"]
        for path, methods in document["paths"].items()
        for item in methods.values()
        if not path.startswith(("/api/errata/", "/api/v2/cases"))
    }

    assert published == CALLED


CALLED = {
    "SearchIssues", "GetIssue", "UpdateIssueState", "UpdateIssueAssignee", "DeleteIssueAssignee",
    "ListUsers", "CreateUser", "GetUser", "DisableUser", "GetCurrentUser",
    "ListTeams", "CreateTeam", "GetTeam", "GetTeamMemberships", "CreateTeamMembership", "DeleteTeamMembership",
    "ListAPIKeys", "ListApplicationKeys", "ListCurrentUserApplicationKeys",
    "ValidateV1", "ValidateV2", "ValidateAPIKey",
}  # fmt: skip
"""Datadog's operations that a test of this folder calls; a new one is added here together with its test.

Those on cases are walked, all of them, in `test_contract_cases.py`.
"""
