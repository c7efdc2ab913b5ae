"""Issue search and weight over a week of events: `python -m bench search --events 10m`.

The first call of a query stands apart: later ones profit from what the engine keeps of the blocks that hold no match.
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
import subprocess
import time
from collections.abc import Sequence

from bench.harness import pss_mib
from bench.search_data import WINDOW_MS, Loaded, loaded

QUERIES = {
    "everything": "*",
    "a service": "service:shop-3",
    "tags": "team:pay version:4.3.0",
    "a common attribute": "@http.status_code:500",
    "an attribute of few issues": "@feature:invoice",
    "a rare attribute": "@usr.id:u4711",
    "an attribute of one event": "@request_id:00deadbeef00",
    "numeric range": "@duration:>4000000000",
    "wildcard in the middle": "@http.url:*parcel*",
    "a common free word": "voucher",
    "a rare free word": "471147",
    "a free word with a wildcard": "vouch*er",
    "a phrase": '"has no token"',
    "NOT": "-@feature:refund -voucher",
    "AND, OR, NOT": "env:prod AND (service:shop-1 OR service:shop-2) -@feature:refund",
    "issue facet or attribute": "issue.age:<3600000 OR @feature:invoice",
    "issue facet or word": "issue.is_crash:true OR voucher",
    "full text, common": "*:voucher",
    "full text, rare": "*:00deadbeef00",
    "full text, a number": "*:500",
    "full text, a phrase": '*:"has no token"',
}
ORDERS = ("FIRST_SEEN", "IMPACTED_SESSIONS", "PRIORITY")
_READ = "SELECT event, value FROM system.events WHERE event IN ('SelectedRows', 'SelectedBytes')"


def main(arguments: Sequence[str] = ()) -> dict[str, object]:
    options = _options(arguments)
    folder = options.data / f"search-{options.events}"
    with loaded(options.events, folder) as made:
        print(f"{made.events:,} events in a window of seven days, others before it; {folder} keeps them")
        print(f"{'':30} {'p50':>6} {'p90':>6} {'first':>6} {'CPU':>6} ms {'rows read':>12} {'MB read':>8} issues")
        result: dict[str, object] = {
            name: _measure(made, name, query, options.repeats) for name, query in QUERIES.items()
        }
        for order in ORDERS:
            result[order] = _measure(made, f"everything by {order}", "*", options.repeats, order_by=order)
        return result | _weigh(made)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench search")
    parser.add_argument("--events", type=_number, default=1_000_000, help="in the window: 200000, 1m, 10m")
    parser.add_argument("--repeats", type=int, default=15, help="calls of each query")
    cache = pathlib.Path.home() / ".cache" / "errata-bench"
    parser.add_argument("--data", type=pathlib.Path, default=cache, help="where events are kept for the next run")
    return parser.parse_args(arguments)


def _number(text: str) -> int:
    return int(float(text.lower().rstrip("m")) * 1_000_000) if text.lower().endswith("m") else int(text)


def _measure(made: Loaded, name: str, query: str, repeats: int, **attributes: object) -> dict[str, float]:
    window = {"from": made.to_ms - WINDOW_MS, "to": made.to_ms}
    _read(made)
    idle = _difference(made, lambda: None)
    hits: list[object] = []
    times: list[float] = []

    def search() -> None:
        nonlocal hits
        started = time.monotonic()
        hits = made.errata.search(query, **(window | attributes))
        times.append((time.monotonic() - started) * 1000)

    first = _difference(made, search)
    cpu = made.engine.cpu_ms()
    for _ in range(repeats):
        search()
    seen = {
        "first_ms": times[0],
        "p50_ms": statistics.median(times[1:]),
        "p90_ms": statistics.quantiles(times[1:], n=10)[-1],
        "cpu_ms": (made.engine.cpu_ms() - cpu) / repeats,
        "rows": first["SelectedRows"] - idle["SelectedRows"],
        "bytes": first["SelectedBytes"] - idle["SelectedBytes"],
    }
    print(
        f"{name:30} {seen['p50_ms']:6.0f} {seen['p90_ms']:6.0f} {seen['first_ms']:6.0f} {seen['cpu_ms']:6.0f}   "
        f" {seen['rows']:12,.0f} {seen['bytes'] / 1e6:8.0f} {len(hits):6}",
        flush=True,
    )
    return seen


def _difference(made: Loaded, action) -> dict[str, float]:
    """How much more the engine had read after it."""
    before = _read(made)
    action()
    after = _read(made)
    return {name: after.get(name, 0) - before.get(name, 0) for name in ("SelectedRows", "SelectedBytes")}


def _read(made: Loaded) -> dict[str, int]:
    return {str(name): int(value) for name, value in made.engine.ask(_READ).rows}


def _weigh(made: Loaded) -> dict[str, object]:
    time.sleep(60)
    weights = pss_mib(made.errata.pid) | pss_mib(made.engine.process.pid)
    folder = made.engine.data / "events"
    told = subprocess.run(["du", "-sk", str(folder)], check=True, capture_output=True).stdout
    rows, kept = map(int, made.engine.ask(_PARTS).rows[0])
    print(
        f"memory 60 s later: {sum(weights.values()):.0f} MiB Pss {weights}; {kept / rows:.0f} bytes an event in active"
        f" parts, {int(told.split()[0]) * 1024 / rows:.0f} with what merges left behind"
    )
    return {"pss_mib": sum(weights.values()), "bytes_an_event": kept / rows}


_PARTS = "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'events'"


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
