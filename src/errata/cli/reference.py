"""What is printed from the code, so that it cannot be wrong for long: `docs/reference` and a table of the README."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from errata.api.operations import OPERATIONS
from errata.settings import FILE, Entry, entries

MARK = "<!-- printed by `make reference`; do not edit -->\n"
_BEGIN = "<!-- operations: printed by `make reference` -->\n"
_END = "<!-- end of operations -->\n"


def pages(app: typer.Typer) -> dict[str, str]:
    """File name in `docs/reference` -> what it should hold."""
    return {"settings.md": settings_page(), "commands.md": commands_page(app)}


def write(app: typer.Typer, root: Path) -> list[Path]:
    """Write all pages below the root of the repository; returns those that changed."""
    wanted = {root / "docs" / "reference" / name: text for name, text in pages(app).items()}
    readme = root / "README.md"
    wanted[readme] = with_operations(readme.read_text(encoding="utf-8"))
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in changed:
        path.write_text(wanted[path], encoding="utf-8")
    return changed


def with_operations(readme: str) -> str:
    """The README with the table of the API's operations as they are now. Raises ValueError when its marks are gone."""
    before, begin, rest = readme.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"README.md has lost one of the lines {_BEGIN.strip()} and {_END.strip()}")
    rows = "".join(f"| `{one.name}` | `{one.method} {one.path}` | {one.summary} |\n" for one in OPERATIONS)
    return f"{before}{begin}\n| operation | | |\n|---|---|---|\n{rows}\n{end}{after}"


def settings_page() -> str:
    """All settings with unit, default and meaning."""
    rows = "\n".join(_setting(entry) for entry in entries())
    return f"""{MARK}
# Settings

Every setting has a default. It can be given in `{FILE}` in the data folder (`port = 8300`), in the environment
(`ERRATA_PORT=8300`), and some as an argument (`--port 8300`): an argument beats the environment, which beats the file.
An unknown name or a bad value stops the start and is named. Settings are read when `errata serve` starts.

Sizes may carry `KiB`, `MiB` or `GiB`. Secrets are never shown in logs or messages.

| in the file | in the environment | unit | default | what it does |
|---|---|---|---|---|
{rows}
"""


def commands_page(app: typer.Typer) -> str:
    """All commands with their arguments and options."""
    root = get_command(app)
    sections = "\n".join(_sections(root, "errata"))
    return f"""{MARK}
# Commands

`errata COMMAND --help` says the same in the terminal. An error is one line on standard error and exit status 1; wrong
use is exit status 2.

{sections}"""


def _setting(entry: Entry) -> str:
    default = f"`{entry.default}`" if entry.default else ""
    says = entry.says + (" Secret." if entry.secret else "")
    return f"| `{entry.name}` | `{entry.environment}` | {entry.unit} | {default} | {says} |"


def _sections(command: object, path: str) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        if command.invoke_without_command:
            yield _section(path, command.help, command.params)
        for name, each in command.commands.items():
            if not each.hidden:
                yield from _sections(each, f"{path} {name}")
    elif isinstance(command, TyperCommand):
        yield _section(path, command.help, command.params)


def _section(path: str, says: str | None, parameters: Iterable[object]) -> str:
    arguments = "".join(f" {_argument(each)}" for each in parameters if isinstance(each, TyperArgument))
    rows = [_option(each) for each in parameters if isinstance(each, TyperOption) and not each.hidden]
    table = "\n| option | default | |\n|---|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    return f"## `{path}{arguments}`\n\n{(says or '').strip()}\n{table}"


def _argument(argument: TyperArgument) -> str:
    name = str(argument.name).upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _option(option: TyperOption) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    default = option.show_default if isinstance(option.show_default, str) else option.default
    shown = "" if default in (None, False, ()) else f"`{default}`"
    return f"| {names} | {shown} | {option.help or ''} |"
