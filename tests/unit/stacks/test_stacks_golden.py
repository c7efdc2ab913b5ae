"""Every text under tests/golden/stacks against the parse beside it; ERRATA_REWRITE_GOLDEN=1 writes the parses anew."""

import os
from pathlib import Path

import msgspec
import pytest

from errata.stacks import (
    csharp,
    dart,
    elixir,
    faulthandler,
    gecko,
    go,
    java,
    javascript,
    native,
    php,
    python,
    ruby,
    rust,
)  # fmt: skip
from errata.stacks.parse import parse, uncoloured

GOLDEN = Path(__file__).parents[2] / "golden" / "stacks"
HINTS = (
    "python",
    "java",
    "javascript",
    "nodejs",
    "go",
    "ruby",
    "php",
    "csharp",
    "c#",
    "rust",
    "swift",
    "c++",
    "dart",
    "elixir",
    "erlang",
    "nonsense",
)
PARSERS = {
    faulthandler: ("python",), python: ("python",), java: ("java",), javascript: ("javascript",), gecko: ("javascript",),
    go: ("go",), ruby: ("ruby",), php: ("php",), csharp: ("csharp",), rust: ("rust",), dart: ("dart",),
    elixir: ("elixir", "erlang"), native: ("swift", "objective", "c++"),
}  # fmt: skip
WITH_LONE_LINES = ("python", "java", "javascript")
TEXTS = sorted(GOLDEN.glob("*.txt"))


@pytest.mark.parametrize("path", TEXTS, ids=[path.stem for path in TEXTS])
def test_text_parses_as_recorded(path):
    trace = parse(path.read_text(encoding="utf-8"))

    expected = path.with_suffix(".json")
    if os.environ.get("ERRATA_REWRITE_GOLDEN"):
        expected.write_bytes(msgspec.json.format(msgspec.json.encode(trace), indent=1) + b"\n")
    assert msgspec.json.decode(msgspec.json.encode(trace)) == msgspec.json.decode(expected.read_bytes())


@pytest.mark.parametrize("path", TEXTS, ids=[path.stem for path in TEXTS])
def test_hint_does_not_change_what_a_text_with_calls_is(path):
    text = path.read_text(encoding="utf-8")

    plain = parse(text)

    if plain is not None and any(block.frames for block in plain.blocks):
        assert [hint for hint in HINTS if parse(text, hint) != plain] == []


@pytest.mark.parametrize("path", TEXTS, ids=[path.stem for path in TEXTS])
def test_line_ends_trailing_blanks_and_colours_do_not_matter(path):
    text = path.read_text(encoding="utf-8")

    plain = parse(text)

    assert parse(text.replace("\n", "\r\n")) == plain
    assert parse("\n".join(line + "  \t" for line in text.split("\n")) + "\n\n  ") == plain
    assert parse("\n".join(f"\x1b[31m{line}\x1b[0m" for line in text.split("\n"))) == plain


@pytest.mark.parametrize("path", TEXTS, ids=[path.stem for path in TEXTS])
def test_text_is_read_in_the_language_that_printed_it(path):
    trace = parse(path.read_text(encoding="utf-8"))

    language = path.stem.partition("-")[0].replace("objective", "objective-c")
    if trace is not None and any(block.frames for block in trace.blocks):
        assert trace.language == language
    else:
        assert language in ("none", *WITH_LONE_LINES)


@pytest.mark.parametrize("path", TEXTS, ids=[path.stem for path in TEXTS])
def test_no_other_parser_that_is_asked_finds_calls_in_a_text(path):
    text = uncoloured(path.read_text(encoding="utf-8")).rstrip()

    language = path.stem.partition("-")[0]
    others = [parser for parser, languages in PARSERS.items() if language not in languages and parser.is_likely(text)]
    traces = {parser.__name__: parser.parse(text) for parser in others}
    assert [name for name, trace in traces.items() if trace and any(block.frames for block in trace.blocks)] == []
