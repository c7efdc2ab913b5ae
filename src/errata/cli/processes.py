"""`serve` and the three processes that it starts, which can also be started alone."""

from __future__ import annotations

from contextlib import suppress

import typer

from errata.cli.options import Config, Data, Host, Lifeline, Listening, LogFormat, LogLevel, Port, settings_of


def serve(
    data: Data = None,
    config: Config = None,
    host: Host = None,
    port: Port = None,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Start everything: engine, worker and web, watched and started again when one dies."""
    from errata.cli.serving import serve as run

    settings = settings_of(
        data=data, config=_text(config), host=host, port=port, log_level=log_level, log_format=log_format
    )
    with suppress(KeyboardInterrupt):  # Ctrl-C before the processes run
        run(settings)


def web(
    data: Data = None,
    config: Config = None,
    host: Host = None,
    port: Port = None,
    listening: Listening = None,
    lifeline: Lifeline = None,
) -> None:
    """Start intake, API and pages alone; needs ERRATA_EVENTS_URL and a migrated state database."""
    from errata.app.web import run_web
    from errata.cli.sockets import inherited, listen

    _tie(lifeline)
    settings = settings_of(data=data, config=_text(config), host=host, port=port)
    own = inherited(listening) if listening is not None else listen(settings.host, settings.port)
    run_web(settings, own)


def worker(data: Data = None, config: Config = None, lifeline: Lifeline = None) -> None:
    """Start the digest of this data folder's journal alone; needs ERRATA_EVENTS_URL."""
    from errata.app.worker import run_worker

    _tie(lifeline)
    run_worker(settings_of(data=data, config=_text(config)))


def engine(data: Data = None, config: Config = None, listening: Listening = None, lifeline: Lifeline = None) -> None:
    """Start the embedded event store alone, on loopback; needs its two secrets in the environment."""
    from errata.app.engine import run_engine
    from errata.cli.sockets import inherited, listen

    _tie(lifeline)
    settings = settings_of(data=data, config=_text(config))
    if listening is not None:
        own = inherited(listening)
    else:
        own = listen("127.0.0.1", settings.engine_port, option="ERRATA_ENGINE_PORT")
    run_engine(settings, own)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (serve, web, worker, engine):
        app.command()(command)


def _tie(lifeline: int | None) -> None:
    """Under a supervisor: end with it."""
    if lifeline is not None:
        from errata.jobs.children import die_with_parent

        die_with_parent(lifeline)


def _text(config: object) -> str | None:
    return None if config is None else str(config)
