"""Which documents the site has, and where their links lead."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from shutil import copy2, copytree, ignore_patterns

import pytest

from errata.web.documents import Library, title_of

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in {
        "docs/inside.md": "# How it *works*\n",
        "docs/use/search.md": "<!-- note -->\n\n# Search with `query`\n",
        "docs/use/pictures/note.md": "no heading\n",
        "docs/decisions/0001-a.md": "# 0001 · A\n",
        "docs/zebra/z.md": "# Z\n",
        "docs/use/secret.txt": "not a document",
        "CHANGELOG.md": "# Changelog\n",
    }.items():
        (tmp_path / "all" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "all" / path).write_text(text, encoding="utf-8")
    (tmp_path / "outside.md").write_text("# Outside\n")
    return tmp_path / "all"


def test_the_index_is_made_of_folders_and_first_headings(folder):
    index = {section.title: [one.title for one in section.documents] for section in Library(folder).sections}

    assert list(index) == ["Use", "Architecture", "Decisions", "Project", "Zebra"]
    assert index["Use"] == ["Search with query", "use/pictures/note"]
    assert index["Architecture"] == ["How it works"]
    assert index["Project"] == ["Changelog"]


def test_only_what_was_listed_is_found(folder):
    library = Library(folder)
    (folder / "docs" / "late.md").write_text("# Late\n")

    assert library.find("use/search")
    assert library.find("changelog")
    for address in ("", "late", "use/secret", "use/secret.txt", "../outside", "use/../changelog", "/use/search", "use"):
        assert library.find(address) is None


def test_a_folder_that_is_missing_holds_no_documents(tmp_path):
    assert Library(tmp_path / "none").sections == ()


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("../inside.md", "/docs/inside"),
        ("../inside.md#part", "/docs/inside#part"),
        ("../decisions/0001-a.md", "/docs/decisions/0001-a"),
        ("../../CHANGELOG.md", "/docs/changelog"),
        ("../decisions", "/docs/#decisions"),
        ("../decisions/", "/docs/#decisions"),
        ("..", "/docs/"),
        ("search.md", "/docs/use/search"),
        ("secret.txt", None),
        ("../../../outside.md", None),
        ("../../LICENSE", None),
        ("/etc/passwd", None),
        ("//example.org/x", None),
        ("%2e%2e/inside.md", "/docs/inside"),
    ],
)
def test_links_of_a_document_lead_to_documents(folder, target, leads_to):
    library = Library(folder)

    assert library.link(library.find("use/search"), target) == leads_to


@pytest.mark.parametrize(
    ("text", "title"),
    [("# A [b](c.md) `d` #\n", "A b d"), ("x\n\n# Late\n", "Late"), ("## Second\n", "else"), ("", "else")],
)
def test_a_title_is_the_plain_words_of_the_first_heading(text, title):
    assert title_of(text, "else") == title


def test_a_clone_serves_every_document_of_the_repository():
    served = {one.file.resolve() for section in Library().sections for one in section.documents}

    assert {*(ROOT / "docs").rglob("*.md"), ROOT / "CHANGELOG.md", ROOT / "README.md"} <= served


def test_a_wheel_brings_every_document(tmp_path):
    copied = tmp_path / "clone"
    unwanted = ignore_patterns("__pycache__", "*.egg-info")
    for name in ("src", "docs"):
        copytree(ROOT / name, copied / name, symlinks=True, ignore=unwanted)
    for file in (*ROOT.glob("*.md"), ROOT / "pyproject.toml", ROOT / "LICENSE"):
        copy2(file, copied)
    build = "import sys, setuptools.build_meta as build; build.build_wheel(sys.argv[1])"

    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=copied, check=True, capture_output=True)

    [wheel] = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {name.partition("web/documentation/")[2] for name in names if "web/documentation/" in name}
    documents = {one.source for section in Library().sections for one in section.documents}
    assert shipped == documents
    assert not [name for name in names if re.search(r"\.(py|html)\Z", name) and "documentation/" in name]
