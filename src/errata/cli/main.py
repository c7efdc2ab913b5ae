"""The command line. Each command imports what it needs when it runs, so that none waits for what another needs."""

from __future__ import annotations

from pathlib import Path

import typer

from errata.cli import journal, people, processes, send_test, sentry, upkeep
from errata.cli.complaint import plain_complaints

app = typer.Typer(
    name="errata",
    help="Self-hosted error tracking and case management that speaks Datadog's public API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run one command. An expected error is one line on standard error and exit status 1."""
    with plain_complaints():
        app()


for _module in (processes, people, sentry, journal, upkeep, send_test):
    _module.register(app)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(f"errata {installed('errata')}")


@app.command(hidden=True)
def reference(root: Path) -> None:
    """Print the reference pages and tables from the code, below the root of a clone; for those who change Errata."""
    from errata.cli.reference import write

    for path in write(app, root):
        typer.echo(f"wrote {path}")
