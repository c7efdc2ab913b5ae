"""What the import contracts cannot say about the house."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "src" / "errata"
FILES = {path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
RIMS = ("api/", "web/", "ingest/", "ops/", "app/", "cli/", "http/")
DOORS = ("storage/engine/",)
"""The engine's door is an HTTP server of its own."""


def files_with(pattern: str, *, outside: tuple[str, ...]) -> list[str]:
    found = re.compile(pattern, re.MULTILINE)
    return sorted(name for name, text in FILES.items() if not name.startswith(outside) and found.search(text))


def test_only_app_and_cli_know_settings():
    assert files_with(r"^\s*(from|import) errata\.settings", outside=("app/", "cli/")) == []


def test_only_the_clock_asks_the_time():
    assert (
        files_with(r"\btime\.time(_ns)?\(|datetime\.(now|utcnow|today)\(|date\.today\(", outside=("base/clock.py",))
        == []
    )


def test_domain_code_is_synchronous():
    assert files_with(r"^\s*async def ", outside=(*RIMS, *DOORS)) == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc"])
def test_no_module_is_named_after_nothing(name):
    assert [path for path in FILES if path.rsplit("/", 1)[-1] == f"{name}.py"] == []


def test_no_registry_is_named_in_what_is_installed():
    lock = (SOURCE.parents[1] / "requirements.lock").read_text(encoding="utf-8")

    assert re.findall(r"https?://|index-url", lock) == []
