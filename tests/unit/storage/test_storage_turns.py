from __future__ import annotations

import threading
import time

import pytest

from errata.base.errors import Unavailable
from errata.storage.turns import Turns


def waits(turns: Turns, then) -> threading.Thread:
    """A thread that waits for its turn, once this one has one."""
    before = turns.waiting
    thread = threading.Thread(target=then)
    thread.start()
    while turns.waiting == before:
        time.sleep(0.001)
    return thread


def test_turns_come_in_the_order_of_asking():
    turns, order = Turns(30.0), []

    def write(number: int) -> None:
        with turns.mine():
            order.append(number)

    with turns.mine():
        threads = [waits(turns, lambda number=number: write(number)) for number in range(20)]
        assert order == []
    for thread in threads:
        thread.join(30)

    assert order == list(range(20))


def test_whoever_asks_again_at_once_comes_after_those_who_wait():
    turns, order = Turns(30.0), []

    def write() -> None:
        with turns.mine():
            order.append("other")

    with turns.mine():
        thread = waits(turns, write)
    with turns.mine():
        order.append("again")
    thread.join(30)

    assert order == ["other", "again"]


def test_patience_ends_and_the_place_in_the_queue_is_given_up():
    turns = Turns(0.05)

    with turns.mine():
        began = time.monotonic()
        with pytest.raises(Unavailable), turns.mine():
            raise AssertionError("two turns at once")
        assert time.monotonic() - began >= 0.05
    with turns.mine():
        pass


def test_turn_ends_when_its_block_raises():
    turns = Turns(0.05)

    with pytest.raises(KeyError), turns.mine():
        raise KeyError
    with turns.mine():
        pass
