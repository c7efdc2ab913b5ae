"""Starting a real server in a folder of its own, loading it with wrk, and asking what it weighs."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

API_KEY, APP_KEY = "b" * 32, "a" * 40


@dataclass
class Server:
    url: str
    pid: int
    data: pathlib.Path
    started_in_s: float

    def post(self, path: str, body: bytes, **headers: str) -> bytes:
        request = urllib.request.Request(self.url + path, data=body, method="POST")
        request.add_header("DD-API-KEY", API_KEY)
        request.add_header("DD-APPLICATION-KEY", APP_KEY)
        request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return answer.read()

    def metric(self, name: str) -> float:
        """The sum over all labels of a metric of `/metrics`."""
        lines = self.get("/metrics").decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}(\{{| )", line))

    def search(self, query: str = "*", **attributes: object) -> list[dict[str, object]]:
        now = int(time.time() * 1000)
        asked = {"query": query, "from": now - 7 * 86_400_000, "to": now + 3_600_000, "track": "logs", **attributes}
        body = {"data": {"type": "search_request", "attributes": asked}}
        return json.loads(self.post("/api/v2/error-tracking/issues/search", json.dumps(body).encode()))["data"]

    def total(self, query: str = "*") -> int:
        """Errors counted in the hits of one search (at most 100 issues)."""
        return sum(hit["attributes"]["total_count"] for hit in self.search(query))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(data: pathlib.Path | None = None, **settings: str) -> Iterator[Server]:
    """`errata serve` until the block ends; `settings` become `ERRATA_...` variables.

    On a folder of its own that goes with it, or on `data`, which stays.
    """
    own = pathlib.Path(tempfile.mkdtemp(prefix="errata-bench-"))
    data = data or own / "data"
    port = free_port()
    environment = {**os.environ, "ERRATA_API_KEY": API_KEY, "ERRATA_APP_KEY": APP_KEY}
    environment |= {f"ERRATA_{name.upper()}": value for name, value in settings.items()}
    started = time.monotonic()
    with (own / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "errata", "serve", "--data", str(data), "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, own)
        yield Server(url, process.pid, data, time.monotonic() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
        shutil.rmtree(own, ignore_errors=True)


def _wait(url: str, process: subprocess.Popen[bytes], own: pathlib.Path) -> None:
    for _ in range(2000):
        if process.poll() is not None:
            raise SystemExit("the server stopped: " + (own / "server.log").read_text()[-2000:])
        with (
            contextlib.suppress(OSError, urllib.error.URLError),
            urllib.request.urlopen(url + "/health/ready") as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.02)
    raise SystemExit("the server did not become ready: " + (own / "server.log").read_text()[-2000:])


def pss_mib(pid: int) -> dict[str, float]:
    """Proportional resident memory of a process tree, in MiB, by command."""
    weights: dict[str, float] = {}
    for member in tree(pid):
        with contextlib.suppress(OSError):
            rollup = pathlib.Path(f"/proc/{member}/smaps_rollup").read_text()
            command = pathlib.Path(f"/proc/{member}/cmdline").read_bytes().split(b"\0")
            name = next((part.decode() for part in command[1:] if part and not part.startswith((b"-", b"/"))), "?")
            name = next((p.decode() for p in command if p in (b"serve", b"web", b"worker", b"engine")), name)
            kib = int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE).group(1))
            weights[name] = weights.get(name, 0) + kib / 1024
    return weights


def tree(pid: int) -> list[int]:
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    with contextlib.suppress(OSError):
        return [pid] + [member for child in children.read_text().split() for member in tree(int(child))]
    return []


@dataclass
class Load:
    """What wrk saw. Latencies in milliseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    other_answers: int


def wrk(url: str, bodies: list[bytes], seconds: int, connections: int = 32) -> Load:
    """Load one address with POSTs of the given bodies in turn."""
    if shutil.which("wrk") is None:
        raise SystemExit("this benchmark needs wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / "post.lua"
        for number, body in enumerate(bodies):
            (pathlib.Path(folder) / f"body.{number}").write_bytes(body)
        script.write_text(_LUA % {"folder": folder, "count": len(bodies), "key": API_KEY})
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "-nan" in told or "Requests/sec" not in told or not re.search(r"^ +50%\s+[\d.]+\w", told, re.MULTILINE):
        raise SystemExit(f"wrk saw no answer:\n{told}")
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    return Load(
        float(re.search(r"Requests/sec:\s+([\d.]+)", told).group(1)),
        _ms(re.search(r"^ +50%\s+(\S+)", told, re.MULTILINE).group(1)),
        _ms(re.search(r"^ +99%\s+(\S+)", told, re.MULTILINE).group(1)),
        int(other.group(1)) if other else 0,
    )


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


_LUA = """
local bodies = {}
for i = 0, %(count)d - 1 do
  local file = io.open("%(folder)s/body." .. i, "rb")
  bodies[#bodies + 1] = file:read("*a")
  file:close()
end
local at = 0
wrk.method = "POST"
wrk.headers["DD-API-KEY"] = "%(key)s"
wrk.headers["Content-Type"] = "application/json"
request = function()
  at = at %% #bodies + 1
  return wrk.format(nil, nil, nil, bodies[at])
end
"""
