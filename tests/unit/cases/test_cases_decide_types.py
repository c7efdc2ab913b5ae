from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from errata.base.errors import Forbidden, Invalid
from errata.base.ids import CaseTypeId, CustomAttributeId
from errata.cases.decide_types import (
    AttributeChange,
    NewAttribute,
    TypeTexts,
    changed_attribute,
    changed_type,
    new_attribute,
    new_type,
)
from errata.cases.model import AttributeType, CustomAttribute
from errata.cases.types import BUILTIN_TYPES, STANDARD_STATUSES

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TYPE_ID = CaseTypeId(UUID(int=99))


def a_definition(kind: AttributeType, options: tuple[str, ...] | None = None) -> CustomAttribute:
    given = NewAttribute(key="size", display_name="Size", type=kind, is_multi=False, options=options)
    return new_attribute(CustomAttributeId(UUID(int=7)), TYPE_ID, given, NOW)


def test_new_type_has_the_standard_statuses() -> None:
    made = new_type(TYPE_ID, TypeTexts(name=" Fault ", description="Reported by customers", emoji="🐞"), NOW)

    assert (made.name, made.description, made.emoji) == ("Fault", "Reported by customers", "🐞")
    assert made.statuses == STANDARD_STATUSES
    assert (made.internal, made.legacy, made.deleted_at) == (False, "TUNKNOWN", None)


@pytest.mark.parametrize(
    "emoji",
    ["", "🐞", "❤️", "❤", "1️⃣", "🇩🇪", "👍🏽", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈"],
    ids=["none", "insect", "heart", "plain-heart", "keycap", "flag", "skin-tone", "family", "england", "rainbow"],
)
def test_one_emoji_of_any_make_is_taken(emoji: str) -> None:
    assert new_type(TYPE_ID, TypeTexts(name="Fault", emoji=emoji), NOW).emoji == emoji


@pytest.mark.parametrize("emoji", ["notanemoji", "🐞🐞", "🐞x", " 🐞", "a", "1", "é", "\u200d", "👨‍👩‍👧‍👦" * 20])
def test_what_is_not_one_emoji_is_refused(emoji: str) -> None:
    with pytest.raises(Invalid, match="is not one emoji"):
        new_type(TYPE_ID, TypeTexts(name="Fault", emoji=emoji), NOW)


@pytest.mark.parametrize(
    ("texts", "where"),
    [
        (TypeTexts(name=""), "data.attributes.name"),
        (TypeTexts(name="  "), "data.attributes.name"),
        (TypeTexts(name="x" * 101), "data.attributes.name"),
        (TypeTexts(name="a\nb"), "data.attributes.name"),
        (TypeTexts(name="a", description="x" * 1001), "data.attributes.description"),
        (TypeTexts(name="a", description="\x07"), "data.attributes.description"),
    ],
)
def test_texts_of_a_type_have_bounds(texts: TypeTexts, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        new_type(TYPE_ID, texts, NOW)

    assert refused.value.where == where


def test_change_of_a_type_touches_what_it_says_and_no_more() -> None:
    made = new_type(TYPE_ID, TypeTexts(name="Fault", description="d", emoji="🐞"), NOW)

    after = changed_type(made, TypeTexts(name="Customer fault"), LATER)

    assert (after.name, after.description, after.emoji, after.modified_at) == ("Customer fault", "d", "🐞", LATER)
    assert changed_type(after, TypeTexts(description="", emoji=""), LATER).description is None
    assert changed_type(made, TypeTexts(name="Fault"), LATER) is made


@pytest.mark.parametrize("case_type", BUILTIN_TYPES.values(), ids=lambda one: one.name)
def test_built_in_type_stays_as_it_is(case_type) -> None:
    with pytest.raises(Forbidden, match="built in"):
        changed_type(case_type, TypeTexts(name="Other"), NOW)


def test_new_definition_is_what_was_given() -> None:
    given = NewAttribute(
        key="region",
        display_name="Region",
        type=AttributeType.SELECT,
        is_multi=True,
        description="",
        options=("a", "b"),
    )

    made = new_attribute(CustomAttributeId(UUID(int=7)), TYPE_ID, given, NOW)

    assert (made.key, made.display_name, made.type, made.is_multi) == ("region", "Region", AttributeType.SELECT, True)
    assert (made.description, made.options, made.map_from, made.deleted_at) == (None, ("a", "b"), None, None)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"key": "service"}, "data.attributes.key"),
        ({"key": "a b"}, "data.attributes.key"),
        ({"display_name": ""}, "data.attributes.display_name"),
        ({"display_name": "x" * 101}, "data.attributes.display_name"),
        ({"description": "x" * 1001}, "data.attributes.description"),
        ({"options": ("a",)}, "data.attributes.type_data.options"),
        ({"type": AttributeType.SELECT, "options": ("a", "")}, "data.attributes.type_data.options[1].value"),
        ({"type": AttributeType.SELECT, "options": ("a", "b", "a")}, "data.attributes.type_data.options[2].value"),
        ({"type": AttributeType.SELECT, "options": tuple(map(str, range(101)))}, "data.attributes.type_data.options"),
    ],
)
def test_definition_out_of_bounds_is_refused_with_its_place(changes: dict[str, object], where: str) -> None:
    given = {"key": "size", "display_name": "Size", "type": AttributeType.TEXT, "is_multi": False} | changes

    with pytest.raises(Invalid) as refused:
        new_attribute(CustomAttributeId(UUID(int=7)), TYPE_ID, NewAttribute(**given), NOW)

    assert refused.value.where == where


MAY_BECOME = {
    AttributeType.TEXT: {AttributeType.TEXT, AttributeType.URL, AttributeType.SELECT},
    AttributeType.URL: {AttributeType.TEXT, AttributeType.URL, AttributeType.SELECT},
    AttributeType.SELECT: {AttributeType.TEXT, AttributeType.URL, AttributeType.SELECT},
    AttributeType.NUMBER: {AttributeType.NUMBER, AttributeType.TEXT},
}


@pytest.mark.parametrize("before", AttributeType)
@pytest.mark.parametrize("after", AttributeType)
def test_type_changes_only_where_values_stay_readable(before: AttributeType, after: AttributeType) -> None:
    definition = a_definition(before)

    assert changed_attribute(definition, AttributeChange(type=after), LATER, is_used=False).type is after
    if after in MAY_BECOME[before]:
        assert changed_attribute(definition, AttributeChange(type=after), LATER, is_used=True).type is after
    else:
        with pytest.raises(Invalid, match=f"{before.value} can become"):
            changed_attribute(definition, AttributeChange(type=after), LATER, is_used=True)


def test_options_come_and_go_with_the_type() -> None:
    text = a_definition(AttributeType.TEXT)

    to_select = AttributeChange(type=AttributeType.SELECT, options=("s", "l"))
    select = changed_attribute(text, to_select, LATER, is_used=True)
    renamed = changed_attribute(select, AttributeChange(display_name="How large"), LATER, is_used=True)
    again = changed_attribute(renamed, AttributeChange(type=AttributeType.TEXT), LATER, is_used=True)

    assert (select.options, renamed.options, again.options) == (("s", "l"), ("s", "l"), ())
    assert (again.display_name, again.key) == ("How large", "size")


def test_options_of_what_is_no_choice_are_checked_and_not_kept() -> None:
    definition = a_definition(AttributeType.TEXT)

    number = AttributeChange(type=AttributeType.NUMBER, options=("us-east-1",))
    twice = AttributeChange(type=AttributeType.NUMBER, options=("us-east-1", "us-east-1"))

    assert changed_attribute(definition, number, LATER, is_used=False).options == ()
    with pytest.raises(Invalid, match="stands twice"):
        changed_attribute(definition, twice, LATER, is_used=False)


def test_change_of_a_definition_to_what_is_there_changes_nothing() -> None:
    definition = a_definition(AttributeType.SELECT, ("s", "l"))

    same = AttributeChange(display_name="Size", type=AttributeType.SELECT, options=("s", "l"), description="")

    assert changed_attribute(definition, same, LATER, is_used=True) is definition
