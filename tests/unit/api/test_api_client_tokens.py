"""Client tokens through the API: made, listed, revoked, and good for nothing but sending."""

from __future__ import annotations

import pytest

from errata.access.credentials import IntakeKeys, KeyRing
from errata.access.model import KeyKind, Scope
from errata.api.operation import Needs
from errata.api.operations import OPERATIONS
from errata.base.facts import SYSTEM

PATH = "/api/errata/v1/client-tokens"
JSON_API = "application/vnd.api+json"


def asked(name: object) -> dict:
    return {"data": {"type": "client_token", "attributes": {"name": name}}}


@pytest.fixture
def made(call) -> dict:
    answer = call("POST", PATH, json=asked("shop pages"))
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == JSON_API
    return answer.json()["data"]


@pytest.fixture
def may_send(call):
    """Whether a secret opens the intake now."""

    def find(secret: str) -> bool:
        return IntakeKeys(KeyRing(call.commands._database, call.rooms.clock, remembered_s=0)).find(secret) is not None

    return find


def test_a_new_token_is_shown_once_and_may_send(call, made, may_send):
    token = made["attributes"]["token"]

    assert token.startswith("pub")
    assert may_send(token)
    listed = call("GET", PATH, params={"filter": "SHOP"}).json()
    (one,) = listed["data"]
    assert one["id"] == made["id"]
    assert one["attributes"] == {
        "name": "shop pages",
        "created_at": made["attributes"]["created_at"],
        "last4": token[-4:],
        "last_used_at": None,
    }
    assert one["relationships"]["created_by"]["data"]["id"] == str(call.admin.id)
    assert listed["meta"]["total_filtered_count"] == 1
    assert token not in call("GET", PATH).text


def test_a_revoked_token_sends_nothing_and_is_not_listed(call, made, may_send):
    answer = call("DELETE", f"{PATH}/{made['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert not may_send(made["attributes"]["token"])
    assert made["id"] not in call("GET", PATH).text


@pytest.mark.parametrize("headers", [("DD-API-KEY", "DD-APPLICATION-KEY"), ("DD-APPLICATION-KEY", "DD-API-KEY")])
def test_a_client_token_opens_no_operation_of_the_api(call, made, headers):
    token = made["attributes"]["token"]
    good = {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": "b" * 40}

    for operation in OPERATIONS:
        path = operation.path
        for parameter in operation.parameters:
            path = path.replace(f"{{{parameter.name}}}", made["id"])
        answers = [
            call(operation.method, path, {**good, headers[0]: token}),
            call(operation.method, path, {headers[0]: token, headers[1]: token}),
            call(operation.method, path, {"Authorization": f"Bearer {token}"}),
        ]
        if operation.needs is Needs.API_KEY and headers[0] == "DD-APPLICATION-KEY":
            answers = answers[1:]  # it is asked for an API key alone, and one was sent
        assert {answer.status_code for answer in answers} == {403}, operation.name


def test_another_kind_of_key_is_no_client_token(call, made):
    api_key = call.commands.create_key(SYSTEM, KeyKind.API, name="intake").record

    answer = call("DELETE", f"{PATH}/{api_key.id}")

    assert answer.status_code == 404
    assert "Client token not found" in answer.text
    assert call("GET", PATH, params={"filter": "intake"}).json()["data"] == []
    assert call("DELETE", f"{PATH}/none").status_code == 404


def test_making_and_revoking_need_their_own_scope(call, made):
    reader = {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": call.app_key(Scope.API_KEYS_READ)}

    assert call("GET", PATH, reader).status_code == 200
    refusals = [call("POST", PATH, reader, json=asked("x")), call("DELETE", f"{PATH}/{made['id']}", reader)]
    assert [one.status_code for one in refusals] == [403, 403]
    assert all("client_tokens_write" in one.text for one in refusals)


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "two\nlines", 5, None])
def test_a_token_needs_a_name_of_one_line(call, name):
    answer = call("POST", PATH, json=asked(name))

    assert answer.status_code == 400
    assert "name" in answer.text


def test_tokens_come_in_pages_in_the_order_asked_for(call):
    for name in ("b", "a", "c"):
        call("POST", PATH, json=asked(name))

    def names(**asked_for: object) -> list[str]:
        found = call("GET", PATH, params={"filter": "", **asked_for}).json()["data"]
        return [one["attributes"]["name"] for one in found if one["attributes"]["name"] in "abc"]

    assert names() == ["a", "b", "c"]
    assert names(sort="-name") == ["c", "b", "a"]
    assert len(call("GET", PATH, params={"page[size]": 2}).json()["data"]) == 2
