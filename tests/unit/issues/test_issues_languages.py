"""Names of languages as the API has them."""

import pytest

from errata.issues.languages import UNKNOWN, api_language
from errata.stacks.parse import parse


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("python", "PYTHON"),
        ("csharp", "C_SHARP"),
        ("dotnet", "DOT_NET"),
        ("c++", "C_PLUS_PLUS"),
        ("cpp", "C_PLUS_PLUS"),
        ("c", "C"),
        ("objective-c", "OBJECTIVE_C"),
        ("golang", "GO"),
        ("nodejs", "JAVASCRIPT"),
        ("erlang", "ERLANG"),
        ("brightscript", "BRIGHTSCRIPT"),
        ("dart", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_language_of_an_event_has_a_name_in_the_api(language, name):
    assert api_language(language) == name


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        ("panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/a.go:3 +0x1", "GO"),
        ("a.rb:1:in `f': x (E)", "RUBY"),
        ("Shop.E: x\n   at Shop.Cart.Total() in /a.cs:line 3", "C_SHARP"),
        ("thread 'main' panicked at src/a.rs:1:2:\nx", "RUST"),
        ("Shop/Cart.swift:12: Fatal error: x", "SWIFT"),
        ("** (E) x\n    lib/a.ex:3: A.f/1", "ELIXIR"),
    ],
)
def test_language_that_a_stack_shows_has_a_name_in_the_api(stack, name):
    assert api_language(parse(stack).language) == name
