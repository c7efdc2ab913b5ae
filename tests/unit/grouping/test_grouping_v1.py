"""What makes two events one issue in version 1, and what keeps them apart."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.events.model import Event, Intake, Platform, Track
from errata.grouping.explain import explain
from errata.grouping.versions import CURRENT, VERSIONS, group
from errata.stacks.model import Frame
from errata.stacks.parse import parse

PYTHON = """Traceback (most recent call last):
  File "{root}/web.py", line {line}, in {caller}
    return price(sku)
  File "{root}/catalog.py", line {line}, in price
    return PRICES[sku]
{type}: {message}"""
NODE = """{type}: {message}
    at {function} ({root}/cart.js:{line}:9)
    at Layer.handle ({root}/node_modules/express/lib/layer.js:95:5)"""
JAVA = """{type}: {message}
\tat com.example.Cart.lambda$total${line}(Cart.java:{line})
\tat java.base/java.util.Optional.map(Optional.java:260)
\tat com.example.{caller}.run({caller}.java:{line})"""


def event(stack="", **fields):
    fields = {"service": "shop", **fields}
    return Event(entry=0, received_at=0, track=Track.LOGS, intake=Intake.DD_LOGS, error_stack=stack, **fields)


def of(stack="", **fields):
    return group(event(stack, **fields), parse(stack) if stack else None)


def python(**values):
    return of(
        PYTHON.format(
            **{"root": "/srv/shop", "line": 3, "caller": "get", "type": "ValueError", "message": "bad", **values}
        )
    )


def node(**values):
    return of(
        NODE.format(
            **{"root": "/srv/shop", "line": 3, "function": "total", "type": "TypeError", "message": "bad", **values}
        )
    )


def java(**values):
    return of(
        JAVA.format(
            **{"line": 3, "caller": "Web", "type": "java.lang.IllegalStateException", "message": "bad", **values}
        )
    )


ROOTS = ("/app", "/opt/shop-1.4.2", "/home/bob/releases/20261120/shop", "/usr/src/app", "C:\\work\\shop")


@pytest.mark.parametrize("root", ROOTS)
def test_where_the_program_is_installed_does_not_matter(root):
    assert python(root=root).fingerprint == python().fingerprint
    assert node(root=root).fingerprint == node().fingerprint


@given(st.integers(1, 10**6))
def test_line_numbers_do_not_matter(line):
    assert python(line=line).fingerprint == python().fingerprint
    assert node(line=line).fingerprint == node().fingerprint
    assert java(line=line).fingerprint == java().fingerprint


@given(st.sampled_from(["post", "main", "<lambda>", "Job"]))
def test_callers_do_not_matter(caller):
    assert python(caller=caller).fingerprint == python().fingerprint
    assert java(caller=caller.strip("<>").title()).fingerprint == java().fingerprint


@given(
    st.one_of(st.integers().map(str), st.uuids().map(str), st.integers(0, 2**64).map(hex)),
    st.sampled_from([python, node, java]),
)
def test_ids_in_the_message_do_not_matter(value, make):
    assert make(message=f"no cart {value} here").fingerprint == make(message="no cart 1 here").fingerprint


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "env": st.text(max_size=5),
            "version": st.text(max_size=5),
            "host": st.text(max_size=5),
            "message": st.text(max_size=5),
            "tags": st.lists(st.text(max_size=5)).map(tuple),
            "attributes": st.dictionaries(st.text(max_size=5), st.text(max_size=5)),
            "track": st.sampled_from(Track),
            "platform": st.sampled_from(Platform),
            "timestamp": st.integers(0, 2**40),
            "usr_id": st.text(max_size=5),
            "is_crash": st.booleans(),
        },
    )
)
def test_what_is_around_the_error_does_not_matter(fields):
    stack = PYTHON.format(root="/srv/shop", line=3, caller="get", type="ValueError", message="bad")
    plain = event(stack)

    assert group(msgspec.structs.replace(plain, **fields), parse(stack)).fingerprint == python().fingerprint


def test_module_of_the_class_does_not_matter_where_a_place_is_known():
    assert python(type="shop.errors.Declined").fingerprint == python(type="Declined").fingerprint


DIFFERENT = {
    "service": of("", service="other", error_type="A", error_message="x y"),
    "type": of("", error_type="B", error_message="xx yy"),
    "message": of("", error_type="A", error_message="xx zz"),
    "plain": of("", error_type="A", error_message="xx yy"),
    "module without place": of("", error_type="m.A", error_message="xx yy"),
    "place": python(),
    "python function": of('  File "/srv/shop/catalog.py", line 1, in other\nValueError: bad'),
    "python file": of('  File "/srv/shop/other.py", line 1, in price\nValueError: bad'),
    "folder": of('  File "/srv/shop/b/catalog.py", line 1, in price\nValueError: bad'),
    "interface version": of('  File "/srv/shop/v1/catalog.py", line 1, in price\nValueError: bad'),
    "other interface version": of('  File "/srv/shop/v2/catalog.py", line 1, in price\nValueError: bad'),
    "js": node(),
    "js function": node(function="other"),
    "java": java(),
    "custom": of("", error_fingerprint="A", error_type="A", error_message="xx yy"),
    "custom value": of("", error_fingerprint="a", error_type="A", error_message="xx yy"),
    "nothing": of(""),
}


def test_different_bugs_are_different_issues():
    assert len({grouping.fingerprint for grouping in DIFFERENT.values()}) == len(DIFFERENT)


def test_nameless_functions_are_told_apart_by_their_holder():
    text = "TypeError: x\n    at {0}/srv/shop/a.js:1:2\n    at Array.map (<anonymous>)\n    at {1} (/srv/shop/a.js:9:2)"

    assert of(text.format("", "total")).fingerprint != of(text.format("", "count")).fingerprint
    assert of(text.format("", "total")).fingerprint == of(text.format("async ", "Object.total")).fingerprint


def test_nameless_functions_are_told_apart_by_the_code_that_the_engine_names():
    text = "TypeError: Cannot read properties of undefined (reading '{}')\n    at /srv/shop/server.js:1:2"

    assert of(text.format("cents")).fingerprint != of(text.format("name")).fingerprint
    assert of(text.format("sku-1")).fingerprint == of(text.format("sku-2")).fingerprint


def test_comprehensions_count_as_the_function_that_holds_them():
    call = '  File "/srv/shop/a.py", line 4, in {}\n'
    old = "Traceback (most recent call last):\n" + call.format("total") + call.format("<listcomp>") + "ValueError: x"
    new = "Traceback (most recent call last):\n" + call.format("total") + "ValueError: x"

    assert of(old).fingerprint == of(new).fingerprint
    assert of(old).function_name == "<listcomp>"


def test_key_errors_group_by_place_whatever_the_key():
    bare, quoted = (
        event(error_type="KeyError", error_message="acc seventeen"),
        event(error_type="builtins.KeyError", error_message="'b'"),
    )

    assert group(bare, None).fingerprint == group(quoted, None).fingerprint


def test_custom_fingerprint_overrides_everything_but_the_service():
    stack = PYTHON.format(root="/srv/shop", line=3, caller="get", type="ValueError", message="bad")
    one = group(event(stack, error_fingerprint="carrier"), parse(stack))
    other = group(event(error_fingerprint="carrier", error_type="X"), None)
    elsewhere = group(event(error_fingerprint="carrier", service="billing"), None)

    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != elsewhere.fingerprint
    assert one.fingerprint != group(event(error_fingerprint="carrier "), None).fingerprint
    assert (one.file_path, one.function_name) == ("/srv/shop/catalog.py", "price")


def test_custom_fingerprint_does_not_depend_on_the_version():
    assert {str(group(event(error_fingerprint="carrier"), None, version).fingerprint) for version in VERSIONS} == {
        "9d227572-3084-f530-f758-49fc603bec39"
    }


def test_structured_frames_are_used_instead_of_the_text():
    frames = (Frame("raw", "/v/site-packages/x.py"), Frame("mine", "/srv/shop/m.py"))
    structured = event(
        "ValueError: bad", error_type="ValueError", error_message="bad", frames=frames, language="python"
    )

    grouping = group(structured, parse("ValueError: bad", "python"))

    assert (grouping.function_name, grouping.has_in_app) == ("mine", True)


def test_untyped_error_is_an_error():
    assert of("", error_message="slow network").error_type == "Error"


def test_no_lists_of_fields_hash_alike():
    one = of("", service="a", error_type="bc")
    other = of("", service="ab", error_type="c")

    assert one.fingerprint != other.fingerprint


def test_any_text_can_be_grouped():
    odd = event(service="\ud800", error_type="\x00", error_message="\udfff 'x", error_fingerprint="")

    assert group(odd, None).fingerprint == group(odd, None).fingerprint


def test_explanation_names_the_calls_that_were_passed_over():
    stack = NODE.format(root="/srv/shop", line=3, function="total", type="TypeError", message="bad 'x'").replace(
        "    at total",
        "    at JSON.parse (<anonymous>)\n    at lib (/srv/shop/node_modules/lib/index.js:1:2)\n    at total",
    )

    explanation = explain(event(stack), parse(stack), CURRENT)

    parts = {part.name: part for part in explanation.parts}
    assert [part.name for part in explanation.parts] == ["service", "type", "message", "file", "function"]
    assert [(bit.text, bit.reason) for bit in parts["file"].dropped][:2] == [
        ("call 0: JSON.parse <anonymous>", "the language's own code (<anonymous>)"),
        ("call 1: lib /srv/shop/node_modules/lib/index.js", "library code (node_modules)"),
    ]
    assert [(bit.text, bit.reason) for bit in parts["message"].dropped] == [("'x'", "quoted")]
    assert not explanation.is_custom


def test_explanation_of_a_custom_fingerprint():
    explanation = explain(event(error_fingerprint="carrier"), None, CURRENT)

    assert explanation.is_custom
    assert [(part.name, part.value) for part in explanation.parts] == [("service", "shop"), ("fingerprint", "carrier")]


def test_unknown_version_is_refused():
    with pytest.raises(KeyError):
        group(event(), None, 0)
