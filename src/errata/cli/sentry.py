"""Names of Sentry's projects from the terminal of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from errata.cli.options import Config, Data, settings_of

if TYPE_CHECKING:
    from errata.events.sentry_projects import SentryProjects

project_app = typer.Typer(
    help="Names for the project numbers in Sentry DSNs: the service of errors that name none.", no_args_is_help=True
)

Number = Annotated[int, typer.Argument(min=0, max=10**18 - 1, help="What the DSN ends in.")]


@project_app.command("name")
def name_project(number: Number, name: str, data: Data = None, config: Config = None) -> None:
    """Name a project, or give it another name."""
    from errata.base.facts import SYSTEM

    with _projects(data, config) as projects:
        project = projects.put(number, name, SYSTEM)
    typer.echo(f"errors of project {project.number} that name no service are those of {project.name}")


@project_app.command("list")
def list_projects(data: Data = None, config: Config = None) -> None:
    """List the projects that have a name."""
    with _projects(data, config) as projects:
        for project in projects.all():
            typer.echo(f"{project.number}  {project.name}")


@project_app.command("forget")
def forget_project(number: Number, data: Data = None, config: Config = None) -> None:
    """Forget a project's name."""
    from errata.base.facts import SYSTEM

    with _projects(data, config) as projects:
        projects.delete(number, SYSTEM)
    typer.echo(f"project {number} has no name any more")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(project_app, name="sentry-project")


@contextmanager
def _projects(data: Data, config: Config) -> Iterator[SentryProjects]:
    from errata.app.state import open_current_database
    from errata.base.clock import SystemClock
    from errata.base.ids import random_id
    from errata.events.sentry_projects import SentryProjects

    database = open_current_database(settings_of(data=data, config=None if config is None else str(config)))
    try:
        yield SentryProjects(database, SystemClock(), random_id)
    finally:
        database.close()
