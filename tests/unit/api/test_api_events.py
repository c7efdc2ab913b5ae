from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from errata.base.ids import EventId, Fingerprint, random_id
from errata.events.model import Event, Intake, Track
from errata.grouping.explain import explain
from errata.issues.model import Issue
from errata.issues.occurrences import Occurrence, ShownException, ShownFrame
from errata.sourcemaps.model import Unmapped, Why
from errata.stacks.model import Frame, Relation

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_occurrence(issue: Issue) -> Occurrence:
    event = Event(
        entry=0,
        received_at=0,
        track=Track.RUM,
        intake=Intake.DD_RUM,
        service="shop-web",
        error_type="CartError",
        error_message="no",
        usr_id="ann",
        details={"breadcrumbs": [{"message": "click"}]},
    )
    frames = (
        ShownFrame(
            Frame("pay", "src/pay.ts", "", 2, 3), True, "own code", ("a",), ("b",), Frame("q", "m.js", "", 1, 9)
        ),
        ShownFrame(
            Frame("x", "n.js", "", 1, 1), True, "own code", unmapped=Unmapped(Why.OTHER_FILE, "no such file", ("m.js",))
        ),
    )
    return Occurrence(
        id=EventId(random_id()),
        issue_id=issue.id,
        timestamp=AT,
        received_at=AT,
        time_clamped=False,
        fingerprint=Fingerprint(UUID(int=1)),
        event=event,
        exceptions=(ShownException("CartError", "no", Relation.PRIMARY, frames),),
        grouped=explain(event, None, 1),
    )


def test_error_is_shown_with_its_calls_as_mapped_as_sent_and_why_not(call, an_issue_here) -> None:
    one = an_occurrence(an_issue_here)
    call.rooms.occurrences.known.append(one)

    answer = call("GET", f"/api/errata/v1/events/{one.id}")

    data = answer.json()["data"]
    mapped, unmapped = data["attributes"]["exceptions"][0]["frames"]
    assert (data["type"], data["id"]) == ("error_event", str(one.id))
    assert data["relationships"]["issue"]["data"] == {"id": str(an_issue_here.id), "type": "issue"}
    assert (mapped["file"], mapped["before"], mapped["after"]) == ("src/pay.ts", ["a"], ["b"])
    assert mapped["minified"] == {"function": "q", "file": "m.js", "line": 1, "column": 9}
    assert "unmapped" not in mapped
    assert unmapped["unmapped"] == {
        "reason": "no_source_map_of_the_file",
        "says": "no such file",
        "there": ["m.js"],
    }
    assert data["attributes"]["details"] == {"breadcrumbs": [{"message": "click"}]}
    assert [part["name"] for part in data["attributes"]["grouping"]["parts"]] == ["service", "type", "message"]


def test_cursor_of_a_full_page_leads_to_what_is_older(call, an_issue_here) -> None:
    one = an_occurrence(an_issue_here)
    call.rooms.occurrences.known.append(one)
    path = f"/api/errata/v1/issues/{an_issue_here.id}/events"

    first = call("GET", f"{path}?page[limit]=1").json()
    call("GET", f"{path}?page[limit]=1&page[cursor]={first['meta']['page']['after']}")
    last = call("GET", path).json()

    assert call.rooms.occurrences.asked["before"] is None
    assert [each["id"] for each in first["data"]] == [str(one.id)]
    assert last["meta"] == {"page": {}}


def test_window_and_cursor_reach_the_question(call, an_issue_here) -> None:
    one = an_occurrence(an_issue_here)
    call.rooms.occurrences.known.append(one)
    path = f"/api/errata/v1/issues/{an_issue_here.id}/events"
    cursor = call("GET", f"{path}?page[limit]=1").json()["meta"]["page"]["after"]

    call("GET", f"{path}?page[limit]=5&page[cursor]={cursor}&filter[from]=0&filter[to]=1772366400000")

    asked = call.rooms.occurrences.asked
    assert asked["limit"] == 5
    assert asked["before"] == (1772366400000, one.id)
    assert (asked["from_at"], asked["to_at"]) == (datetime(1970, 1, 1, tzinfo=UTC), AT)


@pytest.mark.parametrize("cursor", ["x", "MTIz", "!!!", "LTEuYWJj", "5dOL", "%C3%A9"])
def test_made_up_cursor_is_refused(call, an_issue_here, cursor: str) -> None:
    answer = call("GET", f"/api/errata/v1/issues/{an_issue_here.id}/events?page[cursor]={cursor}")

    assert answer.status_code == 400
    assert "meta.page.after" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/errata/v1/issues/none/events", 400),
        ("/api/errata/v1/issues/00000000-0000-0000-0000-000000000001/events", 404),
        ("/api/errata/v1/events/none", 400),
        ("/api/errata/v1/events/00000000-0000-0000-0000-000000000001", 404),
    ],
)
def test_unknown_ids_are_told(call, path: str, status: int) -> None:
    assert call("GET", path).status_code == status
