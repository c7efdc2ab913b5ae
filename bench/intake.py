"""Durable intake beside the same uvicorn that only reads and answers 202; turn about, several times, one run."""

from __future__ import annotations

import random
import statistics
import sys

from bench import bodies
from bench.bare import bare_server
from bench.harness import server, wrk


def main(seconds: int = 5, rounds: int = 3) -> dict[str, object]:
    rng = random.Random(1)
    kinds = {
        "1 entry": [bodies.single(rng) for _ in range(64)],
        "100 entries": [bodies.batch(rng, 100) for _ in range(8)],
    }
    result: dict[str, object] = {}
    with server() as errata, bare_server() as bare:
        for kind, sent in kinds.items():
            ratios, rates, last = [], [], None
            for _ in range(rounds):
                ceiling = wrk(bare, sent, seconds)
                last = wrk(errata.url + "/api/v2/logs", sent, seconds)
                ratios.append(last.per_second / ceiling.per_second)
                rates.append(last.per_second)
                print(
                    f"intake, {kind}: {last.per_second:,.0f}/s of {ceiling.per_second:,.0f}/s = {ratios[-1]:.2f};"
                    f" p50 {last.p50_ms:.2f} ms, p99 {last.p99_ms:.2f} ms, not 2xx: {last.other_answers}",
                    flush=True,
                )
            result[kind] = {
                "ratio": statistics.median(ratios),
                "ratios": ratios,
                "per_second": statistics.median(rates),
                "bytes": statistics.mean(len(body) for body in sent),
            }
    return result


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
