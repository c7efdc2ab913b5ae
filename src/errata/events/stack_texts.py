"""A stack's text without the message it prints, so that equal calls are stored, and searched, once. Pure.

A failing place prints the same two kilobytes thousands of times, and only the message differs. With a mark in its
place the text is one of a few hundred, which the event store keeps in a dictionary.
"""

from __future__ import annotations

MARK = "\0"
"""Stands for the message in a template. No template has any other NUL, if its text holds the message."""

_BORDERS = " \t\r\n"


def template_of(stack: str, message: str) -> tuple[str, bool]:
    """The stack with a mark for each place that prints the message, and whether there is such a place.

    A place counts between white space or ends of the text only: then no word reaches across its borders, and what
    is found in a template or in the message is found in the stack. `text_of` gives the stack back.
    """
    if not message or MARK in stack or message[0].isspace() or message[-1].isspace():
        return stack, False
    before, *others = stack.split(message)
    parts = [before]
    for number, after in enumerate(others, 1):
        is_bordered = (before[-1] in _BORDERS if before else number == 1) and (
            after[0] in _BORDERS if after else number == len(others)
        )
        parts += (MARK if is_bordered else message, after)
        before = after
    return "".join(parts), MARK in parts


def text_of(template: str, message: str, *, holds_message: bool) -> str:
    """The stack as it was."""
    return template.replace(MARK, message) if holds_message else template
