"""What the browser SDKs write where a program threw something that is no Error. Pure.

Source: `computeRawError` and `NonErrorPrefix` of `@datadog/browser-core`, which RUM and browser logs share.
"""

from __future__ import annotations

import msgspec

NO_STACK = "No stack, consider using an instance of Error"
"""Stands in `error.stack` where there is none."""
_PREFIXES = ("Uncaught ", "Provided ")


def thrown_message(message: str) -> str:
    """The message of something thrown, with a thrown text as it was: `Uncaught "expired"` is `Uncaught expired`.

    The SDK writes such a text as JSON, and text in quotes is what grouping takes for the variable part of a message:
    all texts that a program throws would be one issue. Thrown objects and any other message stay as they are.
    """
    if not message.startswith(_PREFIXES) or message[-1] != '"':
        return message
    prefix, _, rest = message.partition(" ")
    if rest[0] != '"':
        return message
    try:
        return f"{prefix} {_text(rest)}"
    except (msgspec.MsgspecError, UnicodeError):
        return message


_text = msgspec.json.Decoder(str).decode
