"""Sentry's envelope: a line of headers, then items, each a line of headers and its payload. Pure.

Framing only; what an item says is read elsewhere. Source: the envelope page of Sentry's developer documentation. No
declared length is believed beyond the bytes that are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from errata.base.errors import Invalid
from errata.ingest.wire.json_text import decode_json

EVENT = "event"
"""The item type that is an error."""
MAX_ITEMS = 1000
"""Items of one envelope; SDKs send fewer than ten."""
KEPT_BESIDE = 64 << 10
"""Bytes of other items beside an event that are not worth cutting off."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item. `type` as sent, `headers` the item's own, `payload` the bytes between its line and the next item."""

    type: str
    headers: dict[str, Any]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope's headers and its items in order."""

    headers: dict[str, Any]
    items: tuple[Item, ...]

    @property
    def event_id(self) -> str:
        """The id that the headers give, 32 lower-case hex digits; empty where they give none."""
        return event_id_of(self.headers.get("event_id"))


def read_envelope(body: bytes) -> Envelope:
    """The envelope in a body. An envelope without items is one, too.

    An item with a `length` has exactly that many bytes, followed by a line end or the end; one without reaches to the
    end of its line. Empty lines between items are passed over. Raises `Invalid`, naming the byte, for headers that
    are no JSON object, items without a type, a length that is no count or larger than the rest, bytes behind an
    item's end, and more than `MAX_ITEMS` items.
    """
    headers, at = _headers(body, 0, "The envelope's headers")
    items: list[Item] = []
    while at < len(body):
        if body[at] in _LINE_ENDS:
            at += 1
            continue
        if len(items) == MAX_ITEMS:
            raise _invalid(f"The envelope has more than {MAX_ITEMS} items", at)
        item, at = _item(body, at)
        items.append(item)
    return Envelope(headers, tuple(items))


def event_id_of(value: object) -> str:
    """An event id as 32 lower-case hex digits, dashes taken out; empty for what is none, or all zeros."""
    if not isinstance(value, str) or len(value) > _MAX_ID:
        return ""
    text = value.strip().replace("-", "").lower()
    return text if len(text) == _ID_DIGITS and not text.strip(_HEX) and text.strip("0") else ""


def envelope_of(headers: dict[str, Any], item: Item) -> bytes:
    """An envelope that holds one item only."""
    return _encode(headers) + b"\n" + _framed(item.headers, item.payload)


def trimmed(body: bytes, envelope: Envelope) -> bytes:
    """The same envelope without the payloads that nobody reads: what is no event comes out with zero bytes.

    The body itself where that saves less than `KEPT_BESIDE`. Recordings of a screen and attachments are a hundred
    times as large as the event that they stand beside.
    """
    beside = sum(len(item.payload) for item in envelope.items if item.type != EVENT)
    if beside < KEPT_BESIDE:
        return body
    parts = [_encode(envelope.headers), b"\n"]
    parts += (_framed(item.headers, item.payload if item.type == EVENT else b"") for item in envelope.items)
    return b"".join(parts)


def _framed(headers: dict[str, Any], payload: bytes) -> bytes:
    return b"%s\n%s\n" % (_encode({**headers, "length": len(payload)}), payload)


def _item(body: bytes, start: int) -> tuple[Item, int]:
    headers, at = _headers(body, start, "An item's headers")
    kind = headers.get("type")
    if not isinstance(kind, str) or not kind:
        raise _invalid("An item names no type", start)
    length = headers.get("length")
    if length is None:
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        return Item(kind, headers, body[at:end]), end + 1
    if type(length) is not int or length < 0:
        raise _invalid("An item's length is no count of bytes", start)
    end = at + length
    if end > len(body):
        raise _invalid(f"An item of {length} bytes is announced where {max(0, len(body) - at)} follow", start)
    after = body[end : end + 2]
    if after and after[:1] != b"\n" and after != b"\r\n":
        raise _invalid(f"Something stands behind the {length} bytes that an item announces", end)
    return Item(kind, headers, body[at:end]), end


def _headers(body: bytes, start: int, what: str) -> tuple[dict[str, Any], int]:
    end = body.find(b"\n", start)
    end = len(body) if end < 0 else end
    if end - start > _MAX_HEADERS:
        raise _invalid(f"{what} are longer than {_MAX_HEADERS} bytes", start)
    try:
        headers, _ = decode_json(body[start:end])
    except Invalid:
        headers = None
    if type(headers) is not dict:
        raise _invalid(f"{what} are no JSON object", start)
    return headers, min(end + 1, len(body))


def _invalid(what: str, at: int) -> Invalid:
    return Invalid(f"{what}, at byte {at} of the body.", where=f"body[{at}]")


_encode = msgspec.json.Encoder().encode
_LINE_ENDS = b"\r\n"
_MAX_HEADERS = 256 << 10
_MAX_ID, _ID_DIGITS, _HEX = 64, 32, "0123456789abcdef"
