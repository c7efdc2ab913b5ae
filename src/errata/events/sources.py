"""Source lines around calls, as some SDKs send them with an error. Pure."""

from __future__ import annotations

from errata.events.model import Event, Json

Lines = tuple[str, ...]


def lines_around(event: Event) -> dict[int, tuple[Lines, Lines]]:
    """Index of a call in `event.frames` -> the lines before and after it, of the calls that came with any.

    They stand in `event.details` under `sources`: `{"frame": index, "before": [...], "after": [...]}`.
    """
    listed = event.details.get("sources")
    found: dict[int, tuple[Lines, Lines]] = {}
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and isinstance(index := one.get("frame"), int):
            found[index] = _texts(one.get("before")), _texts(one.get("after"))
    return found


def _texts(value: Json) -> Lines:
    return tuple(line for line in value if isinstance(line, str)) if isinstance(value, list) else ()
