"""Listening sockets, and plain words when there is none to be had."""

from __future__ import annotations

import errno
import socket

from errata.base.errors import Conflict

_BACKLOG = 2048


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises Conflict with a sentence that says what to do.

    `option` is what the operator can change about it.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Conflict(_sentence(error, host, port, option)) from error


def inherited(descriptor: int) -> socket.socket:
    """The listening socket that the supervisor handed down."""
    return socket.socket(fileno=descriptor)


def url_of(host: str, port: int) -> str:
    """Where to reach, from this machine, a server that listens on that address."""
    reached = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://{f'[{reached}]' if ':' in reached else reached}:{port}"


def port_of(listening: socket.socket) -> int:
    """The port that a socket got."""
    return int(listening.getsockname()[1])


def _sentence(error: OSError, host: str, port: int, option: str) -> str:
    if isinstance(error, socket.gaierror):
        return f"there is no address {host}; choose another with --host"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; choose another with {option}"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has; choose one above 1023 with {option}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no address {host}; choose another with --host"
    return f"cannot listen on {host} port {port}: {error.strerror}"
