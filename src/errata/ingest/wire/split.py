"""A request's body cut into its entries, without reading what is inside them. Pure.

Intake and digest both cut here, so that what was acknowledged is what is decoded. One bad entry never spoils its
neighbours: a JSON reader that fails as a whole is followed by a splitter that only counts brackets outside strings.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import cache
from itertools import islice

import msgspec

from errata.base.errors import Invalid, TooLarge


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry as sent. `index` counts from 0 over all entries of the body, also those that nobody can read.

    `is_text` means that `raw` is a plain line (no JSON) in the sender's encoding, its end of line cut off. A JSON
    entry's `raw` may still be unreadable (half a surrogate pair, nested too deep): that is the decoder's finding.
    """

    index: int
    raw: bytes
    is_text: bool


def entries_of(body: bytes, content_type: str, most: int = sys.maxsize) -> list[Entry]:
    """The entries of an inflated body: an array's elements, objects after one another, or lines of text.

    Whatever the content type, a body of JSON is read as JSON (the browser SDK sends it as `text/plain`); in text a
    line that is a whole JSON object is a JSON entry. `[]` has no entries. Raises `Invalid` when no entry of a
    non-empty body is an object or a text, when an array does not end where the body ends, for an empty body, and for
    a body that is no JSON under a content type that promises neither JSON nor text; `TooLarge` for more than `most`
    entries, before each of millions takes memory of its own.
    """
    data = body[3:] if body[:3] == _BOM else body
    start = data[:64].lstrip()[:1] or data.lstrip()[:1]
    if not start:
        raise Invalid("The body is empty.", where="body")
    if is_text_type(content_type):
        return _text_entries(data, start, content_type, most)
    if start == b"[":
        return [Entry(index, raw, is_text=False) for index, raw in enumerate(_array(data, most))]
    if start == b"{":
        return [Entry(index, raw, is_text=False) for index, raw in enumerate(_sequence(data, most))]
    raise Invalid(_hint(data), where="body")


def count_of(body: bytes, content_type: str, most: int = sys.maxsize) -> int:
    """How many entries `entries_of` would find; quicker, and raises the same."""
    if body[:1] == b"[" and not is_text_type(content_type):
        try:
            raws = _whole_array(body, most)
        except (msgspec.MsgspecError, RecursionError):
            return len(entries_of(body, content_type, most))
        _bound(len(raws), most)
        if not raws or bytes(raws[0])[:1] in _USABLE:
            return len(raws)
    return len(entries_of(body, content_type, most))


def is_text_type(content_type: str) -> bool:
    """Whether a content type promises lines of text."""
    return content_type.startswith(_TEXT_TYPES) or content_type.lower().startswith(_TEXT_TYPES)


def _whole_array(data: bytes, most: int) -> list[msgspec.Raw]:
    """The elements of an array, read in one call that nothing else runs beside."""
    if most <= _MOST_PROBED and len(data) > _SMALL_BYTES and data.count(b",") > _MANY_COMMAS * most:
        # Reading millions of them would stop the process for a tenth of a second; this ends behind the last allowed.
        try:
            _at_most(most)(data)
        except msgspec.ValidationError:
            _bound(most + 1, most)
    return _raw_array(data)


@cache
def _at_most(most: int) -> Callable[[bytes], object]:
    """A reader of arrays that raises ValidationError for one element too many, as soon as it comes."""
    elements = [(f"element_{index}", msgspec.Raw, msgspec.Raw()) for index in range(most)]
    array = msgspec.defstruct("_Array", elements, array_like=True, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(array).decode


def _array(data: bytes, most: int) -> list[bytes]:
    try:
        whole = _whole_array(data, most)
    except (msgspec.MsgspecError, RecursionError) as error:
        return _salvaged(_cut(data.strip()[1:], most, closing=True), error)
    _bound(len(whole), most)
    raws = [bytes(raw) for raw in whole]
    if raws and not any(raw[:1] in _USABLE for raw in raws):
        raise Invalid("No entry of the array is an object or a text.", where="body")
    return raws


def _sequence(data: bytes, most: int) -> list[bytes]:
    """Objects after one another: one alone, one a line, or with nothing between them."""
    try:
        return [bytes(_raw_value(data))]
    except (msgspec.MsgspecError, RecursionError) as error:
        first_fault: Exception = error
    lines = _some_lines(data, most)
    if len(lines) > 1 and all(map(_is_readable_object, lines)):
        _bound(len(lines), most)
        return [line.strip() for line in lines]
    try:
        return _salvaged(_cut(data, most, closing=False), first_fault)
    except Invalid:
        # An object that never ends swallows all that follow; lines that each begin one limit the loss to a line.
        if len(lines) > 1 and all(line.lstrip()[:1] == b"{" for line in lines):
            _bound(len(lines), most)
            return _salvaged([line.strip() for line in lines], first_fault)
        raise


def _some_lines(data: bytes, most: int) -> list[bytes]:
    """The lines that are not blank, with their blanks; of more than `most` only one more, to be refused for it."""
    lines = (match[0] for match in _LINE.finditer(data))
    return list(islice((line for line in lines if not line.isspace()), most + 1 if most < sys.maxsize else None))


def _bound(count: int, most: int) -> None:
    if count > most:
        raise TooLarge(f"The request has {count} entries or more; at most {most} are taken.", where="body")


def _salvaged(raws: list[bytes] | None, fault: Exception) -> list[bytes]:
    if raws is None or not any(raw[:1] in _USABLE and _is_json(raw) for raw in raws):
        raise _malformed(fault)
    return raws


def _malformed(fault: Exception) -> Invalid:
    if isinstance(fault, RecursionError):
        return Invalid("The body is nested too deep to be read.", where="body")
    return Invalid(f"The body is not JSON: {fault}.", where="body")


def _cut(data: bytes, most: int, *, closing: bool) -> list[bytes] | None:
    """Values at the top level, found by brackets alone; None where the brackets do not add up.

    With `closing` the values are separated by commas and end with the array's own bracket at the end of the data;
    without it they are objects that follow one another.
    """
    found: list[bytes] = []
    depth, start = 0, 0
    for match in _TOKENS.finditer(data):
        mark = match[0]
        first = mark[:1]
        if first == b'"':
            continue
        if first in _OPENING:
            if depth == 0 and not closing:
                if data[start : match.start()].strip(b" \t\r\n,"):
                    return None
                start = match.start()
            depth += len(mark)
        elif first == b",":
            if depth == 0 and closing:
                found.append(data[start : match.start()].strip())
                _bound(len(found), most)
                start = match.end()
        else:
            depth -= len(mark)
            if depth == 0 and not closing:
                found.append(data[start : match.end()])
                _bound(len(found), most)
                start = match.end()
            elif depth < 0:
                return _closed(data, start, match, depth, found) if closing else None
    rest = data[start:].strip(b" \t\r\n,")
    return None if closing or depth or rest else found


def _closed(data: bytes, start: int, match: re.Match[bytes], depth: int, found: list[bytes]) -> list[bytes] | None:
    if depth != -1 or match[0][-1:] != b"]" or match.end() != len(data):
        return None
    last = data[start : match.end() - 1].strip()
    return [*found, last] if last else (found or None)


def _is_json(raw: bytes) -> bool:
    """Whether the grammar allows it, or the shippers that write NaN and raw control characters do."""
    try:
        _raw_value(raw)
    except (msgspec.MsgspecError, RecursionError):
        pass
    else:
        return True
    try:
        json.loads(raw.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def _is_readable_object(line: bytes) -> bool:
    try:
        return bytes(_raw_value(line))[:1] == b"{"
    except (msgspec.MsgspecError, RecursionError):
        return False


def _text_entries(data: bytes, start: bytes, content_type: str, most: int) -> list[Entry]:
    if start == b"[":
        raws = _try_array(data, most)
        if raws:
            return [Entry(index, raw, is_text=False) for index, raw in enumerate(raws)]
    elif start == b"{":
        try:
            return [Entry(0, bytes(_raw_value(data)), is_text=False)]
        except (msgspec.MsgspecError, RecursionError):
            pass
    lines = _frames(data, most) if "logplex" in content_type.lower() else None
    if lines is None:
        lines = [line.rstrip(b"\r") for line in _some_lines(data, most)]
    _bound(len(lines), most)
    return [
        Entry(index, line, is_text=line.lstrip()[:1] != b"{" or not _is_readable_object(line))
        for index, line in enumerate(lines)
    ]


def _try_array(data: bytes, most: int) -> list[bytes]:
    """A line of text may begin with a bracket, too (`[2026-11-20] started`): only a whole array of objects is one."""
    try:
        whole = _whole_array(data, most)
    except (msgspec.MsgspecError, RecursionError):
        return []
    _bound(len(whole), most)
    raws = [bytes(raw) for raw in whole]
    return raws if any(raw[:1] == b"{" for raw in raws) else []


def _frames(data: bytes, most: int) -> list[bytes] | None:
    """Logplex frames (RFC 6587 octet counting: `83 <40>1 ...`), or None where the counts do not add up."""
    found: list[bytes] = []
    at = 0
    while at < len(data) and len(found) <= most:
        match = _FRAME.match(data, at)
        if match is None:
            return None
        end = match.end() + int(match[1])
        if end > len(data):
            return None
        found.append(data[match.end() : end].rstrip(b"\r\n"))
        at = end
        while data[at : at + 1] in _LINE_END:
            at += 1
    return found or None


def _hint(data: bytes) -> str:
    for magic, name in _COMPRESSED:
        if data.startswith(magic):
            return f"The body looks like {name}, but no Content-Encoding says so."
    return "The body is not JSON: an array of objects or objects are expected."


_raw_array: Callable[[bytes], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode
_raw_value: Callable[[bytes], msgspec.Raw] = msgspec.json.Decoder(msgspec.Raw).decode
_SMALL_BYTES, _MANY_COMMAS, _MOST_PROBED = 64 << 10, 20, 10_000
_BOM = b"\xef\xbb\xbf"
_USABLE = (b"{", b'"')
_OPENING = (b"[", b"{")
_LINE_END = (b"\r", b"\n")
_TEXT_TYPES = ("text/", "application/logplex")
_COMPRESSED = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x78\x9c", "deflate"), (b"\x78\x01", "deflate"))
_LINE = re.compile(rb"[^\n]+")
_FRAME = re.compile(rb"([1-9][0-9]{0,6}) (?=<)")
# A string without an end is one match up to the end of the body: looking for its end anew from every quote inside
# would take quadratic time. Runs of brackets of one kind are one match.
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{]+|[\]}]+|,', re.DOTALL)
