from __future__ import annotations

import gzip
import zlib
from urllib.parse import urlencode

import lz4.frame
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from errata.storage.engine.call import Request, call_of, inflated
from errata.storage.engine.fault import Fault
from errata.storage.engine.library import External

MAX = 1 << 20


def a_call(body: bytes = b"", headers: dict[str, str] | None = None, **query: str):
    return call_of(Request(urlencode(query), headers or {}, body), "c1", may_write=True, max_bytes=MAX)


def test_a_statement_stands_in_the_body_or_in_the_address_or_in_both():
    assert a_call(b"SELECT 1").text == "SELECT 1"
    assert a_call(query="SELECT 1").text == "SELECT 1"
    assert a_call(b"WHERE 1", query="SELECT 1").text == "SELECT 1\nWHERE 1"


def test_rows_of_an_insert_stand_behind_it_or_in_the_body():
    behind = a_call(b"INSERT INTO t (a) FORMAT Native\n\x01\x02\n\xff")
    apart = a_call(b"\x01\x02\n\xff", query="INSERT INTO t (a) FORMAT Native")

    assert (behind.text.strip(), behind.data) == ("INSERT INTO t (a) FORMAT Native", b"\x01\x02\n\xff")
    assert (apart.text, apart.data) == ("INSERT INTO t (a) FORMAT Native", b"\x01\x02\n\xff")


def test_an_insert_from_a_select_has_no_rows():
    assert a_call(b"INSERT INTO t SELECT 1").data == b""


def test_parameters_settings_and_what_belongs_to_the_request_are_told_apart():
    call = a_call(
        b"SELECT {x:String}",
        param_x="a\\'b",
        max_threads="1",
        database="other",
        wait_end_of_query="1",
        client_protocol_version="54405",
        default_format="JSON",
    )

    assert call.parameters == {"x": "a\\'b"}
    assert call.settings == {"max_threads": "1"}
    assert (call.database, call.format) == ("other", "JSON")


@pytest.mark.parametrize("name", ["readonly", "log_comment", "session_id", "user", "password", "a b", "x'y", "X"])
def test_settings_that_the_door_keeps_to_itself_are_refused(name):
    with pytest.raises(Fault):
        a_call(b"SELECT 1", **{name: "1"})


def test_a_form_brings_statement_parameters_and_tables():
    body = (
        b'--b\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT {x:String} FROM e\r\n'
        b'--b\r\nContent-Disposition: form-data; name="param_x"\r\n\r\n\xc3\xa4\r\n'
        b'--b\r\nContent-Disposition: form-data; name="e"; filename="e"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\x00--b\r\n\r\n\xff\r\n--b--\r\n"
    )

    call = a_call(
        body, {"content-type": "multipart/form-data; boundary=b"}, e_structure="a UInt8", e_format="RowBinary"
    )

    assert (call.text, call.parameters) == ("SELECT {x:String} FROM e", {"x": "ä"})
    assert call.externals == (External("e", "a UInt8", "RowBinary", b"\x00--b\r\n\r\n\xff"),)
    assert call.settings == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b\r\n",
        b"--b\r\n\r\n",
        b'--b\r\nContent-Disposition: form-data; name="e"\r\n\r\nx',
        b"--b\r\nX: y\r\n\r\nx\r\n--b--",
    ],
)
def test_a_broken_form_is_a_fault(body):
    with pytest.raises(Fault):
        a_call(body, {"content-type": "multipart/form-data; boundary=b"})


@given(st.binary(max_size=300), st.sampled_from(["", "text/plain", "multipart/form-data; boundary=b", "multipart/form-data"]),
       st.sampled_from(["", "gzip", "zstd", "lz4", "deflate", "br"]), st.text(max_size=40))  # fmt: skip
def test_whatever_comes_is_a_call_or_a_fault(body, kind, encoding, query):
    request = Request(query, {"content-type": kind, "content-encoding": encoding}, body)
    try:
        call_of(request, "c1", may_write=False, max_bytes=MAX)
    except Fault as fault:
        status = fault.status
    else:
        status = 400

    assert 400 <= status < 600


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("lz4", lz4.frame.compress),
        ("", bytes),
    ],
)
def test_every_content_encoding_is_undone_within_its_bound(encoding, pack):
    assert inflated(pack(b"a" * MAX), encoding, MAX) == b"a" * MAX
    if encoding:
        with pytest.raises(Fault) as raised:
            inflated(pack(b"a" * (MAX + 1)), encoding, MAX)
        assert raised.value.status == 413
