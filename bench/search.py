"""Issue search and weight on a million events over a week, and the time from start to first answer."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from bench.digest import send, wait_until
from bench.harness import pss_mib, server

QUERIES = {
    "everything": "*",
    "a service": "service:shop-3",
    "a common attribute": "@feature:invoice",
    "a rare attribute": "@usr.id:u4711",
    "a free word": "voucher",
    "a phrase": '"has no token"',
    "wildcard": "@http.url:*parcel*",
    "and, or, not": "env:prod AND (service:shop-1 OR service:shop-2) -@feature:refund",
}


def main(events: int = 1_000_000, repeats: int = 15) -> dict[str, object]:
    result: dict[str, object] = {}
    with server() as errata:
        print(f"start: first answer of /health/ready after {errata.started_in_s:.2f} s")
        send(errata, events, spread_s=7 * 86_400 - 7200)
        wait_until(errata, events)
        for name, query in QUERIES.items():
            times = []
            for _ in range(repeats):
                started = time.monotonic()
                hits = errata.search(query)
                times.append((time.monotonic() - started) * 1000)
            result[name] = statistics.median(times)
            print(f"search, {name}: p50 {result[name]:.0f} ms, max {max(times):.0f} ms, {len(hits)} issues", flush=True)
        for order in ("FIRST_SEEN", "IMPACTED_SESSIONS", "PRIORITY"):
            started = time.monotonic()
            errata.search("*", order_by=order)
            print(f"search, by {order}: {(time.monotonic() - started) * 1000:.0f} ms", flush=True)
        time.sleep(60)
        weights = pss_mib(errata.pid)
        on_disk = int(
            subprocess.run(["du", "-sk", str(errata.data / "events")], check=True, capture_output=True).stdout.split()[
                0
            ]
        )
        print(
            f"memory 60 s later: {sum(weights.values()):.0f} MiB Pss {weights}; events folder {on_disk / 1024:.0f} MiB,"
            f" {on_disk * 1024 / events:.0f} bytes an event"
        )
        result |= {
            "start_s": errata.started_in_s,
            "pss_mib": sum(weights.values()),
            "bytes_an_event": on_disk * 1024 / events,
        }
    return result


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
