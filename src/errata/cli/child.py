"""One process of the server: under the supervisor as this module, alone through its command.

As a module it spares the process the parser of the command line, which weighs as much as a bare interpreter:
`python -m errata.cli.child ROLE [--listening SOCKET] [--agent SOCKET] --lifeline PIPE`, settings in the environment.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from socket import socket

from errata.cli.complaint import plain_complaints
from errata.cli.sockets import inherited, listen
from errata.jobs.children import die_with_parent
from errata.settings import Settings, load

ROLES = ("engine", "worker", "web")
"""In the order in which they are started; the reverse is the order in which they are stopped."""

NICENESS = {"engine": 5, "worker": 10, "web": 0}
"""Where processors are short, answering senders comes first: what waits in the journal is safe and can wait."""


def run(role: str, settings: Settings, listening: int | None = None, agent: int | None = None) -> None:
    """Run one process until it is told to stop.

    `listening` and `agent` (the web's second port) are the sockets that the supervisor handed down, if any.
    """
    if role == "engine":
        from errata.app.engine import run_engine

        alone = ("127.0.0.1", settings.engine_port, "ERRATA_ENGINE_PORT")
        run_engine(settings, listen(*alone) if listening is None else inherited(listening))
    elif role == "worker":
        from errata.app.worker import run_worker

        run_worker(settings)
    else:
        from errata.app.web import run_web

        own = listen(settings.host, settings.port) if listening is None else inherited(listening)
        run_web(settings, own, listen_as_agent(settings) if agent is None else inherited(agent))


def listen_as_agent(settings: Settings) -> socket | None:
    """The second port of the web process, or None where the settings name none. Raises Conflict."""
    if not settings.agent_port:
        return None
    return listen(settings.host, settings.agent_port, "ERRATA_AGENT_PORT")


def main() -> None:
    """Run as a child of the supervisor."""
    parser = ArgumentParser(prog="errata.cli.child")
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--listening", type=int)
    parser.add_argument("--lifeline", type=int, required=True)
    parser.add_argument("--agent", type=int)
    given = parser.parse_args()
    die_with_parent(given.lifeline)
    os.nice(NICENESS[given.role])
    with plain_complaints():
        run(given.role, load({}, os.environ), given.listening, given.agent)


if __name__ == "__main__":
    main()
