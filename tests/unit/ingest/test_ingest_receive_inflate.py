"""Content encodings within a bound."""

from __future__ import annotations

import contextlib
import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from errata.base.errors import Invalid, TooLarge, Unsupported
from errata.ingest.inflate import beginning, inflate

LIMIT = 1 << 20
TEXT = b'{"message":"hello"}' * 50


def bare(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(data) + deflate.flush()


def unsized_zstd(data: bytes) -> bytes:
    frame = zstandard.ZstdCompressor().compressobj()
    return frame.compress(data) + frame.flush()


PACK = {
    "identity": lambda data: data,
    "": lambda data: data,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZip": gzip.compress,
    "identity, gzip": gzip.compress,
    "deflate": zlib.compress,
    " deflate": bare,
    "zstd": zstandard.compress,
    "zstd ": unsized_zstd,
    "br": lambda data: brotli.compress(data, quality=4),
}


@pytest.mark.parametrize("encoding", PACK)
@given(data=st.binary(max_size=300) | st.just(b"x" * 200_000))
def test_what_was_packed_comes_out(encoding: str, data: bytes) -> None:
    assert inflate(PACK[encoding](data), encoding, LIMIT) == data


@pytest.mark.parametrize("encoding", PACK)
def test_the_bound_holds_to_the_byte(encoding: str) -> None:
    packed = PACK[encoding](b"\0" * 5000)

    assert len(inflate(packed, encoding, 5000)) == 5000
    with pytest.raises(TooLarge, match="4999"):
        inflate(packed, encoding, 4999)


def test_every_member_of_a_gzip_body_counts() -> None:
    packed = gzip.compress(b"one") + gzip.compress(b"") + gzip.compress(b"three")

    assert inflate(packed, "gzip", LIMIT) == b"onethree"
    assert inflate(packed + b"\0" * 100, "gzip", LIMIT) == b"onethree"
    with pytest.raises(TooLarge):
        inflate(packed, "gzip", 7)


def test_every_frame_of_a_zstd_body_counts() -> None:
    assert inflate(zstandard.compress(b"one") + unsized_zstd(b"two"), "zstd", LIMIT) == b"onetwo"
    with pytest.raises(TooLarge):
        inflate(zstandard.compress(b"one") + unsized_zstd(b"two"), "zstd", 5)


def test_members_beyond_count_are_refused() -> None:
    with pytest.raises(Invalid, match="members"):
        inflate(gzip.compress(b"") * 100_000, "gzip", LIMIT)
    with pytest.raises(Invalid, match="frames"):
        inflate(zstandard.compress(b"") * 5_000, "zstd", LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "zstd ", "br"])
def test_a_bomb_is_too_large(encoding: str) -> None:
    bomb = PACK[encoding](b"\0" * (1 << 27))

    with pytest.raises(TooLarge):
        inflate(bomb, encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", " deflate", "zstd", "zstd ", "br"])
def test_a_body_cut_short_or_followed_by_garbage_is_invalid(encoding: str) -> None:
    packed = PACK[encoding](TEXT)

    for end in range(len(packed)):
        if encoding.strip() == "zstd" and end == 0:
            continue
        with pytest.raises(Invalid):
            inflate(packed[:end], encoding, LIMIT)
    with pytest.raises(Invalid):
        inflate(packed + b"garbage", encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "br"])
def test_a_body_that_is_not_packed_at_all_is_invalid(encoding: str) -> None:
    with pytest.raises(Invalid):
        inflate(TEXT, encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["lz4", "gzip, gzip", "gzip,deflate", "compress", "x" * 10_000])
def test_other_encodings_name_the_allowed_ones(encoding: str) -> None:
    with pytest.raises(Unsupported, match="gzip, deflate, zstd, br, identity"):
        inflate(TEXT, encoding, LIMIT)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "zstd", "br"]), st.booleans())
def test_nothing_but_the_documented_errors_is_raised(data: bytes, encoding: str, real_start: bool) -> None:
    body = PACK[encoding](TEXT)[:20] + data if real_start else data
    with contextlib.suppress(Invalid, TooLarge):
        assert len(inflate(body, encoding, 1000)) <= 1000


@pytest.mark.parametrize("encoding", PACK)
def test_the_beginning_of_a_body_is_seen_without_the_rest(encoding: str) -> None:
    packed = PACK[encoding](TEXT + bytes(range(256)) * 4000)

    assert beginning(packed, encoding, 100) == TEXT[:100]
    assert beginning(PACK[encoding](b"ab"), encoding, 100) == b"ab"


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "zstd", "br", ""]), st.booleans())
def test_a_look_at_the_beginning_raises_nothing_else_either(data: bytes, encoding: str, real_start: bool) -> None:
    body = PACK[encoding](TEXT)[:20] + data if real_start else data
    with contextlib.suppress(Invalid, TooLarge):
        assert len(beginning(body, encoding, 50)) <= 50
