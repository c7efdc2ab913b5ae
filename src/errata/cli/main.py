"""The command line. Each command imports what it needs when it runs: `serve` stays in memory and must stay light."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from errata.base.errors import ErrataError
from errata.cli import journal, people, processes, upkeep

app = typer.Typer(
    name="errata",
    help="Self-hosted error tracking and case management that speaks Datadog's public API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run one command. An expected error is one line on standard error and exit status 1."""
    try:
        app()
    except ErrataError as error:
        print(f"errata: {error.message}", file=sys.stderr)  # noqa: T201 - this is how a command speaks
        sys.exit(1)


for _module in (processes, people, journal, upkeep):
    _module.register(app)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(f"errata {installed('errata')}")


@app.command(hidden=True)
def reference(folder: Path) -> None:
    """Print the reference pages from the code into a folder; for those who change Errata."""
    from errata.cli.reference import write

    for path in write(app, folder):
        typer.echo(f"wrote {path}")
