from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.access import decide
from errata.access.model import (
    BUILTIN_SCOPES,
    BuiltinRole,
    Caller,
    CreatedKey,
    KeyKind,
    KeyRecord,
    Scope,
    User,
    UserStatus,
)
from errata.base.errors import Forbidden, Invalid
from errata.base.facts import ActorKind
from errata.base.ids import KeyId, UserId

NOW = datetime(2026, 3, 1, tzinfo=UTC)
READ, WRITE, CASES = Scope.ERROR_TRACKING_READ, Scope.ERROR_TRACKING_WRITE, Scope.CASES_READ


def a_caller(*scopes: Scope) -> Caller:
    return Caller(key_id=KeyId(uuid.uuid4()), scopes=frozenset(scopes))


def a_user(**changed: object) -> User:
    return User(UserId(uuid.uuid4()), "mira@errata.example", "mira@errata.example", NOW, NOW, **changed)


@pytest.mark.parametrize(
    ("by_roles", "by_key", "allowed"),
    [
        ([], None, set()),
        ([], {READ}, set()),
        ([{READ}, {WRITE}], None, {READ, WRITE}),
        ([{READ}, {WRITE}], {READ}, {READ}),
        ([{READ}], {READ, CASES}, {READ}),
        ([{READ}], set(), set()),
    ],
    ids=["no role", "key without role", "roles add up", "key cuts", "key adds nothing", "key cut to nothing"],
)
def test_scopes_are_those_of_the_roles_that_the_key_keeps(by_roles, by_key, allowed) -> None:
    roles = [frozenset(role) for role in by_roles]

    assert decide.effective_scopes(roles, None if by_key is None else frozenset(by_key)) == allowed


def test_caller_with_every_scope_passes() -> None:
    decide.require(a_caller(READ, WRITE), READ, WRITE)
    decide.require(a_caller())


def test_refusal_names_what_is_missing_and_nothing_else() -> None:
    with pytest.raises(Forbidden) as refused:
        decide.require(a_caller(READ), READ, WRITE, CASES)

    assert "error_tracking_write, cases_read" in refused.value.message
    assert "error_tracking_read" not in refused.value.message


def test_builtin_roles_widen_from_read_only_to_admin() -> None:
    read_only, standard, admin = (
        BUILTIN_SCOPES[role] for role in (BuiltinRole.READ_ONLY, BuiltinRole.STANDARD, BuiltinRole.ADMIN)
    )

    assert read_only < standard < admin == set(Scope)
    assert not any(scope.endswith(("_write", "_manage", "_invite")) for scope in read_only)


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        ("Nora@Errata.Example", "nora@errata.example"),
        ("  a@b.c\n", "a@b.c"),
        ("admin@localhost", "admin@localhost"),
        ("first.last+tag@sub.example.org", "first.last+tag@sub.example.org"),
        ("jürgen@bücher.example", "jürgen@bücher.example"),
        ("a@192.168.0.1", "a@192.168.0.1"),
    ],
)
def test_address_is_taken_in_lower_case(typed: str, email: str) -> None:
    assert decide.email_of(typed) == email


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "nobody",
        "@b.c",
        "a@",
        "a@b..c",
        "a@.c",
        "a@-b.c",
        "a b@c.d",
        "a@b@c.d",
        "a..b@c.d",
        ".a@c.d",
        "a.@c.d",
        "a\x00b@c.d",
        "a\ud800@c.d",
        "<a@b.c>",
        "a,b@c.d",
        "x" * 65 + "@c.d",
        "a@" + "b." * 126 + "cc",
    ],
)
def test_what_is_no_address_is_refused_with_its_place(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        decide.email_of(typed, where="data.attributes.email")

    assert refused.value.faults[0].where == "data.attributes.email"


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        email = decide.email_of(text)
    except Invalid:
        return
    assert decide.email_of(email) == email


@pytest.mark.parametrize(("typed", "handle"), [("Shop", "shop"), (" a-b_c.d/e:f1 ", "a-b_c.d/e:f1"), ("x" * 195,) * 2])
def test_team_handle_is_what_an_event_can_name(typed: str, handle: str) -> None:
    assert decide.team_handle_of(typed) == handle


@pytest.mark.parametrize("typed", ["", "  ", "two words", "x" * 196, "a\x00b", "a,b", "*", "a\nb"])
def test_other_team_handles_are_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        decide.team_handle_of(typed)


def test_name_is_one_line_of_bounded_length() -> None:
    assert decide.name_of("  Team  Ü ") == "Team  Ü"
    for wrong in ("", "  ", "x" * 201, "a\nb", "a\x00b", "a\ud800b"):
        with pytest.raises(Invalid):
            decide.name_of(wrong)


def test_text_may_be_missing_and_have_lines_where_that_is_said() -> None:
    assert decide.text_of(None, where="title") is None
    assert decide.text_of(" ", where="title") is None
    assert decide.text_of("a\nb", where="description", lines=True) == "a\nb"
    with pytest.raises(Invalid):
        decide.text_of("a\nb", where="title")
    with pytest.raises(Invalid):
        decide.text_of("x" * 201, where="title")


@pytest.mark.parametrize("key", ["x" * 16, "x" * 128, "!~" * 10])
def test_chosen_key_of_visible_characters_is_taken(key: str) -> None:
    assert decide.secret_of(key) == key


@pytest.mark.parametrize("key", ["", "x" * 15, "x" * 129, "x" * 15 + " ", "ä" * 20, "x" * 16 + "\n", "\x00" * 20])
def test_other_chosen_keys_are_refused_without_repeating_them(key: str) -> None:
    with pytest.raises(Invalid) as refused:
        decide.secret_of(key)

    assert not key or key not in refused.value.message


def test_password_has_a_bounded_length() -> None:
    assert decide.password_of("correct horse") == "correct horse"
    for wrong in ("seven77", "x" * 1025, "12345678\x00"):
        with pytest.raises(Invalid):
            decide.password_of(wrong)


def test_unknown_scope_is_named() -> None:
    assert decide.scopes_of(["cases_read"]) == {Scope.CASES_READ}
    with pytest.raises(Invalid, match="cases_reed"):
        decide.scopes_of(["cases_read", "cases_reed"])


def test_search_text_agrees_over_case_and_accents() -> None:
    assert decide.folded("STRASSE") == decide.folded("Straße")
    assert decide.folded("U\u0308nal") in decide.search_text_of("Émile", None, "ÜNAL")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, UserStatus.PENDING),
        ({"verified": True}, UserStatus.ACTIVE),
        ({"disabled": True}, UserStatus.DISABLED),
        ({"verified": True, "disabled": True}, UserStatus.DISABLED),
    ],
)
def test_status_follows_from_invitation_and_door(changed: dict[str, object], status: UserStatus) -> None:
    assert a_user(**changed).status is status


def test_caller_acts_as_the_user_or_else_as_the_key() -> None:
    user, key = a_user(), KeyId(uuid.uuid4())

    assert Caller(key_id=key, user=user).actor.id == user.id
    assert Caller(key_id=key).actor.id == key
    assert Caller(key_id=key).actor.kind is ActorKind.KEY


def test_text_form_of_a_new_key_hides_the_secret() -> None:
    record = KeyRecord(KeyId(uuid.uuid4()), KeyKind.API, "ci", "cret", NOW, NOW)

    assert "top-secret" not in repr(CreatedKey(record, "top-secret"))
