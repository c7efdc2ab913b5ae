"""Which uploaded map belongs to the file of a call. Pure.

By service and version, and then by the file's address: the same address, the same path on whatever host, or a path
that ends with the whole of the other (an absolute path on a server, an upload without its prefix).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from errata.sourcemaps.model import SourceMap
from errata.stacks.model import Frame

_HOST = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//[^/]*")
_DRIVE = re.compile(r"/?[A-Za-z]:(?=/)")
_LIMIT = 4000  # characters of an address that are looked at
_SCRIPTS = (".js", ".mjs", ".cjs", ".jsbundle", ".bundle")
_LANGUAGES = frozenset(("javascript", "typescript"))
_SOURCES = (".ts", ".tsx", ".jsx", ".mts", ".cts", ".vue", ".svelte", ".astro")
_INTERNAL = ("node:", "internal/", "<", "native", "[native", "wasm", "webpack", "eval ", "bun:", "deno:", "ext:")


class Address(NamedTuple):
    """Where a file is served: without query and fragment, the path alone (with `/` before it), and its last part."""

    url: str
    path: str
    name: str


def address_of(url: str) -> Address:
    """The address that a stack or an uploader writes: a URL, a path of a server, of Windows, or one without root."""
    url = url[:_LIMIT].strip().replace("\\", "/")
    url = url.partition("?")[0].partition("#")[0]
    match = _HOST.match(url)
    path = unquote(_DRIVE.sub("", url[match.end() :] if match else url))
    while path.startswith(("./", "../")):
        path = path.partition("/")[2]
    path = "/" + path.lstrip("/")
    return Address(url, path, path.rpartition("/")[2])


def may_be_minified(frame: Frame, language: str) -> bool:
    """Whether a call stands in a file that a bundler may have made, rather than in a source or in the engine."""
    file = frame.file
    if not file or file.startswith(_INTERNAL):
        return False
    bare = file.partition("?")[0].partition("#")[0].lower()
    return bare.endswith(_SCRIPTS) or (language in _LANGUAGES and not bare.endswith(_SOURCES))


def versions_of(version: str) -> tuple[str, ...]:
    """The versions under which the map may have been uploaded: as the event says it; `app@1.2` also as `1.2`."""
    _, at, rest = version.rpartition("@")
    return (version, rest) if at and rest else (version,)


def choose(address: Address, maps: Iterable[SourceMap]) -> SourceMap | None:
    """The map of a file among those of its service and version, whose `url` is one of an `Address`.

    Of several that fit alike the newest; None where none fits, and where two different files fit by their ends alone.
    """
    there = sorted(maps, key=lambda one: one.uploaded_at, reverse=True)
    for one in there:
        if one.url == address.url:
            return one
    for one in there:
        if one.path == address.path:
            return one
    return _only([one for one in there if address.path.endswith(one.path)]) or _only(
        [one for one in there if one.path.endswith(address.path)]
    )


def _only(fitting: Sequence[SourceMap]) -> SourceMap | None:
    """That with the longest path; None where others as long are of another file."""
    if not fitting:
        return None
    longest = max(len(one.path) for one in fitting)
    best = [one for one in fitting if len(one.path) == longest]
    return best[0] if len({one.path for one in best}) == 1 else None
