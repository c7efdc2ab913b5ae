"""Users, teams, keys and the checking of keys: shapes, paging and refusals."""

from __future__ import annotations

import pytest

from errata.access.model import Scope

UNKNOWN = "67d80aa3-36ff-44b9-a694-c501a7591737"
JSON = "application/json"


def refused(response) -> tuple[int, list[str]]:
    assert response.headers["content-type"] == JSON
    assert list(response.json()) == ["errors"]
    return response.status_code, response.json()["errors"]


class TestUsers:
    def test_the_current_user_has_every_attribute(self, call):
        response = call("GET", "/api/v2/current_user")

        assert response.headers["content-type"] == JSON
        data = response.json()["data"]
        assert data["attributes"] == {
            "name": "mira",
            "handle": "mira@errata.example",
            "created_at": "2026-03-01T12:00:00.123456+00:00",
            "modified_at": "2026-03-01T12:00:00.123456+00:00",
            "email": "mira@errata.example",
            "icon": "",
            "title": None,
            "verified": True,
            "service_account": False,
            "disabled": False,
            "allowed_login_methods": [],
            "status": "Active",
        }
        assert data["type"] == "users"
        assert data["relationships"]["org"]["data"]["type"] == "orgs"

    def test_a_new_user_is_pending_in_lower_case_and_without_name(self, call):
        body = {"data": {"type": "users", "attributes": {"email": "Nora@Errata.example", "title": "developer"}}}

        response = call("POST", "/api/v2/users", json=body)

        assert response.status_code == 201
        attributes = response.json()["data"]["attributes"]
        assert (attributes["email"], attributes["handle"]) == ("nora@errata.example", "nora@errata.example")
        assert (attributes["name"], attributes["title"]) == (None, "developer")
        assert (attributes["status"], attributes["verified"]) == ("Pending", False)
        again = call("POST", "/api/v2/users", json=body)
        assert again.status_code == 409
        assert len(again.json()["errors"]) == 1

    def test_roles_are_given_and_included(self, call):
        role = call("GET", "/api/v2/users").json()["included"][0]
        body = {
            "data": {
                "type": "users",
                "attributes": {"email": "nora@errata.example"},
                "relationships": {"roles": {"data": [{"id": role["id"], "type": "roles"}]}},
            }
        }

        made = call("POST", "/api/v2/users", json=body)

        assert role["attributes"]["name"] == "Admin"
        assert made.json()["data"]["relationships"]["roles"]["data"] == [{"id": role["id"], "type": "roles"}]

    def test_a_wrong_body_names_the_place(self, call):
        body = {"data": {"type": "user", "attributes": {"email": 7}}}

        assert refused(call("POST", "/api/v2/users", json=body)) == (
            400,
            [
                'data.type: invalid value "user", expected one of "users"',
                "data.attributes.email: expected `str`, got `int`",
            ],
        )
        body = {"data": {"type": "users", "attributes": {"email": "nobody"}}}
        assert refused(call("POST", "/api/v2/users", json=body))[1][0].startswith("data.attributes.email: ")

    def test_pages_count_from_zero(self, call):
        for name in ("Anna", "Berta", "Carl"):
            call.a_user(f"{name.lower()}@errata.example", name)

        first = call("GET", "/api/v2/users", params={"page[size]": 2}).json()
        second = call("GET", "/api/v2/users", params={"page[size]": 2, "page[number]": 1}).json()

        assert [user["attributes"]["name"] for user in first["data"] + second["data"]] == [
            "Anna",
            "Berta",
            "Carl",
            "mira",
        ]
        assert first["meta"] == {"page": {"total_count": 4, "total_filtered_count": 4}}
        assert first["included"] == []

    def test_filters_and_order(self, call):
        call.a_user("anna@errata.example", "Anna")

        def names(**params):
            found = call("GET", "/api/v2/users", params=params).json()["data"]
            return [user["attributes"]["name"] for user in found]

        assert names(**{"filter[status]": "Pending"}) == ["Anna"]
        assert names(**{"filter[status]": "Active,Disabled"}) == ["mira"]
        assert names(filter="ANNA@") == ["Anna"]
        assert names(sort="-name") == ["mira", "Anna"]
        assert names(sort="email", sort_dir="desc") == ["mira", "Anna"]

    def test_a_disabled_user_stays_and_is_shown_as_such(self, call):
        user = call.a_user("anna@errata.example", "Anna")

        response = call("DELETE", f"/api/v2/users/{user.id}")

        assert (response.status_code, response.content) == (204, b"")
        attributes = call("GET", f"/api/v2/users/{user.id}").json()["data"]["attributes"]
        assert (attributes["disabled"], attributes["status"]) == (True, "Disabled")

    @pytest.mark.parametrize("id_", [UNKNOWN, "me"])
    def test_unknown_users(self, call, id_):
        assert refused(call("GET", f"/api/v2/users/{id_}")) == (404, ["User not found"])
        assert refused(call("DELETE", f"/api/v2/users/{id_}")) == (404, ["User not found"])

    @pytest.mark.parametrize(
        ("query", "fault"),
        [
            ("page[size]=0", 'page[size]: expected a whole number from 1 to 100, got "0"'),
            ("page[size]=101", 'page[size]: expected a whole number from 1 to 100, got "101"'),
            ("page[number]=-1", 'page[number]: expected a whole number from 0 to 1000000, got "-1"'),
            ("page[number]=1_0", 'page[number]: expected a whole number from 0 to 1000000, got "1_0"'),
            ("page[number]=%C2%B2", 'page[number]: expected a whole number from 0 to 1000000, got "²"'),
            ("page[number]=", 'page[number]: expected a whole number from 0 to 1000000, got ""'),
            (
                "page[size]=" + "9" * 5000,
                'page[size]: expected a whole number from 1 to 100, got "' + "9" * 100 + '..."',
            ),
            ("sort_dir=up", 'sort_dir: invalid value "up", expected one of asc, desc'),
            ("filter=%00", "filter: a NUL character is not allowed"),
            ("&".join(f"p{i}=1" for i in range(300)), "the query has more than 200 parameters"),
        ],
        ids=lambda value: value[:30],
    )
    def test_a_wrong_parameter_is_named(self, call, query, fault):
        assert refused(call("GET", f"/api/v2/users?{query}")) == (400, [fault])


class TestTeams:
    def test_an_empty_list_has_pagination_and_links(self, call):
        answer = call("GET", "/api/v2/team", params={"page[size]": 2, "page[number]": 0}).json()

        assert answer == {
            "data": [],
            "meta": {
                "pagination": {
                    "number": 0,
                    "first_number": 0,
                    "prev_number": 0,
                    "next_number": 1,
                    "last_number": 0,
                    "size": 2,
                    "type": "number_size",
                    "total": 0,
                }
            },
            "links": {
                "self": "/api/v2/team?page[size]=2&page[number]=0",
                "last": "/api/v2/team?page[number]=0&page[size]=2",
                "next": "/api/v2/team?page[number]=1&page[size]=2",
                "prev": None,
                "first": "/api/v2/team?page[number]=0&page[size]=2",
            },
        }

    def test_a_team_is_made_read_and_listed(self, call):
        body = {"data": {"type": "team", "attributes": {"name": "Shop", "handle": "Shop-Web"}}}

        made = call("POST", "/api/v2/team", json=body)

        data = made.json()["data"]
        assert made.status_code == 201
        assert data["attributes"] == {
            "created_at": "2026-03-01T12:00:00.123456+00:00",
            "modified_at": "2026-03-01T12:00:00.123456+00:00",
            "name": "Shop",
            "handle": "shop-web",
            "summary": None,
            "description": None,
            "user_count": 0,
            "link_count": 0,
        }
        assert data["relationships"]["team_links"] == {"links": {"related": f"/api/v2/team/{data['id']}/links"}}
        assert call("GET", f"/api/v2/team/{data['id']}").json()["data"] == data
        assert call("GET", "/api/v2/team", params={"filter[keyword]": "WEB"}).json()["data"] == [data]
        assert call("GET", "/api/v2/team", params={"filter[me]": "true"}).json()["data"] == []
        cut = call("GET", "/api/v2/team", params={"fields[team]": "id,user_count"}).json()["data"][0]["attributes"]
        assert cut == {"name": "Shop", "handle": "shop-web", "user_count": 0}
        assert refused(call("POST", "/api/v2/team", json=body)) == (409, ["Team name and handle must be unique"])

    def test_an_id_that_is_none_is_not_found_in_recorded_words(self, call):
        assert refused(call("GET", "/api/v2/team/REPLACE.ME")) == (404, ["REPLACE.ME is not a valid UUID not found"])
        assert refused(call("GET", f"/api/v2/team/{UNKNOWN}")) == (404, ["Team not found"])

    def test_members_join_are_listed_and_leave(self, call):
        team = call.a_team("shop")
        path = f"/api/v2/team/{team.id}/memberships"
        for name in ("Zoe", "Anna"):
            user = call.a_user(f"{name.lower()}@errata.example", name)
            relationship = {"user": {"data": {"id": str(user.id), "type": "users"}}}
            body = {
                "data": {"type": "team_memberships", "attributes": {"role": "admin"}, "relationships": relationship}
            }
            joined = call("POST", path, json=body)
            assert joined.status_code == 200
            assert joined.json()["included"][0]["id"] == str(user.id)

        listed = call("GET", path, params={"page[size]": 1}).json()

        assert listed["meta"]["pagination"]["total"] == 2
        assert listed["meta"]["pagination"]["last_number"] == 1
        assert listed["included"][0]["attributes"]["name"] == "Anna"
        member = listed["data"][0]
        assert member["type"] == "team_memberships"
        assert member["attributes"] == {"provisioned_by": None, "provisioned_by_id": None, "role": "admin"}
        assert member["relationships"]["team"] == {"data": {"id": str(team.id), "type": "team"}}
        assert [m["id"] for m in call("GET", path, params={"filter[keyword]": "anna"}).json()["data"]] == [member["id"]]
        assert call("GET", path, params={"sort": "-email"}).json()["data"][1] == member
        assert call("POST", path, json=body).status_code == 409
        assert call("GET", f"/api/v2/team/{team.id}").json()["data"]["attributes"]["user_count"] == 2
        assert call("DELETE", f"{path}/{user.id}").status_code == 204
        assert call("DELETE", f"{path}/{user.id}").status_code == 404

    def test_a_team_is_made_with_its_members(self, call):
        body = {
            "data": {
                "type": "team",
                "attributes": {"name": "Shop", "handle": "shop", "description": "Sells"},
                "relationships": {"users": {"data": [{"id": str(call.admin.id), "type": "users"}]}},
            }
        }

        made = call("POST", "/api/v2/team", json=body).json()["data"]

        assert made["attributes"]["user_count"] == 1
        assert [t["id"] for t in call("GET", "/api/v2/team", params={"filter[me]": "true"}).json()["data"]] == [
            made["id"]
        ]
        body["data"]["relationships"]["users"]["data"][0]["id"] = UNKNOWN
        assert refused(call("POST", "/api/v2/team", json=body)) == (404, [f"User {UNKNOWN} not found"])


class TestKeys:
    def test_api_keys_show_their_end_only(self, call):
        answer = call("GET", "/api/v2/api_keys", params={"include": "created_by,modified_by"})

        assert "a" * 32 not in answer.text
        data = answer.json()["data"]
        assert len(data) == 1
        assert data[0]["type"] == "api_keys"
        assert data[0]["attributes"] == {
            "created_at": "2026-03-01T12:00:00.123456+00:00",
            "last4": "aaaa",
            "modified_at": "2026-03-01T12:00:00.123456+00:00",
            "remote_config_read_enabled": False,
            "category": "default",
            "name": "first key",
            "date_last_used": None,
            "used_in_last_24_hours": False,
        }
        assert data[0]["relationships"]["created_by"] == {"data": {"id": str(call.admin.id), "type": "users"}}
        assert answer.json()["meta"] == {"page": {"total_filtered_count": 1}, "max_allowed": 200}
        assert [user["id"] for user in answer.json()["included"]] == [str(call.admin.id)]

    def test_application_keys_name_their_owner_except_in_ones_own_list(self, call):
        call.app_key(Scope.TEAMS_READ)

        everybody = call("GET", "/api/v2/application_keys", params={"sort": "-name", "include": "owned_by"}).json()
        own = call("GET", "/api/v2/current_user/application_keys", params={"filter": "CUT"}).json()

        assert [key["attributes"]["scopes"] for key in everybody["data"]] == [None, ["teams_read"]]
        assert everybody["data"][0]["relationships"] == {
            "owned_by": {"data": {"id": str(call.admin.id), "type": "users"}}
        }
        assert everybody["included"][0]["type"] == "users"
        assert [key["attributes"]["name"] for key in own["data"]] == ["cut"]
        assert "relationships" not in own["data"][0]
        assert own["meta"]["page"] == {"total_filtered_count": 1}

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("filter[created_at][start]=2026-03-01T12:00:00Z", 1),
            ("filter[created_at][end]=2026-03-01T12:00:00Z", 0),
            ("filter[modified_at][start]=2027-01-01T00:00:00%2B01:00", 0),
            ("filter[remote_config_read_enabled]=true", 0),
            ("filter[category]=other", 0),
            ("filter[category]=default&filter=FIRST", 1),
        ],
    )
    def test_filters_of_api_keys(self, call, query, count):
        assert len(call("GET", f"/api/v2/api_keys?{query}").json()["data"]) == count

    def test_wrong_filters_are_named(self, call):
        assert refused(call("GET", "/api/v2/api_keys?filter[created_at][start]=yesterday"))[0] == 400
        assert refused(call("GET", "/api/v2/application_keys?filter[owned_by]=me")) == (
            400,
            ["filter[owned_by]: expected the UUID of a user"],
        )


class TestWhoMay:
    def test_keys_are_checked(self, call):
        api_key = {"DD-API-KEY": "a" * 32}

        assert call("GET", "/api/v1/validate", api_key).json() == {"valid": True}
        assert call("GET", "/api/v2/validate_keys").json() == {"status": "ok"}
        data = call("GET", "/api/v2/validate", api_key).json()["data"]
        assert data["attributes"] == {"api_key_id": data["id"], "api_key_scopes": [], "valid": True}
        assert data["type"] == "validate_v2"

    @pytest.mark.parametrize("headers", [{}, {"DD-API-KEY": "c" * 32}, {"DD-API-KEY": "b" * 40}, {"DD-API-KEY": ""}])
    def test_a_wrong_api_key_is_forbidden_in_one_word(self, call, headers):
        for path in ("/api/v1/validate", "/api/v2/validate"):
            assert refused(call("GET", path, headers)) == (403, ["Forbidden"])

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 401),
            ({"DD-API-KEY": "a" * 32}, 401),
            ({"DD-APPLICATION-KEY": "b" * 40}, 401),
            ({"Authorization": "Basic YTpi"}, 401),
            ({"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": "c" * 40}, 403),
            ({"DD-API-KEY": "c" * 32, "DD-APPLICATION-KEY": "b" * 40}, 403),
            ({"DD-API-KEY": "b" * 40, "DD-APPLICATION-KEY": "a" * 32}, 403),
            ({"Authorization": "Bearer " + "a" * 32}, 403),
            ({"DD-API-KEY": "ä" * 20, "DD-APPLICATION-KEY": "x" * 9000}, 403),
        ],
        ids=str,
    )
    def test_without_good_keys_nothing_is_told(self, call, an_issue_here, headers, status):
        sent = {name: value.encode("latin-1") for name, value in headers.items()}
        for path in ("/api/v2/current_user", f"/api/v2/error-tracking/issues/{an_issue_here.id}"):
            response = call("GET", path, sent)

            assert response.status_code == status
            [text] = response.json()["errors"]
            assert text.startswith({401: "Unauthorized: ", 403: "Forbidden: "}[status])
            assert ("www-authenticate" in response.headers) == (status == 401)

    def test_a_token_opens_the_api_alone(self, call):
        response = call("GET", "/api/v2/current_user", {"Authorization": f"bearer {call.token()}"})

        assert response.json()["data"]["id"] == str(call.admin.id)

    def test_a_scope_that_is_missing_is_named(self, call, an_issue_here):
        keys = {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": call.app_key(Scope.ERROR_TRACKING_READ)}
        path = f"/api/v2/error-tracking/issues/{an_issue_here.id}"

        assert call("GET", path, keys).status_code == 200
        [text] = call("DELETE", f"{path}/assignee", keys).json()["errors"]

        assert text.startswith("Forbidden: ")
        assert all(scope in text for scope in ("error_tracking_write", "cases_read", "cases_write"))
        assert "error_tracking_read" not in text
