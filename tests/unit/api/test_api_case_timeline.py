"""Comments, timelines, changes of many cases, and who may do what, by the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from case_calls import CASES, NOW, UNKNOWN, error

from errata.access.model import KeyKind, Scope
from errata.base.facts import SYSTEM


class TestComments:
    def test_a_comment_is_answered_in_a_list_of_one(self, call, created, change):
        case = created()

        response = change(case, "comment", comment='Rolled "back"')

        [cell] = response.json()["data"]
        assert response.status_code == 200
        admin = {"name": "mira", "email": "mira@errata.example", "handle": "mira@errata.example", "active": True}
        assert cell == {
            "id": cell["id"],
            "type": "timeline_cell",
            "attributes": {
                "author": {"type": "USER", "content": {"ID": str(call.admin.id), "id": str(call.admin.id)} | admin},
                "cell_content": {"message": 'Rolled "back"'},
                "content": '{"message":"Rolled \\"back\\""}',
                "created_at": NOW,
                "type": "COMMENT",
            },
        }
        assert call("GET", f"{CASES}/GEN-1").json()["data"]["attributes"]["comment_count"] == 1

    def test_a_comment_is_changed_and_deleted_once(self, call, created, change):
        [cell] = change(created(), "comment", comment="a").json()["data"]
        path = f"{CASES}/GEN-1/comment/{cell['id']}"
        body = {"data": {"type": "case", "attributes": {"comment": "b"}}}

        changed = call("PUT", path, json=body)
        assert (changed.status_code, changed.content) == (200, b"")
        [read] = call("GET", f"{CASES}/GEN-1/timelines").json()["data"]
        assert read["attributes"]["cell_content"] == {"message": "b"}
        assert read["attributes"]["modified_at"] == NOW

        assert call("DELETE", path).status_code == 204
        assert error(call("DELETE", path)) == (404, {"code": "resource_not_found", "title": "timeline cell not found"})
        assert call("GET", f"{CASES}/GEN-1/timelines").json() == {"data": []}

    def test_a_comment_that_never_was_and_an_id_that_is_none(self, call, created):
        created()

        assert error(call("DELETE", f"{CASES}/GEN-1/comment/{UNKNOWN}")) == (
            404, {"code": "resource_not_found", "title": "failed to get timeline cell: timeline cell not found"},
        )  # fmt: skip
        assert error(call("DELETE", f"{CASES}/GEN-1/comment/not-an-uuid")) == (
            400,
            {
                "status": "400",
                "title": "Invalid Parameter",
                "detail": 'invalid parameter "CommentID" in "path"; expected type "uuid"',
            },
        )

    def test_the_timeline_lists_comments_and_everything_on_request(self, call, created, change):
        case = created()
        change(case, "comment", comment="first")
        change(case, "title", title="Other")
        change(case, "comment", comment="second")

        def types(query: str = "") -> list[str]:
            cells = call("GET", f"{CASES}/GEN-1/timelines{query}").json()["data"]
            return [each["attributes"]["cell_content"].get("message", each["attributes"]["type"]) for each in cells]

        assert types() == ["second", "first"]
        assert types("?sort[ascending]=true") == ["first", "second"]
        assert types("?page[size]=1&page[number]=1") == ["first"]
        assert types("?cell_types=all&sort[ascending]=true") == ["CREATED", "first", "TITLE_CHANGED", "second"]
        assert types("?cell_types=TITLE_CHANGED,CREATED") == ["TITLE_CHANGED", "CREATED"]
        assert error(call("GET", f"{CASES}/GEN-1/timelines?cell_types=x"))[0] == 400
        assert error(call("GET", f"{CASES}/GEN-1/timelines?page[size]=101"))[0] == 400


class TestBulk:
    @pytest.mark.parametrize(
        ("type_", "payload", "shown"),
        [
            ("priority", {"priority": "P1"}, {"priority": "P1"}),
            ("status", {"status_name": "Closed"}, {"status": "CLOSED"}),
            ("status", {"status": "IN_PROGRESS"}, {"status": "IN_PROGRESS"}),
            ("archive", None, {"archived_at": NOW}),
        ],
    )
    def test_all_of_the_cases_are_changed(self, call, created, type_, payload, shown):
        ids = [created()["id"], "GEN-2"]
        created()

        response = call("POST", f"{CASES}/bulk", json=bulk(type_, ids, payload))

        assert (response.status_code, response.content) == (200, b"")
        for ref in ids:
            read = call("GET", f"{CASES}/{ref}").json()["data"]["attributes"]
            assert shown.items() <= read.items()

    def test_one_that_is_unknown_leaves_all_as_they_are(self, call, created):
        case = created()

        response = call("POST", f"{CASES}/bulk", json=bulk("priority", [case["id"], UNKNOWN], {"priority": "P1"}))

        assert response.status_code == 404
        assert call("GET", f"{CASES}/GEN-1").json()["data"] == case

    @pytest.mark.parametrize(
        ("type_", "payload"),
        [("jira", {}), ("servicenow", {}), ("linear", {}), ("priority", {}), ("priority", {"priority": "x"}),
         ("assign", {"assignee_id": "x"}), ("nothing", {}), ("update_project", {"project_id": "\x00"})],
    )  # fmt: skip
    def test_a_wrong_action_is_refused(self, call, created, type_, payload):
        assert error(call("POST", f"{CASES}/bulk", json=bulk(type_, [created()["id"]], payload)))[0] == 400

    @pytest.mark.parametrize("count", [0, 101])
    def test_the_number_of_cases_is_bounded(self, call, count):
        assert error(call("POST", f"{CASES}/bulk", json=bulk("archive", [UNKNOWN] * count, {})))[0] == 400


class TestAccess:
    @pytest.mark.parametrize(
        ("method", "path", "scope"),
        [
            ("GET", "/GEN-1", Scope.CASES_READ),
            ("GET", "/GEN-1/timelines", Scope.CASES_READ),
            ("POST", "", Scope.CASES_WRITE),
            ("POST", "/GEN-1/comment", Scope.CASES_WRITE),
            ("DELETE", f"/GEN-1/comment/{UNKNOWN}", Scope.CASES_WRITE),
            ("PATCH", "/GEN-1/relationships/project", Scope.CASES_WRITE),
            ("POST", "/bulk", Scope.CASES_WRITE),
        ],
    )
    def test_a_key_without_the_scope_is_refused_in_plain_text(self, call, method, path, scope):
        key = call.app_key(*(one for one in Scope if one is not scope))

        response = call(method, CASES + path, {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": key})

        told = f"Forbidden: This needs the scope {scope.value}, which the key or its owner lacks."
        assert error(response) == (403, told)

    @pytest.fixture
    def keys_of(self, call) -> Callable[[str], dict[str, str]]:
        """Makes a user of a role, and the headers to call as this user."""

        def make(role: str) -> dict[str, str]:
            [role_id] = [id_ for id_, each in call.rooms.access.roles().items() if each.name == role]
            email = f"{role.replace(' ', '-').lower()}@errata.example"
            owner = call.commands.create_user(SYSTEM, email=email, role_ids=[role_id], service_account=True)
            made = call.commands.create_key(SYSTEM, KeyKind.APPLICATION, name="own", owner_id=owner.id)
            return {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": made.secret}

        return make

    @pytest.mark.parametrize(
        ("role", "reads", "writes", "defines"),
        [("Admin", 200, 200, 201), ("Standard", 200, 200, 403), ("Read Only", 200, 403, 403)],
    )
    def test_roles_say_who_may_read_change_and_define(self, call, created, keys_of, role, reads, writes, defines):
        created()
        keys = keys_of(role)
        title = {"data": {"type": "case", "attributes": {"title": "b"}}}
        kind = {"data": {"type": "case_type", "attributes": {"name": "Fault", "emoji": "\N{BUG}"}}}

        assert call("GET", f"{CASES}/GEN-1", keys).status_code == reads
        assert call("POST", f"{CASES}/GEN-1/title", keys, json=title).status_code == writes
        assert call("POST", f"{CASES}/types", keys, json=kind).status_code == defines

    def test_a_comment_belongs_to_its_author_and_can_be_taken_away_by_who_keeps_order(
        self, call, created, change, keys_of
    ):
        created()
        others = keys_of("Standard")
        body = {"data": {"type": "case", "attributes": {"comment": "mine"}}}
        [ours] = change("GEN-1", "comment", comment="ours").json()["data"]
        [theirs] = call("POST", f"{CASES}/GEN-1/comment", others, json=body).json()["data"]

        assert call("PUT", f"{CASES}/GEN-1/comment/{theirs['id']}", json=body).status_code == 403
        assert call("DELETE", f"{CASES}/GEN-1/comment/{ours['id']}", others).status_code == 403
        assert call("DELETE", f"{CASES}/GEN-1/comment/{theirs['id']}").status_code == 204
        read = call("GET", f"{CASES}/GEN-1/timelines", others).json()["data"]
        assert [cell["id"] for cell in read] == [ours["id"]]

    def test_without_keys_nothing_is_told(self, call, created):
        created()

        assert call("GET", f"{CASES}/GEN-1", headers={}).status_code == 401


def bulk(type_: str, ids: list[str], payload: dict[str, str] | None) -> dict[str, Any]:
    attributes = {"case_ids": ids, "type": type_} | ({"payload": payload} if payload is not None else {})
    return {"data": {"type": "bulk", "attributes": attributes}}
