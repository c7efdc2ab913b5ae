"""How fast what was acknowledged becomes searchable: a backlog is sent, then the worker is timed on it."""

from __future__ import annotations

import random
import sys
import time

from bench import bodies
from bench.harness import Server, pss_mib, server


def send(errata: Server, events: int, size: int = 500, spread_s: int = 0) -> None:
    """Send errors in batches, their times spread evenly over the last `spread_s` seconds."""
    rng = random.Random(2)
    templates = 40
    now = int(time.time() * 1000)
    for number in range(events // size):
        at = now - rng.randrange(spread_s * 1000) if spread_s else None
        if number < templates or spread_s:
            body = bodies.batch(rng, size, at_ms=at)
        errata.post("/api/v2/logs", body)


def stored(errata: Server) -> float:
    return errata.metric("errata_digest_stored_total")


def wait_until(errata: Server, count: float, patience_s: float = 900) -> float:
    """Seconds until the digest has stored as many errors."""
    started = time.monotonic()
    while stored(errata) < count:
        if time.monotonic() - started > patience_s:
            raise SystemExit(f"only {stored(errata):,.0f} of {count:,.0f} errors were stored in {patience_s} s")
        time.sleep(0.25)
    return time.monotonic() - started


def main(events: int = 100_000) -> dict[str, object]:
    with server() as errata:
        send(errata, 5000)
        wait_until(errata, 5000)
        before, started = stored(errata), time.monotonic()
        send(errata, events)
        sent_in = time.monotonic() - started
        already = stored(errata) - before
        took = wait_until(errata, before + events)
        alone = (events - already) / took if took > 1 else float("nan")
        overall = events / (sent_in + took)
        print(
            f"digest: {events:,} errors; sent in {sent_in:.1f} s, of them stored meanwhile {already:,.0f};"
            f" the rest at {alone:,.0f}/s with the generator gone, {overall:,.0f}/s overall; {pss_mib(errata.pid)}"
        )
        return {"events": events, "rest_per_second": alone, "overall_per_second": overall}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
