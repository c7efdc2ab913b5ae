"""The cases of the demo: what the people of a small web shop work on beside its errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from errata.base.errors import Unavailable

Call = Callable[[str, str, object], Any]
"""An operation of the API by method, path and body; raises Unavailable for any but a good answer."""

_STANDARD = "00000000-0000-0000-0000-000000000001"
_CHANGE_REQUEST = "00000000-0000-0000-0000-000000000004"


@dataclass(frozen=True, slots=True)
class _Story:
    """One case: how it begins, what is said about it, and how it stands now."""

    title: str
    priority: str
    service: str
    status: str = "Open"
    type_id: str = _STANDARD
    description: str = ""
    comments: tuple[str, ...] = ()
    is_mine: bool = False
    is_archived: bool = False


_STORIES = (
    _Story(
        "Checkout fails for coupons with a space",
        "P1",
        "shop-web",
        "In Progress",
        description="Since the last release. The coupon is put into the address as it is.",
        comments=("Seen by 30 people so far.", "The fix is in review, it encodes the coupon."),
        is_mine=True,
    ),
    _Story("Payments time out every night at three", "P2", "payments", comments=("That is when the backup runs.",)),
    _Story("Search shows sold-out articles", "P3", "shop-web"),
    _Story("Move the order queue to the new broker", "P3", "orders", "Pending Approval", _CHANGE_REQUEST),
    _Story("Renew the certificate of the till", "P2", "till", "Completed", _CHANGE_REQUEST),
    _Story("Prices with three decimals", "P4", "shop-web", "Closed", comments=("Fixed by rounding at the end.",)),
    _Story("Old newsletter server still answers", "P5", "mail", "Closed", is_archived=True),
    _Story("Look at the log volume of the till", "NOT_DEFINED", "till"),
)


def open_cases(call: Call, me: str) -> None:
    """Make the shop's project and its cases, some of them for the user `me`; nothing where they are there already."""
    body = {"data": {"type": "project", "attributes": {"key": "SHOP", "name": "Web shop"}}}
    try:
        project = call("POST", "/api/v2/cases/projects", body)["data"]["id"]
    except Unavailable:
        return
    for story in _STORIES:
        _tell(call, story, project, me)


def _tell(call: Call, story: _Story, project: str, me: str) -> None:
    new = _of_case(
        title=story.title,
        description=story.description,
        priority=story.priority,
        type_id=story.type_id,
        attributes={"service": [story.service], "env": ["production"]},
    )
    relationships: dict[str, object] = {"project": {"data": {"type": "project", "id": project}}}
    if story.is_mine:
        relationships["assignee"] = {"data": {"type": "user", "id": me}}
    new["data"]["relationships"] = relationships
    path = f"/api/v2/cases/{call('POST', '/api/v2/cases', new)['data']['id']}"
    for comment in story.comments:
        call("POST", f"{path}/comment", _of_case(comment=comment))
    call("POST", f"{path}/status", _of_case(status_name=story.status))
    if story.is_archived:
        call("POST", f"{path}/archive", {"data": {"type": "case"}})


def _of_case(**attributes: object) -> dict[str, dict[str, object]]:
    return {"data": {"type": "case", "attributes": attributes}}
