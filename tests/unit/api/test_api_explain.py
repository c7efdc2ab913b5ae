"""What is told about a body that is wrong."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.api.explain import MAX_FAULTS, decode
from errata.api.operation import Style
from errata.base.errors import Fault, Invalid


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


class Inner(msgspec.Struct):
    id: UUID
    names: Annotated[list[str], msgspec.Meta(max_length=2)] = []
    note: str | None = None

    def __post_init__(self) -> None:
        if self.names == ["same", "same"]:
            raise ValueError("names must differ")


class Data(msgspec.Struct):
    type: Literal["thing"]
    colour: Colour
    inner: Inner
    by_name: dict[str, int] = {}


class Body(msgspec.Struct):
    data: Data


DECODER = msgspec.json.Decoder(Body)
ID = "5f8ebd5c-6dd9-11f0-8a28-da7ad0900002"
GOOD = {
    "data": {"type": "thing", "colour": "RED", "inner": {"id": ID, "names": ["a"], "note": "n"}, "by_name": {"x": 1}}
}


def faults(body: bytes, wording=None, style: Style = Style.PLAIN) -> list[str]:
    with pytest.raises(Invalid) as refused:
        decode(DECODER, body, wording or {}, style)
    return [f"{fault.where}: {fault.message}" if fault.where else fault.message for fault in refused.value.faults]


def changed(**changes: object) -> bytes:
    return json.dumps({"data": GOOD["data"] | changes}).encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (changed(colour="GREEN"), ['data.colour: invalid value "GREEN", expected one of RED, BLUE']),
        (changed(type="case"), ['data.type: invalid value "case", expected one of "thing"']),
        (changed(type=7), ['data.type: invalid value 7, expected one of "thing"']),
        (changed(inner=[]), ["data.inner: expected an object, got an array"]),
        (changed(inner={}), ["data.inner.id: required"]),
        (changed(inner={"id": "short"}), ["data.inner.id: invalid UUID length: 5"]),
        (changed(inner={"id": "x" * 36}), ["data.inner.id: invalid UUID format"]),
        (changed(inner={"id": 7}), ["data.inner.id: expected `uuid`, got `int`"]),
        (changed(inner={"id": ID, "names": [1, "a", None]}), ["data.inner.names[0]: expected `str`, got `int`", "data.inner.names[2]: expected `str`, got `null`"]),
        (changed(inner={"id": ID, "names": ["a"] * 3}), ["data.inner.names: expected `array` of length <= 2"]),
        (changed(inner={"id": ID, "names": ["same"] * 2}), ["data.inner: names must differ"]),
        (changed(inner={"id": ID, "note": 3}), ["data.inner.note: expected `str`, got `int`"]),
        (changed(by_name={"a": 1, "b": "2"}), ["data.by_name.b: expected `int`, got `str`"]),
        (changed(colour="?", type="?"), ['data.type: invalid value "?", expected one of "thing"', 'data.colour: invalid value "?", expected one of RED, BLUE']),
        (b"", ["the request needs a JSON body"]),
        (b"  ", ["the request needs a JSON body"]),
        (b"null", ["body: expected an object, got null"]),
        (b"[1]", ["body: expected an object, got an array"]),
        (b'{"data": ', ["the body is not JSON: input data was truncated"]),
        (b'{"data": "\xff"}', ["the body is not UTF-8"]),
        (b'{"data": "\\ud800abcdefghij"}', ["the body is not JSON: unexpected end of escaped utf-16 surrogate pair (byte 16)"]),
        (b"[" * 100_000, ["the body is nested too deeply"]),
        (changed(inner={"id": ID, "note": "a\x00b"}), ["data.inner.note: a NUL character is not allowed"]),
    ],
)  # fmt: skip
def test_every_fault_is_told_with_its_place(body, expected):
    assert faults(body) == expected


def test_recorded_words_have_no_path():
    wording = {Colour: lambda value: f"invalid json value for Colour: {value}"}

    body = changed(type="project", colour="GREEN", inner={"id": "invalid-id"})

    assert faults(body, wording, Style.JSON_API) == [
        'got type "project" expected one of "thing"',
        "invalid json value for Colour: GREEN",
        "invalid UUID length: 10",
    ]


def test_cases_tell_a_wrong_type_in_recorded_words_and_where_an_id_is_wrong():
    body = changed(type="project", inner={"id": "invalid-id", "names": "a"})
    wording = {list[str]: lambda value: f"no list: {value}"}

    assert faults(body, wording, Style.CASES) == [
        'got type "project" expected one of "thing"',
        "data.inner.id: invalid UUID length: 10",
        "no list: a",
    ]


def test_faults_without_end_are_cut():
    found = faults(changed(inner={"id": ID, "names": list(range(100_000))}))

    assert len(found) == MAX_FAULTS + 1
    assert found[-1] == f"only the first {MAX_FAULTS} faults are listed"


def test_a_long_value_is_cut():
    assert len(faults(changed(colour="x" * 100_000))[0]) < 300


def test_a_nul_in_what_nobody_reads_is_passed_over():
    deep = b'{"x":' * 400 + b'"\\u0000"' + b"}" * 400

    body = json.dumps(GOOD)[:-1].encode() + b', "more": ' + deep + b"}"

    assert decode(DECODER, body, {}, Style.PLAIN).data.type == "thing"


def test_a_good_body_is_decoded():
    assert decode(DECODER, json.dumps(GOOD).encode(), {}, Style.JSON_API).data.colour is Colour.RED


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("type", "colour", "inner", "by_name"), json_values)))
def test_any_value_is_decoded_or_explained(data):
    body = json.dumps({"data": data}).encode()
    told: tuple[Fault, ...] = ()

    try:
        decode(DECODER, body, {}, Style.JSON_API)
    except Invalid as refused:
        told = refused.faults

    fits = all(name in data for name in ("type", "colour", "inner")) and not told
    assert fits or (told and all(fault.message for fault in told))


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_explained(body):
    with pytest.raises(Invalid):
        decode(DECODER, body, {}, Style.PLAIN)
