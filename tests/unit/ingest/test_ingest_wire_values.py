"""Times, severities, ids and names as loggers write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.base.clock import to_ms
from errata.events.model import Platform, Status
from errata.ingest.wire.languages import language_of_source, platform_of_source
from errata.ingest.wire.log_values import take_hex_id, take_stack
from errata.ingest.wire.status import status_of
from errata.ingest.wire.structlog_traces import traceback_of
from errata.ingest.wire.tags import tags_of
from errata.ingest.wire.times import epoch_ms_of
from errata.stacks.parse import parse

ARRIVAL = to_ms(datetime(2026, 11, 20, 17, 0, tzinfo=UTC))
AT = to_ms(datetime(2026, 11, 20, 16, 23, 24, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20T16:23:24Z", AT),
        ("2026-11-20t16:23:24.292z", AT + 292),
        ("2026-11-20 16:23:24,292", AT + 292),
        ("2026-11-20T16:23:24.292123456Z", AT + 292),
        ("2026-11-20T17:23:24+01:00", AT),
        ("2026-11-20T08:53:24.5-0730", AT + 500),
        (" 20261120T162324Z ", AT),
        ("2026-11-20", AT - (16 * 3600 + 23 * 60 + 24) * 1000),
        ("Nov 20 16:23:24", AT),
        ("Nov 20 16:23:24.292", AT + 292),
        ("nov  5 16:23:24", AT - 15 * 86_400_000),
        (AT + 292, AT + 292),
        (float(AT), AT),
        (str(AT), AT),
        (AT // 1000, AT),
        (AT / 1000 + 0.25, AT + 250),
        (f"{AT // 1000}.292", AT + 292),
        (AT * 1000 + 7, AT),
        (AT * 1_000_000 + 7, AT),
        (0, 0),
        ("1970-01-01T00:00:00Z", 0),
        ("2200-01-01T00:00:00Z", 7_258_118_400_000),
        (-1, -1000),
    ],
)
def test_a_time_is_read_in_every_known_form(value: object, expected: int) -> None:
    assert epoch_ms_of(value, ARRIVAL) == expected


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "16:23:24", "2026-13-01", "Feb 30 10:00:00", "Foo 20 16:23:24", None, True, [], {}, 10**400,
     -(10**30), float("nan"), float("inf"), "9" * 64, "x" * 100_000, "0001-01-01T00:00:00+14:00"],
)  # fmt: skip
def test_what_is_no_time_is_none(value: object) -> None:
    assert epoch_ms_of(value, ARRIVAL) is None


@pytest.mark.parametrize(
    ("arrival", "text", "expected"),
    [
        (datetime(2027, 1, 1, 0, 0, 5, tzinfo=UTC), "Dec 31 23:59:58", datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "Jan  1 00:30:00", datetime(2027, 1, 1, 0, 30, tzinfo=UTC)),
        (datetime(2028, 3, 1, tzinfo=UTC), "Feb 29 12:00:00", datetime(2028, 2, 29, 12, tzinfo=UTC)),
    ],
)
def test_a_syslog_time_is_of_the_year_nearest_to_its_arrival(arrival: datetime, text: str, expected: datetime) -> None:
    assert epoch_ms_of(text, to_ms(arrival)) == to_ms(expected)


@given(st.text(max_size=80) | st.integers() | st.floats(), st.integers(0, 2**42))
def test_no_time_field_raises_and_every_time_is_in_the_calendar(value: object, arrival: int) -> None:
    ms = epoch_ms_of(value, arrival)

    assert ms is None or -62_200_000_000_000 < ms < 253_500_000_000_000


@pytest.mark.parametrize("value", [500, -1, 8, 2.5, True, None, "", "  ", "42", "404", {}, [], float("inf"), 10**400])
def test_a_value_that_is_no_severity_is_passed_over(value: object) -> None:
    assert status_of(value) is None


@pytest.mark.parametrize(("value", "expected"), [(" 3 ", Status.ERROR), (4.0, Status.WARNING), ("?", Status.INFO)])
def test_a_severity_is_a_syslog_number_or_a_word(value: object, expected: Status) -> None:
    assert status_of(value) is expected


@pytest.mark.parametrize(
    ("value", "trace_id", "span_id"),
    [
        ("1311768467463790320", "0000000000000000123456789abcdef0", "123456789abcdef0"),
        (1311768467463790320, "0000000000000000123456789abcdef0", "123456789abcdef0"),
        ("18446744073709551616", "18446744073709551616", "18446744073709551616"),
        ("ABCDEF0123456789", "0000000000000000abcdef0123456789", "abcdef0123456789"),
        ("12345678901234567890123456789012", "12345678901234567890123456789012", "12345678901234567890123456789012"),
        ("0", "", ""),
        ("00000000000000000000000000000000", "", ""),
        ("", "", ""),
        ("b1c2-x", "b1c2-x", "b1c2-x"),
        ("\u0663", "\u0663", "\u0663"),
    ],
)
def test_ids_become_hex_where_their_form_is_certain(value: object, trace_id: str, span_id: str) -> None:
    assert take_hex_id({"id": value}, ("id",), 32) == trace_id
    assert take_hex_id({"id": value}, ("id",), 16) == span_id


@pytest.mark.parametrize(
    ("found", "stack"),
    [
        ({"error.stack": "one line"}, "one line"),
        ({"error.stack": ["a\n", "b"]}, "a\nb"),
        ({"error.stack": " \n ", "stack": "a\nb"}, "a\nb"),
        ({"exc_info": True, "stack": "a\nb"}, "a\nb"),
        ({"exc_info": "NoneType: None"}, ""),
        ({"error.stack": {"frames": []}}, ""),
    ],
)
def test_a_stack_is_what_says_so_or_has_several_lines(found: dict[str, object], stack: str) -> None:
    assert take_stack(found, ("error.stack",), ("exc_info", "stack")) == stack


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3)
        | st.fixed_dictionaries(
            {"exc_type": inner, "frames": inner},
            optional={
                "exc_value": inner, "exc_notes": inner, "is_cause": inner, "is_group": inner, "exceptions": inner,
                "filename": inner, "lineno": inner, "name": inner, "line": inner,
            },
        ),
        max_leaves=30,
    )
)  # fmt: skip
def test_a_list_that_is_no_exception_of_structlogs_does_no_harm(value: object) -> None:
    text = traceback_of(value)

    assert text == "" or "Traceback (most recent call last):" in text


def test_members_of_groups_inside_groups_are_read_back() -> None:
    def one(name: str, **more: object) -> dict[str, object]:
        frame = {"filename": "/srv/jobs/jobs.py", "lineno": 3, "name": f"raise_{name}"}
        return {"exc_type": name, "exc_value": "no", "frames": [frame], **more}

    inner = one("Inner", is_group=True, exceptions=[[one("Y"), one("Z", is_cause=True)], [one("W")]])
    text = traceback_of([one("Outer", is_group=True, exceptions=[[one("X")], [inner]])])

    trace = parse(text, "python")
    assert trace is not None
    assert [(block.type, block.relation.value, block.frames[0].function) for block in trace.blocks] == [
        ("Outer", "primary", "raise_Outer"),
        ("X", "member", "raise_X"),
        ("Inner", "member", "raise_Inner"),
        ("Z", "cause", "raise_Z"),
        ("Y", "member", "raise_Y"),
        ("W", "member", "raise_W"),
    ]


@given(st.text(max_size=200))
def test_tags_are_kept_as_sent_and_once(text: str) -> None:
    tags = tags_of(text)

    assert len(set(tags.all)) == len(tags.all)
    assert all(tag and tag == tag.strip() and tag in text for tag in tags.all)


def test_a_source_tells_language_and_platform() -> None:
    assert (language_of_source("NodeJS"), platform_of_source("nodejs")) == ("javascript", Platform.BACKEND)
    assert (language_of_source("browser"), platform_of_source("browser")) == ("javascript", Platform.BROWSER)
    assert (language_of_source("nginx"), platform_of_source("")) == ("", Platform.BACKEND)
