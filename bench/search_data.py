"""Events to search in: sent through the intake, and from some hundred thousand on multiplied inside the engine.

Ten million events through the intake would take half an hour. A copy keeps its event's fingerprint, code, stack and
attributes; its id, time, person, the number in its message, its request, address and duration are its own, so that
what is rare among the events sent is as rare among their copies.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import pathlib
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

from bench.digest import send, wait_until
from bench.harness import Server, free_port, server

DAY_MS = 86_400_000
WINDOW_MS = 7 * DAY_MS
_OUTSIDE = 0.1
"""Of the events asked for so many more lie before the window."""
_SENT_AT_MOST = 200_000
_SETTLE_S = 600

# Columns that a copy has of its own; `{h}` is a number of 64 bits that belongs to the copy.
_OWN = {
    "event_id": "reinterpretAsUUID(concat(reinterpretAsString({h}), reinterpretAsString(cityHash64({h}))))",
    "timestamp": "fromUnixTimestamp64Milli({{oldest:Int64}} + toInt64({h} % {{span:UInt64}}), 'UTC')",
    "received_at": "fromUnixTimestamp64Milli({{oldest:Int64}} + toInt64({h} % {{span:UInt64}}) + 50, 'UTC')",
    "usr_id": "concat('u', toString({h} % {{people:UInt64}}))",
    "usr_key": "cityHash64({h} % {{people:UInt64}})",
    "session_id": "lower(hex(cityHash64({h} % {{sessions:UInt64}})))",
    "session_key": "cityHash64(1, {h} % {{sessions:UInt64}})",
    "message": "replaceRegexpOne(message, '[0-9]+', toString({h} % 1000000))",
    "attributes": "mapUpdate(attributes, CAST(map("
    "'request_id', [lower(hex({h}))], 'duration', [toString(1000000 + {h} % 5000000000)], "
    "'http.url', [replaceRegexpOne(attributes['http.url'][1], '[0-9]+$', toString({h} % 9999))]), 'Map(LowCardinality(String), Array(String))'))",
}


@dataclass
class Loaded:
    """A running server with events. `to_ms` ends the window of seven days that holds `events` of them."""

    errata: Server
    engine: Engine
    events: int
    to_ms: int


@dataclass
class Asked:
    """What a statement took: CPU of the engine's process, rows and bytes that it read."""

    rows: list[list[object]]
    cpu_ms: float
    wall_ms: float
    read_rows: int
    read_bytes: int


class Engine:
    """The embedded event store as a process of its own, so that statements can be sent past the server."""

    def __init__(self, data: pathlib.Path) -> None:
        self.data = data
        self.port, self._writer = free_port(), secrets.token_hex(16)
        environment = {
            **os.environ,
            "ERRATA_ENGINE_PORT": str(self.port),
            "ERRATA_ENGINE_READ_SECRET": secrets.token_hex(16),
            "ERRATA_ENGINE_WRITE_SECRET": self._writer,
        }
        command = [sys.executable, "-m", "errata", "engine", "--data", str(data)]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        self.url = f"http://writer:{self._writer}@127.0.0.1:{self.port}/errata"
        for _ in range(3000):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping"):
                return
            time.sleep(0.02)
        raise SystemExit("the engine does not answer")

    def ask(self, sql: str, parameters: dict[str, object] | None = None, **settings: object) -> Asked:
        """Carry out one statement."""
        values = {f"param_{name}": str(value) for name, value in (parameters or {}).items()}
        values |= {name: str(value) for name, value in settings.items()}
        address = f"http://127.0.0.1:{self.port}/?{urllib.parse.urlencode(values)}"
        request = urllib.request.Request(address, data=f"{sql} FORMAT JSONCompactEachRow".encode())
        if not sql.lstrip().upper().startswith("SELECT"):
            request.data = sql.encode()
        request.add_header("X-ClickHouse-User", "writer")
        request.add_header("X-ClickHouse-Key", self._writer)
        before, started = self.cpu_ms(), time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                body, summary = answer.read(), json.loads(answer.headers.get("X-ClickHouse-Summary", "{}"))
        except urllib.error.HTTPError as error:
            raise SystemExit(f"the engine refuses: {error.read().decode()[:2000]}") from error
        wall = (time.monotonic() - started) * 1000
        rows = [json.loads(line) for line in body.splitlines()] if body[:1] == b"[" else []
        read = int(summary.get("read_rows", 0)), int(summary.get("read_bytes", 0))
        return Asked(rows, self.cpu_ms() - before, wall, *read)

    def cpu_ms(self) -> float:
        """Processor time of the whole process so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


@contextlib.contextmanager
def loaded(events: int, data: pathlib.Path) -> Iterator[Loaded]:
    """A server on `data` with so many events in its window; an empty folder is filled first."""
    data.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as closing:
        engine = Engine(data / "engine")  # each has its own lock on its folder
        closing.callback(engine.stop)
        errata = closing.enter_context(server(data=data / "server", events_url=engine.url))
        mark = data / "bench.json"
        if not mark.exists():
            to_ms = _fill(errata, engine, events)
            mark.write_text(json.dumps({"events": events, "to_ms": to_ms}))
        made = json.loads(mark.read_text())
        if made["events"] != events:
            raise SystemExit(f"{data} holds {made['events']:,} events, not {events:,}")
        yield Loaded(errata, engine, events, made["to_ms"])


def _fill(errata: Server, engine: Engine, events: int) -> int:
    sent = min(events, _SENT_AT_MOST)
    print(f"filling: {sent:,} events through the intake", flush=True)
    send(errata, sent, spread_s=7 * 86_400 - 7200)
    wait_until(errata, sent)
    to_ms = int(time.time() * 1000) + 3_600_000
    if sent < events:
        copies = math.ceil(events * (1 + _OUTSIDE) / sent)
        _multiply(engine, copies, WINDOW_MS * copies * sent // events, to_ms, events)
    return to_ms


def _multiply(engine: Engine, copies: int, span_ms: int, to_ms: int, events: int) -> None:
    """Put copies beside a table of what was sent, which goes in the end: its own times are all in the window."""
    columns = [row[0] for row in engine.ask(_COLUMNS).rows]
    made = ", ".join(_OWN[name].format(h="h") if name in _OWN else name for name in columns)
    engine.ask("CREATE TABLE IF NOT EXISTS sent AS events")
    engine.ask(f"INSERT INTO sent ({', '.join(columns)}) SELECT {', '.join(columns)} FROM events")
    engine.ask("TRUNCATE TABLE events")
    parameters = {"oldest": to_ms - span_ms, "span": span_ms, "people": max(1000, events // 25)}
    parameters["sessions"] = max(1000, events // 10)
    for copy in range(copies):
        for part in range(4):
            engine.ask(
                f"INSERT INTO events ({', '.join(columns)}) SELECT {made} FROM (SELECT *, "
                "cityHash64(event_id, {copy:UInt32}) AS h FROM sent WHERE cityHash64(event_id) % 4 = {part:UInt8})",
                parameters | {"copy": copy, "part": part},
                max_insert_block_size=1_000_000,
            )
        print(f"filling: copy {copy + 1} of {copies}", end="\r", flush=True)
    engine.ask("DROP TABLE sent")
    print()
    _settle(engine)


def _settle(engine: Engine) -> None:
    """Wait until the engine has nothing left to merge."""
    quiet, started = 0, time.monotonic()
    while quiet < 10 and time.monotonic() - started < _SETTLE_S:
        ((merging,),) = engine.ask("SELECT count() FROM system.merges").rows
        quiet = 0 if int(merging) else quiet + 1
        time.sleep(1)


_COLUMNS = """
SELECT name FROM system.columns
WHERE database = currentDatabase() AND table = 'events' AND default_kind = '' ORDER BY position
"""
