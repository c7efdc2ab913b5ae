"""Content encodings undone within a bound. Intake and digest share it, so that both see the same bytes."""

from __future__ import annotations

import brotli
import zstandard
from isal import isal_zlib

from errata.base.errors import Invalid, TooLarge, Unsupported

ENCODINGS = ("gzip", "deflate", "zstd", "br", "identity")
"""What is read, in the order in which answers name it."""


def inflate(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """The body without its content encoding (the header's value; empty means identity), at most `max_bytes` long.

    gzip may have several members and zero padding, deflate may come with or without its zlib wrapper, zstd in several
    frames; `br` is Brotli, which Sentry's SDK for Python prefers where its program has it. Raises `Unsupported` for
    other encodings and for more than one on top of each other, `TooLarge` over `max_bytes` (never more than a few MiB
    beyond it are made), `Invalid` for data that are damaged, cut short, or followed by something else.
    """
    name = encoding.strip().lower()
    if not name or name == "identity":
        return _within(body, max_bytes)
    decode = _DECODERS.get(name) or _DECODERS.get(_only(name))
    if decode is None:
        raise Unsupported(
            f"Content-Encoding {name[:40]!r} is not read here; allowed: {', '.join(ENCODINGS)}.",
            where="content-encoding",
        )
    return decode(body, max_bytes)


def beginning(body: bytes, encoding: str, count: int) -> bytes:
    """The first bytes of a body without its content encoding: `count` of them, or all where there are fewer.

    For a look at who sends before the work of `inflate` is done. Raises as that does, as far as it looks.
    """
    name = _only(encoding.strip().lower())
    try:
        if name in {"gzip", "x-gzip", "deflate"}:
            return isal_zlib.decompressobj(31 if name != "deflate" else _wbits(body)).decompress(body, count)
        if name == "br":
            return bytes(brotli.Decompressor().process(body[:_SLICE], output_buffer_limit=count)[:count])
        if name == "zstd":
            frame = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
            head = b""
            for at in range(0, min(len(body), _BLOCK), _ZSTD_SLICE):
                head += frame.decompress(body[at : at + _ZSTD_SLICE])
                if len(head) >= count or frame.eof:
                    break
            return head[:count]
    except (isal_zlib.error, zstandard.ZstdError, brotli.error) as error:  # type: ignore[misc]  # as in `_stream`
        raise Invalid(f"The compressed body is damaged: {error}.", where="body") from None
    return inflate(body[:count], name, count)


def _only(names: str) -> str:
    """The one encoding in a list that may hold `identity` and blanks besides; empty text for more than one."""
    said = [name for part in names.split(",") if (name := part.strip()) and name != "identity"]
    if not said:
        return "identity"
    return said[0] if len(said) == 1 else ""


def _within(body: bytes, max_bytes: int) -> bytes:
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    at, room = 0, max_bytes
    # One-shot calls return the first member of several without an error: every member must be asked for.
    for _ in range(_MAX_MEMBERS):
        at, room = _stream(body, at, 31, parts, max_bytes, room)
        if at == len(body) or (body[at] == 0 and not body[at:].strip(b"\0")):
            return parts[0] if len(parts) == 1 else b"".join(parts)
    raise Invalid(f"The gzip body has more than {_MAX_MEMBERS} members.", where="body")


def _inflate_zlib(body: bytes, max_bytes: int) -> bytes:
    wbits = _wbits(body)
    try:
        return _inflate_one(body, wbits, max_bytes)
    except Invalid:
        if wbits < 0:
            raise
        return _inflate_one(body, -15, max_bytes)  # a bare stream may begin like a wrapper


def _wbits(body: bytes) -> int:
    """How zlib is to read a `deflate` body: with its wrapper, or as a bare stream."""
    return 15 if len(body) > 1 and body[0] & 0x0F == _DEFLATE and (body[0] << 8 | body[1]) % 31 == 0 else -15


def _inflate_one(body: bytes, wbits: int, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    end, _ = _stream(body, 0, wbits, parts, max_bytes, max_bytes)
    if end != len(body):
        raise Invalid("Something follows the end of the compressed body.", where="body")
    return b"".join(parts)


def _stream(body: bytes, at: int, wbits: int, parts: list[bytes], max_bytes: int, room: int) -> tuple[int, int]:
    """Append one stream's content to `parts`; returns where it ended in `body`, and the room that is left."""
    stream = isal_zlib.decompressobj(wbits)
    while not stream.eof:
        # In slices, because what follows a stream's end is copied out each time.
        piece = body[at : at + _SLICE]
        if not piece:
            raise Invalid("The compressed body is cut short.", where="body")
        at += len(piece)
        while piece and not stream.eof:
            try:
                part = stream.decompress(piece, room + 1)
            except isal_zlib.error as error:  # type: ignore[misc]  # an alias that the stubs give no class
                raise Invalid(f"The compressed body is damaged: {error}.", where="body") from None
            room -= len(part)
            if room < 0:
                raise _too_large(max_bytes)
            parts.append(part)
            piece = stream.unconsumed_tail
    return at - len(stream.unused_data), room


def _unzstd(body: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    rest, room = body, max_bytes
    decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    for _ in range(_MAX_MEMBERS):
        if not rest:
            return b"".join(parts)
        rest, room = _zstd_frame(decompressor, rest, parts, max_bytes, room)
    raise Invalid(f"The zstd body has more than {_MAX_MEMBERS} frames.", where="body")


def _zstd_frame(
    decompressor: zstandard.ZstdDecompressor, body: bytes, parts: list[bytes], max_bytes: int, room: int
) -> tuple[bytes, int]:
    try:
        # The declared size is only a hint (a hostile frame lies): it saves the work, it is not the bound.
        if zstandard.frame_content_size(body) > room:
            raise _too_large(max_bytes)
        frame = decompressor.decompressobj()
        # The library bounds no output, the input does: a block of 4 bytes becomes 128 KiB at most.
        for at in range(0, len(body), _ZSTD_SLICE):
            part = frame.decompress(body[at : at + _ZSTD_SLICE])
            room -= len(part)
            if room < 0:
                raise _too_large(max_bytes)
            parts.append(part)
            if frame.eof:
                return frame.unused_data + body[at + _ZSTD_SLICE :], room
    except zstandard.ZstdError as error:
        raise Invalid(f"The compressed body is damaged: {error}.", where="body") from None
    raise Invalid("The compressed body is cut short.", where="body")


def _unbrotli(body: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    at, room = 0, max_bytes
    decompressor = brotli.Decompressor()
    while not decompressor.is_finished():
        piece = body[at : at + _SLICE] if decompressor.can_accept_more_data() else b""
        at += len(piece)
        try:
            part = decompressor.process(piece, output_buffer_limit=_SLICE)
        except brotli.error as error:
            raise Invalid(f"The compressed body is damaged: {error}.", where="body") from None
        if not piece and not part and not decompressor.is_finished():
            raise Invalid("The compressed body is cut short.", where="body")
        room -= len(part)
        if room < 0:
            raise _too_large(max_bytes)
        parts.append(part)
    if at != len(body):
        raise Invalid("Something follows the end of the compressed body.", where="body")
    return b"".join(parts)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"The body is larger than {max_bytes} bytes without its compression.", where="body")


_DECODERS = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate_zlib,
    "zstd": _unzstd,
    "br": _unbrotli,
    "identity": _within,
}
_MAX_MEMBERS = 1000
_DEFLATE = 8
_SLICE = 65536
_ZSTD_SLICE = 256
_BLOCK = 128 << 10  # of zstd: nothing comes out before a block is complete
_MAX_WINDOW = 1 << 23  # what RFC 8878 asks every decoder for; more is memory that a frame could claim unpaid
