"""The check of growth lets linear and bounded work pass and catches what grows faster."""

from collections.abc import Callable

import pytest

from growth import assert_bounded, assert_linear


def linear(text: str) -> int:
    return sum(character == "b" for character in text)


def quadratic(text: str) -> int:
    return sum(text[at:].count("b") for at in range(len(text)))


def bounded(text: str) -> int:
    return linear(text[:2000])


@pytest.mark.parametrize("work", [linear, bounded])
def test_linear_work_passes(work: Callable[[str], int]) -> None:
    assert_linear(work, lambda size: "a" * size, 80_000)


def test_quadratic_work_is_caught() -> None:
    with pytest.raises(AssertionError, match=r"8 times larger takes \d+ times the work .* at most 24 times"):
        assert_linear(quadratic, lambda size: "a" * size, 16_000)


def test_work_without_a_bound_is_caught() -> None:
    assert_bounded(bounded, lambda size: "a" * size, 80_000)
    with pytest.raises(AssertionError, match="at most 3 times"):
        assert_bounded(linear, lambda size: "a" * size, 80_000)
