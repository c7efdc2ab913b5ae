"""Which logs are errors, and what is filled in from their stacks."""

from __future__ import annotations

import msgspec
import pytest

from errata.events.model import Event, Intake, NotAnError, Status, Track
from errata.events.qualify import Qualified, qualify, refusal
from errata.stacks.find import find_in_text
from errata.stacks.model import Frame
from errata.stacks.parse import parse

PYTHON = 'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in f\n    g()\nValueError: no amount'
JAVA_WITHOUT_TEXT = "java.lang.NullPointerException\n\tat com.example.A.b(A.java:7)"


def log(**fields: object) -> Event:
    given = {"status": Status.ERROR, "service": "pay", **fields}
    return Event(entry=0, received_at=0, track=Track.LOGS, intake=Intake.DD_LOGS, **given)  # type: ignore[arg-type]


def error_of(event: Event) -> Event:
    verdict = qualify(event, parse, find_in_text)
    assert isinstance(verdict, Qualified)
    return verdict.event


@pytest.mark.parametrize("status", list(Status))
def test_only_the_four_worst_statuses_are_errors(status: Status) -> None:
    verdict = qualify(log(status=status, error_type="E"), parse, find_in_text)

    worst = {Status.EMERGENCY, Status.ALERT, Status.CRITICAL, Status.ERROR}
    assert (verdict is not NotAnError.STATUS) == (status in worst)


def test_an_error_needs_a_service() -> None:
    assert qualify(log(service="", error_type="E"), parse, find_in_text) is NotAnError.NO_SERVICE
    assert refusal(log(service="")) is NotAnError.NO_SERVICE


@pytest.mark.parametrize(
    "fields",
    [
        {"message": "ERROR gateway answered 502 for invoice A-7"},
        {"message": "payment failed", "error_message": "no amount"},
        {"error_stack": "No stack, consider using an instance of Error"},
        {"error_stack": "ValueError: no amount"},
        {"error_stack": "just\nsome\nlines"},
    ],
)
def test_without_a_type_and_a_valid_stack_a_log_is_no_error(fields: dict[str, str]) -> None:
    assert qualify(log(**fields), parse, find_in_text) is NotAnError.NO_ERROR


def test_a_log_that_says_how_its_error_was_handled_needs_neither_type_nor_stack() -> None:
    error = error_of(log(error_handling="handled", message="slow network\nsecond line"))

    assert (error.error_type, error.error_message) == ("", "slow network")
    otlp = msgspec.structs.replace(log(error_handling="handled", message="slow network"), intake=Intake.OTLP)
    assert qualify(otlp, parse, find_in_text) is NotAnError.NO_ERROR


def test_a_type_is_enough_even_beside_a_worthless_stack() -> None:
    error = error_of(log(error_type="PaymentDeclined", error_stack="n/a", message="declined\nsecond line"))

    assert (error.error_type, error.error_message, error.error_stack) == ("PaymentDeclined", "declined", "n/a")


def test_a_stack_gives_type_message_and_language() -> None:
    error = error_of(log(error_stack=PYTHON, message="job failed"))

    assert (error.error_type, error.error_message, error.language) == ("ValueError", "no amount", "python")


def test_what_the_client_says_wins_over_the_stack() -> None:
    said = log(error_type="Declined", error_message="card", language="ruby", error_stack=PYTHON)

    assert error_of(said) is said


def test_a_stack_without_frames_still_gives_its_message_to_an_error_with_a_type() -> None:
    error = error_of(log(error_type="ValueError", error_stack="ValueError: no amount", message="job failed"))

    assert error.error_message == "no amount"


def test_a_traceback_in_the_message_becomes_the_stack() -> None:
    error = error_of(log(message=f"job 7 failed\n{PYTHON}"))

    assert (error.error_type, error.error_message, error.error_stack) == ("ValueError", "no amount", PYTHON)
    assert error.message.startswith("job 7 failed")


def test_a_traceback_in_the_message_stands_in_for_a_worthless_stack() -> None:
    assert error_of(log(message=PYTHON, error_stack="see message")).error_stack == PYTHON


def test_an_exception_without_a_text_takes_the_words_before_its_stack() -> None:
    assert error_of(log(message=f"total of A-1 failed\n{JAVA_WITHOUT_TEXT}")).error_message == "total of A-1 failed"
    assert error_of(log(message=JAVA_WITHOUT_TEXT)).error_message == ""


def test_structured_frames_are_a_stack() -> None:
    frame = Frame(function="f", file="a.py", line=3)

    verdict = qualify(log(frames=(frame,), error_type="E"), parse, find_in_text)

    assert isinstance(verdict, Qualified)
    assert verdict.trace is not None
    assert verdict.trace.primary.frames == (frame,)
