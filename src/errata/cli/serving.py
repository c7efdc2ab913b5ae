"""`errata serve`: what is done before the processes start, and how each is started.

Runs in a process that lives as long as the server, so nothing heavy may be imported here: the parser of the command
line alone would double its memory, which is why the command replaces itself by this module.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from socket import socket
from typing import NoReturn

from errata.base.clock import SystemClock
from errata.base.errors import ErrataError, Invalid, Unavailable
from errata.cli.child import ROLES, listen_as_agent
from errata.cli.complaint import plain_complaints
from errata.cli.sockets import listen, port_of, url_of
from errata.jobs.lines import Lines
from errata.jobs.locks import PATIENCE_S, hold
from errata.jobs.supervisor import Plan, Supervisor
from errata.settings import PREFIX, Settings, as_environment, load


def become_supervisor(settings: Settings, command: str = "serve") -> NoReturn:
    """Go on as this module, in the same process, with the settings in the environment."""
    sys.stdout.flush()
    os.execve(sys.executable, [*_PYTHON, __name__, command], _environment(settings))  # noqa: S606 - us


def serve(settings: Settings, beside: str = "") -> None:
    """Prepare the folder, start engine, worker and web, and stay until told to stop. Raises Conflict, Unavailable.

    `beside` is a module that runs in a process of its own meanwhile, and is neither watched nor started again.
    """
    log = Lines(sys.stderr, SystemClock(), process="serve", form=settings.log_format, least=settings.log_level)
    make_folder(settings.data)
    lock = hold(settings.data)
    for role in ROLES:
        hold(settings.data, role, patience_s=PATIENCE_S).release()
    sockets = _open_sockets(settings)
    settings = replace(settings, port=port_of(sockets.web))
    _prepare(settings)
    log.info("listening", url=url_of(settings.host, settings.port), host=settings.host, data=settings.data)
    companion = subprocess.Popen([*_PYTHON, beside], env=_environment(settings)) if beside else None
    Supervisor(_plans(settings, sockets), log).run()
    if companion is not None:
        companion.kill()
        companion.wait()
    lock.release()


def make_folder(data: Path) -> None:
    """Make the data folder, closed to other users. Raises Invalid and Unavailable in plain words."""
    unfit = "".join(sorted(set("?&#%") & set(str(data))))
    if unfit:
        raise Invalid(f"the event store cannot open a folder with {unfit} in its path: {data}")
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"data folder {data} cannot be made: {error.strerror}") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise Unavailable(f"data folder {data} cannot be written by this user")


@dataclass(frozen=True, slots=True)
class _Sockets:
    web: socket
    agent: socket | None
    """None when nobody asked for a second port."""
    engine: socket | None
    """None when the events live in a ClickHouse server."""


def _open_sockets(settings: Settings) -> _Sockets:
    web = listen(settings.host, settings.port)
    agent = listen_as_agent(settings)
    return _Sockets(web, agent, None if settings.events_url else listen("127.0.0.1", 0))


def _prepare(settings: Settings) -> None:
    """Bring the folder up to date in a process that ends: what it imports would stay in the supervisor's memory."""
    command = [*_PYTHON, "errata", "migrate", "--first-start"]
    done = subprocess.run(command, env=_environment(settings), stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise ErrataError("the data folder could not be brought up to date, see above; nothing was started")


def _plans(settings: Settings, sockets: _Sockets) -> list[Plan]:
    if sockets.engine is None:
        common = _environment(settings)
        return [
            Plan("worker", (*_CHILD, "worker"), common, grace_s=30),
            _web(common, sockets),
        ]
    reading, writing = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    own = replace(settings, engine_read_secret=reading, engine_write_secret=writing)
    door = f"127.0.0.1:{port_of(sockets.engine)}/errata"
    listening = sockets.engine.fileno()
    return [
        Plan(
            "engine",
            (*_CHILD, "engine", "--listening", str(listening)),
            _environment(own),
            sockets=(listening,),
            grace_s=20,
        ),
        Plan(
            "worker",
            (*_CHILD, "worker"),
            _environment(replace(settings, events_url=f"http://writer:{writing}@{door}")),
            grace_s=30,
        ),
        _web(_environment(replace(settings, events_url=f"http://reader:{reading}@{door}")), sockets),
    ]


def _web(environment: Mapping[str, str], sockets: _Sockets) -> Plan:
    listening = sockets.web.fileno()
    command = (*_CHILD, "web", "--listening", str(listening))
    if sockets.agent is None:
        return Plan("web", command, environment, sockets=(listening,), grace_s=15)
    agent = sockets.agent.fileno()
    return Plan("web", (*command, "--agent", str(agent)), environment, sockets=(listening, agent), grace_s=15)


_PYTHON = (sys.executable, "-P", "-m")
"""`-P` keeps modules in the working folder from taking the place of real ones."""
_CHILD = (*_PYTHON, "errata.cli.child")


def _environment(settings: Settings) -> dict[str, str]:
    rest = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return rest | as_environment(settings)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt), plain_complaints():  # Ctrl-C before the processes run
        serve(load({}, os.environ), beside="errata.cli.demo" if sys.argv[1:] == ["demo"] else "")
