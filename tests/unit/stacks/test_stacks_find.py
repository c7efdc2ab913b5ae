"""Tracebacks inside log messages."""

from pathlib import Path

import pytest

from errata.stacks.find import find_in_text
from errata.stacks.parse import parse

GOLDEN = Path(__file__).parents[2] / "golden" / "stacks"

PYTHON = (GOLDEN / "python-deep-chain.txt").read_text(encoding="utf-8").rstrip("\n")
GROUP = (GOLDEN / "python-group.txt").read_text(encoding="utf-8").rstrip("\n")
JAVA = (GOLDEN / "java-reflect.txt").read_text(encoding="utf-8").rstrip("\n")
NODE = (GOLDEN / "javascript-inspect-cause.txt").read_text(encoding="utf-8").rstrip("\n")


OTHERS = [
    "go-index", "go-nil-pointer", "go-created-by", "go-multi-line", "go-recovered-and-changed", "ruby-cause", "ruby-blocks",
    "ruby-quoted-with-class", "ruby-backtrace-below-message", "php-previous", "php-anonymous-class", "php-closure", "csharp-plain",
    "csharp-mono-aggregate", "csharp-french", "csharp-mono-inner", "rust-backtrace-alone", "rust-anyhow", "rust-full-backtrace",
    "elixir-phoenix", "elixir-built-in",
]  # fmt: skip


def golden(name):
    return (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").rstrip()


LOGURU = ["python-loguru-group", "python-loguru-cause"]


@pytest.mark.parametrize("name", LOGURU)
def test_loguru_traceback_with_values_of_variables_is_found_to_its_end(name):
    message = golden(name)

    found = find_in_text(message)

    assert message[found.end :].strip() == ""
    assert found.trace == parse(message)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("before", ["", "sending A-1 failed\n", "2026-11-20 16:21:37 ERROR buying failed:\n\n"])
@pytest.mark.parametrize("after", ["", "\n\nwill try again in 30 s"])
def test_stack_of_every_language_is_found_between_other_text(name, before, after):
    stack = golden(name)
    message = before + stack + after

    found = find_in_text(message)

    assert message[found.start : found.end].strip() == stack.strip()
    assert found.trace == parse(stack)
    assert found.trace.language == name.partition("-")[0]


@pytest.mark.parametrize("name", [*OTHERS, "python-deep-chain", "java-reflect", "javascript-inspect-cause"])
def test_line_ends_of_windows_do_not_hide_a_stack(name):
    stack = golden(name).replace("\n", "\r\n")
    message = f"sending failed\r\n\r\n{stack}\r\n\r\nwill try again"

    found = find_in_text(message)

    assert message[found.start : found.end].strip() == stack.strip()
    assert found.trace == parse(stack)


def test_server_s_log_line_begins_a_go_panic():
    message = golden("go-http-server")

    found = find_in_text(message)

    assert message[: found.start] == message.partition("http: panic")[0]
    assert found.trace.primary.type == "runtime.Error"


def test_interpreter_s_prefix_is_not_part_of_a_php_stack():
    found = find_in_text(golden("php-fatal-log"))

    assert found.start == len("PHP Fatal error:  Uncaught ")
    assert [block.type for block in found.trace.blocks] == ["OutOfBoundsException", "Shop\\CartError"]


def test_panic_without_a_backtrace_is_found_with_its_place():
    message = "worker died: thread 'main' panicked at src/cart.rs:12:5:\nno price"

    found = find_in_text(message)

    assert message[: found.start] == "worker died: "
    assert (found.trace.primary.message, found.trace.primary.frames[0].file) == ("no price", "src/cart.rs")


@pytest.mark.parametrize("stack", [PYTHON, GROUP, JAVA, NODE], ids=["python", "group", "java", "node"])
@pytest.mark.parametrize(
    "before", ["", "sending A-1 failed\n", "Nov 20, 2026 4:21:37 PM shop.Cart buy\nSEVERE: buying failed:\n"]
)
@pytest.mark.parametrize("after", ["", "\n\nwill try again in 30 s"])
def test_traceback_is_found_between_other_text(stack, before, after):
    message = before + stack + after

    found = find_in_text(message)

    assert message[found.start : found.end].strip() == stack.strip()
    assert found.trace == parse(stack)


def test_prefix_on_the_first_line_is_not_part_of_the_traceback():
    message = 'ERROR:root:failed Traceback (most recent call last):\n  File "/a.py", line 1, in f\nValueError: x'

    found = find_in_text(message)

    assert message[: found.start] == "ERROR:root:failed "
    assert found.trace.primary.type == "ValueError"


def test_exception_name_behind_a_log_prefix_begins_a_java_trace():
    message = "12:01 ERROR c.e.Cart - buying failed: java.io.IOException: gone\n\tat com.example.Cart.buy(Cart.java:3)"

    found = find_in_text(message, "java")

    assert message[found.start :].startswith("java.io.IOException")
    assert (found.trace.primary.type, found.trace.primary.message) == ("java.io.IOException", "gone")


@pytest.mark.parametrize(
    "message",
    [
        "payment provider answered 502 after 3 attempts",
        "ValueError: this is only a sentence",
        "we met\n at 12:30:00 (sharp)\n at the gate (west:3)",
        "Traceback (most recent call last):",
        "look at com.example.Cart for details",
        "Resources:\n#0 10.0.0.1(3): up\n#1 10.0.0.2(4): down",
        "ERROR 1064 (42000) at line 3: You have an error\n#0 is no value (see (1): docs)",
        "menu\n   à la carte (dinner)\n   en route (to Paris)\n   at Home.Sweet (home)\n   at Home.Sweet(home)",
        "Deployment failed:\n  at step 3 (build): exit status 1\n  at step 4 (push): skipped",
        "kernel: shop[312]: segfault at 0 ip 00005578 sp 00007ffd\nCode: 0x00 0x01 in foo",
        "Fatal error: could not reach the bank\nCaused by:\n    0: no route",
        "Tasks:\n 0: build\n 1: at home: 3:4",
        "mail:\nops@host.example:25:1\nuser@10.0.0.1:22:33",
        "panic: not really\ngoroutine of words\n\tcart.go",
        "** (note) remember the milk\n    bread 3: eggs/2",
        "a:3:in 'the morning'\nthe end",
        "0 items in cart at 0x3\nThread 3 crashed: restarting",
    ],
)
def test_plain_message_holds_no_traceback(message):
    assert find_in_text(message) is None
