"""Groups that a client names with a reference to the default: Sentry's `{{ default }}`.

`["{{ default }}", "tenant-7"]` means: apart from the others what would be one issue, by this word. The reference is put
in words before a method sees the event, so that the methods stay as they are. A fingerprint of any other protocol is
taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from errata.events.model import Event, Intake
from errata.grouping.model import Grouping
from errata.stacks.model import StackTrace

REFERENCE = "{{ default }}"
Method = Callable[[Event, StackTrace | None], Grouping]


def resolved(event: Event, trace: StackTrace | None, method: Method) -> Event:
    """The event with the default fingerprint in the place of each reference; the same object where there is none.

    Pure: `method` is the version of grouping that is asked for.
    """
    if event.intake is not Intake.SENTRY or REFERENCE not in event.error_fingerprint:
        return event
    try:
        parts = _parts(event.error_fingerprint)
    except msgspec.DecodeError:
        return event
    default = method(msgspec.structs.replace(event, error_fingerprint=""), trace).fingerprint.hex
    named = [f"default {default}" if part == REFERENCE else part for part in parts]
    return msgspec.structs.replace(event, error_fingerprint=msgspec.json.encode(named).decode())


_parts = msgspec.json.Decoder(list[str]).decode
