from __future__ import annotations

import re
from pathlib import Path

import pytest

from errata.cli.main import app
from errata.cli.reference import pages, with_operations
from errata.settings import entries

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "reference"


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


def test_the_readme_names_exactly_the_operations_that_there_are():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert readme == with_operations(readme), "run `make reference`"


def test_links_of_the_documents_lead_somewhere():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]

    dead = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]

    assert dead == []
