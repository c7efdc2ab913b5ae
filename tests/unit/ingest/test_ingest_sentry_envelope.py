"""The framing of envelopes: what is an item, and what is refused."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.base.errors import Invalid
from errata.ingest.wire.sentry_envelope import envelope_of, event_id_of, read_envelope, trimmed
from growth import assert_bounded

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
HEAD = json.dumps({"event_id": ID}).encode()


def kinds(body: bytes) -> list[tuple[str, bytes]]:
    return [(item.type, item.payload) for item in read_envelope(body).items]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (b"", []),
        (b"\n", []),
        (b'\n{"type":"event"}\n{}', [("event", b"{}")]),
        (b'\n{"type":"event"}\n{}\n', [("event", b"{}")]),
        (b'\n{"type":"event","length":2}\n{}', [("event", b"{}")]),
        (b'\n{"type":"event","length":2}\n{}\r\n', [("event", b"{}")]),
        (b'\n{"type":"event","length":null}\n{}\n', [("event", b"{}")]),
        (
            b'\n{"type":"attachment","length":3}\n\n{\n\n{"type":"event"}\n{}',
            [("attachment", b"\n{\n"), ("event", b"{}")],
        ),
        (b'\n\n\n{"type":"session"}\n{}\n\n\n{"type":"event"}\n{}\n\n', [("session", b"{}"), ("event", b"{}")]),
        (b'\n{"type":"attachment","length":0}\n\n{"type":"event","length":0}\n', [("attachment", b""), ("event", b"")]),
        (b'\n{"type":"attachment","length":0}', [("attachment", b"")]),
        (b'\n{"type":"attachment"}', [("attachment", b"")]),
        (b'\r\n{"type":"event"}\r\n{}', [("event", b"{}")]),
        (b'\n{"type":"event"}\n\xff\x00', [("event", b"\xff\x00")]),
    ],
)
def test_items_are_cut_by_length_or_at_the_end_of_their_line(rest: bytes, expected: list[tuple[str, bytes]]) -> None:
    assert kinds(HEAD + rest) == expected


@pytest.mark.parametrize(
    ("body", "at"),
    [
        (b"", 0),
        (b"hello", 0),
        (b"[]\n", 0),
        (b"\xff\xff\n{}", 0),
        (b'{}\n{"length":2}\n{}', 3),
        (b'{}\n{"type":""}\n{}', 3),
        (b'{}\n{"type":7}\n{}', 3),
        (b'{}\n{"type":"event","length":-1}\n{}', 3),
        (b'{}\n{"type":"event","length":"2"}\n{}', 3),
        (b'{}\n{"type":"event","length":true}\n{}', 3),
        (b'{}\n{"type":"event","length":2.0}\n{}', 3),
        (b'{}\n{"type":"event","length":3}\n{}', 3),
        (b'{}\n{"type":"event","length":99999999999999999999}\n{}', 3),
        (b'{}\n{"type":"event","length":1}\n{}', 32),
        (b'{}\n{"type":"event","length":2}\n{}x', 33),
        (b"{}\nwhat\n{}", 3),
    ],
)  # fmt: skip
def test_a_framing_that_does_not_add_up_is_refused_with_its_place(body: bytes, at: int) -> None:
    with pytest.raises(Invalid, match=f"at byte {at} of the body") as caught:
        read_envelope(body)
    assert caught.value.where == f"body[{at}]"


def test_more_items_than_any_client_sends_are_refused_early() -> None:
    def refuse(body: bytes) -> None:
        with pytest.raises(Invalid, match="more than 1000 items"):
            read_envelope(body)

    assert_bounded(refuse, lambda items: b"{}" + b'\n{"type":"span"}\n{}' * items, 200_000)


def test_lines_of_headers_are_bounded() -> None:
    with pytest.raises(Invalid, match="longer than"):
        read_envelope(b'{"a":"' + b"x" * 300_000 + b'"}\n')


@pytest.mark.parametrize(
    ("given_id", "expected"),
    [
        (ID, ID),
        (ID.upper(), ID),
        ("9ec79c33-ec99-42ab-8353-589fcb2e04dc", ID),
        (f" {ID} ", ID),
        ("0" * 32, ""),
        (ID[:-1], ""),
        (ID[:-1] + "g", ""),
        (7, ""),
        (None, ""),
        ("9" * 100_000, ""),
    ],
)
def test_an_event_id_has_one_spelling(given_id: object, expected: str) -> None:
    assert event_id_of(given_id) == expected


def test_payloads_that_nobody_reads_are_left_out_and_their_items_stay() -> None:
    event = b'{"message":"x"}'
    body = HEAD + b'\n{"type":"event"}\n' + event + b'\n{"type":"attachment","length":100000,"filename":"a"}\n'
    body += b"\n" * 100_000

    small = trimmed(body, read_envelope(body))

    assert len(small) < 300
    again = read_envelope(small)
    assert again.event_id == ID
    assert [(item.type, item.payload, item.headers.get("filename")) for item in again.items] == [
        ("event", event, None),
        ("attachment", b"", "a"),
    ]
    assert trimmed(small, again) is small


@given(
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3),
    st.lists(st.tuples(st.sampled_from(["event", "log", "a b"]), st.binary(max_size=30)), max_size=4),
)
def test_what_is_framed_comes_out(headers: dict[str, object], items: list[tuple[str, bytes]]) -> None:
    body = json.dumps(headers).encode()
    for kind, payload in items:
        body += b"\n" + json.dumps({"type": kind, "length": len(payload)}).encode() + b"\n" + payload

    found = read_envelope(body)

    assert [(item.type, item.payload) for item in found.items] == items
    for item in found.items:
        assert kinds(envelope_of(found.headers, item)) == [(item.type, item.payload)]


_PIECES = st.sampled_from(
    [b"\n", b"{}", b'{"type":"event"}', b'"length":5', b'{"type":"event","length":2}', b"\r", b"\xff"]
)


@given(st.lists(_PIECES | st.binary(max_size=8), max_size=20))
def test_nothing_but_invalid_is_raised(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    with contextlib.suppress(Invalid):
        assert sum(len(item.payload) for item in read_envelope(body).items) <= len(body)
