"""How the journal lies on disk, version 1. Bytes to values and back; no file is opened here.

Numbers are little-endian. Described for others in `docs/reference/journal-format.md`; what is written here is read
for years, so a change means a new version beside this one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import msgspec
from isal import isal_zlib

from errata.base.ids import NodeId

VERSION = 1
HEADER_BYTES = 64
"""Length of a segment's header; its copy fills the segment's last bytes."""
RECORD_BYTES = 32
"""Length of what stands before a record's meta and body."""
ALIGN = 8
RECORD_MAGIC = b"EREC"
REQUEST = 1
OPENING = 2
"""Kinds of records: a request as received, and the first record of every segment."""


class Header(NamedTuple):
    """What a segment says about itself. `salt` starts every record's checksum; `size` is the file's, in bytes."""

    node: NodeId
    number: int
    size: int
    created_ms: int
    salt: int


class Head(NamedTuple):
    """What stands before a record: `length` counts meta and body, `meta_length` the meta alone."""

    checksum: int
    length: int
    meta_length: int
    position: int
    kind: int


class Meta(msgspec.Struct, frozen=True, omit_defaults=True, rename={"received_at_ms": "at", "key_id": "key"}):
    """A request without its body. No secret is ever part of it.

    `received_at_ms`: epoch milliseconds; `intake`: which door it came through (`dd_logs`); `key_id`: the key that
    opened it; `path` and `query` without any key; `headers`: those that decoders need, names in lower case,
    `content-encoding` being the one to undo.
    """

    received_at_ms: int
    intake: str
    key_id: UUID
    path: str
    query: str = ""
    headers: dict[str, str] = {}


class Opening(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first record of a segment. `ends`: the position up to which all before it was known to be durable.

    It tells a reader how far the segment before it was acknowledged: damage below is a loss, above it is what a
    killed writer left unfinished. 0 = not known.
    """

    ends: int = 0


def position_of(segment: int, offset: int) -> int:
    """One number for a place in the journal; numbers of later places are larger."""
    return segment << 32 | offset


def segment_of(position: int) -> int:
    """The segment's number."""
    return position >> 32


def offset_of(position: int) -> int:
    """The byte in its segment."""
    return position & 0xFFFFFFFF


def segment_name(number: int) -> str:
    """The file name of a segment."""
    return f"{number:010d}.seg"


def segment_number(name: str) -> int | None:
    """The number in a file name; None for files that are no segments."""
    digits, dot, ending = name.partition(".")
    return int(digits) if dot and ending == "seg" and len(digits) == 10 and digits.isdecimal() else None


def encode_header(header: Header) -> bytes:
    """The 64 bytes at a segment's begin, and again at its end."""
    node, number, size, created_ms, salt = header
    data = _HEADER.pack(_SEGMENT_MAGIC, VERSION, HEADER_BYTES, salt, node.bytes, number, size, created_ms, 0)
    return data + _CHECKSUM.pack(crc32(data))


def decode_header(data: bytes) -> Header | None:
    """The header in 64 bytes, or None when they are none of this version or damaged."""
    if len(data) != HEADER_BYTES or _CHECKSUM.unpack_from(data, _HEADER.size)[0] != crc32(data[: _HEADER.size]):
        return None
    magic, version, length, salt, node, number, size, created_ms, _ = _HEADER.unpack_from(data)
    if magic != _SEGMENT_MAGIC or version != VERSION or length != HEADER_BYTES:
        return None
    return Header(NodeId(UUID(bytes=node)), number, size, created_ms, salt)


def record_bytes(length: int) -> int:
    """How many bytes a record of that payload takes in its segment, padding included."""
    return (RECORD_BYTES + length + ALIGN - 1) & -ALIGN


def encode_record(kind: int, position: int, meta: bytes, body: bytes, salt: int) -> list[bytes]:
    """The parts of a record, to be written one after another at `position`."""
    length = len(meta) + len(body)
    rest = _HEAD_REST.pack(length, len(meta), position, kind, 0, 0)
    checksum = crc32(body, crc32(meta, crc32(rest, salt)))
    return [RECORD_MAGIC, _CHECKSUM.pack(checksum), rest, meta, body, _PADDING[-length % ALIGN]]


def decode_head(data: bytes, at: int = 0) -> Head | None:
    """What stands before a record at an offset of some bytes; None where no record begins. Nothing is verified."""
    if data[at : at + 4] != RECORD_MAGIC or len(data) < at + RECORD_BYTES:
        return None
    checksum, length, meta_length, position, kind, _, _ = _HEAD.unpack_from(data, at + 4)
    return Head(checksum, length, meta_length, position, kind) if meta_length <= length else None


def is_whole(head: Head, data: bytes, at: int, salt: int) -> bool:
    """Whether a record's checksum fits; `data` must hold it whole from `at` on."""
    end = at + RECORD_BYTES + head.length
    return len(data) >= end and crc32(memoryview(data)[at + 8 : end], salt) == head.checksum


def encode_end(position: int) -> bytes:
    """The content of the file `end`."""
    data = _END.pack(_END_MAGIC, position)
    return data + _CHECKSUM.pack(crc32(data))


def decode_end(data: bytes) -> int | None:
    """The position in the file `end`, or None when it is damaged or being written."""
    if len(data) != END_BYTES or _CHECKSUM.unpack_from(data, _END.size)[0] != crc32(data[: _END.size]):
        return None
    magic, position = _END.unpack_from(data)
    return int(position) if magic == _END_MAGIC else None


encode_meta: Callable[[Meta | Opening], bytes] = msgspec.msgpack.Encoder(uuid_format="bytes").encode
decode_meta: Callable[[bytes], Meta] = msgspec.msgpack.Decoder(Meta).decode
decode_opening: Callable[[bytes], Opening] = msgspec.msgpack.Decoder(Opening).decode
crc32: Callable[..., int] = isal_zlib.crc32

_SEGMENT_MAGIC = b"\x89ERRJNL\n"
_END_MAGIC = b"\x89ERREND\n"
_HEADER = struct.Struct("<8sHHI16sQQQI")
_CHECKSUM = struct.Struct("<I")
_HEAD = struct.Struct("<IIIQHHI")
_HEAD_REST = struct.Struct("<IIQHHI")
_END = struct.Struct("<8sQ")
_PADDING = [b"\0" * count for count in range(ALIGN)]
END_BYTES = _END.size + _CHECKSUM.size
