"""The blocks of code that the pages of docs/use show, for the tests that run them or hold them against programs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

USE = Path(__file__).parents[2] / "docs" / "use"


@dataclass(frozen=True)
class Block:
    """A block of a page: its language (empty where it has none), the heading it stands under, and its text."""

    language: str
    heading: str
    text: str

    @property
    def lines(self) -> list[str]:
        """Its lines without indentation, blank ones left out."""
        return [line.strip() for line in self.text.splitlines() if line.strip()]


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    found, heading = [], ""
    text = (USE / page).read_text(encoding="utf-8")
    for match in re.finditer(
        r"^#+ (?P<heading>[^\n]+)$|^```(?P<language>\w*)\n(?P<text>.*?)^```$", text, re.MULTILINE | re.DOTALL
    ):
        if match["heading"]:
            heading = match["heading"]
        else:
            found.append(Block(match["language"], heading, match["text"]))
    return found


def block(page: str, heading: str = "", language: str = "") -> Block:
    """The first block of a page under a heading, in a language."""
    return next(
        one for one in blocks(page) if heading in ("", one.heading) and language in ("", one.language)
    )  # a page that lost its block fails here
