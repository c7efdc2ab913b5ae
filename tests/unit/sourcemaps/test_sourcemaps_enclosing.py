from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.sourcemaps.enclosing import function_around
from growth import assert_linear

SOURCE = """\
import { x } from './x'

export async function* load<T>(id: T): Promise<T> {
  if (id) {
    throw new Error('load')
  }
}

export const pay = async (sum: number): Promise<void> => {
  for (const one of []) {

    throw new Error('pay')
  }
}

class Cart {
  static async total(
  private async sum(lines: Line[]): number {
\ttry {
\t\tthrow new Error('sum')
\t} catch (e) { throw new Error('again') }
  }
}

export default {
  methods: {
    save: function () {
      throw new Error('save')
    },
    drop: id => { throw new Error('drop') },
  },
}

throw new Error('top')
button.on('click', function go() { throw new Error('go') })
button.on(new Error('around'), function later() {})
"""


@pytest.mark.parametrize(
    ("thrown", "function"),
    [
        ("load", "load"),
        ("pay", "pay"),
        ("sum", "sum"),
        ("again", "sum"),
        ("save", "save"),
        ("drop", "drop"),
        ("top", ""),
        ("go", "go"),
        ("around", ""),
    ],
)
def test_function_that_a_line_stands_in(thrown: str, function: str) -> None:
    lines = SOURCE.split("\n")
    at = next(number for number, line in enumerate(lines) if f"'{thrown}'" in line and "Error" in line)

    assert function_around(lines[:at], lines[at], lines[at].index("new Error") + 1) == function


@given(st.lists(st.text(max_size=60), max_size=30), st.text(max_size=100), st.integers(-5, 200))
def test_whatever_is_written_there_is_an_answer(above: list[str], line: str, column: int) -> None:
    assert isinstance(function_around(above, line, column), str)


@pytest.mark.parametrize("text", ["const a: ", "a(", "function ", "get ", "x = ", "a<", "(", "a: ", "async ", "\t "])
def test_long_odd_lines_take_time_linear_in_their_length(text: str) -> None:
    assert_linear(lambda line: function_around([line] * 20, line, len(line)), lambda size: text * size, 100_000)
