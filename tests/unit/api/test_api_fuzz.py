"""Requests made up from the published document: no 5xx, nothing accepted that should not be, no answer unlike it."""

from __future__ import annotations

from http import HTTPStatus

import pytest
import schemathesis
import structlog
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from states import migrated_state

KEYS = {"DD-API-KEY": "a" * 32, "DD-APPLICATION-KEY": "b" * 40}
RULES_BEYOND_THE_SCHEMA = [positive_data_acceptance]
"""What a schema cannot say is refused all the same: from before to, a role that exists, a handle's letters."""


@pytest.fixture
def state(states):
    """On both engines: what one of them does not take must not come up there first."""
    with migrated_state(states) as database:
        yield database


@pytest.fixture
def quiet():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("mode", GenerationMode)
def test_made_up_requests(call, an_issue_here, mode):
    assert call.issues.get(an_issue_here.id)
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", call.app)

    for found in schema.get_all_operations():
        _fuzz(found.ok(), mode)


def _fuzz(operation, mode):
    possible = operation.body or operation.path_parameters or operation.query
    if mode is GenerationMode.NEGATIVE and not possible:
        return

    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def requests(case):
        response = case.call(headers=KEYS)
        # A text beyond its bound can make the body too large: a refusal that the check does not know for one.
        refused = [negative_data_rejection] if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else []
        case.validate_response(response, headers=KEYS, excluded_checks=RULES_BEYOND_THE_SCHEMA + refused)

    requests()
