from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.base.errors import Invalid
from errata.base.ids import CaseTypeId, CustomAttributeId
from errata.cases import facets
from errata.cases.model import AttributeType, CustomAttribute, CustomValue, GivenValue, Json
from errata.cases.values import (
    MAX_KEYS,
    RESERVED_KEYS,
    attributes_of,
    checked,
    custom_key_of,
    merged,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def a_definition(kind: AttributeType, *, is_multi: bool = False, options: tuple[str, ...] = ()) -> CustomAttribute:
    return CustomAttribute(
        id=CustomAttributeId(UUID(int=1)),
        case_type_id=CaseTypeId(UUID(int=2)),
        key="region",
        display_name="Region",
        type=kind,
        is_multi=is_multi,
        created_at=NOW,
        modified_at=NOW,
        options=options,
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (AttributeType.TEXT, "eu-west-1"),
        (AttributeType.TEXT, "two\nlines"),
        (AttributeType.URL, "https://example.org/a?b=c#d"),
        (AttributeType.URL, "http://[::1]:8080/"),
        (AttributeType.NUMBER, 12),
        (AttributeType.NUMBER, -0.5),
        (AttributeType.NUMBER, 0),
        (AttributeType.SELECT, "small"),
    ],
)
def test_value_that_fits_its_definition_is_kept_as_it_was_given(kind: AttributeType, value: Json) -> None:
    definition = a_definition(kind, options=("small", "large") if kind is AttributeType.SELECT else ())

    found = checked(definition, GivenValue(kind.value, is_multi=False, value=value))

    assert found.items == (value,)
    assert (found.type, found.is_multi) == (kind, False)


def test_list_of_values_keeps_order_and_doubles() -> None:
    definition = a_definition(AttributeType.TEXT, is_multi=True)

    found = checked(definition, GivenValue("TEXT", is_multi=True, value=["b", "a", "b"]))

    assert found == CustomValue(AttributeType.TEXT, is_multi=True, value=("b", "a", "b"))


def test_number_may_be_given_as_a_text_and_is_kept_as_a_number() -> None:
    one = checked(a_definition(AttributeType.NUMBER), GivenValue("NUMBER", is_multi=False, value="-12.5"))
    several = checked(a_definition(AttributeType.NUMBER, is_multi=True), GivenValue("NUMBER", True, ["3", 4]))

    assert (one.value, several.value) == (-12.5, (3.0, 4.0))


def test_select_without_options_takes_any_text() -> None:
    assert checked(a_definition(AttributeType.SELECT), GivenValue("SELECT", False, "anything")).items == ("anything",)


@pytest.mark.parametrize(
    ("kind", "is_multi", "given_value", "told"),
    [
        (AttributeType.TEXT, False, GivenValue("FLOAT", False, 1.5), 'data.attributes.type: .*"FLOAT"'),
        (AttributeType.TEXT, False, GivenValue("NUMBER", False, 1.5), "data.attributes.type: .*is TEXT"),
        (AttributeType.TEXT, False, GivenValue("TEXT", True, ["a"]), "data.attributes.is_multi: .*one value"),
        (AttributeType.TEXT, True, GivenValue("TEXT", False, "a"), "data.attributes.is_multi: .*list of values"),
        (AttributeType.TEXT, False, GivenValue("TEXT", False, ["a"]), "data.attributes.value: .*got a list"),
        (AttributeType.TEXT, True, GivenValue("TEXT", True, "a"), "data.attributes.value: .*got a text"),
        (AttributeType.TEXT, True, GivenValue("TEXT", True, []), "data.attributes.value: .*1 to 100 values, got 0"),
        (AttributeType.TEXT, True, GivenValue("TEXT", True, ["a"] * 101), "data.attributes.value: .*got 101"),
        (AttributeType.TEXT, True, GivenValue("TEXT", True, ["a", 1]), r"data.attributes.value\[1\]: .*got a number"),
        (AttributeType.TEXT, False, GivenValue("TEXT", False, ""), "data.attributes.value: .*got 0"),
        (AttributeType.TEXT, False, GivenValue("TEXT", False, " \n "), "data.attributes.value: .*white space"),
        (AttributeType.TEXT, False, GivenValue("TEXT", False, "x" * 5001), "data.attributes.value: .*got 5001"),
        (AttributeType.TEXT, False, GivenValue("TEXT", False, "a\x00b"), "data.attributes.value: control"),
        (AttributeType.TEXT, False, GivenValue("TEXT", False, None), "data.attributes.value: .*got null"),
        (AttributeType.TEXT, False, GivenValue("TEXT", False, {"a": 1}), "data.attributes.value: .*got an object"),
        (AttributeType.NUMBER, False, GivenValue("NUMBER", False, "many"), 'data.attributes.value: .*text "many"'),
        (AttributeType.NUMBER, False, GivenValue("NUMBER", False, ""), 'data.attributes.value: .*text ""'),
        (AttributeType.NUMBER, False, GivenValue("NUMBER", False, "1e999"), 'data.attributes.value: .*text "1e999"'),
        (AttributeType.NUMBER, True, GivenValue("NUMBER", True, [1, "x"]), r'data.attributes.value\[1\]: .*text "x"'),
        (AttributeType.NUMBER, False, GivenValue("NUMBER", False, True), "data.attributes.value: .*got a boolean"),
        (AttributeType.NUMBER, False, GivenValue("NUMBER", False, 10**400), "data.attributes.value: .*double"),
        (AttributeType.NUMBER, False, GivenValue("NUMBER", False, math.inf), "data.attributes.value: .*double"),
        (AttributeType.URL, False, GivenValue("URL", False, "example.org"), "data.attributes.value: .*address"),
        (AttributeType.URL, False, GivenValue("URL", False, "javascript:alert(1)"), "data.attributes.value: .*address"),
        (AttributeType.URL, False, GivenValue("URL", False, "https://a b/"), "data.attributes.value: .*address"),
        (AttributeType.URL, False, GivenValue("URL", False, "https://a:port/"), "data.attributes.value: .*address"),
        (AttributeType.URL, False, GivenValue("URL", False, "https://["), "data.attributes.value: .*address"),
        (AttributeType.SELECT, False, GivenValue("SELECT", False, "medium"), "data.attributes.value: .*small, large"),
    ],
)
def test_value_that_does_not_fit_is_refused_with_place_and_reason(
    kind: AttributeType, is_multi: bool, given_value: GivenValue, told: str
) -> None:
    definition = a_definition(
        kind, is_multi=is_multi, options=("small", "large") if kind is AttributeType.SELECT else ()
    )

    with pytest.raises(Invalid) as refused:
        checked(definition, given_value)

    where, _, _ = told.partition(": ")
    assert re.fullmatch(where, refused.value.where)
    assert re.search(told.partition(": ")[2], refused.value.message)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(AttributeType), st.booleans(), st.sampled_from(AttributeType), st.booleans(), json)
def test_whatever_passes_has_the_definitions_type_and_form(
    kind: AttributeType, is_multi: bool, told_kind: AttributeType, told_multi: bool, value: Json
) -> None:
    try:
        found = checked(a_definition(kind, is_multi=is_multi), GivenValue(told_kind.value, told_multi, value))
    except Invalid as error:
        assert error.where.startswith("data.attributes")  # noqa: PT017 - both ways out are right
        return

    assert (found.type, found.is_multi) == (kind, is_multi) == (told_kind, told_multi)
    assert isinstance(found.value, tuple) is is_multi
    numbers = [isinstance(item, float) and math.isfinite(item) for item in found.items]
    assert all(numbers) if kind is AttributeType.NUMBER else not any(numbers)
    assert list(found.items) == (value if is_multi else [value])


def test_every_field_that_searches_know_is_a_reserved_key() -> None:
    own = {*facets.FACETS, "title", "key", "description", "team", "service", "env", "datacenter", "version"}

    assert own <= RESERVED_KEYS


@pytest.mark.parametrize("key", ["status", "Status", "SERVICE", "archived_at", "title"])
def test_reserved_keys_are_refused_in_any_case(key: str) -> None:
    with pytest.raises(Invalid, match="every case has"):
        custom_key_of(key)


@pytest.mark.parametrize("key", ["", "-a", ".a", "a b", "é", "a" * 101, "a\n", "a:b", "@a"])
def test_malformed_keys_are_refused(key: str) -> None:
    with pytest.raises(Invalid, match="is no key"):
        custom_key_of(key)


@pytest.mark.parametrize("key", ["region", "_x", "9lives", "cost.center-1", "a" * 100, "Region"])
def test_key_stays_as_it_was_written(key: str) -> None:
    assert custom_key_of(key) == key


def test_attributes_keep_their_order_and_drop_doubles() -> None:
    found = attributes_of({"service": ["web", "api", "web"], "env": ["prod"]})

    assert list(found.items()) == [("service", ("web", "api")), ("env", ("prod",))]


@pytest.mark.parametrize(
    ("given_attributes", "where"),
    [
        ({"": ["a"]}, "data.attributes.attributes"),
        ({"a b": ["a"]}, "data.attributes.attributes"),
        ({"a": [""]}, "data.attributes.attributes.a[0]"),
        ({"a": ["ok", "x" * 501]}, "data.attributes.attributes.a[1]"),
        ({"a": ["a\tb"]}, "data.attributes.attributes.a[0]"),
        ({"a": [str(i) for i in range(101)]}, "data.attributes.attributes.a"),
        ({f"k{i}": ["a"] for i in range(MAX_KEYS + 1)}, "data.attributes.attributes"),
    ],
)
def test_attributes_out_of_bounds_are_refused_with_their_place(
    given_attributes: dict[str, list[str]], where: str
) -> None:
    with pytest.raises(Invalid) as refused:
        attributes_of(given_attributes)

    assert refused.value.where == where


def test_change_of_attributes_replaces_keys_given_removes_empty_ones_and_leaves_the_others() -> None:
    present = {"service": ("web",), "env": ("prod",), "team": ("core",)}

    after = merged(present, attributes_of({"env": [], "service": ["api"], "version": ["2"]}))

    assert after == {"service": ("api",), "team": ("core",), "version": ("2",)}


def test_changes_do_not_add_up_to_more_attributes_than_a_case_may_have() -> None:
    present = attributes_of({f"k{i}": ["a"] for i in range(MAX_KEYS)})

    with pytest.raises(Invalid, match="would make 51"):
        merged(present, {"one_more": ("a",)})

    assert len(merged(present, {"one_more": ("a",), "k0": ()})) == MAX_KEYS
