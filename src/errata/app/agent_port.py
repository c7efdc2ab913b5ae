"""The second port, on which the web process is a Datadog agent and nothing else."""

from __future__ import annotations

from errata.app.front import Application, Receive, Scope, Send
from errata.ingest.answers import refusal
from errata.ingest.doors.agent import is_agents


class AgentPort:
    """An application in front of another that lets only an agent's addresses through where requests come by `port`."""

    def __init__(self, inner: Application, port: int) -> None:
        self._inner = inner
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        if scope["server"][1] == self._port and not is_agents(scope["path"]):
            await _NOT_HERE.send(send)
        else:
            await self._inner(scope, receive, send)


_NOT_HERE = refusal(404, "This port answers a Datadog agent's addresses only; all others are on the main port.")
