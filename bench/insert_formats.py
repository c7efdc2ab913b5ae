"""Which insert format costs the digest least: the same rows through the engine's door in each one offered.

    python -m bench.insert_formats [ROWS]

Starts an engine in a temporary folder. For each format: rows a second from rows in memory to the answered insert,
and what of it is CPU of the client, in microseconds a row. What was seen: docs/benchmarks.md.
"""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec

from errata.base.errors import ErrataError
from errata.events.model import Event, Intake, Platform, Status, Track
from errata.events.rows import EventRow, row_of
from errata.stacks.model import Frame
from errata.storage.clickhouse import ClickHouse
from errata.storage.event_migrations import upgrade

WEEK_MS = 7 * 86_400_000
_ENGINE = """
import socket, sys
from pathlib import Path
from errata.storage.engine.serve import serve_engine
listening = socket.socket(fileno=int(sys.argv[1]))
serve_engine(Path(sys.argv[2]), listening, read_secret="bench-reader-secret", write_secret="bench-writer-secret")
"""


@contextmanager
def engine(folder: str):
    """An engine process on a folder; yields its address and process id."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-c", _ENGINE, str(listening.fileno()), folder], pass_fds=(listening.fileno(),)
        )
    try:
        yield f"http://writer:bench-writer-secret@127.0.0.1:{port}/errata", process.pid
    finally:
        process.terminate()
        process.wait(30)


class Rows:
    """Realistic rows: some thousand issues of very different weight, their own stacks, thirty attributes."""

    def __init__(self, issues: int = 3000, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._stacks = [self._stack(number) for number in range(issues)]
        self._node = uuid.UUID(int=seed)
        self._end_ms = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1000)

    def batch(self, number: int, count: int, batches: int = 100) -> list[EventRow]:
        """`count` rows in the order of arrival, batch `number` of `batches` that fill a week."""
        start = self._end_ms - WEEK_MS + WEEK_MS * number // batches
        width = WEEK_MS // batches
        return [self._row(number, index, start + width * index // count) for index in range(count)]

    def _stack(self, number: int) -> tuple[str, Frame]:
        frames = tuple(
            Frame(function=f"fn_{self._random.randrange(900)}", file=f"/srv/app/mod{self._random.randrange(500)}.py",
                  line=self._random.randrange(900), in_app=True)
            for _ in range(self._random.randrange(8, 30))
        )  # fmt: skip
        lines = "".join(f'  File "{f.file}", line {f.line}, in {f.function}\n    call(x, y, z)\n' for f in frames)
        text = f"Traceback (most recent call last):\n{lines}KeyError{number % 40}: 'sku'"
        return text, frames[-1]

    def _row(self, batch: int, index: int, at: int) -> EventRow:
        rng = self._random
        issue = min(int(len(self._stacks) * rng.random() ** 4), len(self._stacks) - 1)
        text, place = self._stacks[issue]
        user = int(rng.random() ** 2 * 200_000)
        service = f"shop-{issue % 60}"
        attributes = {
            "http": {"status_code": rng.choice((200, 400, 404, 500, 503)), "method": "POST",
                     "url": f"https://shop.example/v1/items/{rng.randrange(10**6)}?q=parcel"},
            "request": {"id": f"{rng.getrandbits(64):016x}", "size": rng.randrange(10**6)},
            "duration": rng.randrange(10**9), "cart": {"items": rng.randrange(30), "total": rng.random() * 100},
            "feature": f"ff-{issue % 50}", "logger": {"name": f"app.{service}.pay", "thread_name": "MainThread"},
            "k8s": {"cluster": f"c{issue % 6}", "namespace": service, "pod": f"{service}-{rng.randrange(40)}"},
            "runtime": {"name": "python", "version": "3.11.2"}, "tenant": rng.randrange(5000),
            **{f"{service}.tag{key}": f"v{rng.randrange(23)}" for key in range(8)},
        }  # fmt: skip
        event = Event(
            entry=index, received_at=at + 50, track=Track.LOGS, intake=Intake.DD_LOGS, timestamp=at, service=service,
            env=rng.choice(("prod", "prod", "staging")), version=f"1.{issue % 9}.0", host=f"web-{rng.randrange(60)}",
            source="python", status=Status.ERROR, language="python", platform=Platform.BACKEND,
            message=f"order {rng.randrange(10**7)} failed: voucher is gone", error_type=f"KeyError{issue % 40}",
            error_message="'sku'", error_stack=text, usr_id=f"u{user}" if issue % 3 else "",
            tags=("env:prod", f"service:{service}", "team:payments"), attributes=attributes,
        )  # fmt: skip
        return row_of(
            event, batch=batch, node=self._node, position=batch << 32 | index * 900, timestamp=at, time_clamped=False,
            event_id=uuid.UUID(int=rng.getrandbits(128)), fingerprint=uuid.UUID(int=issue * 0x9E3779B97F4A7C15F39CC060),
            grouping_version=1, file_path=place.file, function_name=place.function,
            has_in_app=True,
        )  # fmt: skip


COLUMNS = EventRow.__struct_fields__
Insert = Callable[[ClickHouse, list[EventRow], dict[str, str | int]], None]


Named = msgspec.defstruct("Named", [(name, object) for name in COLUMNS], gc=False)


def json_each_row(store: ClickHouse, rows: list[EventRow], settings: dict[str, str | int]) -> None:
    """Includes making objects that have names; rows are encoded as arrays otherwise."""
    named = [Named(*msgspec.structs.astuple(row)) for row in rows]
    store.insert("events", COLUMNS, msgspec.json.Encoder().encode_lines(named), "JSONEachRow", settings)


def json_compact(store: ClickHouse, rows: list[EventRow], settings: dict[str, str | int]) -> None:
    """One array a row: no names to write and none to look up. The store's choice."""
    body = msgspec.json.Encoder().encode_lines(rows)
    store.insert("events", COLUMNS, body, "JSONCompactEachRow", settings)


def json_columns(store: ClickHouse, rows: list[EventRow], settings: dict[str, str | int]) -> None:
    columns = dict(zip(COLUMNS, zip(*map(msgspec.structs.astuple, rows), strict=True), strict=True))
    store.insert("events", COLUMNS, msgspec.json.encode(columns), "JSONColumns", settings)


def native(store: ClickHouse, rows: list[EventRow], settings: dict[str, str | int]) -> None:
    columns = [list(column) for column in zip(*map(msgspec.structs.astuple, rows), strict=True)]
    for name in ("timestamp", "received_at"):
        at = COLUMNS.index(name)
        columns[at] = [datetime.fromtimestamp(seconds, UTC) for seconds in columns[at]]
    store.insert_columns("events", COLUMNS, columns, settings)


def msgpack(store: ClickHouse, rows: list[EventRow], settings: dict[str, str | int]) -> None:
    encode = msgspec.msgpack.Encoder(uuid_format="bytes", decimal_format="string").encode
    flat = [
        round(value * 1000) if isinstance(value, float) else value
        for row in rows
        for value in msgspec.structs.astuple(row)
    ]
    store.insert("events", COLUMNS, b"".join(map(encode, flat)), "MsgPack", settings)


def row_binary(store: ClickHouse, rows: list[EventRow], settings: dict[str, str | int]) -> None:
    store.insert("events", COLUMNS, b"".join(map(_binary, rows)), "RowBinary", settings)


def _binary(row: EventRow) -> bytes:
    parts: list[bytes] = []
    for name, value in zip(COLUMNS, msgspec.structs.astuple(row), strict=True):
        match value:
            case bool():
                parts.append(b"\1" if value else b"\0")
            case float():
                parts.append(round(value * 1000).to_bytes(8, "little"))
            case int():
                parts.append(value.to_bytes(_WIDTHS.get(name, 8), "little"))
            case str():
                _text(parts, value)
            case uuid.UUID():
                parts.append(struct.pack("<QQ", value.int >> 64, value.int & 0xFFFFFFFFFFFFFFFF))
            case dict():
                _length(parts, len(value))
                for key, elements in value.items():
                    _text(parts, key)
                    _length(parts, len(elements))
                    for element in elements:
                        _text(parts, element)
            case _:
                _length(parts, len(value))
                for element in value:
                    _text(parts, element)
    return b"".join(parts)


_WIDTHS = {"entry": 4, "grouping_version": 1}


def _text(parts: list[bytes], value: str) -> None:
    data = value.encode()
    _length(parts, len(data))
    parts.append(data)


def _length(parts: list[bytes], length: int) -> None:
    while length > 127:
        parts.append(bytes((length & 127 | 128,)))
        length >>= 7
    parts.append(bytes((length,)))


FORMATS: dict[str, Insert] = {
    "JSONEachRow": json_each_row,
    "JSONCompactEachRow": json_compact,
    "JSONColumns": json_columns,
    "Native": native,
    "RowBinary": row_binary,
    "MsgPack": msgpack,
}


def main(count: int = 10_000, rounds: int = 2) -> dict[str, dict[str, float]]:
    made = Rows()
    result: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder, engine(folder + "/events") as (url, pid):
        store = ClickHouse(url)
        upgrade(store)
        batches = [made.batch(number, count) for number in range(rounds)]
        weight = len(msgspec.json.encode(batches[0])) // count
        print(f"{count} rows an insert, {weight} bytes a row as JSON")
        for name, insert in FORMATS.items():
            best = {"rows_s": 0.0, "client_us": 1e9, "engine_us": 1e9}
            for number, rows in enumerate(batches):
                settings: dict[str, str | int] = {"insert_deduplication_token": f"{name}-{number}"}
                engine_before, started, cpu = _cpu_s(pid), time.monotonic(), time.process_time()
                try:
                    insert(store, rows, settings)
                except ErrataError as error:
                    print(f"{name}: refused: {str(error)[:200]}")
                    break
                best["rows_s"] = max(best["rows_s"], count / (time.monotonic() - started))
                best["client_us"] = min(best["client_us"], (time.process_time() - cpu) / count * 1e6)
                best["engine_us"] = min(best["engine_us"], (_cpu_s(pid) - engine_before) / count * 1e6)
            else:
                result[name] = best
                print(f"{name}: {best['rows_s']:.0f} rows/s, CPU a row: client {best['client_us']:.1f} us,"
                      f" engine {best['engine_us']:.1f} us", flush=True)  # fmt: skip
        store.close()
    return result


def _cpu_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
