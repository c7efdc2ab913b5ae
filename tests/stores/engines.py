"""Engine processes for tests: started on a folder, stopped, killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

READ_SECRET = "reader-secret-of-the-tests"
WRITE_SECRET = "writer-secret-of-the-tests"
_CODE = """
import socket, sys
from pathlib import Path
from errata.storage.engine.limits import Limits
from errata.storage.engine.serve import serve_engine
number, folder, read_secret, write_secret, *bounds = sys.argv[1:]
limits = Limits(**{name: int(value) for name, value in (bound.split("=") for bound in bounds)})
listening = socket.socket(fileno=int(number))
serve_engine(Path(folder), listening, read_secret=read_secret, write_secret=write_secret, limits=limits)
"""


class Engine:
    """A running engine. Keyword arguments are fields of `Limits`."""

    def __init__(self, folder: Path, **limits: int) -> None:
        bounds = [f"{name}={value}" for name, value in limits.items()]
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            number = str(listening.fileno())
            command = [sys.executable, "-c", _CODE, number, str(folder), READ_SECRET, WRITE_SECRET, *bounds]
            self.process = subprocess.Popen(
                command, pass_fds=(listening.fileno(),), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        self.started_in_s = self._wait()

    @property
    def url(self) -> str:
        return f"http://writer:{WRITE_SECRET}@127.0.0.1:{self.port}/errata"

    @property
    def read_url(self) -> str:
        return f"http://reader:{READ_SECRET}@127.0.0.1:{self.port}/errata"

    def stop(self) -> tuple[int, str]:
        """Ask it to end; its exit status and what it wrote."""
        self.process.terminate()
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output.decode()

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=60)

    def _wait(self) -> float:
        started = time.monotonic()
        while time.monotonic() < started + 60:
            if self.process.poll() is not None:
                output = self.process.communicate()[0].decode()
                raise RuntimeError(f"the engine ended with {self.process.returncode}: {output}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=1):
                    return time.monotonic() - started
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the engine did not answer within a minute")
