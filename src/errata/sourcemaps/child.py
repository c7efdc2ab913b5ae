"""The process that reads source maps: alone, because what it reads comes from outside and may be made to hurt.

The library reads a map in milliseconds, but a minified file that nests deep enough ends the process it is read in.
So it runs here, with bounded memory, and its parent starts another when it is gone. Requests come on standard input
and are answered on standard output, each with its length before it; the input's end is this one's.
"""

from __future__ import annotations

import re
import resource
import select
import signal
import sys
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import msgspec

from errata.sourcemaps.enclosing import function_around
from errata.sourcemaps.model import Spot

LENGTH_BYTES = 4
MEMORY_BYTES = 3 << 30
"""Address space of this process: the largest map that is taken needs a good part of it."""
_STACK_BYTES = 512 << 20
_REMEMBERED_BYTES = 64 << 20
"""Maps (their files' bytes) that are kept ready."""
_IDLE_S = 300.0
_MAX_LINE = 200
_MAX_LINES = 1 << 31
_NO_FUNCTION = "<unknown>"
_LINES_ABOVE = 200
_OWNER = re.compile(r"^<[\w ]+>\.")
_XSSI = b")]}"


class Check(msgspec.Struct, frozen=True, tag="check"):
    """Whether files can be used: paths of a map and of its minified file (empty: without)."""

    map: str
    minified: str


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Where positions (line and column from 1) of a minified file stand in the source, with `around` lines beside."""

    map: str
    minified: str
    positions: tuple[tuple[int, int], ...]
    around: int


class Checked(msgspec.Struct, frozen=True):
    """`fault` says what is wrong with the map, empty when nothing is; `is_ours` that the fault is this machine's."""

    fault: str = ""
    is_ours: bool = False


class Looked(msgspec.Struct, frozen=True):
    """Answers in the order of the positions, None where the map has nothing. `fault` as in `Checked`."""

    fault: str = ""
    spots: tuple[Spot | None, ...] = ()


Request: TypeAlias = Check | Look


class _Section(msgspec.Struct):
    map: _Raw | None = None
    url: str | None = None


class _Raw(msgspec.Struct, rename="camel"):
    """What is read of a map here; the rest is the library's."""

    version: object = None
    sources: tuple[str | None, ...] = ()
    source_root: str | None = None
    mappings: str | msgspec.UnsetType = msgspec.UNSET
    sections: tuple[_Section, ...] = ()
    ignore_list: tuple[int, ...] = ()
    old_ignore_list: tuple[int, ...] = msgspec.field(default=(), name="x_google_ignoreList")


class _Faulty(Exception):
    """The map cannot be used; the message says why."""


class _Ready:
    """A map that can be asked."""

    def __init__(self, source_map: bytes, minified: bytes) -> None:
        from symbolic.exceptions import SymbolicError  # noqa: PLC0415
        from symbolic.sourcemapcache import SourceMapCache  # noqa: PLC0415 - 80 MB that only this process needs

        self.size = len(source_map) + len(minified)
        self._has_scopes = bool(minified)
        self._ignored = _ignored(_raw(source_map))
        try:
            self._cache: Any = SourceMapCache.from_bytes(minified, source_map)
        except SymbolicError as error:
            raise _Faulty(str(error)) from None

    def spot(self, line: int, column: int, around: int) -> Spot | None:
        """Where a position stands."""
        if not (0 < line < 1 << 32 and 0 < column < 1 << 32):
            return None
        found = self._cache.lookup(line, column, around)
        if found is None or not 0 < found.line < _MAX_LINES or not found.src:
            return None
        name = found.function_name if self._has_scopes else self._function_by_source(line, column)
        return Spot(
            file=found.src,
            line=found.line,
            column=found.col,
            function="" if not name or name == _NO_FUNCTION else _OWNER.sub("", name),
            context=_line(found.context_line),
            before=tuple(map(_line, found.pre_context)),
            after=tuple(map(_line, found.post_context)),
            is_ignored=found.src in self._ignored,
        )

    def _function_by_source(self, line: int, column: int) -> str:
        found = self._cache.lookup(line, column, _LINES_ABOVE)
        return function_around(found.pre_context, found.context_line or "", found.col)


def _line(text: str | None) -> str:
    return (text or "").rstrip()[:_MAX_LINE]


def _raw(source_map: bytes) -> _Raw:
    body = source_map.partition(b"\n")[2] if source_map.startswith(_XSSI) else source_map
    try:
        raw = msgspec.json.decode(body, type=_Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _Faulty(f"it is not a source map in JSON: {error}") from None
    if raw.version not in (3, 3.0):
        raise _Faulty(f"its version is {str(raw.version)[:20]}, only 3 is read")
    if raw.mappings is msgspec.UNSET and not raw.sections:
        raise _Faulty("it has neither `mappings` nor `sections`")
    for number, section in enumerate(raw.sections):
        if section.map is None:
            raise _Faulty(f"its section {number} holds no map (sections that name an address are not fetched)")
    return raw


def _ignored(raw: _Raw) -> set[str]:
    """Names of the sources that the bundler marked, as they are written and below their root."""
    names: set[str] = set()
    root = (raw.source_root or "").rstrip("/")
    for index in (*raw.ignore_list, *raw.old_ignore_list):
        if 0 <= index < len(raw.sources) and (name := raw.sources[index]):
            names |= {name, f"{root}/{name}"}
    for section in raw.sections:
        if section.map is not None:
            names |= _ignored(section.map)
    return names


class _Reader:
    def __init__(self) -> None:
        self._ready: OrderedDict[tuple[str, str], _Ready] = OrderedDict()

    def answer(self, request: Request) -> Checked | Looked:
        """What is asked; raises nothing that the library says of a bad map."""
        try:
            if isinstance(request, Check):
                _Ready(*_files(request))
                return Checked()
            ready = self._get(request)
            return Looked(spots=tuple(ready.spot(line, column, request.around) for line, column in request.positions))
        except _Faulty as error:
            fault, is_ours = str(error), False
        except MemoryError:
            fault, is_ours = "reading it needs too much memory", False
        except (OSError, ImportError) as error:
            fault, is_ours = f"it cannot be read: {error}", True
        return Checked(fault, is_ours) if isinstance(request, Check) else Looked(fault)

    def _get(self, request: Look) -> _Ready:
        key = (request.map, request.minified)
        ready = self._ready.pop(key, None)
        if ready is None:
            source_map, minified = _files(request)
            needed = len(source_map) + len(minified)
            while self._ready and needed + sum(one.size for one in self._ready.values()) > _REMEMBERED_BYTES:
                self._ready.popitem(last=False)
            ready = _Ready(source_map, minified)
        self._ready[key] = ready
        return ready


def _files(request: Request) -> tuple[bytes, bytes]:
    return Path(request.map).read_bytes(), Path(request.minified).read_bytes() if request.minified else b""


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    reader = _Reader()
    decoder, encoder = msgspec.msgpack.Decoder(Request), msgspec.msgpack.Encoder()
    while select.select([requests], [], [], _IDLE_S)[0]:
        head = requests.read(LENGTH_BYTES)
        if len(head) < LENGTH_BYTES:
            return
        request: Request = decoder.decode(requests.read(int.from_bytes(head, "little")))
        body = encoder.encode(reader.answer(request))
        answers.write(len(body).to_bytes(LENGTH_BYTES, "little") + body)
        answers.flush()


def main() -> None:
    """Answer until the input ends, or nothing was asked for minutes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEMORY_BYTES, MEMORY_BYTES))  # the library works in an unnamed file
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    threading.stack_size(_STACK_BYTES)  # only what is used of it is memory
    # Unbuffered: what a buffer had read ahead would not wake `select`.
    with open(0, "rb", buffering=0, closefd=False) as requests:
        serving = threading.Thread(target=_serve, args=(_Whole(requests), sys.stdout.buffer), daemon=True)
        serving.start()
        serving.join()


class _Whole:
    """A pipe whose `read` gives all that was asked for, or what there is before its end."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self.fileno = pipe.fileno

    def read(self, size: int) -> bytes:
        """So many bytes; fewer only at the end."""
        data = b""
        while len(data) < size and (part := self._pipe.read(size - len(data))):
            data += part
        return data


if __name__ == "__main__":
    main()
