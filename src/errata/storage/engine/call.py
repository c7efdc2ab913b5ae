"""One HTTP request of ClickHouse's interface, read into a `Call`. No network, no engine."""

from __future__ import annotations

import gzip
import importlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import zstandard

from errata.storage.engine.config import DATABASE
from errata.storage.engine.fault import (
    INCORRECT_DATA,
    NOT_IMPLEMENTED,
    SYNTAX_ERROR,
    TOO_LARGE_SIZE,
    UNKNOWN_COMPRESSION,
    UNKNOWN_SETTING,
    Fault,
)
from errata.storage.engine.library import Call, External

_TRANSPORT = frozenset(
    {
        "buffer_size",
        "cancel_http_readonly_queries_on_client_close",
        "client_protocol_version",
        "compress",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "query",
        "query_id",
        "quota_key",
        "role",
        "send_progress_in_http_headers",
        "session_check",
        "session_timeout",
        "wait_end_of_query",
    }
)
"""Parameters that speak about the request itself. What the door does not do with them is in the reference."""
_OWN = frozenset({"log_comment", "readonly"})
_NOT_SPOKEN = frozenset({"session_id", "user", "password"})
_SETTING = re.compile(r"[a-z][a-z0-9_]*\Z")
_INSERT_HEAD = re.compile(rb"\A\s*INSERT\b.*?\bFORMAT\s+\w+[ \t]*\r?\n", re.IGNORECASE | re.DOTALL)
_INSERT = re.compile(r"\A\s*INSERT\b", re.IGNORECASE)
_HEAD_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that say what to do. `headers` have lower-case names; `body` is as it came."""

    query_string: str
    headers: Mapping[str, str]
    body: bytes


def call_of(request: Request, call_id: str, *, may_write: bool, max_bytes: int) -> Call:
    """The statement, its parameters, settings, rows and external tables.

    `max_bytes` bounds the inflated body. Raises Fault for what the door does not speak.
    """
    values = dict(parse_qsl(request.query_string, keep_blank_values=True, max_num_fields=1000))
    body = inflated(request.body, request.headers.get("content-encoding", ""), max_bytes)
    files: dict[str, bytes] = {}
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        fields, files = _multipart(body, kind)
        values |= fields
        body = b""
    for name in _NOT_SPOKEN & values.keys():
        raise Fault(NOT_IMPLEMENTED, f"the door does not take `{name}` in the address")
    text, rows = _statement(values.get("query", ""), body)
    externals = tuple(_external(name, data, values) for name, data in files.items())
    about_files = {f"{name}_{what}" for name in files for what in ("structure", "format", "types")}
    return Call(
        id=call_id,
        text=text,
        may_write=may_write,
        data=rows,
        database=values.get("database") or DATABASE,
        format=values.get("default_format") or "TabSeparated",
        parameters={name[6:]: value for name, value in values.items() if name.startswith("param_")},
        settings=_settings(values, about_files),
        externals=externals,
    )


def inflated(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """The body without its content encoding. Raises Fault when it is broken, unknown or larger than `max_bytes`."""
    encoding = encoding.strip().lower()
    try:
        match encoding:
            case "" | "identity":
                return body
            case "gzip":
                plain = gzip.GzipFile(fileobj=BytesIO(body)).read(max_bytes + 1)
            case "deflate":
                plain = zlib.decompressobj().decompress(body, max_bytes + 1)
            case "zstd":
                plain = zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True).read(max_bytes + 1)
            case "lz4":
                plain = _unlz4(body, max_bytes + 1)
            case _:
                raise Fault(UNKNOWN_COMPRESSION, f"unknown content encoding {encoding!r}")
    except (OSError, EOFError, RuntimeError, zlib.error, zstandard.ZstdError) as error:
        raise Fault(INCORRECT_DATA, f"the body is not valid {encoding}: {error}") from error
    if len(plain) > max_bytes:
        raise Fault(TOO_LARGE_SIZE, f"the inflated body is larger than {max_bytes} bytes")
    return plain


def _unlz4(body: bytes, max_bytes: int) -> bytes:
    frames: Any = importlib.import_module("lz4.frame")  # rarely used; comes with clickhouse-connect
    return bytes(frames.LZ4FrameDecompressor().decompress(body, max_length=max_bytes))


def _statement(query: str, body: bytes) -> tuple[str, bytes]:
    """Text and rows: they come apart (query in the address) or together in the body."""
    if query:
        if _INSERT.match(query):
            return query, body
        return (f"{query}\n{_text(body)}" if body else query), b""
    head = _INSERT_HEAD.match(body[:_HEAD_BYTES])
    if head is not None:
        return _text(head.group(0)), body[head.end() :]
    if not body.strip():
        raise Fault(SYNTAX_ERROR, "the request holds no statement")
    return _text(body), b""


def _text(statement: bytes) -> str:
    try:
        return statement.decode()
    except UnicodeDecodeError as error:
        raise Fault(SYNTAX_ERROR, "the statement is not UTF-8") from error


def _settings(values: Mapping[str, str], about_files: set[str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for name, value in values.items():
        if name in _TRANSPORT or name in about_files or name.startswith("param_"):
            continue
        if name in _OWN or not _SETTING.match(name):
            raise Fault(UNKNOWN_SETTING, f"the door does not take the setting {name!r}")
        settings[name] = value
    return settings


def _external(name: str, data: bytes, values: Mapping[str, str]) -> External:
    structure = values.get(f"{name}_structure", "")
    if not structure:
        raise Fault(
            NOT_IMPLEMENTED, f"the external table {name!r} needs `{name}_structure`; types alone are not spoken"
        )
    return External(name, structure, values.get(f"{name}_format") or "TabSeparated", data)


def _multipart(body: bytes, content_type: str) -> tuple[dict[str, str], dict[str, bytes]]:
    """Plain fields and files of a form, by name."""
    found = re.search(r'boundary="?([^";,]{1,70})', content_type)
    if found is None:
        raise Fault(INCORRECT_DATA, "the form names no boundary")
    mark = b"--" + found.group(1).encode("latin-1")
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in (b"\r\n" + body).split(b"\r\n" + mark)[1:]:
        if part.startswith(b"--"):
            return fields, files
        head, _, content = part.partition(b"\r\n\r\n")
        header = BytesHeaderParser().parsebytes(head.lstrip(b"\r\n") + b"\r\n\r\n")
        name = header.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise Fault(INCORRECT_DATA, "a part of the form has no name")
        if header.get_filename() is None:
            fields[name] = _text(content)
        else:
            files[name] = content
    raise Fault(INCORRECT_DATA, "the form ends too early")
