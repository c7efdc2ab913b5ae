"""A multipart form read as it arrives: small parts into memory, large ones into drafts, all of it within bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from isal import isal_zlib
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from errata.base.errors import Invalid, TooLarge, Unsupported
from errata.storage.blobs import Draft

ENCODINGS = ("gzip", "deflate", "identity")
_SLICE = 1 << 20
_MAX_MEMBERS = 1000
_MAX_PARTS = 50
_AUTOMATIC = 47  # gzip or zlib, told by the first bytes


@dataclass(frozen=True, slots=True)
class FormBounds:
    """`total_bytes` bounds the whole form without its encoding, `field_bytes` a part that is kept in memory."""

    total_bytes: int
    field_bytes: int = 1 << 20


class Inflating:
    """A body's content encoding undone piece by piece. Raises `Unsupported`, `TooLarge` and `Invalid`."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        name = encoding.strip().lower() or "identity"
        if name not in ENCODINGS and name != "x-gzip":
            allowed = ", ".join(ENCODINGS)
            raise Unsupported(
                f"Content-Encoding {name[:40]!r} is not read here; allowed: {allowed}.", where="content-encoding"
            )
        self._stream: Any = None if name == "identity" else isal_zlib.decompressobj(_AUTOMATIC)
        self._room = self._max = max_bytes
        self._members = 1

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What a piece of the body becomes, in pieces of a bounded size."""
        if self._stream is None:
            yield self._within(data)
            return
        while data:
            if self._stream.eof:
                data = self._next_member(data)
                continue
            try:
                part = self._stream.decompress(data, _SLICE)
            except isal_zlib.error as error:  # type: ignore[misc]  # an alias that the stubs give no class
                raise Invalid(f"The compressed body is damaged: {error}.", where="body") from None
            yield self._within(part)
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def end(self) -> None:
        """Nothing follows."""
        if self._stream is not None and not self._stream.eof:
            raise Invalid("The compressed body is cut short.", where="body")

    def _within(self, part: bytes) -> bytes:
        self._room -= len(part)
        if self._room < 0:
            raise TooLarge(f"The body is larger than {self._max} bytes without its compression.", where="body")
        return part

    def _next_member(self, data: bytes) -> bytes:
        if not data.strip(b"\0"):
            return b""
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise Invalid(f"The compressed body has more than {_MAX_MEMBERS} members.", where="body")
        self._stream = isal_zlib.decompressobj(_AUTOMATIC)
        return data


class Form:
    """The parts of a form: `fields` are those kept in memory, `drafts` those that were given a draft.

    Parts with other names are read and dropped.
    """

    def __init__(
        self, content_type: str, bounds: FormBounds, *, fields: frozenset[str], files: Mapping[str, Callable[[], Draft]]
    ) -> None:
        """Raises `Unsupported` for a body that is no multipart form."""
        self.fields: dict[str, bytearray] = {}
        self.drafts: dict[str, Draft] = {}
        self._bounds = bounds
        self._known_fields, self._files = fields, files
        self._header = (bytearray(), bytearray())
        self._name = ""
        self._parts = 0
        self._write: Callable[[bytes], object] | None = None
        self._has_ended = False
        self._parser = MultipartParser(_boundary(content_type), self._callbacks())

    def feed(self, data: bytes) -> None:
        """A piece of the body. Raises `Invalid`, `TooLarge`, and what a draft raises."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise Invalid(f"The body is no multipart form: {error}.", where="body") from None

    def end(self) -> None:
        """Nothing follows. Raises `Invalid` where the form is cut short."""
        if not self._has_ended:
            raise Invalid("The multipart form is cut short: its last boundary is missing.", where="body")

    def close(self) -> None:
        """Forget the drafts that were not kept."""
        for draft in self.drafts.values():
            draft.close()

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_end": self._on_end,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise Invalid(f"The form has more than {_MAX_PARTS} parts.", where="body")
        self._name = ""

    def _on_header(self) -> None:
        name, value = (bytes(part) for part in self._header)
        for part in self._header:
            part.clear()
        if name.strip().lower() == b"content-disposition":
            self._name = parse_options_header(value)[1].get(b"name", b"").decode("utf-8", "replace")

    def _on_headers(self) -> None:
        name = self._name
        if name in self.fields or name in self.drafts:
            raise Invalid(f"The form has two parts named {name!r}.", where=name)
        if name in self._known_fields:
            self.fields[name] = bytearray()
            self._write = self._keep
        elif name in self._files:
            self.drafts[name] = draft = self._files[name]()
            self._write = draft.write
        else:
            self._write = None

    def _keep(self, data: bytes) -> None:
        kept = self.fields[self._name]
        if len(kept) + len(data) > self._bounds.field_bytes:
            raise TooLarge(
                f"The part {self._name!r} is larger than {self._bounds.field_bytes} bytes.", where=self._name
            )
        kept += data

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._write is not None:
            self._write(data[start:end])

    def _on_end(self) -> None:
        self._has_ended = True


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise Unsupported(
            f"Content-Type {content_type[:60]!r} is not read here; allowed: multipart/form-data with a boundary.",
            where="content-type",
        )
    if len(boundary) > _MAX_BOUNDARY:
        raise Invalid(f"The boundary is longer than {_MAX_BOUNDARY} characters.", where="content-type")
    return boundary


_MAX_BOUNDARY = 200
