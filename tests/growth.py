"""Holds a function against its input's growth: twice the input may take twice the work, and not four times.

A bound in seconds tells how busy the machine is. Here the same work is done on an input and on one that is eight
times larger, and only their ratio counts: about 8 when the work is linear, 64 when it is quadratic, about 1 when it
is bounded. The bound lies between, at three times of what is expected, because larger inputs leave the processor's
caches. What is taken is the processor's time of this thread, so other processes and threads do not count; the least
of several runs, the two sizes in turn, so that a moment when the processor is slow strikes neither alone; and the
garbage collector rests, whose rounds depend on what the tests before have left.

Choose the larger size such that quadratic work would be far from lost in the fixed cost of a call, and such that one
run takes some tens of milliseconds. Both sizes must lie on the same side of every limit of the function, or the
smaller one is judged by other code than the larger.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

APART = 8
"""How many times larger the larger input is."""
SLACK = 3
"""How many times faster than expected the work may grow."""
ROUNDS = 6
"""How often both sizes are tried before the work is said to grow too fast."""


def assert_linear(work: Callable[[T], object], of_size: Callable[[int], T], size: int) -> None:
    """The work on `of_size(size)` is at most in proportion to that on `of_size(size // 8)`.

    `size` counts whatever the input is made of: repetitions, spans, characters.
    """
    _assert_growth(work, of_size(size // APART), of_size(size), APART * SLACK)


def assert_bounded(work: Callable[[T], object], of_size: Callable[[int], T], size: int) -> None:
    """The work on `of_size(size)` is that on `of_size(size // 8)`: what is beyond some limit is not looked at."""
    _assert_growth(work, of_size(size // APART), of_size(size), SLACK)


def _assert_growth(work: Callable[[T], object], small: T, large: T, most: float) -> None:
    short = long = float("inf")
    for _ in range(ROUNDS):
        short, long = min(short, _seconds(work, small)), min(long, _seconds(work, large))
        if long <= most * short:
            return
    raise AssertionError(
        f"an input {APART} times larger takes {long / short:.0f} times the work ({short * 1000:.2f} ms, then "
        f"{long * 1000:.2f} ms of the processor); at most {most:g} times is allowed"
    )


def _seconds(work: Callable[[T], object], given: T) -> float:
    was_on = gc.isenabled()
    gc.disable()
    try:
        started = time.thread_time()
        work(given)
        return time.thread_time() - started
    finally:
        if was_on:
            gc.enable()
