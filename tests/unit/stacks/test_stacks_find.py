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
    ],
)
def test_plain_message_holds_no_traceback(message):
    assert find_in_text(message) is None
