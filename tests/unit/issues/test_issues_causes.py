from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.issues.causes import Cause, cause_of
from growth import assert_linear


@pytest.mark.parametrize(
    ("error_type", "message", "cause"),
    [
        ("KeyError", "'total'", Cause.ILLEGAL_OBJECT_ACCESS),
        ("builtins.AttributeError", "'NoneType' object has no attribute 'id'", Cause.ILLEGAL_OBJECT_ACCESS),
        ("java.lang.NullPointerException", "", Cause.ILLEGAL_OBJECT_ACCESS),
        ("TypeError", "Cannot read properties of undefined (reading 'x')", Cause.ILLEGAL_OBJECT_ACCESS),
        ("TypeError", "x is undefined", Cause.ILLEGAL_OBJECT_ACCESS),
        ("TypeError", "Failed to fetch", Cause.NETWORK),
        ("TypeError", "unsupported operand type(s) for +: 'int' and 'str'", Cause.INVALID_ARGUMENT),
        ("runtime.errorString", "invalid memory address or nil pointer dereference", Cause.ILLEGAL_OBJECT_ACCESS),
        ("NSInvalidArgumentException", "-[NSNull length]: unrecognized selector", Cause.INVALID_ARGUMENT),
        ("ValueError", "invalid literal for int() with base 10: 'x'", Cause.INVALID_ARGUMENT),
        ("java.lang.IllegalArgumentException", "sku", Cause.INVALID_ARGUMENT),
        ("ZeroDivisionError", "division by zero", Cause.INVALID_ARGUMENT),
        ("*net.OpError", "dial tcp 10.0.0.5:5432: i/o timeout", Cause.NETWORK),
        ("requests.exceptions.ConnectionError", "HTTPConnectionPool(host='x')", Cause.NETWORK),
        ("java.net.UnknownHostException", "db", Cause.NETWORK),
        ("Error", "connect ECONNREFUSED 127.0.0.1:5432", Cause.NETWORK),
        ("requests.exceptions.HTTPError", "404 Client Error: Not Found for url: x", Cause.FAILED_REQUEST),
        ("AxiosError", "Request failed with status code 502", Cause.FAILED_REQUEST),
        ("Error", "upstream answered with status 503", Cause.FAILED_REQUEST),
        ("PaymentDeclined", "card 500 was declined", Cause.CODE_EXCEPTION),
        ("", "", Cause.CODE_EXCEPTION),
    ],
)
def test_type_and_message_tell_the_suspected_cause(error_type, message, cause):
    assert cause_of(error_type, message) is cause


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_type_and_message_have_a_cause(error_type, message):
    assert cause_of(error_type, message) in Cause


@pytest.mark.parametrize("unit", ["a", "connection ", "invalid a ", "a.", "undefined ", "status ", "api"])
def test_long_texts_take_time_linear_in_their_size(unit):
    assert_linear(lambda text: cause_of(text, text), lambda size: unit * size, 20_000)
