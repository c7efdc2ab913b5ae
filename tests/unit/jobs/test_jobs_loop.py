from __future__ import annotations

import io
import threading
from datetime import UTC, datetime

import pytest

from errata.base.clock import FixedClock
from errata.base.errors import Unavailable
from errata.jobs.backoff import Backoff
from errata.jobs.lines import Lines
from errata.jobs.loop import Loop

AT = datetime(2026, 11, 20, 12, 0, 0, 5000, tzinfo=UTC)
QUICK = Backoff(0.001, 0.002)


def a_log(form: str = "lines") -> tuple[Lines, io.StringIO]:
    out = io.StringIO()
    return Lines(out, FixedClock(AT), process="worker", form=form), out


def test_a_loop_turns_at_once_while_there_is_work_and_then_waits():
    todo = [True, True, False, True]
    log, _ = a_log()
    loop = Loop("digest", lambda: todo.pop(0) if len(todo) > 1 else loop.stop() or todo[0], log, idle_s=0.001)

    loop.run()

    assert (loop.turns.done, loop.turns.idle) == (3, 1)


def test_an_error_is_counted_and_said_and_the_loop_goes_on():
    log, out = a_log()
    calls = []

    def work() -> bool:
        calls.append(1)
        if len(calls) < 3:
            raise Unavailable("the engine does not answer")
        loop.stop()
        return True

    loop = Loop("digest", work, log, backoff=QUICK)
    loop.run()

    assert (loop.turns.failed, loop.turns.failed_in_a_row, loop.turns.done) == (2, 0, 1)
    assert 'loop=digest error="the engine does not answer" in_a_row=2' in out.getvalue()
    assert "work goes on again loop=digest after_failures=2" in out.getvalue()


def test_an_unexpected_error_is_written_with_its_trace():
    log, out = a_log()

    def work() -> bool:
        loop.stop()
        raise ZeroDivisionError("by nought")

    loop = Loop("digest", work, log, backoff=QUICK)
    loop.run()

    assert "Traceback" in out.getvalue()
    assert loop.turns.last_error == "ZeroDivisionError: by nought"


def test_stopping_lets_the_turn_in_hand_finish():
    begun, go_on = threading.Event(), threading.Event()
    finished: list[bool] = []

    def work() -> bool:
        begun.set()
        go_on.wait(10)
        finished.append(True)
        return True

    loop = Loop("digest", work, a_log()[0])
    thread = threading.Thread(target=loop.run)
    thread.start()
    begun.wait(10)
    loop.stop()
    go_on.set()
    thread.join(10)

    assert finished == [True]
    assert not thread.is_alive()


def test_running_out_of_memory_ends_the_loop():
    def work() -> bool:
        raise MemoryError

    with pytest.raises(MemoryError):
        Loop("digest", work, a_log()[0]).run()


@pytest.mark.parametrize(("failures", "wait_s"), [(0, 0), (1, 0.5), (2, 1), (3, 2), (7, 30), (10_000, 30)])
def test_waits_double_up_to_the_most(failures, wait_s):
    assert Backoff(0.5, 30).wait_s(failures) == wait_s


def test_lines_for_people_quote_only_what_needs_it():
    log, out = a_log()

    log.info("listening", port=8200, folder="/a b", name="")

    assert out.getvalue() == '2026-11-20T12:00:00.005Z info    worker     listening port=8200 folder="/a b" name=""\n'


def test_a_fact_with_line_breaks_stays_one_line():
    log, out = a_log()

    log.info("one\n2026-11-20T12:00:00Z error web forged\n")

    assert out.getvalue().count("\n") == 1


def test_lines_for_collectors_are_one_object_each():
    log, out = a_log("json")

    log.warning("line\nbreak", folder="x")

    assert out.getvalue() == (
        '{"at": "2026-11-20T12:00:00.005Z", "level": "warning", "process": "worker", "fact": "line\\nbreak", "folder": "x"}\n'
    )


def test_lines_below_the_least_level_are_not_written():
    out = io.StringIO()
    log = Lines(out, FixedClock(AT), process="worker", least="warning")

    log.info("quiet")

    assert not out.getvalue()
