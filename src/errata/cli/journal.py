"""`errata journal`: what waits for the digest, what was set aside, and trying that again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from errata.base.errors import Invalid, NotFound
from errata.cli.options import Config, Data, settings_of

if TYPE_CHECKING:
    from errata.ingest.aside import Aside
    from errata.settings import Settings
    from errata.storage.sql import Database

journal_app = typer.Typer(help="What waits for the digest, and what was set aside.")


@journal_app.callback(invoke_without_command=True)
def overview(context: typer.Context, data: Data = None, config: Config = None) -> None:
    """Show how much waits and how much was set aside."""
    if context.invoked_subcommand:
        return
    from errata.app.upkeep import journal_state
    from errata.ingest import aside

    with _opened(data, config) as (settings, database):
        waiting = journal_state(settings, database)
        with database.read() as tx:
            kept = aside.size(tx)
    typer.echo(f"waiting    {waiting}")
    typer.echo(f"set aside  {kept.records} records, {kept.bytes} bytes, {kept.replaying} marked to be tried again")


@journal_app.command("list")
def list_aside(
    after: Annotated[int, typer.Option(help="Begin behind this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    data: Data = None,
    config: Config = None,
) -> None:
    """List what was set aside, oldest first, with the reasons."""
    from errata.ingest import aside

    with _opened(data, config) as (_, database), database.read() as tx:
        for record in aside.listing(tx, limit=limit, after=after):
            typer.echo(_line(record))


@journal_app.command("show")
def show(number: int, data: Data = None, config: Config = None) -> None:
    """Write the body of one record as it is kept to standard output, and what is known of it to standard error."""
    from errata.ingest import aside

    with _opened(data, config) as (_, database), database.read() as tx:
        found = aside.by_ids(tx, [number])
    if not found:
        raise NotFound(f"nothing set aside has the number {number}")
    record = found[0]
    typer.echo(_line(record), err=True)
    for name, value in {"path": record.path, "query": record.query, **record.headers}.items():
        typer.echo(f"  {name}: {value!r}", err=True)
    typer.get_binary_stream("stdout").write(record.body)


@journal_app.command("replay")
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers from `errata journal list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Try everything again.")] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Have the digest try again what was set aside, say after an upgrade."""
    from errata.ingest import aside

    if bool(numbers) is everything:
        raise Invalid("name the records to try again by number, or all of them with --all")
    with _opened(data, config) as (_, database), database.write() as tx:
        marked = aside.request_replay(tx, None if everything else numbers)
    typer.echo(f"{marked} records will be tried again by the worker")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(journal_app, name="journal")


def _line(record: Aside) -> str:
    what = "request" if record.entry < 0 else f"entry {record.entry}"
    at = record.received_at.isoformat(timespec="seconds")
    return f"{record.id:>6}  {at}  {record.intake}  {what}  {len(record.body)} bytes  {record.reason}"


@contextmanager
def _opened(data: Data, config: Config) -> Iterator[tuple[Settings, Database]]:
    from errata.app.state import open_current_database

    settings = settings_of(data=data, config=None if config is None else str(config))
    database = open_current_database(settings)
    try:
        yield settings, database
    finally:
        database.close()
