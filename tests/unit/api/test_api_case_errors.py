"""The shapes of errors of the operations on cases (behaviour 1.1 to 1.4)."""

from __future__ import annotations

import msgspec
import pytest

from errata.api.errors import refusal_of
from errata.api.operation import Style
from errata.api.parameters import id_in_path, no_uuid
from errata.base.errors import (
    Conflict,
    ErrataError,
    Fault,
    Forbidden,
    Invalid,
    NotAllowed,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)

COMMENT = id_in_path("cell_id", no_uuid("CommentID"))


def wrong_id() -> ErrataError:
    with pytest.raises(Invalid) as refused:
        COMMENT.parse("not-an-uuid")
    return refused.value


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (Invalid("too long", where="data.title"), 400, {"status": "400", "title": "Bad Request", "detail": "data.title: too long"}),
        (NotAllowed("invalid status X", where="data.attributes.status"), 400, {"title": "Generic Error", "detail": "invalid status X"}),
        (wrong_id(), 400, {"status": "400", "title": "Invalid Parameter", "detail": 'invalid parameter "CommentID" in "path"; expected type "uuid"'}),
        (NotFound("case not found"), 404, {"code": "resource_not_found", "title": "case not found"}),
        (NotFound("no such", meta={"key": "a"}), 404, {"code": "resource_not_found", "title": "no such", "meta": {"key": "a"}}),
        (Conflict("taken"), 409, {"status": "409", "title": "Conflict", "detail": "taken"}),
        (TooLarge("large"), 413, {"status": "413", "title": "Request Entity Too Large", "detail": "large"}),
        (Unavailable("gone"), 503, {"status": "503", "title": "Service Unavailable", "detail": "gone"}),
        (Unauthenticated("send a key"), 401, "Unauthorized: send a key"),
        (Forbidden("needs cases_read"), 403, "Forbidden: needs cases_read"),
        (TooMany("later"), 429, "later"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)  # fmt: skip
def test_each_error_has_its_recorded_shape(error, status, body):
    refused = refusal_of(error, Style.CASES, limit=7)

    assert refused.status == status
    assert msgspec.to_builtins(refused.body) == {"errors": [body]}


def test_every_fault_of_a_request_is_told():
    error = Invalid("a", faults=(Fault("data.title", "required"), Fault("data.type", "required")))

    refused = refusal_of(error, Style.CASES, limit=7)

    assert [item.detail for item in refused.body.errors] == ["data.title: required", "data.type: required"]
