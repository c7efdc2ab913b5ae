"""Keeping an installation in order: migrations and a check of everything."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from errata.base.errors import ErrataError
from errata.cli.complaint import in_full
from errata.cli.options import Config, Data, settings_of
from errata.cli.sockets import url_of

if TYPE_CHECKING:
    from errata.access.first_start import FirstStart
    from errata.settings import Settings


def migrate(
    data: Data = None,
    config: Config = None,
    first_start: Annotated[
        bool, typer.Option("--first-start", help="Also make the first administrator and keys, if there are none.")
    ] = False,
) -> None:
    """Bring the databases to the schema of this release; `serve` does so by itself."""
    from errata.app.logs import configure_logs
    from errata.app.upkeep import migrate_all
    from errata.base.clock import SystemClock

    settings = settings_of(data=data, config=None if config is None else str(config))
    configure_logs("migrate", level=settings.log_level, form=settings.log_format, clock=SystemClock())
    done, made = migrate_all(settings, SystemClock(), first_start=first_start)
    for step in done:
        typer.echo(f"applied {step}", err=first_start)  # under `serve`, standard output is for the credentials
    if not done and not first_start:
        typer.echo("nothing to do: the databases have the schema of this release")
    if made is not None:
        typer.echo(_welcome(settings, made))


def check(data: Data = None, config: Config = None) -> None:
    """Look at settings, folder, databases and journal, and say what is wrong; exit status 1 if anything is."""
    from errata.app.upkeep import findings

    settings = settings_of(data=data, config=None if config is None else str(config))
    typer.echo(f"{'settings':<10} ok  {settings.data}")
    is_good = True
    for part, look in findings(settings):
        try:
            typer.echo(f"{part:<10} ok  {look()}".rstrip())
        except ErrataError as error:
            is_good = False
            typer.echo(f"{part:<10} BAD {in_full(error)}")
    if not is_good:
        sys.exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(migrate)
    app.command()(check)


def _welcome(settings: Settings, made: FirstStart) -> str:
    password = made.password or "as given in ERRATA_ADMIN_PASSWORD"
    return (
        "\nWelcome to Errata. This is shown once; keep it.\n\n"
        f"  address          {url_of(settings.host, settings.port)}\n"
        f"  administrator    {made.admin_email}\n"
        f"  password         {password}\n"
        f"  API key          {made.api_key}\n"
        f"  application key  {made.app_key}\n"
        f"  client token     {made.client_token}  (may only send; for web pages)\n"
    )
