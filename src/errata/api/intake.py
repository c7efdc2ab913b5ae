"""What came in lately: for whoever points an SDK here and sees nothing, or not what they thought."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from errata.access.model import Scope
from errata.api.jsonapi import Resource, with_offset
from errata.api.operation import Call, Operation, Parameter, Style
from errata.api.parameters import choice, uuid_of, whole
from errata.api.rooms import Rooms
from errata.base.errors import Invalid
from errata.events.model import Intake
from errata.events.reasons import says
from errata.events.recent import MAX_REQUESTS, Piece, Recent, Verdict

TAG = "Intake"


class RecentPiece(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a request, or several of which the same is to be said.

    `verdict`: `error` (it counts in `issue_id`), `no_error`, `set_aside` (it could not be read and is kept), or
    `refused` (the whole request was answered with an error). `reason` is a name that does not change, `says` the
    sentence that goes with it. `entry` is the index in the request; it is absent where several are meant.
    """

    verdict: Literal["error", "no_error", "set_aside", "refused"]
    reason: str
    says: str
    count: int
    entry: int | UnsetType = UNSET
    what: str
    service: str
    issue_id: str | UnsetType = UNSET


class RecentRequestAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """A request. `client` is what the sender calls itself, `bytes` its size as sent (0 when nothing of it was kept).

    `key_id` is absent where no key was sent, or a wrong one. `entries` counts the pieces, `errors` those that count.
    """

    received_at: str
    intake: str
    path: str
    client: str
    key_id: str | UnsetType = UNSET
    bytes: int
    entries: int
    errors: int
    pieces: list[RecentPiece]


class RecentRequest(Resource, frozen=True, kw_only=True):
    """A request of the last time."""

    type: Literal["intake_request"]
    attributes: RecentRequestAttributes


class RecentRequestsResponse(msgspec.Struct, frozen=True):
    """The newest requests first."""

    data: list[RecentRequest]


def _key(given: str) -> UUID | None:
    found = uuid_of(given)
    if found is None:
        raise Invalid("expected the UUID of an API key or client token", where="filter[key_id]")
    return found


LIMIT = whole("page[limit]", default=50, least=1, most=MAX_REQUESTS, summary="Most requests in the answer")
INTAKE = choice("filter[intake]", tuple(Intake), default="", summary="Only requests of this intake")
KEY: Parameter[UUID | None] = Parameter(
    "filter[key_id]", _key, None, {"type": "string", "format": "uuid"}, "Only requests that this key opened"
)


def recent(rooms: Rooms, call: Call[None]) -> RecentRequestsResponse:
    """A sample of the newest requests of each sender, and what became of every piece of them."""
    found = rooms.intake.recent(limit=LIMIT.of(call), intake=INTAKE.of(call), key_id=KEY.of(call))
    return RecentRequestsResponse([_request(each) for each in found])


def _request(request: Recent) -> RecentRequest:
    attributes = RecentRequestAttributes(
        received_at=with_offset(request.received_at),
        intake=request.intake,
        path=request.path,
        client=request.client,
        key_id=str(request.key_id) if request.key_id else UNSET,
        bytes=request.bytes,
        entries=request.entries,
        errors=request.errors,
        pieces=[_piece(piece) for piece in request.pieces],
    )
    return RecentRequest(id=str(request.id), type="intake_request", attributes=attributes)


def _piece(piece: Piece) -> RecentPiece:
    return RecentPiece(
        verdict=piece.verdict.value,
        reason=piece.reason,
        says="It counts as an error." if piece.verdict is Verdict.ERROR else says(piece.reason),
        count=piece.count,
        entry=piece.entry if piece.entry >= 0 else UNSET,
        what=piece.what,
        service=piece.service,
        issue_id=str(piece.issue_id) if piece.issue_id else UNSET,
    )


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path="/api/errata/v1/intake/recent",
        name="ListRecentIntakeRequests",
        summary="What came in lately, and why each piece was or was not an error",
        tag=TAG,
        handler=recent,
        style=Style.JSON_API,
        scopes=(Scope.ERROR_TRACKING_READ,),
        parameters=(LIMIT, INTAKE, KEY),
        answer=RecentRequestsResponse,
        description="A sample: of every sender the newest requests, also those that were refused. Follows the digest, "
        "so a request shows within about a second.",
        answer_example={
            "data": [
                {
                    "id": "18",
                    "type": "intake_request",
                    "attributes": {
                        "received_at": "2026-03-01T12:00:00.000000+00:00",
                        "intake": "dd_logs",
                        "path": "/api/v2/logs",
                        "client": "curl/8.5.0",
                        "key_id": "9b2c0d0e-7f5a-4f0e-9c0a-0d6a3c1b7e55",
                        "bytes": 310,
                        "entries": 1,
                        "errors": 0,
                        "pieces": [
                            {
                                "verdict": "no_error",
                                "reason": "no_service",
                                "says": says("no_service"),
                                "count": 1,
                                "entry": 0,
                                "what": "KeyError",
                                "service": "",
                            }
                        ],
                    },
                }
            ]
        },
    ),
)
