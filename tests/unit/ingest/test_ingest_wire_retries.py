"""Which requests count once although they arrive twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.ingest.wire.model import Retry, WireRecord
from errata.ingest.wire.retries import query_parameters, retry_of


def sent(body: bytes = b"[]", query: str = "", key: str = "") -> Retry | None:
    return retry_of(WireRecord(0, "/api/v2/logs", query, {"dd-idempotency-key": key} if key else {}, body))


@pytest.mark.parametrize("query", ["", "ddsource=python&service=a", "ddtags=x:batch_times", "service=dd-request-id"])
def test_a_client_that_marks_nothing_repeats_nothing(query: str) -> None:
    assert sent(query=query) is None


def test_an_idempotency_key_names_the_request_whatever_its_body() -> None:
    first, second = sent(b"a", key="5f1c"), sent(b"b", key="5f1c")

    assert first == second
    assert first is not None
    assert first.is_retry


def test_a_very_long_idempotency_key_stays_a_short_name() -> None:
    named = sent(key="k" * 100_000)

    assert named is not None
    assert len(named.key) < 250


@pytest.mark.parametrize(
    ("query", "is_retry"),
    [
        ("dd-request-id=1", False),
        ("_dd.api=fetch&_dd.retry_count=0", False),
        ("_dd.api=fetch&_dd.retry_count=2&_dd.retry_after=429", True),
        ("batch_time=1&_dd.retry_count=x", False),
        ("batch_time=1&ddtags=sdk_version%3A4.50.1%2Capi%3Afetch%2Cretry_count%3A1%2Cretry_after%3A500", True),
        ("batch_time=1&ddtags=sdk_version%3A4.50.1%2Capi%3Afetch", False),
        ("ddforward=%2Fapi%2Fv2%2Flogs%3Fdd-request-id%3D9%26_dd.retry_count%3D1", True),
    ],
)
def test_the_browser_sdk_counts_its_retries(query: str, is_retry: bool) -> None:
    named = sent(b"body", query)

    assert named is not None
    assert named.is_retry is is_retry


def test_a_retried_body_has_the_name_of_its_first_sending() -> None:
    first = sent(b"body", "dd-request-id=1")
    again = sent(b"body", "dd-request-id=2&_dd.retry_count=1")
    other = sent(b"other", "dd-request-id=3&_dd.retry_count=1")

    keys = [named.key for named in (first, again, other) if named]
    assert keys[0] == keys[1] != keys[2]


@given(st.text(max_size=200))
def test_no_query_raises(query: str) -> None:
    sent(query=query)
    assert all(isinstance(pair, tuple) for pair in query_parameters(query))
