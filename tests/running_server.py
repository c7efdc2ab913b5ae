"""A real `errata serve` for tests, started and ended as an operator would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

API_KEY = "0123456789abcdef0123456789abcdef"
APP_KEY = "0123456789abcdef0123456789abcdef01234567"
ROLES = ("engine", "worker", "web")
ADMIN_EMAIL = "admin@errata.example"
ADMIN_PASSWORD = "correct horse battery".replace(" ", "-")


@dataclass
class Server:
    """A running `errata serve`. `data` is its folder, `log` what it and its children wrote."""

    url: str
    api_key: str
    app_key: str
    data: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """The supervisor."""
        return self.process.pid

    def running(self) -> dict[str, int]:
        """Process numbers by role, of those that run now: each writes its own into its lock."""
        named = {role: self.data / f"lock.{role}" for role in ROLES}
        read = {role: int(path.read_text() or 0) for role, path in named.items() if path.exists()}
        return {role: pid for role, pid in read.items() if is_alive(pid)}

    def pids(self) -> dict[str, int]:
        """The same once all three run: one that was killed is started again after a wait."""
        seen: dict[str, int] = {}  # one look: a process that is dying runs in this one and not in the next

        def all_run() -> bool:
            nonlocal seen
            seen = self.running()
            return seen.keys() == set(ROLES)

        until(all_run, self._why_not)
        return seen

    def headers(self) -> dict[str, str]:
        return {"DD-API-KEY": self.api_key, "DD-APPLICATION-KEY": self.app_key}

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(
                urllib.request.Request(self.url + path, headers=self.headers()), timeout=10
            ) as it:
                return it.status, it.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read()
        except OSError:
            return 0, b""

    def wait_ready(self, seconds: float = 60) -> None:
        until(lambda: self.get("/health/ready")[0] == 200, self._why_not, seconds)

    def stop(self, seconds: float = 60) -> int:
        """Ask it to stop and wait; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """`kill -9` of every process, the supervisor last so that it sees nothing coming back."""
        pids = [*self.running().values(), self.pid]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(30)
        until(lambda: not any(map(is_alive, pids)), lambda: f"{pids} live on")

    def _why_not(self) -> str:
        return f"not ready: {self.get('/health')}\n{self.log.read_text()[-4000:]}"


def is_alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        return pid > 0 and Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], bool], complaint: Callable[[], str], seconds: float = 30) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(complaint())
        time.sleep(0.03)


def errata_environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of an `errata` command: ours without any ERRATA_ variable, and the given settings."""
    chosen = {
        "API_KEY": API_KEY,
        "APP_KEY": APP_KEY,
        "ADMIN_EMAIL": ADMIN_EMAIL,
        "ADMIN_PASSWORD": ADMIN_PASSWORD,
    } | {name.upper(): value for name, value in (settings or {}).items()}
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ERRATA_")}
    return plain | {f"ERRATA_{name}": value for name, value in chosen.items()}


def start_server(data: Path, *, port: int = 0, ready: bool = True, **settings: str) -> Server:
    """Start `errata serve` in the folder. Port 0 takes a free one, which the log then names."""
    data.parent.mkdir(parents=True, exist_ok=True)
    log = data.parent / f"{data.name}.log"
    already = log.stat().st_size if log.exists() else 0
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "errata", "serve", "--data", str(data), "--port", str(port)],
            env=errata_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )

    def address() -> re.Match[str] | None:
        return re.search(r"listening url=(\S+)", log.read_bytes()[already:].decode())

    def failed() -> str:
        process.kill()
        process.wait()
        return f"the server did not start:\n{log.read_text()[-4000:]}"

    until(lambda: address() is not None or process.poll() is not None, failed)
    found = address()
    if found is None:
        raise AssertionError(failed())
    server = Server(found[1], API_KEY, APP_KEY, data, log, process)
    if ready:
        try:
            server.wait_ready()
        except AssertionError:
            server.kill()
            raise
    return server
