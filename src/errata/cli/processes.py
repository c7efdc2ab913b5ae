"""`serve` and the three processes that it starts, which can also be started alone."""

from __future__ import annotations

import typer

from errata.cli.options import Config, Data, Host, LogFormat, LogLevel, Port, settings_of


def serve(
    data: Data = None,
    config: Config = None,
    host: Host = None,
    port: Port = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Start everything: engine, worker and web, watched and started again when one dies."""
    from errata.cli.serving import become_supervisor

    become_supervisor(
        settings_of(data=data, config=_text(config), host=host, port=port, log_level=log_level, log_format=log_format)
    )


def demo(data: Data = None, config: Config = None, host: Host = None, port: Port = None) -> None:
    """Start everything and send it a week of recorded errors of small programs, so that there is something to see."""
    from dataclasses import replace

    from errata.cli.demo import key_of
    from errata.cli.serving import become_supervisor, make_folder

    settings = settings_of(data=data, config=_text(config), host=host, port=port)
    make_folder(settings.data)
    api_key = settings.api_key or key_of(settings.data, "demo-key")
    app_key = settings.app_key or key_of(settings.data, "demo-app-key")
    become_supervisor(replace(settings, api_key=api_key, app_key=app_key), "demo")


def web(data: Data = None, config: Config = None, host: Host = None, port: Port = None) -> None:
    """Start intake, API and pages alone; needs ERRATA_EVENTS_URL and a migrated state database."""
    from errata.cli.child import run

    run("web", settings_of(data=data, config=_text(config), host=host, port=port))


def worker(data: Data = None, config: Config = None) -> None:
    """Start the digest of this data folder's journal alone; needs ERRATA_EVENTS_URL."""
    from errata.cli.child import run

    run("worker", settings_of(data=data, config=_text(config)))


def engine(data: Data = None, config: Config = None) -> None:
    """Start the embedded event store alone, on loopback; needs its two secrets in the environment."""
    from errata.cli.child import run

    run("engine", settings_of(data=data, config=_text(config)))


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (serve, demo, web, worker, engine):
        app.command()(command)


def _text(config: object) -> str | None:
    return None if config is None else str(config)
