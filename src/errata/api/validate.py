"""Checking keys: what clients ask before they begin."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from errata.api.jsonapi import Resource
from errata.api.operation import Call, Needs, Operation, Style
from errata.api.rooms import Rooms

TAG = "Authentication"


class AuthenticationValidationResponse(msgspec.Struct, frozen=True):
    """The API key is good."""

    valid: bool


class ValidateV2Attributes(msgspec.Struct, frozen=True, kw_only=True):
    """The API key is good; API keys have no scopes of their own here."""

    api_key_id: str
    api_key_scopes: list[str]
    valid: bool


class ValidateV2Data(Resource, frozen=True, kw_only=True):
    """The key that was checked."""

    type: Literal["validate_v2"]
    attributes: ValidateV2Attributes


class ValidateV2Response(msgspec.Struct, frozen=True):
    """The API key is good, and which one it is."""

    data: ValidateV2Data


class ValidateAPIKeyResponse(msgspec.Struct, frozen=True):
    """API key and application key are good together."""

    status: Literal["ok"]


def validate_v1(_rooms: Rooms, _call: Call[None]) -> AuthenticationValidationResponse:
    """That the key is good; a wrong one does not come this far."""
    return AuthenticationValidationResponse(valid=True)


def validate_v2(_rooms: Rooms, call: Call[None]) -> ValidateV2Response:
    """That the key is good, and its id."""
    id_ = str(call.caller.api_key_id or call.caller.key_id)
    attributes = ValidateV2Attributes(api_key_id=id_, api_key_scopes=[], valid=True)
    return ValidateV2Response(ValidateV2Data(id=id_, type="validate_v2", attributes=attributes))


def validate_api_key(_rooms: Rooms, _call: Call[None]) -> ValidateAPIKeyResponse:
    """That both keys are good."""
    return ValidateAPIKeyResponse(status="ok")


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        method="GET",
        path="/api/v1/validate",
        name="ValidateV1",
        summary="Check the API key (v1)",
        tag=TAG,
        handler=validate_v1,
        style=Style.PLAIN,
        needs=Needs.API_KEY,
        answer=AuthenticationValidationResponse,
        errors=(403, 429),
        answer_example={"valid": True},
    ),
    Operation(
        method="GET",
        path="/api/v2/validate",
        name="ValidateV2",
        summary="Check the API key",
        tag=TAG,
        handler=validate_v2,
        style=Style.PLAIN,
        needs=Needs.API_KEY,
        answer=ValidateV2Response,
        errors=(403, 429),
    ),
    Operation(
        method="GET",
        path="/api/v2/validate_keys",
        name="ValidateAPIKey",
        summary="Check the API key together with the application key",
        tag=TAG,
        handler=validate_api_key,
        style=Style.PLAIN,
        answer=ValidateAPIKeyResponse,
        errors=(403, 429),
        answer_example={"status": "ok"},
    ),
)
