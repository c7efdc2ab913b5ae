"""Small programs under real SDKs, run in processes of their own and pointed at a running server."""

from __future__ import annotations

import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finished:
    """A program that ended. `output` is what it wrote, stdout and stderr mixed as they came."""

    status: int
    output: str


@dataclass
class Program:
    """A program that runs. It says `listening on PORT` once it can be called."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, timeout_s: float = 20) -> int:
        """Call it; the status of its answer."""
        request = urllib.request.Request(self.url + path, headers=dict(headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as it:
                it.read()
                return it.status
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self, how: signal.Signals = signal.SIGINT, seconds: float = 20) -> Finished:
        """Ask it to end (Python's exit handlers run on SIGINT, not on SIGTERM) and wait."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.wait(seconds)

    def wait(self, seconds: float = 40) -> Finished:
        """Wait until it ends by itself."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise AssertionError(f"the program did not end:\n{self.output()[-4000:]}") from None
        return Finished(status, self.output())


def start(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> Program:
    """Start a program in a folder; returns at once."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(command), cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    return Program(process, log)


def wait_until_it_listens(program: Program, seconds: float = 30) -> Program:
    """Wait for its line `listening on PORT`."""
    deadline = time.monotonic() + seconds
    while (said := re.search(r"listening on (\d+)", program.output())) is None:
        if program.process.poll() is not None or time.monotonic() > deadline:
            program.process.kill()
            program.process.wait(10)
            raise AssertionError(f"the program does not listen:\n{program.output()[-4000:]}")
        time.sleep(0.03)
    program.port = int(said[1])
    return program


def environment_for(home: Path, chosen: Mapping[str, str]) -> dict[str, str]:
    """What a program finds around it: nothing of ours that an SDK, Python or node would read, and what was chosen."""
    plain = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "NO_PROXY": "*",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    return plain | dict(chosen)
