"""What one error costs the worker by each protocol: processor time of this process, without journal and engine.

Recorded requests of real SDKs, again and again. `decode` is the wire alone; `all` goes on to the row that is stored:
qualified, bounded, scrubbed, grouped. `an error` is the time of a request divided by the errors in it, so what is no
error in a request (spans, views, sessions) is in the price.
"""

from __future__ import annotations

import base64
import json
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

from errata.app.traces import Remembered, RememberedCalls
from errata.base.ids import NodeId, random_id
from errata.events.batches import Rules
from errata.events.limits import DEFAULT_LIMITS
from errata.grouping.versions import CURRENT
from errata.ingest.inflate import inflate
from errata.ingest.prepare import Candidate, Preparer, Work, row_for
from errata.ingest.wire.model import WireRecord
from errata.ingest.wires import WIRES
from errata.stacks.find import find_in_text
from errata.stacks.parse import parse

RECORDINGS = Path(__file__).parents[1] / "tests" / "payloads"
AT_MS = 1_795_000_000_000
MOST = 64 << 20


def intake_of(path: str, query: str) -> str | None:
    if "rum" in path or "%2Frum" in query:
        return "dd_rum"
    if "errorsintake" in path:
        return "dd_errors"
    if path.endswith("/traces") and path.startswith("/v0."):
        return "dd_trace"
    if path in ("/v1/traces", "/v1/logs"):
        return "otlp"
    if "/envelope" in path or "/store" in path:
        return "sentry"
    return "dd_logs" if "logs" in path or path.startswith("/v1/input") else None


def works() -> dict[tuple[str, str], list[Work]]:
    """Recorded requests with an error in them, by SDK and intake."""
    found: dict[tuple[str, str], list[Work]] = defaultdict(list)
    for path in sorted(RECORDINGS.glob("*/*.http.json")):
        request = json.loads(path.read_text())
        body_file = request.get("body_file")
        body = (path.parent / body_file).read_bytes() if body_file else base64.b64decode(request.get("body_base64", ""))
        query = request.get("query") or ""
        intake = intake_of(request["path"], query)
        if intake is None or request["method"] not in ("POST", "PUT"):
            continue
        headers = {name.lower(): value for name, value in request["headers"].items()}
        if "dd-evp-encoding%3Ddeflate" in query or "dd-evp-encoding=deflate" in query:
            headers["content-encoding"] = "deflate"
        work = Work(0, -1, AT_MS, intake, None, request["path"], query, headers, body)
        if errors_in(work):
            found[path.parent.name, intake].append(work)
    return found


def errors_in(work: Work) -> int:
    decoded = PREPARER.decode(work)
    return sum(isinstance(each, Candidate) for each in PREPARER.candidates(decoded, RULES))


def decode_only(some: list[Work]) -> None:
    for work in some:
        body = inflate(work.body, work.headers.get("content-encoding", ""), MOST)
        WIRES[work.intake].decode(WireRecord(AT_MS, work.path, work.query, work.headers, body))


def all_the_way(some: list[Work]) -> None:
    for work in some:
        for one in PREPARER.candidates(PREPARER.decode(work), RULES):
            if isinstance(one, Candidate):
                row_for(one, 1, NODE)


def microseconds(work, some: list[Work], errors: int, at_least_s: float) -> float:
    """The best of five, each at least so long: what the machine does beside only ever adds."""
    best = []
    for _ in range(5):
        turns, started = 0, time.process_time()
        while time.process_time() - started < at_least_s:
            work(some)
            turns += 1
        best.append((time.process_time() - started) / turns / errors * 1e6)
    return min(best)


def main(milliseconds: int = 300) -> list[dict[str, object]]:
    table = []
    for (sdk, intake), some in works().items():
        errors = sum(map(errors_in, some))
        size = statistics.mean(len(work.body) for work in some)
        decode = microseconds(decode_only, some, errors, milliseconds / 1000)
        whole = microseconds(all_the_way, some, errors, milliseconds / 1000)
        table.append({"sdk": sdk, "intake": intake, "errors": errors, "decode_us": decode, "all_us": whole})
        print(
            f"wires, {sdk} ({intake}): {errors} errors in {len(some)} requests of {size:,.0f} bytes as sent;"
            f" decode {decode:,.0f} us, all {whole:,.0f} us an error = {1e6 / whole:,.0f}/s",
            flush=True,
        )
    return table


NODE = NodeId(random_id())
RULES = Rules(CURRENT, 400 * 86_400_000, 7_200_000)
PREPARER = Preparer(
    trace_of=RememberedCalls(parse, max_chars=8 << 20),
    find_of=Remembered(find_in_text, max_chars=8 << 20),
    limits=DEFAULT_LIMITS,
    max_body_bytes=MOST,
)

if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
