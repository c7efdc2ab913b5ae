"""What came in lately, as its senders may ask."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from errata.access.model import Scope
from errata.events import recent
from errata.events.model import NotAnError
from errata.events.reasons import says
from errata.events.recent import Piece, Recent, Verdict

PATH = "/api/errata/v1/intake/recent"
KEY, ISSUE = UUID(int=5), UUID(int=6)
NOW = datetime(2026, 3, 1, 11, tzinfo=UTC)


@pytest.fixture
def kept(call) -> list[Recent]:
    pieces = (
        Piece(Verdict.ERROR, entry=0, what="KeyError", service="till", issue_id=ISSUE),
        Piece(Verdict.NO_ERROR, "status_below_error", count=2),
        Piece(Verdict.SET_ASIDE, "An entry is an object or a text, not a number.", entry=3),
    )
    found = [
        Recent(NOW, "dd_logs", "/api/v2/logs", KEY, "curl/8", 310, 4, 1, pieces),
        Recent(NOW, "sentry", "/api/1/envelope/", None, "", 0, 0, 0, (Piece(Verdict.REFUSED, "No key was sent."),)),
    ]
    with call.rooms.intake._db.write() as tx:
        recent.put(tx, found)
    return found


def test_every_piece_of_a_request_says_what_became_of_it(call, kept):
    response = call("GET", PATH)

    assert response.status_code == 200
    refused, taken = response.json()["data"]
    assert taken["attributes"] == {
        "received_at": "2026-03-01T11:00:00.000000+00:00",
        "intake": "dd_logs",
        "path": "/api/v2/logs",
        "client": "curl/8",
        "key_id": str(KEY),
        "bytes": 310,
        "entries": 4,
        "errors": 1,
        "pieces": [
            {
                "verdict": "error",
                "reason": "",
                "says": "It counts as an error.",
                "count": 1,
                "entry": 0,
                "what": "KeyError",
                "service": "till",
                "issue_id": str(ISSUE),
            },
            {
                "verdict": "no_error",
                "reason": "status_below_error",
                "says": says("status_below_error"),
                "count": 2,
                "what": "",
                "service": "",
            },
            {
                "verdict": "set_aside",
                "reason": "An entry is an object or a text, not a number.",
                "says": "An entry is an object or a text, not a number.",
                "count": 1,
                "entry": 3,
                "what": "",
                "service": "",
            },
        ],
    }
    assert refused["attributes"]["pieces"][0]["says"] == "No key was sent."
    assert "key_id" not in refused["attributes"]


def test_requests_are_asked_for_by_intake_and_key(call, kept):
    def found(query: str) -> list[str]:
        return [each["attributes"]["intake"] for each in call("GET", f"{PATH}?{query}").json()["data"]]

    assert found("filter[intake]=sentry") == ["sentry"]
    assert found(f"filter[key_id]={KEY}") == ["dd_logs"]
    assert found("page[limit]=1") == ["sentry"]
    assert call("GET", f"{PATH}?filter[intake]=smtp").status_code == 400
    assert call("GET", f"{PATH}?filter[key_id]=mine").status_code == 400
    assert call("GET", f"{PATH}?page[limit]=0").status_code == 400


def test_reading_needs_the_scope(call):
    key = call.app_key(Scope.TEAMS_READ)
    headers = {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": key}

    assert call("GET", PATH, headers=headers).status_code == 403
    assert call("GET", PATH, headers={}).status_code == 401


@pytest.mark.parametrize("reason", NotAnError)
def test_every_reason_has_a_sentence(reason: NotAnError):
    assert says(reason).endswith(".")
    assert " " in says(reason)


def test_a_reason_that_is_not_known_says_itself():
    assert says("of_another_release") == "of_another_release"
