"""Which words of a message take part in version 1. Frozen: a line here may be added, none may change."""

# ruff: noqa: RUF001  the quotation marks of other languages are meant
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.grouping.messages import LIMIT, explained, words_of
from growth import assert_bounded, assert_linear

SAME_WORDS = [
    ("Cannot read properties of undefined (reading 'cents')", "cannot read properties of undefined"),
    ("can't connect to db-7.internal:5432", "cant connect to"),
    ("users' data isn't valid for user 'o'brien'", "users data isnt valid for user"),
    ('voucher "SUMMER" is not valid for cart c1', "voucher is not valid for cart"),
    ('voucher "x"y" is not valid for cart c4711', "voucher is not valid for cart"),
    ("cannot parse quantity 'two' of order #7781", "cannot parse quantity of order"),
    ("cannot parse quantity '3\"or 4' of order #90210", "cannot parse quantity of order"),
    ("amount '12,50' is not a number", "amount is not number"),
    ("amount '\"x\"' is not a number", "amount is not number"),
    ("amount '12 €' is not a number", "amount is not number"),
    ("invalid literal: b'abc' and u'x'", "invalid literal and"),
    ("(sqlite3.OperationalError) no such table: invoices_2026_10", "no such table"),
    ("open '/srv/x/2026.csv': permission denied", "open permission denied"),
    ("open /var/lib/app/foo.txt: permission denied", "open permission denied"),
    ("open C:\\Users\\bob\\x.txt: permission denied", "open permission denied"),
    ("open ./x and ~/y and \\\\host\\share", "open and and"),
    ("connect ECONNREFUSED 127.0.0.1:9", "connect econnrefused"),
    ("connect ECONNREFUSED fe80::abcd:ef", "connect econnrefused"),
    ("getaddrinfo ENOTFOUND api.eu.example.com", "getaddrinfo enotfound"),
    ("GET https://api.example.com/v1/users/12?x=y failed with 502", "get failed with"),
    ("timed out after 30 s", "timed out after"),
    ("timed out after 900ms", "timed out after"),
    ("timed out after 1 second", "timed out after"),
    ("user bob@example.org not found", "user not found"),
    ("user {}@A.AC or !@A.AC not found", "user or not found"),
    ('user "ann lee"@example.org, it{1}+x@example.org not found', "user not found"),
    ("only @Bean and 'x', @core/x are allowed", "only bean and core are allowed"),
    ("user=alice id=42 status=open rejected", "user id status rejected"),
    ("Nov 20, 2026 4:21:37 PM import failed", "import failed"),
    ("Fri Nov 20 16:21:37 2026 import failed", "import failed"),
    ("2026-11-20T16:23:24Z import failed", "import failed"),
    ("may fail in march", "may fail in march"),
    ("<Order object at 0x7f3a> is closed", "is closed"),
    ("'<' not supported between instances of 'int' and 'str'", "not supported between instances of and"),
    ("Größe „XL“ für Артикул №42 nicht verfügbar", "größe für артикул nicht verfügbar"),
    ("注文1234が失敗しました", "注文 が失敗しました"),
    ("commit deadbeef of job 3f2a9c1be77d4e is missing", "commit of job is missing"),
    ("550e8400-e29b-41d4-a716-446655440000 not found", "not found"),
    ('{"error": {"code": 12}} came back', "came back"),
    ('unterminated ( bracket and " quote', "unterminated bracket and quote"),
    ("Invalid regular expression: /(/: Unterminated group", "invalid regular expression unterminated group"),
    ("read/write timeout", "read write timeout"),
    ("order_id missing", "order_id missing"),
    ("it’s the user’s fault", "its the users fault"),
    ("first line\nsecond line", "first line"),
    ("\n\n  first line  ", "first line"),
    ("ÄRGER", "ärger"),
    ("12345", ""),
    ("", ""),
]


@pytest.mark.parametrize(("message", "words"), SAME_WORDS, ids=[message[:40] for message, _ in SAME_WORDS])
def test_words_that_take_part(message, words):
    assert words_of(message) == words
    assert explained(message)[0] == words


def test_at_most_32_words_count():
    assert words_of(" ".join(["word"] * 100)) == " ".join(["word"] * 32)


def test_what_is_left_out_is_named_with_its_reason():
    words, dropped = explained("order 17 of 'bob' (at home) failed\ndetails")

    assert words == "order of failed"
    assert {(bit.text, bit.reason) for bit in dropped} == {
        ("'bob'", "quoted"),
        ("(at home)", "in brackets"),
        ("17", "number or identifier"),
        ("details", "only the first line counts"),
    }


@given(st.text(max_size=300))
def test_words_are_stable_under_repetition(message):
    words = words_of(message)

    assert words_of(message) == words
    assert len(words.split()) <= 32
    assert explained(message)[0] == words


TOKENS = [
    "1",
    "17",
    "a1",
    "ms",
    "Sec",
    "Nov",
    "nov,",
    "20",
    "deadbeef",
    "DEADBEEF",
    "facade",
    "x",
    "Word",
    "word:",
    "é",
]


@given(st.lists(st.sampled_from(TOKENS), max_size=8).map(" ".join))
def test_words_of_plain_tokens_are_those_that_are_explained(message):
    assert words_of(message) == explained(message)[0]


IDS = st.one_of(
    st.integers(0, 10**12).map(str),
    st.uuids().map(str),
    st.integers(0, 2**64).map(hex),
    st.integers(10**6, 2**60).map("{:x}x0".format),
    st.text("abcXYZ ,.()", max_size=12).map("'{}'".format),
    st.text("abcXYZ', ", max_size=12).map('"{}"'.format),
    st.datetimes().map(lambda at: at.isoformat() + "Z"),
    st.ip_addresses().map(str),
    st.emails(),
    st.text("abcxyz", min_size=1, max_size=9).map("https://example.org/{}".format),
    st.text("abcxyz", min_size=1, max_size=9).map("/srv/data/{}.csv".format),
)


@given(IDS, IDS)
def test_ids_in_a_message_do_not_matter(one, other):
    assert words_of(f"cannot load {one} for the report") == words_of(f"cannot load {other} for the report")


@pytest.mark.parametrize(
    "shape",
    ["'a", '"', "(", "[(", "<a", "“", "„ ", "‘ ", "«", "a=", "a:", "@", "/", "x'", " 'x", "Nov 1 ", "\\", "1 s "],
)
def test_long_odd_messages_take_time_linear_up_to_the_limit_and_none_beyond(shape):
    def message_of(size):
        return (shape * size)[: size - 1] + "z"

    assert_linear(explained, message_of, LIMIT)
    assert_bounded(words_of, message_of, 64 * 1024)
    assert len(words_of(message_of(64 * 1024))) <= LIMIT
