from __future__ import annotations

from pathlib import Path

import pytest

from errata.cli.main import app
from errata.cli.reference import pages
from errata.settings import entries

DOCS = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(pages(app)))
def test_printed_pages_are_what_the_code_says(name):
    assert (DOCS / name).read_text(encoding="utf-8") == pages(app)[name], "run `make reference`"


def test_every_setting_is_in_the_reference():
    text = (DOCS / "settings.md").read_text(encoding="utf-8")

    assert [entry.name for entry in entries() if f"`{entry.environment}`" not in text] == []


def test_every_command_is_in_the_reference():
    text = (DOCS / "commands.md").read_text(encoding="utf-8")

    for command in (
        "serve",
        "web",
        "worker",
        "engine",
        "migrate",
        "check",
        "user create",
        "key revoke",
        "journal replay",
    ):
        assert f"## `errata {command}" in text
